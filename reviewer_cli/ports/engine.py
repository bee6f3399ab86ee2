"""The door to what reads a change and answers with findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from reviewer_cli.core.diff import Diff, Places
from reviewer_cli.core.health import Sign
from reviewer_cli.core.models import Head, Usage


class Pass(StrEnum):
    """One model conversation of a review; the passes of a review run one after another."""

    FIND = "find"
    SECOND_LOOK = "second-look"
    VERIFY = "verify"


class Effort(StrEnum):
    """How thorough a review is: the engine turns it into passes."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What one pass is told. `instructions` never depend on the head, so that caching can work."""

    instructions: str
    prompt: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """One pass over one head; `checkout` is a directory with the head's files and nothing else.

    `fresh` are the lines of the diff that no earlier round saw, None where that is all of them.
    """

    head: Head
    diff: Diff
    checkout: Path
    brief: Brief
    deadline_s: float
    max_usd: float
    fresh: Places | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An engine's raw answer; `core/reply.py` decides whether it is readable."""

    data: object
    usage: Usage
    model: str


class Engine(Protocol):
    """What reads a checkout and a diff and answers with findings."""

    name: str

    def passes(self, effort: Effort) -> tuple[Pass, ...]:
        """The passes that this engine makes for an effort, in order."""

    def check(self) -> None:
        """Raise AccessRefused or ConfigurationError when no review could succeed; costs nothing."""

    def examine(self) -> Iterator[Sign]:
        """Whether a review would work: the program, the credential, what it will be held by."""

    async def review(self, request: ReviewRequest) -> Reply:
        """One pass.

        Raises AccessRefused or ProviderWait for what concerns every head, a HeadError for what
        concerns this one. Cancelling it leaves no child process behind.
        """

    def close(self) -> None:
        """Let go of what is held between reviews; none is made any more."""
