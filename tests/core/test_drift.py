"""What chance can do is not called a change, and what it can hardly do is."""

from __future__ import annotations

from itertools import combinations
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from reviewer_cli.core.drift import ALPHA, Compared, Day, Drift, Sides, by_day, by_pull, claimed

PULL = st.integers(0, 9).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
SIDES = st.builds(
    Sides, st.lists(PULL, min_size=30, max_size=90), st.lists(PULL, min_size=15, max_size=40)
)
HOUSE = st.dictionaries(st.sampled_from(["shop/a", "shop/b", "shop/c"]), SIDES, min_size=1)


def drift(compared: Compared) -> Drift:
    assert compared.drift is not None
    return compared.drift


def working_days(before: list[float], now: list[float]) -> list[Day]:
    return [
        *(Day(is_weekend=False, is_now=False, value=one) for one in before),
        *(Day(is_weekend=False, is_now=True, value=one) for one in now),
    ]


def test_the_same_rate_is_no_change() -> None:
    told = by_pull({"shop/a": Sides([(1, 2)] * 80, [(1, 2)] * 30)})
    assert told == Compared(30, 80, Drift(0.0, 1.0))


@given(st.floats(1e-3, 1e3))
@example(0.1)
def test_rounding_errors_of_equal_amounts_are_no_change(amount: float) -> None:
    """Ten times 0.1 is not 1.0 to a computer."""
    sides = Sides([(amount, 1)] * 70 + [(3 * amount, 3)] * 9, [(7 * amount, 7)] * 30)
    assert drift(by_pull({"shop/a": sides})).p == 1.0


@settings(max_examples=40)
@given(HOUSE, st.integers(2, 9))
def test_to_say_everything_more_often_is_no_proof(house: dict[str, Sides], times: int) -> None:
    """A finding that stands for nine, or a pull request's nine findings alike: nothing is surer."""

    def more(pulls: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(hits * times, of * times) for hits, of in pulls]

    often = {name: Sides(more(one.before), more(one.now)) for name, one in house.items()}
    once, again = by_pull(house), by_pull(often)
    assert (once.n_now, once.n_before) == (again.n_now, again.n_before)
    if once.drift is not None:
        assert drift(again).p == pytest.approx(once.drift.p, abs=1e-9)


@settings(max_examples=40)
@given(HOUSE)
def test_the_opposite_number_moves_the_opposite_way(house: dict[str, Sides]) -> None:
    def missed(pulls: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(of - hits, of) for hits, of in pulls]

    other = by_pull(
        {name: Sides(missed(one.before), missed(one.now)) for name, one in house.items()}
    )
    told = by_pull(house)
    if told.drift is not None:
        assert drift(other).p == pytest.approx(told.drift.p, abs=1e-9)
        assert drift(other).rise == pytest.approx(-told.drift.rise, abs=1e-9)


def test_one_pull_request_does_not_decide() -> None:
    quiet = [(1, 2), (0, 2), (2, 2)] * 30
    chatty = Sides(quiet, [*quiet[:30], (0, 500)])
    assert drift(by_pull({"shop/a": chatty})).p > 0.1


def test_a_noisy_repository_that_was_busier_is_no_change() -> None:
    """Over all it fell from 75 to 38 %; in each of the two nothing happened."""
    good, bad = [(1, 1)] * 9 + [(0, 1)], [(0, 1)] * 9 + [(1, 1)]
    house = {"shop/good": Sides(good * 8, good * 2), "shop/bad": Sides(bad * 2, bad * 5)}
    assert drift(by_pull(house)).p > 0.5
    mixed = {"all": Sides(good * 8 + bad * 2, good * 2 + bad * 5)}
    assert drift(by_pull(mixed)).p < 1e-4


@pytest.mark.parametrize("misses", [8, 12, 16, 20])
def test_what_happens_rarely_may_stay_away_for_a_week(misses: int) -> None:
    """All misses were before: chance alone puts them there now and then."""
    sides = Sides([(0, 1)] * misses + [(1, 1)] * (96 - misses), [(1, 1)] * 24)
    assert drift(by_pull({"shop/a": sides})).p >= stats.hypergeom(120, misses, 24).pmf(0)


@pytest.mark.parametrize("hits", [3, 5, 8])
def test_what_happens_rarely_may_all_come_in_one_week(hits: int) -> None:
    sides = Sides([(0, 1)] * 800, [(1, 1)] * hits + [(0, 1)] * (200 - hits))
    assert drift(by_pull({"shop/a": sides})).p >= stats.hypergeom(1000, hits, 200).pmf(hits)


def test_a_clear_fall_is_one() -> None:
    before = [(2, 3), (3, 3), (1, 2), (2, 2)] * 20
    now = [(0, 3), (1, 3), (0, 2), (1, 2)] * 8
    told = drift(by_pull({"shop/a": Sides(before, now)}))
    assert told.rise < 0
    assert told.p < 1e-4


@pytest.mark.parametrize(("before", "now"), [(59, 40), (400, 19), (0, 90), (90, 0), (0, 0)])
def test_too_few_pull_requests_tell_nothing(before: int, now: int) -> None:
    house = {"shop/a": Sides([(0, 1), (1, 1)] * before, [(1, 1)] * now)}
    house = {"shop/a": Sides(house["shop/a"].before[:before], house["shop/a"].now)}
    assert by_pull(house).drift is None


def test_pull_requests_without_a_finding_are_not_counted() -> None:
    house = {"shop/a": Sides([(1, 2)] * 70 + [(0, 0)] * 50, [(1, 2)] * 25 + [(0, 0)] * 50)}
    assert by_pull(house)[:2] == (25, 70)


def test_small_repositories_are_compared_together() -> None:
    house = {f"shop/{n}": Sides([(n % 2, 1)] * 2, [(n % 2, 1)]) for n in range(40)}
    assert by_pull(house)[:2] == (40, 80)


@given(
    st.lists(st.floats(0, 100), min_size=25, max_size=30, unique=True),
    st.integers(4, 7),
)
def test_days_are_compared_by_the_exact_rank_sum_test(values: list[float], now: int) -> None:
    told = by_day(working_days(values[now:], values[:now]))
    expected = stats.mannwhitneyu(values[:now], values[now:], method="exact")
    assert drift(told).p == pytest.approx(expected.pvalue, rel=1e-9)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 100), min_size=45, max_size=60, unique=True))
def test_more_days_than_before_are_compared_exactly_as_well(values: list[float]) -> None:
    before, now = values[:18], values[18:]
    expected = stats.mannwhitneyu(now, before, method="exact")
    told = drift(by_day(working_days(before, now)))
    assert told.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert told.rise == pytest.approx(2 * (expected.statistic - len(before) * len(now) / 2))


def test_a_long_time_takes_no_longer_than_a_long_time_before() -> None:
    """Four months against four weeks is as much work as four weeks against four months."""
    short, long = [float(n) for n in range(0, 280, 10)], [float(n) for n in range(5, 1205, 10)]

    def seconds(before: list[float], now: list[float]) -> float:
        days, began = working_days(before, now), process_time()
        by_day(days)
        return process_time() - began

    assert seconds(short, long) < 3 * seconds(long, short)


@given(st.lists(st.integers(0, 3), min_size=22, max_size=22))
@example([1, 1, 1, 1] + [0] * 18)
@example([0] * 22)
def test_equal_days_are_compared_exactly_as_well(values: list[int]) -> None:
    """By drawing the four days of now in all ways there are."""
    told = drift(by_day(working_days(list(map(float, values[4:])), list(map(float, values[:4])))))
    ranks = stats.rankdata(values)
    seen, every = sum(ranks[:4]), [sum(some) for some in combinations(ranks, 4)]
    low, high = (sum(one <= seen for one in every), sum(one >= seen for one in every))
    assert told.p == pytest.approx(min(1.0, 2 * min(low, high) / len(every)), rel=1e-9)


def test_weekends_are_compared_with_weekends() -> None:
    """Weekends are slow: a week of which little but the weekend was seen is no change."""
    week = [Day(is_weekend=day > 4, is_now=False, value=float(day > 4)) for day in range(7)]
    now = [Day(is_weekend=day > 4, is_now=True, value=float(day > 4)) for day in (3, 4, 5, 6)]
    assert drift(by_day([*week * 4, *now])).p == 1.0


def test_one_terrible_day_is_no_change() -> None:
    calm = [float(n % 7) for n in range(28)]
    assert drift(by_day(working_days(calm, [3.0, 1.0, 4.0, 2.0, 5.0, 1.0, 1e9]))).p > 0.1


def test_three_days_with_errors_after_none_are_no_proof() -> None:
    """Of 35 days three have errors: that all three are of one week is chance in 1 of 187 weeks."""
    assert drift(by_day(working_days([0.0] * 28, [0.1, 0.1, 0.1, 0, 0, 0, 0]))).p > 1 / 187


def test_a_week_that_is_slower_on_every_day_is_a_change() -> None:
    told = drift(by_day(working_days([float(n) for n in range(20)], [50.0 + n for n in range(5)])))
    assert told.rise > 0
    assert told.p < ALPHA / 11


@pytest.mark.parametrize(("before", "now"), [(17, 7), (28, 3)])
def test_too_few_days_tell_nothing(before: int, now: int) -> None:
    assert by_day(working_days([1.0] * before, [2.0] * now)) == Compared(now, before, None)


@given(st.lists(st.floats(0, 0.01), max_size=12))
def test_a_family_claims_what_holms_procedure_does(chances: list[float]) -> None:
    told = claimed({place: Drift(1.0, p) for place, p in enumerate(chances)})
    ordered = sorted(range(len(chances)), key=lambda place: chances[place])
    expected = set()
    for rank, place in enumerate(ordered):
        if chances[place] > ALPHA / (len(chances) - rank):
            break
        expected.add(place)
    assert {chances[place] for place in told} == {chances[place] for place in expected}
