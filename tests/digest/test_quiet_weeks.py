"""Quiet weeks stay quiet, as often as docs/digest.md says, and what really changed is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy import stats

from reviewer_cli.core.facts import Event, EventKind
from reviewer_cli.core.quality import Change, Metric, Verdict
from tests.digest.quiet_world import DAY_S, SPAN, Planted, Setting, world

SETTINGS = (
    Setting(repos=1, pulls=25, alike=0.5),
    Setting(repos=5, pulls=6),
    Setting(repos=50, pulls=2),
    Setting(repos=50, pulls=0.6),
    Setting(repos=10, pulls=15, alike=0.5),
)
WEEKS = 200
STATED_RATE = 0.01
BUSY = Setting(repos=20, pulls=8.5)
"""170 pull requests a week."""

DOCS = Path(__file__).parents[2] / "docs" / "digest.md"


def claims(changes: tuple[Change, ...]) -> Iterator[Change]:
    """What is said to have changed."""
    return (one for one in changes if one.verdict in (Verdict.MORE, Verdict.LESS))


def found(setting: Setting, planted: Planted, metric: Metric, verdict: Verdict, group: str) -> int:
    """In how many of 20 such weeks that change is claimed."""
    weeks = (world(setting, seed, planted).changes() for seed in range(20))
    return sum(
        any((one.metric, one.group, one.verdict) == (metric, group, verdict) for one in week)
        for week in weeks
    )


@pytest.mark.timeout(300)
def test_of_a_thousand_quiet_weeks_no_more_than_stated_are_said_to_have_changed() -> None:
    """All numbers at once, in five kinds of houses; one false word anywhere spoils a week."""
    loud = [
        (setting, seed, said)
        for setting in SETTINGS
        for seed in range(WEEKS)
        if (said := list(claims(world(setting, seed).changes())))
    ]
    most = stats.binom.ppf(0.999, WEEKS * len(SETTINGS), STATED_RATE)
    assert len(loud) <= most, loud


def test_the_numbers_that_are_quiet_were_compared_at_all() -> None:
    """A rule that finds everything too little to tell would keep every week quiet."""
    told = [one for seed in range(10) for one in world(BUSY, seed).changes()]
    for metric in Metric:
        mine = [one for one in told if one.metric is metric]
        assert sum(one.verdict is Verdict.NO_SIGN for one in mine) >= 7, metric


def test_the_docs_state_the_rate_that_is_kept() -> None:
    (rate,) = re.findall(r"at most 1 quiet week in (\d+)", DOCS.read_text(encoding="utf-8"))
    assert 1 / int(rate) == STATED_RATE


@pytest.mark.parametrize(
    ("planted", "metric", "verdict"),
    [
        (Planted(acceptance=lambda _: -0.25), Metric.ACCEPTANCE, Verdict.LESS),
        (Planted(acceptance=lambda _: +0.25), Metric.ACCEPTANCE, Verdict.MORE),
        (Planted(findings=2.0), Metric.FINDINGS, Verdict.MORE),
        (Planted(cost=1.6), Metric.COST, Verdict.MORE),
        (Planted(latency=3.0), Metric.LATENCY, Verdict.MORE),
        (Planted(latency=1 / 3), Metric.LATENCY, Verdict.LESS),
    ],
)
def test_a_change_of_everything_is_found(
    planted: Planted, metric: Metric, verdict: Verdict
) -> None:
    assert found(BUSY, planted, metric, verdict, "") >= 19


def test_errors_that_nobody_recorded_before_are_no_rise() -> None:
    """Reviews of before an upgrade are known, and their failures are not."""
    began = SPAN.since - 2 * DAY_S
    for seed in range(10):
        house = world(BUSY, seed)
        house.events = [one for one in house.events if one.at >= began]
        house.events.append(Event(began, EventKind.BEGAN, "", "", None, None))
        (errors,) = [one for one in house.changes() if one.metric is Metric.ERRORS]
        assert errors.verdict is Verdict.TOO_FEW


def test_a_fall_in_one_repository_is_found_and_named() -> None:
    planted = Planted(acceptance=lambda repo: -0.55 if repo == "shop/3" else 0.0)
    house = Setting(repos=5, pulls=60)
    group = "repository shop/3"
    assert found(house, planted, Metric.ACCEPTANCE, Verdict.LESS, group) >= 15
