"""The one reply schema and the one validator that every engine's answer passes.

An answer that is empty, unreadable or breaks the schema raises InvalidReply; it is never taken
for a clean review. The JSON schemas are given to the agent, so their wording is part of the
contract and of the bytes sent before the diff.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from reviewer_cli.core.models import Finding, Severity, Side
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import InvalidReply

Model = TypeVar("Model", bound=BaseModel)

Category = Literal[
    "correctness",
    "security",
    "data-loss",
    "concurrency",
    "performance",
    "api",
    "tests",
    "maintainability",
]

LineNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Bounded, because the ledger and the hosts keep it as an integer of a fixed size."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingItem(_Strict):
    """A finding as an engine writes it."""

    path: Annotated[str, Field(min_length=1, max_length=1000)]
    line: LineNumber
    start_line: LineNumber | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    severity: Literal["critical", "high", "medium", "low"]
    category: Category
    title: Annotated[str, Field(min_length=1, max_length=200)]
    body: Annotated[str, Field(min_length=1, max_length=4000)]
    quote: Annotated[str, Field(min_length=1, max_length=2000)]
    suggestion: Annotated[str, Field(max_length=4000)] | None = None
    confidence: Annotated[float, Field(ge=0, le=1)]
    rule: Annotated[str, Field(max_length=60)] = ""


class FindingsReply(_Strict):
    """The answer of a finding pass; an empty list must be said, it is never assumed."""

    findings: Annotated[list[FindingItem], Field(max_length=100)]


class VerdictItem(_Strict):
    """What a verification pass says of the finding with this number."""

    number: Annotated[int, Field(ge=1)]
    verdict: Literal["confirmed", "downgraded", "refuted"]
    severity: Literal["critical", "high", "medium", "low"] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class VerdictsReply(_Strict):
    """The answer of a verification pass: one verdict for each finding, up to the first bad one."""

    verdicts: Annotated[list[VerdictItem], FailFast()]


def parse_findings(data: object) -> tuple[Finding, ...]:
    """Findings out of a raw reply; raises InvalidReply when it is anything but schema-valid."""
    reply = _validated(FindingsReply, data)
    return tuple(
        Finding(
            path=item.path,
            line=item.line,
            start_line=item.start_line,
            side=Side(item.side),
            severity=Severity(item.severity),
            category=item.category,
            title=item.title,
            body=item.body,
            quote=item.quote,
            suggestion=item.suggestion,
            confidence=item.confidence,
            rule=item.rule,
        )
        for item in reply.findings
    )


def parse_verdicts(data: object, count: int) -> tuple[VerdictItem, ...]:
    """One verdict for each of `count` findings, in their order.

    Raises InvalidReply when a verdict is missing, repeated or about a finding that is not there.
    """
    verdicts = sorted(_validated(VerdictsReply, data).verdicts, key=lambda item: item.number)
    if [item.number for item in verdicts] != list(range(1, count + 1)):
        raise InvalidReply(
            f"The verification answered for {len(verdicts)} of {count} findings; "
            "the head will be tried again."
        )
    return tuple(verdicts)


@cache
def findings_schema() -> dict[str, Any]:
    """The JSON schema of a finding pass; every caller has the same one, nobody changes it."""
    schema: dict[str, Any] = _compact(FindingsReply.model_json_schema())
    return schema


@cache
def verdicts_schema() -> dict[str, Any]:
    """The JSON schema of a verification pass; shared likewise."""
    schema: dict[str, Any] = _compact(VerdictsReply.model_json_schema())
    return schema


def _validated(model: type[Model], data: object) -> Model:
    if data is None or data == "":
        raise InvalidReply("The engine answered without any findings data; it will be tried again.")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = one_line(".".join(map(str, first["loc"]))) or "its top level"
        raise InvalidReply(
            f"The engine's reply breaks the schema at {place}: {first['msg']}; "
            "the head will be tried again."
        ) from None


def _compact(schema: Any) -> Any:
    """Drop the titles and descriptions that pydantic adds: they cost bytes and say nothing new."""
    if isinstance(schema, dict):
        return {
            key: _compact(value)
            for key, value in schema.items()
            if key not in ("title", "description") or isinstance(value, dict)
        }
    if isinstance(schema, list):
        return [_compact(value) for value in schema]
    return schema
