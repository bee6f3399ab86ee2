"""What failed: errors by class, sweeps that did not end well, and doors that failed us."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from reviewer_cli.core.activity import Outage, Trouble
from reviewer_cli.core.facts import Event, EventKind
from reviewer_cli.core.measures import Named, seconds
from reviewer_cli.core.periods import Span, iso
from reviewer_cli.digest.reading import MOST_REPOSITORIES, TOP, Facts, counts
from reviewer_cli.ledger import as_of
from reviewer_cli.ledger.figures_trouble import Sweep, dead
from reviewer_cli.ledger.store import Store

ENDED_WELL = (0, 3)
"""3 tells that some heads were left to a later sweep, which is told of each head."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time in which a door failed us; `until` is None while it still does."""

    door: str
    kind: str
    since: float
    until: float | None


def trouble(
    store: Store, facts: Facts, sweeps: Sequence[Sweep], zone: tzinfo, within: str, now: float
) -> Trouble:
    """What failed in a span; doors are those of the whole installation, whatever is looked at."""
    span = facts.span
    paused = [one.seconds for one in facts.events if one.kind == EventKind.PAUSED]
    return Trouble(
        retried=_words(facts, EventKind.RETRIED),
        put_off=_words(facts, EventKind.PUT_OFF),
        dead=_words(facts, EventKind.DIED),
        dead_at_end=dead(store, span.until, within),
        sweeps=len(sweeps),
        failed_sweeps=sum(one.exit_code not in (None, *ENDED_WELL) for one in sweeps),
        died_sweeps=sum(one.has_died for one in sweeps),
        failed_polls=_subjects(facts, EventKind.UNPOLLED)[:MOST_REPOSITORIES],
        paused_s=seconds(math.fsum(one or 0.0 for one in paused)) or 0.0,
        openings=_subjects(facts, EventKind.OPENED)[:TOP],
        longest=_longest(store, span, zone, now),
    )


def _words(facts: Facts, kind: EventKind) -> tuple[Named, ...]:
    return counts(one.word for one in facts.events if one.kind == kind)


def _subjects(facts: Facts, kind: EventKind) -> tuple[Named, ...]:
    return counts(one.subject for one in facts.events if one.kind == kind)


def _longest(store: Store, span: Span, zone: tzinfo, now: float) -> Outage | None:
    """The longest stretch as far as it lies in the span; of equal ones the earliest."""
    kinds = (EventKind.OPENED, EventKind.CLOSED)
    known = as_of.events(store, kinds, Span(0.0, span.until), as_of.EVERYWHERE)
    end = max(span.since, min(span.until, now))
    lasted = [
        (min(one.until if one.until is not None else end, end) - max(one.since, span.since), one)
        for one in _stretches(known)
    ]
    within = [(length, one) for length, one in lasted if length > 0]
    if not within:
        return None
    length, one = min(within, key=lambda pair: (-pair[0], pair[1].since, pair[1].door))
    return Outage(
        door=one.door,
        kind=one.kind,
        since=iso(one.since, zone),
        seconds=seconds(length) or 0.0,
        is_over=one.until is not None,
    )


def _stretches(events: Sequence[Event]) -> Iterator[_Stretch]:
    """One that opens again for another reason has failed us all the while.

    A closing without an opening is of one that an older program met; it says when that was.
    """
    open_now: dict[str, Event] = {}
    for one in events:
        if one.kind == EventKind.OPENED:
            first = open_now.get(one.subject)
            open_now[one.subject] = one if first is None else first._replace(word=one.word)
            continue
        first = open_now.pop(one.subject, None)
        since = first.at if first is not None else one.at - (one.seconds or 0.0)
        yield _Stretch(one.subject, first.word if first is not None else one.word, since, one.at)
    for one in open_now.values():
        yield _Stretch(one.subject, one.word, one.at, None)
