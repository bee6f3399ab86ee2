"""The nouns of the product as frozen values; nothing here decides anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a head stands in the ledger; the row is the state machine."""

    DUE = "due"
    CLAIMED = "claimed"
    REVIEWED = "reviewed"
    POSTING = "posting"
    POSTED = "posted"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    DEAD = "dead"


class Severity(StrEnum):
    """How much a finding matters; the review contract defines each word."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst, so that sorting by rank puts the worst first."""
        return list(Severity).index(self)


class Side(StrEnum):
    """Which file a line number counts in, as GitHub names it: LEFT is the base, RIGHT the head."""

    LEFT = "LEFT"
    RIGHT = "RIGHT"


class Placement(StrEnum):
    """Where a finding can be posted; every finding has one."""

    LINE = "line"
    FILE = "file"
    SUMMARY = "summary"


class Clean(StrEnum):
    """What a review without findings does: say so in a line, or keep quiet."""

    COMMENT = "comment"
    SILENT = "silent"


class Disposition(StrEnum):
    """What became of a finding before posting; nothing is lost, only recorded differently."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    """Said by another finding of the same review."""
    REFUTED = "refuted"
    REPEATED = "repeated"
    """Said before on this pull request, by us or by somebody else."""
    DISMISSED = "dismissed"
    """Said before, and a person declined it."""
    KNOWN = "known"
    """The project's base branch says that it is known."""
    UNCHANGED = "unchanged"
    """A small matter about lines that an earlier round has seen as they are."""


class Change(StrEnum):
    """How a pull request came from its last reviewed head to this one."""

    WHOLE = "whole"
    """There is no such head, or it cannot be had any more: all of it is looked at."""
    PUSH = "push"
    """Commits were added."""
    FORCE_PUSH = "force-push"
    """Commits were rewritten on the same base."""
    REBASE = "rebase"
    """The base is another one: the branch was moved, or its base merged into it."""


class Outcome(StrEnum):
    """What became of a finding after it was posted."""

    FIXED = "fixed"
    """The flagged lines changed after the comment."""
    SUGGESTION_COMMITTED = "suggestion committed"
    ACCEPTED = "accepted"
    """A reply or a thumb agreed with it."""
    DISMISSED = "dismissed"
    """A person resolved it unchanged, declined it in a reply, or put a thumb down."""
    IGNORED = "ignored"
    """The pull request moved on, or was closed, and nobody did anything about it."""
    MERGED_UNRESOLVED = "merged unresolved"
    REVERTED = "reverted"
    """After the merge the flagged lines were put back as they had been before."""
    FIXED_AGAIN = "fixed again"
    """After the merge the flagged lines were changed by a commit that calls itself a fix."""


@dataclass(frozen=True, slots=True, order=True)
class HeadKey:
    """The idempotency key: one commit at the tip of one open pull request.

    `pull` is the pull request's number on GitHub and the branch's name in a local repository.
    """

    host: str
    repo: str
    pull: str
    sha: str

    def __str__(self) -> str:
        mark = "#" if self.pull.isdecimal() else "@"
        return f"{self.repo}{mark}{self.pull}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """What the cheap poll tells about one open pull request.

    `version` changes when anything about the pull request does, such as its title or labels. One
    that is told of as merged was so at `ended_at`, in seconds since the epoch.
    """

    key: HeadKey
    head_ref: str
    base_ref: str
    base_sha: str
    version: str = ""
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A tip with the details that are fetched only for heads the ledger does not know.

    `pushed_at` (seconds since the epoch) is when it was pushed at the latest, None where the host
    tells nothing of it. `posted` is the id of our own review of this very head, where the host
    already has one; `changed_lines` is 0 where the host does not tell.
    """

    key: HeadKey
    head_ref: str
    base_ref: str
    base_sha: str
    title: str = ""
    body: str = ""
    author: str = ""
    author_is_bot: bool = False
    is_draft: bool = False
    from_fork: bool = False
    changed_lines: int = 0
    labels: tuple[str, ...] = ()
    version: str = ""
    pushed_at: float | None = None
    posted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark of an engine about lines it quotes; line numbers count from 1."""

    path: str
    line: int
    start_line: int | None = None
    side: Side = Side.RIGHT
    severity: Severity
    category: str
    title: str
    body: str
    quote: str
    suggestion: str | None = None
    confidence: float = 1.0
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where a finding is posted. LINE anchors lie inside one hunk of the diff on one side.

    `replaceable`: the quote is these lines whole, so that a suggestion may take their place.
    """

    placement: Placement
    path: str
    line: int | None = None
    start_line: int | None = None
    side: Side = Side.RIGHT
    note: str = ""
    replaceable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A finding with its place, its fingerprints and what became of it.

    `repeats` is the ledger's id of the earlier finding that says the same, `said_on` the head of
    another pull request whose review says it; a ledger keeps that in the `reason` alone.
    """

    finding: Finding
    anchor: Anchor
    disposition: Disposition = Disposition.KEPT
    reason: str = ""
    fingerprint: str = ""
    text_fingerprint: str = ""
    repeats: int | None = None
    said_on: HeadKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A finding of an earlier round of the same pull request, as the ledger keeps it.

    `sha` is the head it was made on and `round` that head's round. `comment_id` is the host's id
    of the comment that says it, None where it has none or that is not known yet. `outcome` is the
    newest one, with its evidence; None while nothing has become of it.
    """

    id: int
    sha: str
    round: int
    remark: Remark
    comment_id: str | None = None
    outcome: Outcome | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreviewed:
    """A changed file that the engine did not see, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a review used; `usd` is the engine's own estimate, not a bill."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    usd: float = 0.0
    turns: int = 0
    duration_s: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            usd=self.usd + other.usd,
            turns=self.turns + other.turns,
            duration_s=self.duration_s + other.duration_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment of a posted review, anchored to a line (or a line range) of the diff."""

    path: str
    line: int
    side: Side
    body: str
    start_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The outgoing review, saved in the ledger before the first request that posts it.

    `body` ends with `marker` as its last line. `amends` is the id of an earlier review of ours
    that is edited instead, because there is nothing new to say; while that stands, `body` is not
    posted.
    """

    key: HeadKey
    body: str
    marker: str
    comments: tuple[Comment, ...] = ()
    amends: str | None = None
