"""Intervals, quantiles and Student's t are those of SciPy and NumPy, whatever they are given."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from reviewer_cli.core.chance import quantile, share, spread, student_p

DURATIONS = st.lists(st.floats(0, 1e7), min_size=1, max_size=150)


@given(of=st.integers(1, 10**6), part=st.floats(0, 1))
@example(of=1, part=0)
@example(of=1, part=1)
@example(of=7, part=0.5)
def test_a_share_has_wilsons_interval(of: int, part: float) -> None:
    hits = min(of, int(part * (of + 1)))
    told = share(hits, of)
    expected = stats.binomtest(hits, of).proportion_ci(method="wilson")
    assert told.rate == pytest.approx(hits / of, abs=1e-6)
    assert told.low == pytest.approx(expected.low, abs=1e-6)
    assert told.high == pytest.approx(expected.high, abs=1e-6)


@given(of=st.integers(1, 10**9))
def test_nothing_and_all_of_it_are_told_without_a_rounding_error(of: int) -> None:
    assert (share(0, of).rate, share(0, of).low) == (0.0, 0.0)
    assert (share(of, of).rate, share(of, of).high) == (1.0, 1.0)


def test_nothing_of_nothing_has_no_rate() -> None:
    told = share(0, 0)
    assert (told.rate, told.low, told.high) == (None, None, None)


@given(values=DURATIONS, q=st.floats(0, 1))
def test_a_quantile_is_numpys(values: list[float], q: float) -> None:
    told = quantile(sorted(values), q)
    assert told == pytest.approx(float(np.quantile(values, q)), rel=1e-9, abs=1e-9)


@given(DURATIONS)
def test_a_spread_tells_quantiles_only_of_enough_durations(values: list[float]) -> None:
    told = spread(iter(values))
    assert told.n == len(values)
    assert told.p50_s == pytest.approx(np.quantile(values, 0.5), abs=0.051)
    assert (told.p90_s is None) is (len(values) < 10)
    assert (told.p99_s is None) is (len(values) < 100)
    if told.p90_s is not None:
        assert told.p90_s == pytest.approx(np.quantile(values, 0.9), abs=0.051)
    if told.p99_s is not None:
        assert told.p99_s == pytest.approx(np.quantile(values, 0.99), abs=0.051)


def test_no_durations_have_no_spread() -> None:
    assert (spread([]).n, spread([]).p50_s) == (0, None)
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


@given(t=st.floats(-50, 50), df=st.integers(1, 5_000))
@example(t=40.0, df=1)
@example(t=-4.1, df=32)
@example(t=1e-9, df=3)
@example(t=9.5, df=4_000)
def test_students_p_is_scipys(t: float, df: int) -> None:
    expected = 2 * stats.t.sf(abs(t), df)
    if expected > 1e-12:
        assert student_p(t, df) == pytest.approx(expected, rel=1e-9)
    else:
        assert 0 <= student_p(t, df) <= 2e-12


def test_a_difference_beyond_all_measure_is_no_error() -> None:
    assert student_p(1e200, 30) == 0.0
    assert student_p(math.inf, 30) == 0.0
    assert student_p(0.0, 30) == 1.0
