"""What the ledger tells people and other programs, as values."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.models import HeadKey, Outcome, Severity, State
from reviewer_cli.ledger.outbox import Delivery
from reviewer_cli.ledger.rows import Attention, SweepCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """One row of `sweeps`; `ended_at` None means that it runs or was killed."""

    sweep_id: int
    started_at: float
    ended_at: float | None
    engine: str
    counts: SweepCounts
    exit_code: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRecord:
    """One row of `heads` with the sums of its review; `removed` is what it lost for its age.

    `standing` is its pull request's, `wish` what a command asked for.
    """

    head_id: int
    key: HeadKey
    title: str
    author: str
    base_ref: str
    state: State
    reason: str
    round: int
    attempts: int
    next_due_at: float
    first_seen_at: float
    changed_at: float
    posted_at: float | None
    error_class: str | None
    error: str | None
    severities: tuple[Severity, ...]
    usd: float
    removed: tuple[str, ...] = ()
    standing: Attention = Attention.ACTIVE
    wish: str = ""
    merged_at: float | None = None

    @property
    def lost_findings(self) -> bool:
        """Whether its findings are gone because of its age, so that none is no praise."""
        return "findings" in self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRecord:
    """One row of `outcomes`; of a finding the newest counts."""

    outcome: Outcome
    evidence: str
    noted_at: float
    sweep_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One row of `findings`, with what became of it, the newest last.

    `repeats` is the id of the earlier finding that says the same.
    """

    path: str
    placement: str
    side: str
    line: int | None
    start_line: int | None
    claimed_line: int
    note: str
    severity: Severity
    category: str
    rule: str
    title: str
    body: str
    quote: str
    suggestion: str | None
    confidence: float
    disposition: str
    reason: str
    fingerprint: str
    id: int = 0
    repeats: int | None = None
    comment_id: str | None = None
    outcomes: tuple[OutcomeRecord, ...] = ()

    @property
    def place(self) -> str:
        """The path with the line it was posted to, or the one it spoke of."""
        last = self.line or self.claimed_line
        return f"{self.path}:{last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRecord:
    """One paid answer of an engine; `reply` is "" once it was removed for its age."""

    step: str
    engine: str
    model: str
    input_tokens: int
    output_tokens: int
    usd: float
    turns: int
    duration_s: float
    received_at: float
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadHistory:
    """Everything the ledger knows of one head; `rows.Reviewed` explains what its round saw."""

    head: HeadRecord
    findings: tuple[FindingRecord, ...]
    replies: tuple[ReplyRecord, ...]
    unreviewed: tuple[tuple[str, str], ...]
    review_id: str | None
    note: str
    body: str | None
    engine: str | None
    contract_hash: str | None
    since_sha: str = ""
    change: str = ""
    amends: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord:
    """One row of `commands`: a comment that was obeyed, or answered otherwise."""

    author: str
    word: str
    said_at: float
    obeyed_at: float
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRecord:
    """One row of `pulls`; `key` names the newest head that was posted to, or heard of.

    `gathered_at` None means that nobody looked yet what people did there, `looked_after_at` until
    when its lines are watched after the merge.
    """

    key: HeadKey
    state: PullState
    version: str
    gathered_at: float | None
    ended_at: float | None
    merged_as: str | None
    standing: Attention
    looked_after_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullHistory:
    """Everything the ledger knows of one pull request, the oldest first.

    `pull` is None where it was never reviewed, nor asked about.
    """

    pull: PullRecord | None
    heads: tuple[HeadHistory, ...]
    commands: tuple[CommandRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRecord:
    """One row of `breakers`: a door such as "host github.com" that failed us, how and why.

    `kind` is a `core.breaker.Kind`, `failures` counts the sweeps that met it; `until` is when the
    door may be asked again, None when each sweep may ask once.
    """

    door: str
    kind: str
    opened_at: float
    last_failed_at: float
    failures: int
    until: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the queue stands at one moment, and how much could be declared as known.

    `deliveries` are the digests that did not reach everybody yet, or perhaps not.
    """

    due: int
    waiting: int
    in_flight: int
    saved: int
    dead: int
    posted: int
    skipped: int
    superseded: int
    usd_day: float
    usd_total: float
    last_sweeps: tuple[SweepRecord, ...]
    unfinished: tuple[HeadRecord, ...]
    breakers: tuple[BreakerRecord, ...]
    proposals: int = 0
    deliveries: tuple[Delivery, ...] = ()
