"""What people did about findings, and which of those passed over turned out to matter."""

from __future__ import annotations

from reviewer_cli.core.measures import Named
from reviewer_cli.core.models import Severity
from reviewer_cli.core.periods import Span
from reviewer_cli.core.quality import Feedback, Near
from reviewer_cli.core.verdicts import DECLINED, PASSED_OVER
from reviewer_cli.digest.reading import TOP
from reviewer_cli.ledger import figures_verdicts
from reviewer_cli.ledger.figures_verdicts import Turned
from reviewer_cli.ledger.store import Store


def feedback(store: Store, span: Span, within: str) -> Feedback:
    """Whatever was said or done in a span, whenever the finding was posted."""
    signals = figures_verdicts.signals(store, span, within)
    counted = {one.kind: one.times for one in signals if one.counts}
    became = figures_verdicts.became(store, span, within)
    ordered = sorted((-one.findings, one.outcome or "") for one in became)
    return Feedback(
        thumbs_up=counted.get("up", 0),
        thumbs_down=counted.get("down", 0),
        replies=counted.get("reply", 0),
        uncounted=sum(one.times for one in signals if not one.counts),
        outcomes=tuple(Named(name=name, count=-negative) for negative, name in ordered),
    )


def nearly_missed(store: Store, span: Span, within: str) -> tuple[Near, ...]:
    """Findings that people had passed over or declined, and then put right after all."""
    overlooked = DECLINED | PASSED_OVER
    turned = [
        one for one in figures_verdicts.turned(store, span, within) if one.before in overlooked
    ]
    turned.sort(key=lambda one: (Severity(one.severity).rank, one.finding_id))
    return tuple(
        Near(
            repo=one.repo,
            pull=one.pull,
            place=_place(one),
            severity=one.severity,
            title=one.title,
            before=one.before or "",
            after=one.after,
        )
        for one in turned[:TOP]
    )


def _place(one: Turned) -> str:
    return one.path if one.line is None else f"{one.path}:{one.line}"
