"""The settings of reviewer.toml with their types, units and defaults; unknown keys are refused."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.select import SkipRules
from reviewer_cli.ports import Effort

UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _seconds(value: object) -> object:
    """Durations are written as "90s", "15m", "6h" or "7d"."""
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


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
Expression = Annotated[str, BeforeValidator(_expression)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SweepTable(_Table):
    """[sweep]"""

    batch_size: Annotated[int, Field(ge=1, le=64)] = 4
    limit: Annotated[int, Field(ge=1)] = 50
    max_attempts: Annotated[int, Field(ge=1)] = 3
    first_retry: Duration = 300.0
    longest_retry: Duration = 6 * 3600.0
    longest_pause: Duration = 600.0


class EngineTable(_Table):
    """[engine]"""

    name: Literal["agent", "offline"] = "agent"
    effort: Effort = Effort.STANDARD
    model: str = "claude-sonnet-5"
    max_turns: Annotated[int, Field(ge=1)] = 60
    max_usd: Annotated[float, Field(gt=0)] = 2.0
    deadline: Duration = 900.0
    evidence: bool = True


class SkipTable(_Table):
    """[skip]"""

    drafts: bool = True
    bots: bool = True
    authors: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    titles: tuple[Expression, ...] = ()
    bases: tuple[str, ...] = ()
    only_bases: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    max_files: Annotated[int, Field(ge=1)] | None = None
    max_changed_lines: Annotated[int, Field(ge=1)] | None = None

    def rules(self) -> SkipRules:
        """The rules as the core knows them."""
        return SkipRules(**dict(self))


class DiffTable(_Table):
    """[diff]"""

    ignore: tuple[str, ...] = ()
    max_files: Annotated[int, Field(ge=1)] = 300
    max_file_bytes: Annotated[int, Field(ge=1)] = 1 << 20
    max_line_bytes: Annotated[int, Field(ge=80)] = 20_000
    max_diff_bytes: Annotated[int, Field(ge=1)] = 2 << 20

    def limits(self) -> DiffLimits:
        """The limits as the core knows them."""
        return DiffLimits(**dict(self))


class LocalTable(_Table):
    """[local]"""

    default_branch: str | None = None


class Settings(_Table):
    """The whole file."""

    repositories: tuple[str, ...] = ()
    state_dir: str | None = None
    cache_dir: str | None = None
    sweep: SweepTable = SweepTable()
    engine: EngineTable = EngineTable()
    skip: SkipTable = SkipTable()
    diff: DiffTable = DiffTable()
    local: LocalTable = LocalTable()

    @model_validator(mode="after")
    def _deadline_fits(self) -> Settings:
        if self.engine.deadline > UNIT_S["d"]:
            raise ValueError("engine.deadline is longer than a day")
        return self
