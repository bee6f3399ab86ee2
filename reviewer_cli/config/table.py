"""What a value in reviewer.toml may look like, and the kind of table it stands in."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from reviewer_cli.config.reference import SecretReference, parse_reference

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(value: object) -> float:
    """Durations are written as "90s", "15m", "6h" or "7d"; raises ValueError for others."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('a duration is written as "90s", "15m", "6h" or "7d"')
    return float(found[1]) * UNIT_S[found[2]]


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _pattern(value: str) -> str:
    """A leading `!` negates in a .gitignore, here it would silently match nothing."""
    if value.startswith("!"):
        raise ValueError(
            "a pattern cannot be negated with `!`; name what is meant "
            "(`?` stands for one character, also for a real `!`)"
        )
    return value


Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
Delay = Annotated[float, BeforeValidator(seconds), Field(ge=0)]
Expression = Annotated[str, AfterValidator(_expression)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Count = Annotated[int, Field(ge=1)]


def _reference(value: object) -> object:
    return parse_reference(str(value))


Reference = Annotated[SecretReference, BeforeValidator(_reference)]

# TOML has lists and strings where the settings have tuples and enumerations: for these alone the
# types may differ.
Names = Annotated[tuple[str, ...], Field(strict=False)]
Patterns = Annotated[tuple[Pattern, ...], Field(strict=False)]
Expressions = Annotated[tuple[Expression, ...], Field(strict=False)]


class Table(BaseModel):
    """A table of the file: unknown keys are refused, and so is a value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
