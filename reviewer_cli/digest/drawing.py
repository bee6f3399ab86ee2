"""Five findings of a period, drawn by lot, to be labelled by hand."""

from __future__ import annotations

from reviewer_cli.core.digest import Drawn
from reviewer_cli.core.draw import drawn
from reviewer_cli.core.periods import Span
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.ledger import labels
from reviewer_cli.ledger.store import Store


def draw(store: Store, span: Span, within: str) -> tuple[Drawn, ...]:
    """The same ones at any later time, also after they were labelled."""
    ids = drawn(labels.lots(store, span, within), span.since)
    return tuple(
        Drawn(
            finding_id=one.finding.id,
            repo=one.repo,
            pull=one.pull,
            place=one_line(one.finding.place),
            severity=one.finding.severity,
            title=one_line(one.finding.title),
        )
        for one in labels.placed(store, ids)
    )
