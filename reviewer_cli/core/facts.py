"""What a ledger knows of a time, row by row: all that the numbers of a digest are made of.

Times are seconds since the epoch. Tuples, because a week of a large ledger has tens of thousands.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class EventKind(StrEnum):
    """What can happen, besides reviews that come to their end."""

    BEGAN = "began"
    """From here on everything is recorded."""
    SKIPPED = "skipped"
    """`word` is the kind of rule that skipped a head."""
    SUPERSEDED = "superseded"
    """`word` is how: moved, ended or gone."""
    FOUND = "found"
    """The host had a review of ours that this ledger did not post."""
    RETRIED = "retried"
    """`word` is the class of the error that cost a head an attempt."""
    PUT_OFF = "put off"
    """`word` is the class of the error, which was not the head's fault."""
    DIED = "died"
    """`word` is the class of the error that used up a head's last attempt."""
    REVIVED = "revived"
    """A person wants a dead head tried again."""
    OPENED = "opened"
    """A door, the `subject`, failed us; `word` is the kind of breaker."""
    CLOSED = "closed"
    """A door, the `subject`, answered again after `seconds`; `word` is the kind of breaker."""
    UNPOLLED = "unpolled"
    """A repository, the `subject`, could not be polled."""
    PAUSED = "paused"
    """A sweep waited `seconds` because a door, the `subject`, asked for it."""
    COUNTED = "counted"
    """A host, the `subject`, told what was merged in all repositories that were polled."""
    UNCOUNTED = "uncounted"
    """A host, the `subject`, could not tell that of all of them."""


class Event(NamedTuple):
    """One row of `events`."""

    at: float
    kind: str
    word: str
    subject: str
    seconds: float | None
    head_id: int | None


class Told(NamedTuple):
    """One row of `told`: a review that came to its end, with sums over its answers and findings.

    `form` is review, note or silent. `guided` and `over_limits` are None where an older program
    made the review. Money is in millionths of a USD. One that `came_back` had been skipped or
    superseded before it was entered, so that its push says nothing of how long it took.
    """

    head_id: int
    told_at: float
    repo: str
    pull: str
    round: int
    form: str
    was_asked: int
    merged_at: float | None
    pushed_at: float | None
    entered_at: float
    ready_at: float
    taken_at: float
    reviewed_at: float
    engine: str
    model: str
    contract_hash: str
    guided: int | None
    over_limits: int | None
    is_verified: int
    model_s: float
    micro_usd: int
    tokens: int
    kept: int
    refuted: int
    repeated: int
    other: int
    corrected: int
    lost: int
    came_back: int = 0


class End(NamedTuple):
    """One row of `ends`, and whether there was a review before: any, and one of its last commit.

    `why` is what the ledger knows of the reason where there was none, in a word.
    """

    noted_at: float
    repo: str
    pull: str
    state: str
    ended_at: float
    is_covered: int
    is_last_covered: int
    why: str


class Fate(NamedTuple):
    """How many kept findings of one pull request that ended fared in the same way.

    `outcome` is the newest one that was known at the end of the time that is told of, and None
    where the lines could not be followed.
    """

    noted_at: float
    repo: str
    pull: str
    severity: str
    category: str
    engine: str
    model: str
    contract_hash: str
    outcome: str | None
    findings: int
