"""How a digest writes numbers and times, the same in every format."""

from __future__ import annotations

from datetime import datetime, timedelta

from reviewer_cli.core.digest import Period
from reviewer_cli.core.measures import Share

NOTHING = "-"
"""Stands for what was not recorded, or cannot be told."""

MIN_FINDINGS = 10
"""Below so many cases a rate says next to nothing, so that only the cases are told."""


def percent(rate: float | None) -> str:
    """A share such as "61 %"; a small or nearly full one is told more finely, never as 0 or 100."""
    if rate is None:
        return NOTHING
    per_cent = 100 * rate
    if per_cent in (0, 100) or 0.95 <= per_cent < 99.5:
        return f"{per_cent:.0f} %"
    if per_cent < 0.05:
        return "<0.1 %"
    return f"{per_cent:.1f} %" if per_cent < 99.95 else ">99.9 %"


def interval(share: Share) -> str:
    """Where the true rate may be, such as "49-72 %"."""
    if share.low is None or share.high is None:
        return NOTHING
    return f"{percent(share.low).removesuffix(' %')}-{percent(share.high)}"


def rated(share: Share | None) -> str:
    """A share with its interval, "61 % (49-72 %)"; of fewer than ten cases only "3 of 7"."""
    if share is None or share.of == 0:
        return NOTHING
    if share.of < MIN_FINDINGS:
        return f"{share.hits} of {share.of}"
    return f"{percent(share.rate)} ({interval(share)})"


def number(value: float | None) -> str:
    """A count such as "12,345", or a mean such as "2.4"."""
    if value is None:
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun, such as "1 review" and "2,000 reviews"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def money(usd: float | None) -> str:
    """An amount such as "$3.07"; below a cent with two digits that say something."""
    if usd is None:
        return NOTHING
    if 0 < usd < 0.0095:
        return f"${usd:.4f}" if usd >= 0.00005 else "<$0.0001"
    return f"${usd:,.2f}"


def duration(seconds: float | None) -> str:
    """A time span in its two largest units: "45 s", "12 min", "3 h 20 min", "2 d 4 h"."""
    if seconds is None:
        return NOTHING
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return _two(minutes // 60, "h", minutes % 60, "min")
    hours = round(seconds / 3600)
    return _two(hours // 24, "d", hours % 24, "h")


def period(told: Period) -> str:
    """When it is about: "Week 2026-W47, 16 to 22 November 2026 (Europe/Berlin), so far"."""
    first = datetime.fromisoformat(told.since)
    last = datetime.fromisoformat(told.until) - timedelta(seconds=1)
    week = f"Week {told.week}, " if told.week else ""
    return f"{week}{_days(first, last)} ({told.zone}){'' if told.is_final else ', so far'}"


def moment(iso: str) -> str:
    """A local time such as "Tue 17 November 06:12"."""
    at = datetime.fromisoformat(iso)
    return f"{DAYS[at.weekday()]} {at.day} {MONTHS[at.month - 1]} {at:%H:%M}"


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"


def _days(first: datetime, last: datetime) -> str:
    """Names of our own: those of a locale would make other bytes on another machine."""
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if first.date() >= last.date():
        return end
    if first.year != last.year:
        return f"{first.day} {MONTHS[first.month - 1]} {first.year} to {end}"
    if first.month != last.month:
        return f"{first.day} {MONTHS[first.month - 1]} to {end}"
    return f"{first.day} to {end}"


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
