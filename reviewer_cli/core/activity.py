"""What a digest tells of the work done: how much, how fast, at what cost, and what failed."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.measures import Named, Point, Share, Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A pull request that was merged without a review, and what the ledger says about why."""

    repo: str
    pull: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterMerge:
    """A pull request that was reviewed only after its merge, and how many findings that kept."""

    repo: str
    pull: str
    kept: int
    worst: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How much was done. `merged` is None where nobody asks the hosts what is merged.

    `reviewed` are heads whose review was told before a merge, `notes` those of them that only
    brought an earlier review up to date. `found_elsewhere` had a review of ours that this ledger
    did not post. Of what was merged, from when on all hosts told it, `covered` had any review
    before, `last_head_covered` one of its very last commit.
    """

    reviewed: int
    notes: int
    found_elsewhere: int
    superseded: int
    skipped: tuple[Named, ...]
    rounds: tuple[Named, ...]
    merged: int | None
    covered: Share | None
    last_head_covered: Share | None
    merged_unreviewed: tuple[Missed, ...]
    reviewed_after_merge: int
    after_merge: tuple[AfterMerge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the time from push to review was spent on, as shares of all of it.

    `tick` until a sweep saw the push, `settle` while more pushes were waited for, `queue` until its
    review began, `prepare` in git and between attempts, `model` in the engine, `host` until it was
    posted.
    """

    tick: float | None
    settle: float | None
    queue: float | None
    prepare: float | None
    model: float | None
    host: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """From push to review, first rounds and later ones; `trend` is the median of first rounds."""

    first: Spread
    later: Spread
    parts: Parts
    trend: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one repository cost."""

    repo: str
    usd: float
    reviews: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How the batch stood against what it may be, over all sweeps of the period.

    `filled` is the share of its places that an engine worked in while any did, `peak` the most
    places of one sweep, as a share. `usd_of_cap` is what the dearest review cost, as a share of
    the cap that was set for it then.
    """

    sweeps: int
    filled: float | None
    peak: float | None
    usd_of_cap: float | None
    full_sweeps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The calendar month of the period's last day: spent so far, and where its end may be."""

    name: str
    so_far_usd: float
    likely_usd: float
    low_usd: float
    high_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it cost; `wasted_usd` went into answers whose head got no review in the end.

    `cache` is the share of the tokens read that came from the provider's cache.
    """

    usd: float
    usd_before: float | None
    per_review_usd: float | None
    per_kept_usd: float | None
    per_acted_on_usd: float | None
    wasted_usd: float
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    tokens_per_review: float | None
    cache: float | None
    repositories: tuple[Spend, ...]
    use: Use
    month: Month
    trend: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How long a door such as "host github.com" failed us at a stretch, and why.

    It may have begun before the period, and is counted only as far as it lies in it.
    """

    door: str
    kind: str
    since: str
    seconds: float
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What failed, by class. `retried` cost the head an attempt, `put_off` did not.

    `dead` died in the period, `dead_at_end` wait for a person at its end. Errors that were mended
    by asking again at once are not counted.
    """

    retried: tuple[Named, ...]
    put_off: tuple[Named, ...]
    dead: tuple[Named, ...]
    dead_at_end: int
    sweeps: int
    failed_sweeps: int
    died_sweeps: int
    failed_polls: tuple[Named, ...]
    paused_s: float
    openings: tuple[Named, ...]
    longest: Outage | None
