"""Weeks, days and months in a time zone, as seconds since the epoch.

A week is one of ISO 8601: it begins on Monday, and week 1 is the one with the year's first
Thursday. One in which clocks change has an hour more or less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

BEFORE_WEEKS = 4
"""What a period is compared with: so many weeks before it."""
TREND_WEEKS = 13
"""A quarter of a year."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The time from `since` on until just before `until`, in seconds since the epoch."""

    since: float
    until: float


def week(name: str, zone: tzinfo) -> Span:
    """The week of a name such as "2026-W47"; raises ValueError where there is none of it."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", name, re.ASCII)
    if found is None:
        raise ValueError(f"{name!r} is no week; weeks are written as 2026-W47")
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise ValueError(f"{name!r} is no week: {found[1]} has none of that number") from None
    return _days(monday, monday + timedelta(days=7), zone)


def week_name(at: float, zone: tzinfo) -> str:
    """The name of the week that a moment is in."""
    year, number, _ = _local(at, zone).isocalendar()
    return f"{year:04}-W{number:02}"


def named_week(span: Span, zone: tzinfo) -> str | None:
    """The name of the week that a span is, None where it is another span."""
    name = week_name(span.since, zone)
    return name if week(name, zone) == span else None


def last_week(now: float, zone: tzinfo) -> Span:
    """The last week that is over."""
    return weeks_before(week(week_name(now, zone), zone), 1, zone)[0]


def weeks_before(span: Span, count: int, zone: tzinfo) -> tuple[Span, ...]:
    """So many whole weeks before a span, the oldest first; they end at its first midnight."""
    first = _local(span.since, zone).date()
    edges = [first - timedelta(days=7 * back) for back in range(count, -1, -1)]
    return tuple(_days(one, other, zone) for one, other in pairwise(edges))


def trend_weeks(span: Span, zone: tzinfo) -> tuple[Span, ...]:
    """The 13 weeks up to that in which a span ends, which is told of as far as the span goes."""
    last = week(week_name(span.until - 1, zone), zone)
    before = weeks_before(last, TREND_WEEKS - 1, zone)
    return (*before, Span(last.since, min(last.until, span.until)))


def days(first: date, last: date, zone: tzinfo) -> Span:
    """From the beginning of one day to the end of another; raises ValueError for a wrong order."""
    if last < first:
        raise ValueError(f"{last} is before {first}")
    return _days(first, last + timedelta(days=1), zone)


def days_of(span: Span, zone: tzinfo) -> tuple[Span, ...]:
    """The local days that a span touches, each as far as it lies in it."""
    found: list[Span] = []
    day, since = _local(span.since, zone).date(), span.since
    while since < span.until:
        day += timedelta(days=1)
        end = min(_midnight(day, zone), span.until)
        found.append(Span(since, end))
        since = end
    return tuple(found)


def month(at: float, zone: tzinfo) -> tuple[str, Span]:
    """The calendar month that a moment is in, with its name, such as "2026-11"."""
    first = _local(at, zone).date().replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return f"{first:%Y-%m}", _days(first, after, zone)


def iso(at: float, zone: tzinfo) -> str:
    """A moment as ISO 8601 with the zone's offset, to the second."""
    return _local(at, zone).isoformat(timespec="seconds")


def is_weekend(at: float, zone: tzinfo) -> bool:
    """Whether a moment is on a Saturday or a Sunday."""
    return _local(at, zone).isoweekday() > 5


def _local(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone)


def _days(first: date, after: date, zone: tzinfo) -> Span:
    return Span(_midnight(first, zone), _midnight(after, zone))


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
