"""Digests that were made once and for all, as the JSON that every delivery is made of."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.store import Store

FIND = """
SELECT id, numbers FROM digests WHERE since = :since AND until = :until AND scope = :scope
"""

# A week in which clocks change has an hour more or less; days that were asked for are no week.
WHOLE_WEEK = "{0}.until - {0}.since BETWEEN 7 * 86400 - 7200 AND 7 * 86400 + 7200"

# The same week in two time zones begins within a day, and is as long but for changes of clocks.
SAME_WEEK = f"""
SELECT since, until FROM digests AS one
WHERE since > :since - 86400 AND since < :since + 86400 AND scope = ''
  AND abs(until - since - (:until - :since)) <= 7200 AND {WHOLE_WEEK.format("one")}
ORDER BY abs(since - :since), id LIMIT 1
"""  # noqa: S608 - our own words

NEWEST = f"""
SELECT max(since) FROM digests AS one WHERE scope = '' AND {WHOLE_WEEK.format("one")}
"""  # noqa: S608 - our own words

BEGAN = "SELECT 1 FROM sweeps INDEXED BY sweeps_started WHERE started_at < :until LIMIT 1"

REVIEWED = """
SELECT DISTINCT repo FROM told INDEXED BY told_at
WHERE told_at >= :since AND told_at < :until AND host = :host ORDER BY repo
"""

LEFT = f"""
SELECT DISTINCT repo FROM told INDEXED BY told_at
WHERE told_at >= :since AND told_at < :until AND host = :host
EXCEPT SELECT scope FROM digests AS one WHERE since >= :since AND {WHOLE_WEEK.format("one")}
ORDER BY repo
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A digest that was kept, and its id."""

    digest_id: int
    numbers: str


def find(store: Store, span: Span, scope: str) -> Kept | None:
    """The digest of this time and scope, None where none was kept; one look at an index."""
    wanted = {"since": span.since, "until": span.until, "scope": scope}
    for row in store.read(FIND, wanted):
        return Kept(digest_id=row["id"], numbers=row["numbers"])
    return None


def keep(
    store: Store, span: Span, scope: str, *, zone: str, program: str, numbers: str, now: float
) -> int:
    """Keep a digest where there is none, and return its id; call it within a transaction."""
    row = {
        "since": span.since,
        "until": span.until,
        "scope": scope,
        "zone": zone,
        "program": program,
        "made_at": now,
        "numbers": numbers,
    }
    return store.insert("digests", row)


def same_week(store: Store, span: Span) -> Span | None:
    """The week as a digest of everything was kept of it, perhaps by the clocks of another zone.

    None where none was kept, or the span is no week; one look at an index.
    """
    for row in store.read(SAME_WEEK, {"since": span.since, "until": span.until}):
        return Span(row["since"], row["until"])
    return None


def newest(store: Store) -> float | None:
    """Where the newest week of which a digest of everything was kept begins."""
    (row,) = store.read(NEWEST, {})
    return None if row[0] is None else float(row[0])


def is_told_of(store: Store, until: float) -> bool:
    """Whether any sweep ran before that: of what was before it there is nothing to tell."""
    return bool(store.read(BEGAN, {"until": until}))


def reviewed(store: Store, span: Span, host: str) -> tuple[str, ...]:
    """The repositories of a host in which a review came to its end in this time."""
    wanted = {"since": span.since, "until": span.until, "host": host}
    return tuple(row["repo"] for row in store.read(REVIEWED, wanted))


def left(store: Store, span: Span, host: str) -> tuple[str, ...]:
    """Those of them of which no digest of that week or a later one was kept."""
    wanted = {"since": span.since, "until": span.until, "host": host}
    return tuple(row["repo"] for row in store.read(LEFT, wanted))
