"""What became of which findings lately, so that patterns in it can be seen; see `as_of`."""

from __future__ import annotations

from reviewer_cli.core.patterns import Reacted
from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.as_of import IN_SCOPE, bounds, rows
from reviewer_cli.ledger.store import Store

MOST = 10_000
"""The newest are enough: in a house with more of them each pattern is there often."""

# Backwards along the index, and no further than there are enough.
REACTED = f"""
SELECT heads.repo, pull, path, rule, category, findings.title, outcome
FROM outcomes INDEXED BY outcomes_noted
CROSS JOIN findings ON findings.id = finding_id
CROSS JOIN heads ON heads.id = findings.head_id
WHERE noted_at >= :since AND noted_at < :until AND {IN_SCOPE.format(repo="heads.repo")}
  AND NOT EXISTS (SELECT 1 FROM outcomes AS newer WHERE newer.finding_id = outcomes.finding_id
    AND newer.id > outcomes.id AND newer.noted_at < :until)
ORDER BY noted_at DESC, outcomes.id DESC LIMIT {MOST}
"""  # noqa: S608 - our own words


def reacted(store: Store, span: Span, within: str) -> list[Reacted]:
    """Findings by what became of them in a span at last, the newest first, at most 10,000."""
    return rows(store, REACTED, bounds(span, within), Reacted._make)
