"""Findings that were merged with the lines they are about: what is watched after the merge."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from reviewer_cli.core.models import HeadKey
from reviewer_cli.ledger.outcomes import NEWEST
from reviewer_cli.ledger.pulls import looked_after, of_pull
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import PullRecord

LANDED = f"""
SELECT findings.id AS finding_id, head_sha AS sha, base_ref, path,
  coalesce(start_line, line) AS first, line AS last, coalesce(merge_base, base_sha) AS before_sha
FROM heads CROSS JOIN findings ON findings.head_id = heads.id
LEFT JOIN reviews ON reviews.head_id = heads.id
WHERE host = :host AND repo = :repo AND pull = :pull AND state = 'posted'
  AND disposition = 'kept' AND placement = 'line' AND side = 'RIGHT' AND line IS NOT NULL
  AND coalesce(({NEWEST}), '')
    NOT IN ('fixed', 'suggestion committed', 'reverted', 'fixed again')
ORDER BY findings.id
"""  # noqa: S608 - our own words

LOOKED = """
UPDATE pulls SET gathered_at = :now
WHERE host = :host AND repo = :repo AND pull = :pull AND state = 'merged'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A finding on lines `first` to `last` of a head; `before_sha` is where its diff began."""

    finding_id: int
    sha: str
    base_ref: str
    path: str
    first: int
    last: int
    before_sha: str


def rested(
    store: Store, repos: Collection[tuple[str, str]], now: float, before: float, limit: int
) -> tuple[PullRecord, ...]:
    """So many of those merged and looked after at which nobody looked since `before`."""
    old = (
        one
        for one in looked_after(store, repos, now)
        if one.merged_as is not None and (one.gathered_at or 0.0) < before
    )
    return tuple(islice(old, limit))


def landed(store: Store, key: HeadKey) -> tuple[Landed, ...]:
    """The findings of a head's pull request that nobody mended before the merge."""
    names = Landed.__dataclass_fields__
    rows = store.read(LANDED, dict(of_pull(key)))
    return tuple(Landed(**{name: row[name] for name in names}) for row in rows)


def looked(store: Store, keys: Iterable[HeadKey], now: float) -> None:
    """Note that these heads' pull requests were looked at, in one transaction."""
    rows = [of_pull(key) | {"now": now} for key in keys]
    if rows:
        with store.transaction():
            store.db.executemany(LOOKED, rows)
