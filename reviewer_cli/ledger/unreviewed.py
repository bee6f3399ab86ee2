"""What was merged before it was reviewed, and what its later review found."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from reviewer_cli.core.models import Remark
from reviewer_cli.ledger.earlier import remark_of
from reviewer_cli.ledger.store import Store

REPOSITORIES = """
SELECT DISTINCT repo FROM heads
WHERE host = :host AND state = 'posted' AND merged_at IS NOT NULL ORDER BY repo
"""

FOUND = """
SELECT heads.id AS merged_id, pull, head_sha, heads.title AS pull_title, merged_at, findings.*
FROM heads LEFT JOIN findings ON findings.head_id = heads.id AND disposition = 'kept'
WHERE host = :host AND repo = :repo AND heads.state = 'posted' AND merged_at >= :since
ORDER BY merged_at DESC, heads.id DESC, ordinal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedUnreviewed:
    """A head that was merged first, in seconds since the epoch, and what is kept of its review."""

    pull: str
    sha: str
    title: str
    merged_at: float
    remarks: tuple[Remark, ...]


def repositories(store: Store, host: str, answered: Collection[str]) -> tuple[str, ...]:
    """Those among `answered` in which anything was ever merged unreviewed and reviewed since."""
    rows = store.read(REPOSITORIES, {"host": host})
    return tuple(row["repo"] for row in rows if row["repo"] in answered)


def found_in(store: Store, host: str, repo: str, since: float) -> tuple[MergedUnreviewed, ...]:
    """The heads of a repository that were merged since then, newest first."""
    rows = store.read(FOUND, {"host": host, "repo": repo, "since": since})
    by_head = groupby(rows, key=lambda row: row["merged_id"])
    return tuple(_merged(list(some)) for _, some in by_head)


def _merged(rows: Sequence[sqlite3.Row]) -> MergedUnreviewed:
    """One head of which there is a row for each finding, or one with nothing."""
    first = rows[0]
    return MergedUnreviewed(
        pull=first["pull"],
        sha=first["head_sha"],
        title=first["pull_title"],
        merged_at=first["merged_at"],
        remarks=tuple(remark_of(row) for row in rows if row["id"] is not None),
    )
