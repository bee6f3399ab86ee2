"""What the ledger knows of one stretch of time, read once for all the numbers made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reviewer_cli.core.facts import End, Event, EventKind, Fate, Told
from reviewer_cli.core.measures import Named
from reviewer_cli.core.periods import Span
from reviewer_cli.ledger import as_of, figures_verdicts
from reviewer_cli.ledger.store import Store

TOP = 5
"""Entries of a list of examples."""
MOST_REPOSITORIES = 20
"""Entries of a list that has one for each repository."""

KINDS = tuple(EventKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The rows of a span; `fates` are as they were known at its end."""

    span: Span
    told: list[Told]
    ends: list[End]
    fates: list[Fate]
    events: list[Event]


def facts(store: Store, span: Span, within: str) -> Facts:
    """Read them; for `within` see `as_of.within`."""
    return Facts(
        span=span,
        told=as_of.told(store, span, within),
        ends=as_of.ends(store, span, within),
        fates=figures_verdicts.fates(store, span, within),
        events=as_of.events(store, KINDS, span, within),
    )


def merged(facts: Facts, counted_from: float) -> list[End] | None:
    """What was merged in a span since all hosts tell so, None where none told so in it.

    Of what was merged before `counted_from` little but what had a review is known.
    """
    if not any(one.kind == EventKind.COUNTED for one in facts.events):
        return None
    return [one for one in facts.ends if one.state == "merged" and one.ended_at > counted_from]


def counts(names: Iterable[str]) -> tuple[Named, ...]:
    """How often each name is there, the most frequent first."""
    ordered = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return tuple(Named(name=name, count=count) for name, count in ordered)
