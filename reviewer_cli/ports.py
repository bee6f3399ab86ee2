"""The doors that a test cannot open for real: the code host and the engine; and the jail's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from reviewer_cli.core.diff import Diff
from reviewer_cli.core.health import Sign
from reviewer_cli.core.models import Head, HeadKey, Review, Tip, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPoll:
    """One repository's open pull requests, or the sentence that says why they cannot be had.

    `asked_as` is the name that was asked for where the host now calls the repository otherwise.
    """

    repo: str
    tips: tuple[Tip, ...] = ()
    error: str | None = None
    asked_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where git fetches a repository from; `environment` carries credentials, never the URL."""

    url: str
    environment: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLimits:
    """What a host takes in one review."""

    body_chars: int
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A prepared review that nobody but us can see yet; `note` says what the host did not take."""

    review: Review
    draft_id: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a head stands on its host at this moment.

    `current_sha` is the pull request's tip, None when it is merged, closed or deleted; `posted`
    the id of our own submitted review of the head, found by its marker.
    """

    current_sha: str | None
    posted: str | None


class CodeHost(Protocol):
    """A place where pull requests live. Every method may raise the errors of `errors.py`.

    `marker_secret` signs the markers by which this host's reviews are recognised as ours.
    `lists_lag_s` is for how long what it tells may still be the past.
    """

    name: str
    marker_secret: bytes
    limits: PostLimits
    lists_lag_s: float

    def repositories(self, selectors: Sequence[str]) -> list[str]:
        """Canonical names of the repositories that the selectors mean, each once, in order."""

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        """Every open pull request's tip, cheaply; one repository's failure is its own."""

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        """Details of tips the ledger does not know; a tip closed meanwhile is left out."""

    def remote(self, repo: str) -> Remote:
        """Where to fetch the repository's commits from."""

    def look(self, key: HeadKey) -> Standing:
        """Whether the head is still current, and whether it has our review."""

    def prepare(self, review: Review) -> Draft:
        """Put the review where only we see it; repeating it adopts or replaces our own draft."""

    def submit(self, draft: Draft) -> str:
        """Publish the draft and return the id under which the host confirmed it.

        Raises DraftGone when there is no such draft any more.
        """

    def discard(self, draft: Draft) -> None:
        """Take a draft back; one that is already gone is fine."""

    def examine(self, selectors: Sequence[str]) -> Iterator[Sign]:
        """Whether sweeping these would work: who we are there, what we may do, what answers."""

    def close(self) -> None:
        """Let go of connections, and end every wait at once."""


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
    """One pass over one head; `checkout` is a directory with the head's files and nothing else."""

    head: Head
    diff: Diff
    checkout: Path
    brief: Brief
    deadline_s: float
    max_usd: float


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


class Network(StrEnum):
    """What a jailed program may speak to."""

    NONE = "none"
    """Nothing but the Unix socket of its cell, where it has one."""

    OPEN = "open"
    """Everything: for a program that must reach its provider by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All that one jailed program may see; the rest of the machine is closed to it.

    `private` is a directory of this run alone (0700), the only place it may write to; `checkout`
    the tree it may read; `readable` what it needs besides the system's own libraries. `socket` is
    the one Unix socket that it may connect to. `variables` names the environment variables that
    reach it; all others are gone.
    """

    private: Path
    checkout: Path | None = None
    socket: Path | None = None
    readable: tuple[Path, ...] = ()
    variables: frozenset[str] = frozenset()
    network: Network = Network.NONE


class Jail(Protocol):
    """How a program is started that reads what a stranger wrote."""

    name: str

    def check(self) -> None:
        """Put a probe inside and raise ConfigurationError when it reaches anything outside."""

    def command(self, program: Path, cell: Cell) -> list[str]:
        """The argument list that starts the program in the cell; its own arguments follow."""

    def wrap(self, program: Path, cell: Cell) -> Path:
        """The same as one executable file beside the private directory, for a single start."""

    def kill(self, cell: Cell) -> None:
        """End at once what was started in this cell, with all its children; gone is fine."""

    def ask(self, program: Path, cell: Cell, question: str) -> str:
        """What the program prints for one argument such as `--help`.

        Raises ConfigurationError when it cannot be started, fails, or takes longer than 30 s.
        """
