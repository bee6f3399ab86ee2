"""What became of the findings: each change is a row of its own, and the newest one counts.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reviewer_cli.core.models import Outcome
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import OutcomeRecord

NEWEST = "SELECT outcome FROM outcomes WHERE finding_id = findings.id ORDER BY id DESC LIMIT 1"

NOTE = f"""
INSERT INTO outcomes (finding_id, outcome, evidence, noted_at, sweep_id)
SELECT id, :outcome, :evidence, :now, :sweep_id FROM findings
WHERE id = :finding_id AND ({NEWEST}) IS NOT :outcome
"""  # noqa: S608 - our own words

OF = """
SELECT outcome, evidence, noted_at, sweep_id FROM outcomes
WHERE finding_id = :finding_id ORDER BY id
"""

DISMISSED = f"""
SELECT findings.id AS finding_id, pull, path, rule, category, findings.title,
  fingerprint FROM heads
CROSS JOIN findings ON findings.head_id = heads.id
WHERE host = :host AND repo = :repo AND ({NEWEST}) = 'dismissed' ORDER BY findings.id
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What became of a finding, and what shows it."""

    finding_id: int
    outcome: Outcome
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissal:
    """A finding that people of a repository declined."""

    finding_id: int
    pull: str
    path: str
    rule: str
    category: str
    title: str
    fingerprint: str


def note(store: Store, noted: Iterable[Noted], sweep_id: int | None, now: float) -> int:
    """Note what is new, in one transaction, and return how much that was.

    A finding whose newest outcome is the same already is left alone, with the evidence it has; so
    is one that was removed for its age.
    """
    rows = [
        {
            "finding_id": one.finding_id,
            "outcome": one.outcome,
            "evidence": one.evidence,
            "now": now,
            "sweep_id": sweep_id,
        }
        for one in noted
    ]
    if not rows:
        return 0
    with store.transaction():
        return sum(store.db.execute(NOTE, row).rowcount for row in rows)


def of(store: Store, finding_id: int) -> tuple[OutcomeRecord, ...]:
    """All that became of a finding, the newest last."""
    return tuple(outcome_of(row) for row in store.read(OF, {"finding_id": finding_id}))


def outcome_of(row: sqlite3.Row | Mapping[str, Any]) -> OutcomeRecord:
    """The columns of a row of `outcomes`."""
    return OutcomeRecord(
        outcome=Outcome(row["outcome"]),
        evidence=row["evidence"],
        noted_at=row["noted_at"],
        sweep_id=row["sweep_id"],
    )


def dismissed(store: Store, host: str, repo: str) -> tuple[Dismissal, ...]:
    """The findings of a repository that were declined in the end, the oldest first."""
    names = Dismissal.__dataclass_fields__
    return tuple(
        Dismissal(**{name: row[name] for name in names})
        for row in store.read(DISMISSED, {"host": host, "repo": repo})
    )
