"""Charts stay within their frame, say in words what they show, and are the same every time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.activity import Month
from reviewer_cli.core.digest_figures import duration, money, percent
from reviewer_cli.core.measures import Point, Share
from reviewer_cli.render import digest_charts
from reviewer_cli.render.digest_trends import BLOCKS, GAP, Trend, blocks
from tests.render.digest_samples import share

AMOUNTS = st.one_of(st.none(), st.just(0.0), st.floats(0.0, 1e7), st.floats(0.0, 1.0))
WRITERS = {"worth": percent, "speed": duration, "cost": money}
MOST_BYTES = 6_000


def trend(values: list[float | None], key: str = "cost") -> Trend:
    weeks = (f"2026-W{number + 1:02}" for number in range(len(values)))
    points = tuple(Point(week=week, value=value) for week, value in zip(weeks, values, strict=True))
    return Trend(key=key, name="A number", points=points, write=WRITERS[key])


def inside(svg: str) -> None:
    """Every coordinate is a number within the frame, and the picture has a name."""
    root = ET.fromstring(svg)  # noqa: S314 - our own, just made
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for element in root.iter():
        for name, text in element.attrib.items():
            if name in ("x", "cx", "x1", "x2", "width"):
                assert -1 <= float(text) <= width + 1, (name, text)
            elif name in ("y", "cy", "height"):
                assert -1 <= float(text) <= height + 1, (name, text)
    title = root.find("title")
    assert root.attrib["role"] == "img"
    assert title is not None
    assert root.attrib["aria-labelledby"] == title.attrib["id"]
    assert len(title.text or "") > 5
    assert len(svg) <= MOST_BYTES


@given(
    st.lists(AMOUNTS, min_size=2, max_size=13).filter(
        lambda values: sum(value is not None for value in values) > 1
    ),
    st.sampled_from(sorted(WRITERS)),
)
def test_a_trend_stays_in_its_frame(values: list[float | None], key: str) -> None:
    told = trend(values, key)
    inside(digest_charts.columns(told))
    inside(digest_charts.line(told, None))
    inside(digest_charts.line(told, share(3, 7)))
    assert len(blocks(told.points)) == len(values)


@given(st.lists(st.tuples(st.text("abc<&", max_size=12), st.floats(0, 1)), max_size=6))
def test_bars_stay_in_their_frame(rows: list[tuple[str, float]]) -> None:
    inside(digest_charts.bars("parts", "Where it went", rows))


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6))
def test_intervals_stay_in_their_frame(cases: list[tuple[int, int]]) -> None:
    rows = [(f"<{at}>", share(min(pair), max(pair))) for at, pair in enumerate(cases)]
    inside(
        digest_charts.intervals("severity", "How sure it is", [*rows, ("x", Share(hits=1, of=2))])
    )


@given(st.lists(st.floats(0, 1e6), min_size=4, max_size=4))
def test_a_month_stays_in_its_frame(amounts: list[float]) -> None:
    so_far, low, likely, high = sorted(amounts)
    told = Month(name="2026-11", so_far_usd=so_far, low_usd=low, likely_usd=likely, high_usd=high)
    inside(digest_charts.month_bar("month", "The month", told))


@pytest.mark.parametrize(
    ("values", "key", "labels"),
    [
        ([0.63, 0.48], "worth", ["0 %", "40 %", "80 %"]),
        ([380.0, 1140.0], "speed", ["0 s", "10 min", "20 min"]),
        ([50_000.0, 9.0], "speed", ["0 s", "12 h", "1 d"]),
        ([88.0, 118.4], "cost", ["$0.00", "$60.00", "$120.00"]),
    ],
)
def test_an_axis_has_numbers_that_are_read_at_once(
    values: list[float | None], key: str, labels: list[str]
) -> None:
    svg = digest_charts.columns(trend(values, key))
    assert re.findall(r'class="axis end"[^>]*>([^<]*)<', svg) == labels


def test_a_week_without_a_value_is_a_gap() -> None:
    told = trend([0.5, None, 0.6, 0.7], "worth")
    assert digest_charts.line(told, None).count("<polyline") == 2
    assert digest_charts.columns(told).count("<rect") == 3
    assert blocks(told.points)[1] == GAP
    assert blocks(trend([0.0, 1.0], "worth").points) == BLOCKS[0] + BLOCKS[-1]


def test_the_title_says_where_it_began_and_where_it_is() -> None:
    svg = digest_charts.line(trend([None, 0.6, 0.48], "worth"), None)
    assert "60 % in 2026-W02, 48 % in 2026-W03, at most 60 %" in svg
