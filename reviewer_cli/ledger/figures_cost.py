"""What answers cost, and how many were worked at together; see `as_of` for what is read.

Money is in millionths of a USD: whole numbers add up to the same sum in any order.
"""

from __future__ import annotations

from typing import NamedTuple

from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.as_of import IN_SCOPE, bounds, rows
from reviewer_cli.ledger.store import Store

MICRO_USD = "coalesce(sum(CAST(round(usd * 1000000) AS INTEGER)), 0)"

OF_HEAD = IN_SCOPE.format(repo="(SELECT repo FROM heads WHERE heads.id = head_id)")

IN_TIME = "received_at >= :since AND received_at < :until"

SPENT = f"""
SELECT {MICRO_USD} FROM replies INDEXED BY replies_spent WHERE {IN_TIME} AND {OF_HEAD}
"""  # noqa: S608 - our own words

BY_REPOSITORY = f"""
SELECT repo, {MICRO_USD}, sum(input_tokens), sum(output_tokens), sum(cache_read_tokens),
  sum(cache_write_tokens)
FROM replies INDEXED BY replies_spent CROSS JOIN heads ON heads.id = head_id
WHERE {IN_TIME} AND {IN_SCOPE.format(repo="repo")} GROUP BY repo ORDER BY repo
"""  # noqa: S608 - our own words

WASTED = f"""
SELECT {MICRO_USD} FROM replies INDEXED BY replies_spent
WHERE {IN_TIME} AND {OF_HEAD}
  AND NOT EXISTS (SELECT 1 FROM told WHERE told.head_id = replies.head_id AND told_at < :until)
  AND EXISTS (SELECT 1 FROM events INDEXED BY events_head WHERE events.head_id = replies.head_id
    AND kind IN ('superseded', 'skipped', 'died') AND at < :until)
"""  # noqa: S608 - our own words

ANSWERS = f"""
SELECT received_at, duration_s, CAST(round(replies.usd * 1000000) AS INTEGER), head_id,
  step LIKE '% refused', sweep_id, batch_size, max_usd
FROM replies INDEXED BY replies_spent LEFT JOIN sweeps ON sweeps.id = sweep_id
WHERE {IN_TIME} AND {OF_HEAD} ORDER BY received_at, replies.id
"""  # noqa: S608 - our own words

FIRST = """
SELECT received_at FROM replies INDEXED BY replies_spent
WHERE received_at > 0 ORDER BY received_at LIMIT 1
"""


class Spent(NamedTuple):
    """What the answers about one repository cost, and their tokens."""

    repo: str
    micro_usd: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int


class Answer(NamedTuple):
    """One answer of an engine; an older program did not record what its sweep might do at most."""

    received_at: float
    duration_s: float
    micro_usd: int
    head_id: int
    is_refused: int
    sweep_id: int | None
    batch_size: int | None
    max_usd: float | None


def spent(store: Store, span: Span, within: str) -> int:
    """What all answers of a span cost."""
    (found,) = rows(store, SPENT, bounds(span, within), tuple)
    return int(found[0])


def by_repository(store: Store, span: Span, within: str) -> list[Spent]:
    """What the answers of a span cost, by the name of the repository."""
    return rows(store, BY_REPOSITORY, bounds(span, within), Spent._make)


def wasted(store: Store, span: Span, within: str) -> int:
    """What those cost whose head ended without a review."""
    (found,) = rows(store, WASTED, bounds(span, within), tuple)
    return int(found[0])


def answers(store: Store, span: Span, within: str) -> list[Answer]:
    """The answers of a span, in the order in which they came."""
    return rows(store, ANSWERS, bounds(span, within), Answer._make)


def first_answer(store: Store) -> float | None:
    """When the first answer of all came."""
    found = rows(store, FIRST, {}, tuple)
    return float(found[0][0]) if found else None
