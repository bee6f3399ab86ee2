"""Asking a person about the findings that were drawn, who is not told what became of them.

Whoever knows that a finding was fixed takes it for right more readily.
"""

from __future__ import annotations

from collections.abc import Iterator

from reviewer_cli.core.draw import Label, drawn
from reviewer_cli.core.periods import Span
from reviewer_cli.ledger import as_of, labels
from reviewer_cli.ledger.labels import Placed
from reviewer_cli.ledger.store import Store

QUESTION = "Is it right? r right, w wrong, u unsure, s skip, q quit"
ANSWERS = {"r": Label.RIGHT, "w": Label.WRONG, "u": Label.UNSURE}
"""What a person types; `s` leaves one for later, and `q` all that follow."""


def to_label(store: Store, span: Span, scope: str) -> Iterator[Placed]:
    """The findings drawn for a span that nobody labelled yet, one after the other.

    `scope` names repositories as `digest_of` takes it. Raises what reading the ledger does.
    """
    within = as_of.within(store, scope, span.until)
    for one in labels.placed(store, drawn(labels.lots(store, span, within), span.since)):
        if not labels.is_labelled(store, one.finding.id):
            yield one


def answered(store: Store, one: Placed, label: Label, now: float) -> str:
    """Keep the label, and only then tell in a sentence what became of the finding."""
    outcomes = labels.label(store, one.finding.id, label, now)
    if not outcomes:
        return "Nothing is known yet of what became of it."
    newest = outcomes[-1]
    return f"What became of it: {newest.outcome}. {newest.evidence}".strip()
