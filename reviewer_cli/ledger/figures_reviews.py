"""What reviews are told of beyond their own row in `told`; see `as_of` for what is read."""

from __future__ import annotations

from typing import NamedTuple

from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.as_of import IN_SCOPE, bounds, rows
from reviewer_cli.ledger.store import Store

IN_TIME = f"told_at >= :since AND told_at < :until AND {IN_SCOPE.format(repo='repo')}"

WAITS = f"""
SELECT told_at, CASE WHEN EXISTS (SELECT 1 FROM events INDEXED BY events_head
    WHERE events.head_id = told.head_id AND kind IN ('skipped', 'superseded')
    AND at <= entered_at) THEN entered_at ELSE pushed_at END
FROM told INDEXED BY told_at
WHERE {IN_TIME} AND round = 1 AND was_asked = 0 AND merged_at IS NULL AND pushed_at IS NOT NULL
ORDER BY told_at, id
"""  # noqa: S608 - our own words

FOUND_LATE = f"""
SELECT told.head_id, severity FROM told INDEXED BY told_at
CROSS JOIN findings ON findings.head_id = told.head_id
WHERE {IN_TIME} AND merged_at IS NOT NULL AND kept > 0 AND disposition = 'kept'
ORDER BY told.id, findings.id
"""  # noqa: S608 - our own words


class Wait(NamedTuple):
    """From when until when a first review was waited for."""

    told_at: float
    started_at: float


class FoundLate(NamedTuple):
    """A finding of a head that was merged already."""

    head_id: int
    severity: str


def waits(store: Store, span: Span, within: str) -> list[Wait]:
    """The first reviews of a span that nobody had to ask for."""
    return rows(store, WAITS, bounds(span, within), Wait._make)


def found_late(store: Store, span: Span, within: str) -> list[FoundLate]:
    """What the reviews of a span found in what was merged already."""
    return rows(store, FOUND_LATE, bounds(span, within), FoundLate._make)
