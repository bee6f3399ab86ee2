"""Findings drawn to be labelled, and what people said of them: kept, and the newest label counts.

Times are seconds since the epoch and always arguments; for `within` see `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reviewer_cli.core.draw import Label, Lot
from reviewer_cli.core.models import Severity
from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.as_of import IN_SCOPE, bounds, rows
from reviewer_cli.ledger.outcomes import of
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import FindingRecord, OutcomeRecord

LOTS = f"""
SELECT DISTINCT findings.id, fingerprint FROM told INDEXED BY told_at
CROSS JOIN findings ON findings.head_id = told.head_id AND disposition = 'kept'
WHERE told_at >= :since AND told_at < :until AND {IN_SCOPE.format(repo="repo")}
  AND NOT EXISTS (SELECT 1 FROM labels WHERE finding_id = findings.id AND labelled_at < :since)
ORDER BY findings.id
"""  # noqa: S608 - our own words

FINDING = """
SELECT findings.*, repo, pull FROM findings JOIN heads ON heads.id = head_id WHERE findings.id = :id
"""

LABELLED = "SELECT EXISTS (SELECT 1 FROM labels WHERE finding_id = :id)"

# Nothing, and no error, where the finding was removed for its age meanwhile.
LABEL = """
INSERT INTO labels (finding_id, label, labelled_at) SELECT id, :label, :now FROM findings
WHERE id = :id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A finding with the pull request it was made on; it does not tell what became of it."""

    repo: str
    pull: str
    finding: FindingRecord


def lots(store: Store, span: Span, within: str) -> list[Lot]:
    """The kept findings told in a span that had no label before it; later ones change nothing."""
    return rows(store, LOTS, bounds(span, within), Lot._make)


def placed(store: Store, finding_ids: Iterable[int]) -> tuple[Placed, ...]:
    """These findings in this order, without any that were removed for their age."""
    found = (store.read(FINDING, {"id": one}) for one in finding_ids)
    names = FindingRecord.__dataclass_fields__.keys() - {"severity", "outcomes"}
    return tuple(
        Placed(
            repo=row["repo"],
            pull=row["pull"],
            finding=FindingRecord(
                **{name: row[name] for name in names}, severity=Severity(row["severity"])
            ),
        )
        for some in found
        for row in some
    )


def is_labelled(store: Store, finding_id: int) -> bool:
    """Whether anybody labelled it yet, also after the time that a digest tells of."""
    return bool(store.read(LABELLED, {"id": finding_id})[0][0])


def label(store: Store, finding_id: int, said: Label, now: float) -> tuple[OutcomeRecord, ...]:
    """Keep what a person said of a finding, and only then tell what became of it, newest last."""
    with store.transaction():
        store.db.execute(LABEL, {"id": finding_id, "label": said, "now": now})
    return of(store, finding_id)
