"""The story of a digest: what is read of a time, and the numbers that are made of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import tzinfo
from itertools import chain

from reviewer_cli.core.digest import SCHEMA, Digest, Period
from reviewer_cli.core.headline import headline
from reviewer_cli.core.periods import (
    BEFORE_WEEKS,
    Span,
    iso,
    named_week,
    trend_weeks,
    weeks_before,
)
from reviewer_cli.core.quality import Change
from reviewer_cli.digest.accuracy import accuracy, checks, noise
from reviewer_cli.digest.advising import advice
from reviewer_cli.digest.changes import changes
from reviewer_cli.digest.cost import cost
from reviewer_cli.digest.drawing import draw
from reviewer_cli.digest.feedback import feedback, nearly_missed
from reviewer_cli.digest.latency import latency
from reviewer_cli.digest.reading import Facts, facts, merged
from reviewer_cli.digest.trouble import trouble
from reviewer_cli.digest.volume import volume
from reviewer_cli.ledger import as_of, figures_cost, figures_trouble
from reviewer_cli.ledger.store import Store


def digest_of(store: Store, span: Span, zone: tzinfo, scope: str, now: float) -> Digest:
    """All that can be told of a span, of the repositories that `scope` names, or of all.

    It is the same whenever it is asked for, from the time on at which it is final. Raises
    LedgerUnwritable or LedgerRefused where the ledger cannot be read.
    """
    with _no_search_for_circles():
        return _told(store, span, zone, scope, now)


def _told(store: Store, span: Span, zone: tzinfo, scope: str, now: float) -> Digest:
    within = as_of.within(store, scope, span.until)
    weeks = trend_weeks(span, zone)
    read = _read(store, span, zone, within)
    found = read[span]
    counted_from = as_of.counted_from(store, span.until)
    answers = figures_cost.answers(store, span, within)
    sweeps = figures_trouble.sweeps(store, span)
    digest = Digest(
        schema=SCHEMA,
        scope=as_of.named(within) or scope,
        period=_period(store, span, zone, now),
        headline=(),
        volume=volume(store, found, merged(found, counted_from), within),
        latency=latency(store, found, read, weeks, zone, within),
        cost=cost(store, found, answers, sweeps, weeks, zone, within, now),
        trouble=trouble(store, found, sweeps, zone, within, now),
        feedback=feedback(store, span, within),
        accuracy=accuracy(store, found, read, weeks, zone, within),
        noise=noise(found),
        checks=checks(found, answers),
        changes=_changes(read, counted_from, span, zone),
        nearly_missed=nearly_missed(store, span, within),
        advice=advice(store, found, sweeps, zone, within),
        draw=draw(store, span, within),
    )
    return replace(digest, headline=headline(digest))


@contextmanager
def _no_search_for_circles() -> Iterator[None]:
    """Rows refer to nothing: looking through hundreds of thousands of them finds none to free.

    It would take a sixth of all the time (docs.python.org/3/library/gc.html).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(store: Store, span: Span, zone: tzinfo, within: str) -> dict[Span, Facts]:
    """The span and the weeks before it, each as it was known at its own end."""
    spans = (*weeks_before(span, BEFORE_WEEKS, zone), span)
    return {one: facts(store, one, within) for one in spans}


def _changes(
    read: Mapping[Span, Facts], counted_from: float, span: Span, zone: tzinfo
) -> tuple[Change, ...]:
    each = read.values()
    return changes(
        list(chain.from_iterable(one.told for one in each)),
        list(chain.from_iterable(merged(one, counted_from) or () for one in each)),
        list(chain.from_iterable(one.fates for one in each)),
        list(chain.from_iterable(one.events for one in each)),
        span,
        zone,
    )


def _period(store: Store, span: Span, zone: tzinfo, now: float) -> Period:
    """Final once it is over and nobody can write anything of it any more."""
    first = weeks_before(span, BEFORE_WEEKS, zone)[0].since
    return Period(
        week=named_week(span, zone),
        since=iso(span.since, zone),
        until=iso(span.until, zone),
        zone=str(zone),
        is_final=span.until <= now and not figures_trouble.is_running(store, span.until),
        recorded_since=iso(as_of.recorded_since(store), zone),
        is_thinned=as_of.removed_until(store) >= first,
    )
