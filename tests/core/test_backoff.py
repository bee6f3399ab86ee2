"""Waits grow, never past their cap, never to nearly nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.backoff import delay

CHANCES = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 75.0), (1, 75.0), (2, 150.0), (3, 300.0), (4, 450.0), (99, 450.0)]
)
def test_it_doubles_up_to_the_cap(failures: int, seconds: float) -> None:
    assert delay(failures, first_s=100.0, longest_s=600.0, chance=0.5) == seconds


@given(st.integers(0, 10**9), CHANCES, CHANCES)
def test_chance_moves_a_wait_by_half_at_most(failures: int, one: float, other: float) -> None:
    first, second = (
        delay(failures, first_s=300.0, longest_s=21_600.0, chance=chance) for chance in (one, other)
    )
    assert 150.0 <= first <= 21_600.0
    assert first <= 2 * second


@given(st.integers(1, 10**6), CHANCES)
def test_a_further_failure_never_shortens_the_wait(failures: int, chance: float) -> None:
    waits = [delay(failures + more, first_s=5.0, longest_s=600.0, chance=chance) for more in (0, 1)]
    assert waits == sorted(waits)
