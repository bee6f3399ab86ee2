"""How long it took from a push to its review, and what that time was spent on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from reviewer_cli.core.activity import Latency, Parts
from reviewer_cli.core.chance import quantile, spread
from reviewer_cli.core.facts import Told
from reviewer_cli.core.measures import Point, rate, seconds
from reviewer_cli.core.periods import Span, week_name
from reviewer_cli.digest.reading import Facts
from reviewer_cli.ledger.figures_reviews import waits
from reviewer_cli.ledger.store import Store


def latency(
    store: Store,
    facts: Facts,
    read: Mapping[Span, Facts],
    weeks: Sequence[Span],
    zone: tzinfo,
    within: str,
) -> Latency:
    """Of the reviews that nobody had to ask for, where the host told when it was pushed.

    What was `read` of the weeks of the trend already is not read again.
    """
    timed = [(one, wait) for one in facts.told if (wait := waited(one)) is not None]
    return Latency(
        first=spread(_first(facts.told)),
        later=spread(wait for one, wait in timed if one.round > 1),
        parts=_parts([one for one, _ in timed]),
        trend=tuple(
            Point(week=week_name(one.since, zone), value=_median(store, one, read, within))
            for one in weeks
        ),
    )


def waited(told: Told) -> float | None:
    """Seconds from the push to the review, None where they say nothing of us.

    That is so where a person asked for it, the pull request had been merged, or the host does not
    say when it was pushed. What came back is counted from then on. A clock that was set back makes
    it 0.
    """
    if told.was_asked or told.merged_at is not None or told.pushed_at is None:
        return None
    return max(0.0, told.told_at - (told.entered_at if told.came_back else told.pushed_at))


def _first(told: Sequence[Told]) -> list[float]:
    return [wait for one in told if one.round == 1 and (wait := waited(one)) is not None]


def _median(store: Store, week: Span, read: Mapping[Span, Facts], within: str) -> float | None:
    if week in read:
        ordered = sorted(_first(read[week].told))
    else:
        known = waits(store, week, within)
        ordered = sorted(max(0.0, one.told_at - one.started_at) for one in known)
    return seconds(quantile(ordered, 0.5)) if ordered else None


def _parts(told: Sequence[Told]) -> Parts:
    """Shares of the whole time of all; a part that a wrong clock made negative counts as none."""
    split = [_split(one) for one in told]
    sums = [math.fsum(column) for column in zip(*split, strict=True)] if split else [0.0] * 6
    whole = math.fsum(sums)
    tick, settle, queue, prepare, model, host = (
        rate(one / whole) if whole else None for one in sums
    )
    return Parts(tick=tick, settle=settle, queue=queue, prepare=prepare, model=model, host=host)


def _split(one: Told) -> tuple[float, ...]:
    pushed = one.entered_at if one.came_back or one.pushed_at is None else one.pushed_at
    working = max(0.0, one.reviewed_at - one.taken_at)
    model = min(one.model_s, working)
    parts = (
        one.entered_at - pushed,
        one.ready_at - one.entered_at,
        one.taken_at - one.ready_at,
        working - model,
        model,
        one.told_at - one.reviewed_at,
    )
    return tuple(max(0.0, part) for part in parts)
