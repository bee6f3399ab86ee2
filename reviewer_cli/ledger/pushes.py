"""How often a pull request was reviewed, and when it was pushed to since."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.models import HeadKey
from reviewer_cli.ledger.pulls import of_pull
from reviewer_cli.ledger.store import Store

OTHERS = """
SELECT posted_at, coalesce(pushed_at, first_seen_at) AS pushed_at FROM heads
WHERE host = :host AND repo = :repo AND pull = :pull AND head_sha <> :sha
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """The reviews so far, and the times (seconds since the epoch) of the pushes since the last."""

    rounds: int
    unreviewed: tuple[float, ...]


def pushes_before(store: Store, key: HeadKey) -> Pushes:
    """What came on a head's pull request before it."""
    rows = store.read(OTHERS, of_pull(key) | {"sha": key.sha})
    posted = [row["posted_at"] for row in rows if row["posted_at"] is not None]
    last = max(posted, default=float("-inf"))
    since = (
        row["pushed_at"] for row in rows if row["posted_at"] is None and row["pushed_at"] > last
    )
    return Pushes(rounds=len(posted), unreviewed=tuple(sorted(since)))
