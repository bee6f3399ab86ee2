"""The values that go into the ledger's rows and come out of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from reviewer_cli.core.models import (
    Change,
    Comment,
    Head,
    HeadKey,
    Remark,
    Review,
    Severity,
    Side,
    State,
    Unreviewed,
    Usage,
)


class Wish(StrEnum):
    """What a command asked for on a head: a review, or one that looks at everything again."""

    NONE = ""
    REVIEW = "review"
    FULL = "full"


class Attention(StrEnum):
    """Whether a pull request's heads are reviewed by themselves; `standing` in its row."""

    ACTIVE = ""
    PAUSED = "paused"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A head to be entered: as skipped where it has a `reason`, else as due at `due_at`.

    None as `due_at` is at once. A head with `merged_at` was merged unreviewed, and is reviewed
    although its pull request is open no more. Times are seconds since the epoch.
    """

    head: Head
    reason: str | None = None
    due_at: float | None = None
    pushed_at: float | None = None
    merged_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A row that this sweep may take: a head, how far it came, and the review saved for it.

    `draft_id` names the draft that an earlier sweep may have left at the host, `drafted_at` since
    when.
    """

    head_id: int
    head: Head
    state: State
    attempts: int
    next_due_at: float
    round: int
    review: Review | None = None
    draft_id: str | None = None
    drafted_at: float | None = None
    severities: tuple[Severity, ...] = ()
    wish: Wish = Wish.NONE
    pushed_at: float | None = None
    merged_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReply:
    """One pass that was paid for, kept so that it is never paid for again."""

    step: str
    engine: str
    model: str
    inputs_hash: str
    reply: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A finished review as it is saved before anything is posted; `replies` are not saved yet.

    It looked at what changed since the head `since_sha`, at all where that is empty. `amends` is
    the id of our earlier review that is edited instead of adding this one.
    """

    review: Review
    remarks: tuple[Remark, ...]
    engine: str
    model: str
    effort: str
    contract_hash: str
    merge_base: str
    files: int
    changed_lines: int
    unreviewed: tuple[Unreviewed, ...]
    replies: tuple[SavedReply, ...] = ()
    since_sha: str = ""
    change: Change = Change.WHOLE
    amends: str | None = None
    guided: bool | None = None
    over_limits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLimits:
    """How much a sweep may do: reviews at a time, heads, and USD for each review."""

    batch_size: int
    head_limit: int
    max_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What a sweep met besides what its heads tell: `due` are the heads that it took up.

    `unpolled` names what could not be polled; it waited `paused_s` because `door` asked for it.
    None as `due` where it ended before it knew.
    """

    due: int | None = None
    unpolled: tuple[str, ...] = ()
    paused_s: float = 0.0
    door: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCounts:
    """What a sweep did, as its row tells it."""

    polled: int = 0
    new: int = 0
    posted: int = 0
    skipped: int = 0
    superseded: int = 0
    retried: int = 0
    dead: int = 0
    usd: float = 0.0


def head_of(row: sqlite3.Row) -> Head:
    """The head that a row of `heads` describes."""
    return Head(
        key=key_of(row),
        head_ref=row["head_ref"],
        base_ref=row["base_ref"],
        base_sha=row["base_sha"],
        title=row["title"],
        body=row["body"],
        author=row["author"],
        author_is_bot=bool(row["author_is_bot"]),
        is_draft=bool(row["is_draft"]),
        from_fork=bool(row["from_fork"]),
        changed_lines=row["changed_lines"],
        labels=tuple(json.loads(row["labels"])),
    )


def key_of(row: sqlite3.Row | Mapping[str, Any]) -> HeadKey:
    """The key columns of a row of `heads`."""
    return HeadKey(row["host"], row["repo"], row["pull"], row["head_sha"])


def review_to_json(review: Review) -> str:
    """The outgoing review as text; `review_from_json` gives it back unchanged."""
    return json.dumps(asdict(review), ensure_ascii=False)


def review_from_json(text: str) -> Review:
    """The review that `review_to_json` wrote, also when an older program did."""
    data = json.loads(text)
    return Review(
        key=HeadKey(**data["key"]),
        body=data["body"],
        marker=data["marker"],
        comments=tuple(
            Comment(**{**comment, "side": Side(comment["side"])}) for comment in data["comments"]
        ),
        amends=data.get("amends"),
    )


def usage_of(row: sqlite3.Row) -> Usage:
    """The usage columns of a row of `replies`."""
    return Usage(
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cache_read_tokens=row["cache_read_tokens"],
        cache_write_tokens=row["cache_write_tokens"],
        usd=row["usd"],
        turns=row["turns"],
        duration_s=row["duration_s"],
    )
