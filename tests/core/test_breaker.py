"""When a door may be asked again: hints obeyed, growing waits, no clock that keeps it shut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.breaker import Kind, closed_for, is_closed, kind_of
from reviewer_cli.errors import (
    AccessRefused,
    HostUnavailable,
    ProviderDown,
    ProviderUnavailable,
    ProviderWait,
)

DAY = 86_400.0
LONGEST = 6 * 3600.0
CHANCES = st.floats(0.0, 1.0, exclude_max=True)


def wait(failures: int, hint: float | None = None, chance: float = 0.5) -> float:
    return closed_for(failures, hint, first_s=600.0, longest_s=LONGEST, chance=chance)


def test_each_error_of_everybody_opens_its_kind() -> None:
    assert kind_of(AccessRefused("revoked")) is Kind.AUTHENTICATION
    assert kind_of(ProviderWait("slow down", retry_after=9.0)) is Kind.RATE_LIMIT
    for down in (ProviderDown("502"), HostUnavailable("502"), ProviderUnavailable("502")):
        assert kind_of(down) is Kind.DOWN


def test_without_a_hint_the_waits_double_up_to_the_longest() -> None:
    assert [wait(n) for n in (1, 2, 3)] == [450.0, 900.0, 1800.0]
    assert wait(100, chance=0.999) <= LONGEST


def test_the_first_hint_is_obeyed_and_one_that_was_too_short_grows() -> None:
    assert [wait(n, hint=30.0) for n in (1, 2, 3)] == [30.5, 900.0, 1800.0]
    assert wait(2, hint=5000.0) == 5000.5
    assert wait(1, hint=DAY) == LONGEST


@given(st.integers(1, 10**6), st.none() | st.floats(0.0, 1e9), CHANCES)
def test_no_wait_is_longer_than_the_longest_or_shorter_than_a_hint_within_it(
    failures: int, hint: float | None, chance: float
) -> None:
    waited = wait(failures, hint, chance)
    assert 0.0 <= waited <= LONGEST
    assert hint is None or waited >= min(hint, LONGEST)


def test_a_door_without_a_time_may_always_be_asked() -> None:
    assert not is_closed(0.0, None, 1.0, LONGEST)


@given(st.floats(0.0, 1e9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_however_the_clock_jumps_no_door_is_closed_for_longer_than_the_longest(
    failed_at: float, lasts: float, passed: float
) -> None:
    """`passed` is what a clock shows since the failure: it may have been set back or ahead."""
    closed = is_closed(failed_at, failed_at + lasts, failed_at + passed, LONGEST)
    assert not (closed and passed >= LONGEST)
    assert not (closed and failed_at + passed < failed_at)


def test_a_door_is_closed_from_its_failure_until_its_time() -> None:
    told = [is_closed(100.0, 160.0, now, LONGEST) for now in (99.9, 100.0, 159.9, 160.0)]
    assert told == [False, True, True, False]
