"""When a week's digest goes out: at a weekday and time of the week after it, or as soon as can be.

A machine that was off tells only of the last complete week; nobody wants to read three at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from reviewer_cli.core.periods import Span, iso, last_week, named_week, weeks_before

DAY_S = 86_400.0
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A moment of every week: days after Monday, and the local time."""

    weekday: int
    hour: int
    minute: int


def parse_at(text: str) -> At:
    """The moment that such as "mon 07:00" says; raises ValueError for anything else."""
    found = re.fullmatch(rf"({'|'.join(WEEKDAYS)}) ([01]\d|2[0-3]):([0-5]\d)", text.lower())
    if found is None:
        raise ValueError('a moment of the week is written as "mon 07:00"')
    return At(weekday=WEEKDAYS.index(found[1]), hour=int(found[2]), minute=int(found[3]))


def due_span(now: float, at: At, zone: tzinfo) -> Span:
    """The newest week whose digest may be out by now."""
    last = last_week(now, zone)
    monday = datetime.fromtimestamp(last.until, zone).date()
    day = monday + timedelta(days=at.weekday)
    moment = datetime(day.year, day.month, day.day, at.hour, at.minute, tzinfo=zone)
    return last if moment.timestamp() <= now else weeks_before(last, 1, zone)[0]


def missed(newest: float | None, span: Span, most: int, zone: tzinfo) -> tuple[Span, ...]:
    """The weeks between the newest one that was kept, by its `since`, and this one, oldest first.

    They are kept as well, so that what the ledger forgets later is not lost; not told to anybody.
    One that begins within a day of the newest one is that one, in another time zone.
    """
    if newest is None:
        return ()
    return tuple(one for one in weeks_before(span, most, zone) if one.since >= newest + DAY_S)


def span_name(span: Span, zone: tzinfo) -> str:
    """The week's name, or the first and the last day; fit for the name of a file."""
    days = (iso(at, zone)[:10] for at in (span.since, span.until - 1))
    return named_week(span, zone) or "_".join(days)
