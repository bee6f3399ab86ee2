"""Weeks, days and months in a time zone, also where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reviewer_cli.core.periods import (
    TREND_WEEKS,
    Span,
    days,
    days_of,
    is_weekend,
    iso,
    last_week,
    month,
    named_week,
    trend_weeks,
    week,
    week_name,
    weeks_before,
)

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_S, DAY_S = 3_600.0, 86_400.0

zones = some.sampled_from(
    [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia"))]
)
moments = some.floats(min_value=datetime(2012, 2, 1, tzinfo=UTC).timestamp(), max_value=2.5e9)


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_week_begins_on_its_monday_in_the_zone() -> None:
    span = week("2026-W47", BERLIN)
    assert (iso(span.since, BERLIN), iso(span.until, BERLIN)) == (
        "2026-11-16T00:00:00+01:00",
        "2026-11-23T00:00:00+01:00",
    )


@pytest.mark.parametrize(
    ("name", "hours"), [("2026-W13", 167), ("2026-W43", 169), ("2026-W44", 168)]
)
def test_a_week_in_which_clocks_change_has_an_hour_more_or_less(name: str, hours: int) -> None:
    span = week(name, BERLIN)
    assert span.until - span.since == hours * HOUR_S


@pytest.mark.parametrize(
    "name",
    ["2026-W54", "2025-W53", "2026-W00", "2026-W1", "2026W47", "W47", "", "2026-W47 ", "٢٠٢٦-W47"],
)
def test_what_is_no_week_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no week"):
        week(name, UTC)


def test_the_53rd_week_and_the_turn_of_the_year_belong_where_iso_8601_says() -> None:
    assert week("2026-W53", UTC).since == at("2026-12-28T00:00:00+00:00")
    assert week_name(at("2027-01-03T23:59:59+00:00"), UTC) == "2026-W53"
    assert week_name(at("2024-12-30T00:00:00+00:00"), UTC) == "2025-W01"


@given(moments, zones)
def test_every_moment_lies_in_the_week_of_its_name(moment: float, zone: ZoneInfo) -> None:
    span = week(week_name(moment, zone), zone)
    assert span.since <= moment < span.until
    assert named_week(span, zone) == week_name(moment, zone)
    assert named_week(Span(span.since, span.until - 1), zone) is None


@given(moments, zones)
def test_the_last_week_is_over_and_the_next_one_is_not(moment: float, zone: ZoneInfo) -> None:
    span = last_week(moment, zone)
    assert span.until <= moment
    assert week_name(span.until, zone) == week_name(moment, zone)


@given(moments, zones, some.integers(1, 15))
def test_weeks_before_a_week_are_weeks_that_follow_one_another(
    moment: float, zone: ZoneInfo, count: int
) -> None:
    span = week(week_name(moment, zone), zone)
    before = weeks_before(span, count, zone)
    assert len(before) == count
    assert all(one.until == other.since for one, other in pairwise((*before, span)))
    assert all(named_week(one, zone) is not None for one in before)


@given(moments, zones, some.floats(min_value=1, max_value=50 * DAY_S))
def test_a_trend_is_of_13_weeks_and_ends_with_the_span(
    since: float, zone: ZoneInfo, length: float
) -> None:
    span = Span(since, since + length)
    weeks = trend_weeks(span, zone)
    assert len(weeks) == TREND_WEEKS
    assert all(one.until == other.since for one, other in pairwise(weeks))
    assert weeks[-1].until == span.until or weeks[-1].until < span.until <= weeks[-1].until + 1
    assert all(named_week(one, zone) is not None for one in weeks[:-1])


def test_the_trend_of_a_week_ends_with_just_that_week() -> None:
    span = week("2026-W13", BERLIN)
    assert trend_weeks(span, BERLIN)[-1] == span


def test_days_are_both_included_and_in_order() -> None:
    assert days(date(2026, 3, 29), date(2026, 3, 29), BERLIN) == Span(
        at("2026-03-29T00:00:00+01:00"), at("2026-03-30T00:00:00+02:00")
    )
    with pytest.raises(ValueError, match="2026-03-28 is before 2026-03-29"):
        days(date(2026, 3, 29), date(2026, 3, 28), BERLIN)


@given(moments, zones, some.floats(min_value=1, max_value=20 * DAY_S))
def test_the_days_of_a_span_are_all_of_it(since: float, zone: ZoneInfo, length: float) -> None:
    span = Span(since, since + length)
    found = days_of(span, zone)
    assert (found[0].since, found[-1].until) == (span.since, span.until)
    assert all(one.until == other.since for one, other in pairwise(found))
    names = [iso(one.since, zone)[:10] for one in found]
    assert len(set(names)) == len(names)


def test_a_month_is_the_calendars() -> None:
    name, span = month(at("2026-03-31T23:30:00+02:00"), BERLIN)
    assert name == "2026-03"
    assert span == Span(at("2026-03-01T00:00:00+01:00"), at("2026-04-01T00:00:00+02:00"))


@given(moments, zones)
def test_every_moment_lies_in_its_month(moment: float, zone: ZoneInfo) -> None:
    name, span = month(moment, zone)
    assert span.since <= moment < span.until
    assert iso(span.since, zone).startswith(f"{name}-01")
    assert timedelta(days=27) < timedelta(seconds=span.until - span.since) < timedelta(days=32)


def test_saturdays_and_sundays_are_the_zones() -> None:
    friday_night = at("2026-11-20T23:30:00+00:00")
    assert not is_weekend(friday_night, UTC)
    assert is_weekend(friday_night, BERLIN)
    assert not is_weekend(at("2026-11-23T00:30:00+01:00"), BERLIN)
