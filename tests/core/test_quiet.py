"""A burst of pushes becomes one review, and nobody waits for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.quiet import PATIENCE, due_at, too_many_rounds

PUSHES = st.lists(st.floats(0, 1e10), min_size=1, max_size=30)
SETTLE = st.floats(0, 1e5)


@pytest.mark.parametrize(
    ("pushed", "rounds", "due"),
    [
        ([1000], 0, 1000),  # the first round never waits
        ([1000, 1500], 0, 1000),
        ([1000], 1, 1600),
        ([1000], 7, 1600),
        ([1000, 1300], 1, 1900),  # a push begins the wait anew
        ([1300, 1000], 1, 1900),
        ([1000, 1500, 2000, 2500, 3000, 3500, 3900], 1, 4500),
        ([1000, 2000, 3000, 4000, 4599], 1, 4600),  # never six times as long
        ([1000, 9000], 1, 4600),
    ],
)
def test_a_later_round_waits_until_pushes_end(pushed: list[int], rounds: int, due: int) -> None:
    assert due_at(pushed, rounds, 600) == due


def test_without_a_quiet_period_nothing_waits() -> None:
    assert due_at([1000, 1500], 3, 0) == 1000
    assert due_at([1500], 3, -5) == 1500


def test_a_head_was_pushed_at_some_time() -> None:
    with pytest.raises(ValueError, match="empty"):
        due_at([], 1, 600)


@given(PUSHES, SETTLE, st.integers(0, 50))
def test_the_wait_is_bounded_by_the_first_push(
    pushed: list[float], settle_s: float, rounds: int
) -> None:
    assert min(pushed) <= due_at(pushed, rounds, settle_s) <= min(pushed) + PATIENCE * settle_s


@given(PUSHES, SETTLE, st.floats(0, 1e10))
def test_a_further_push_never_makes_a_round_earlier(
    pushed: list[float], settle_s: float, later: float
) -> None:
    again = [*pushed, max(pushed) + later]
    assert due_at(again, 1, settle_s) >= due_at(pushed, 1, settle_s)


@pytest.mark.parametrize(
    ("rounds", "most", "reason"),
    [
        (0, 20, None),
        (19, 20, None),
        (20, 20, "has had 20 rounds, and max_rounds is 20"),
        (21, 20, "has had 21 rounds, and max_rounds is 20"),
        (1, 1, "has had 1 round, and max_rounds is 1"),
        (10**6, None, None),
    ],
)
def test_rounds_come_to_an_end(rounds: int, most: int | None, reason: str | None) -> None:
    assert too_many_rounds(rounds, most) == reason
