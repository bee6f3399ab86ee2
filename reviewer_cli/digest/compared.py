"""Each number as it is now and as it was before, with the comparison that its kind allows."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from reviewer_cli.core.chance import quantile
from reviewer_cli.core.drift import Compared, Day, Sides, by_day, by_pull
from reviewer_cli.core.facts import End, Event, EventKind, Told
from reviewer_cli.core.periods import Span, days_of, is_weekend
from reviewer_cli.core.quality import Metric
from reviewer_cli.digest.by_pull import Pull, Sums, sides
from reviewer_cli.digest.latency import waited

FAILURES = (EventKind.RETRIED, EventKind.PUT_OFF, EventKind.DIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The period with the weeks before it, which begin at `first`."""

    first: float
    span: Span
    zone: tzinfo

    def __contains__(self, at: float) -> bool:
        return self.first <= at < self.span.until

    def is_now(self, at: float) -> bool:
        """Whether it is in the period, and not before."""
        return at >= self.span.since


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A number in both times, and what its comparison shows."""

    metric: Metric
    now: float | None
    before: float | None
    compared: Compared
    group: str = ""


def shares(metric: Metric, of: Mapping[str, Sides], group: str = "") -> Seen:
    """A share or mean over all pull requests."""
    before = _whole([pull for one in of.values() for pull in one.before])
    now = _whole([pull for one in of.values() for pull in one.now])
    return Seen(metric=metric, now=now, before=before, compared=by_pull(of), group=group)


def covered(merged: Iterable[End], times: Times) -> Seen:
    """Merged pull requests that had a review, of all that are told of elsewhere in a digest."""
    pulls = {
        (one.repo, one.pull, times.is_now(one.noted_at)): one
        for one in merged
        if one.noted_at in times
    }
    return shares(Metric.COVERAGE, sides(pulls, lambda end: (end.is_covered, 1)))


def cost(pulls: Mapping[Pull, Sums]) -> Seen:
    """The mean in USD; compared by the logarithm, or a few dear reviews would hide the others."""
    told = shares(Metric.COST, sides(pulls, lambda pull: (pull.micro_usd / 1e6, pull.paid)))
    return replace(told, compared=by_pull(sides(pulls, lambda pull: (pull.log_usd, pull.paid))))


def latency(reviews: Iterable[Told], times: Times) -> Seen:
    """The median time from push to first review; compared by each day's mean of the logarithms.

    Few reviews of a weekend say more that way than by the one in their middle.
    """
    waits = [
        (one.told_at, wait)
        for one in reviews
        if one.round == 1 and (wait := waited(one)) is not None
    ]
    logs = [(at, math.log(max(wait, 1.0))) for at, wait in waits]
    return Seen(
        metric=Metric.LATENCY,
        now=_median([wait for at, wait in waits if times.is_now(at)]),
        before=_median([wait for at, wait in waits if not times.is_now(at)]),
        compared=_compared(logs, times),
    )


def errors(reviews: Iterable[Told], events: Collection[Event], times: Times) -> Seen:
    """The share of attempts at a review that failed; that of each day is what is compared.

    Failures are known since the ledger records events, reviews may have been told before.
    """
    began = max((one.at for one in events if one.kind == EventKind.BEGAN), default=times.first)
    tried = [(one.told_at, 0.0) for one in reviews if one.told_at >= began]
    tried += [
        (one.at, 1.0)
        for one in events
        if one.kind in FAILURES and one.at in times and one.at >= began
    ]
    return Seen(
        metric=Metric.ERRORS,
        now=_mean([failed for at, failed in tried if times.is_now(at)]),
        before=_mean([failed for at, failed in tried if not times.is_now(at)]),
        compared=_compared(tried, times),
    )


def _compared(values: Iterable[tuple[float, float]], times: Times) -> Compared:
    """The local days by the mean of their values; a day without any says nothing."""
    days = days_of(Span(times.first, times.span.until), times.zone)
    starts = [day.since for day in days]
    found: list[list[float]] = [[] for _ in days]
    for at, value in values:
        found[bisect_right(starts, at) - 1].append(value)
    return by_day(
        [
            Day(is_weekend(since, times.zone), times.is_now(since), math.fsum(here) / len(here))
            for since, here in zip(starts, found, strict=True)
            if here
        ]
    )


def _median(values: Sequence[float]) -> float | None:
    return quantile(sorted(values), 0.5) if values else None


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _whole(pulls: Sequence[tuple[float, float]]) -> float | None:
    of = sum(of for _, of in pulls)
    return sum(hits for hits, _ in pulls) / of if of else None
