"""When a week's digest is due: once, at its moment or later, whatever the clock and the zone do."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.periods import TREND_WEEKS, week, week_name
from reviewer_cli.digest.due import At, due_span, missed, parse_at, span_name
from reviewer_cli.digest.zones import zone_called

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_7 = At(weekday=0, hour=7, minute=0)
DAY = 86_400.0


def at(text: str, zone: tzinfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def due(text: str, moment: At = MONDAY_7, zone: tzinfo = BERLIN) -> str:
    return week_name(due_span(at(text, zone), moment, zone).since, zone)


@pytest.mark.parametrize(
    ("now", "name"),
    [
        ("2026-11-22T23:59:59", "2026-W46"),
        ("2026-11-23T00:00:00", "2026-W46"),
        ("2026-11-23T06:59:59", "2026-W46"),
        ("2026-11-23T07:00:00", "2026-W47"),
        ("2026-11-29T23:59:59", "2026-W47"),
        ("2027-01-04T07:00:00", "2026-W53"),
    ],
)
def test_a_week_is_due_from_its_moment_in_the_next_week_on(now: str, name: str) -> None:
    assert due(now) == name


def test_the_moment_is_one_of_the_local_clock_also_when_that_changes() -> None:
    assert due("2026-03-30T06:59:59") == "2026-W12"
    assert due("2026-03-30T07:00:00") == "2026-W13"
    sunday = At(weekday=6, hour=2, minute=30)
    assert due("2026-03-29T01:59:59", sunday) == "2026-W11"
    assert due("2026-03-29T03:30:00", sunday) == "2026-W12"


def test_a_machine_that_was_off_for_three_weeks_owes_only_the_last_one() -> None:
    assert due("2026-12-16T12:00:00") == "2026-W50"


@given(
    now=st.floats(min_value=1.5e9, max_value=2.5e9),
    weekday=st.integers(0, 6),
    hour=st.integers(0, 23),
    zone=st.sampled_from([UTC, BERLIN, ZoneInfo("Pacific/Apia"), ZoneInfo("America/New_York")]),
)
def test_it_is_always_a_whole_week_that_is_over_and_only_moves_on(
    now: float, weekday: int, hour: int, zone: tzinfo
) -> None:
    moment = At(weekday=weekday, hour=hour, minute=0)
    span = due_span(now, moment, zone)
    assert span == week(week_name(span.since, zone), zone)
    assert span.until <= now < span.until + 15 * DAY
    assert due_span(now + 3600.0, moment, zone).since >= span.since


def test_missed_weeks_are_those_since_the_newest_one_and_no_more_than_a_quarter_of_a_year() -> None:
    span = week("2026-W47", BERLIN)
    names = [
        week_name(one.since, BERLIN)
        for one in missed(week("2026-W44", BERLIN).since, span, 13, BERLIN)
    ]
    assert names == ["2026-W45", "2026-W46"]
    assert missed(None, span, TREND_WEEKS, BERLIN) == ()
    assert missed(span.since, span, TREND_WEEKS, BERLIN) == ()
    assert len(missed(0.0, span, TREND_WEEKS, BERLIN)) == TREND_WEEKS


@pytest.mark.parametrize("text", ["", "mon", "mon 7:00", "mon 24:00", "moon 07:00", "mon 07:60"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match='written as "mon 07:00"'):
        parse_at(text)
    assert parse_at("Sun 23:59") == At(weekday=6, hour=23, minute=59)


@pytest.mark.parametrize("name", ["Europe/Berlinn", "../zones", "/etc/passwd", "", "Europe", "\0"])
def test_a_zone_that_is_not_there_is_refused_with_what_brings_zones(name: str) -> None:
    with pytest.raises(ValueError, match="pip install tzdata"):
        zone_called(name)


def test_utc_needs_no_data_and_spans_have_names_for_files() -> None:
    assert zone_called("UTC") is UTC
    assert span_name(week("2026-W47", BERLIN), BERLIN) == "2026-W47"
    whole = week("2026-W47", BERLIN)
    two = type(whole)(whole.since, whole.since + 2 * DAY)
    assert span_name(two, BERLIN) == "2026-11-16_2026-11-17"
