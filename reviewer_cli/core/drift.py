"""Whether a number changed by more than chance would do, told so that quiet weeks stay quiet.

Findings of one pull request hang together, and so do the reviews of one day. So pull requests, or
days, are what is counted here, and never the findings or reviews themselves. Repositories differ,
and one that was busier this week is no change: each is compared with itself.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from reviewer_cli.core.chance import student_p

FEWEST_NOW, FEWEST_BEFORE = 20, 60
"""Pull requests that a comparison needs; with fewer the test says more than it may."""

FEWEST_OF_STRATUM = 10
"""Pull requests of a repository in both times; smaller repositories are taken together."""

FEWEST_DAYS_NOW, FEWEST_DAYS_BEFORE = 4, 18
"""Days that a comparison needs; with fewer even the clearest change would count as chance."""

ROUNDING = 1e-9
"""Less variation than this for each pull request is none, but for the computer's rounding."""

ALPHA = 0.004
"""How often one family of comparisons may say anything in a week in which nothing changed.

There are two, so that it is 1 week in 125; 1 in 100 is promised, since the tests are near enough
and not exact.
"""

Key = TypeVar("Key", bound=Hashable)


class Sides(NamedTuple):
    """The pull requests of one repository in both times, each with a sum, and over how many."""

    before: list[tuple[float, float]]
    now: list[tuple[float, float]]


class Day(NamedTuple):
    """One day's value; working days and weekends are compared each with their like."""

    is_weekend: bool
    is_now: bool
    value: float


class Drift(NamedTuple):
    """How a number moved: `rise` is above 0 where it rose, `p` how often chance does as much."""

    rise: float
    p: float


class Compared(NamedTuple):
    """How much was compared, and what it shows; None where that is too little to tell."""

    n_now: int
    n_before: int
    drift: Drift | None


class _Score(NamedTuple):
    """How far this time lies above both, and the variance of that, reckoned in two ways.

    `own` is by what each pull request adds, `drawn` as if lots had been drawn for which of them
    are of this time.
    """

    above: float
    own: float
    drawn: float


def by_pull(repositories: Mapping[str, Sides]) -> Compared:
    """Compare the two times by pull request, within each repository.

    It is the score test of a difference with a variance by cluster (K.-Y. Liang and S. Zeger 1986,
    doi:10.1093/biomet/73.1.13). That is too small where something frequent did not happen, and the
    variance of drawing lots where something rare did: the larger of them counts. As many degrees of
    freedom as the week has pull requests beyond the first of each stratum keep it cautious.
    """
    strata = [one for one in _strata(repositories) if one.now and one.before]
    n_now = sum(len(one.now) for one in strata)
    n_before = sum(len(one.before) for one in strata)
    df = n_now - len(strata)
    if n_now < FEWEST_NOW or n_before < FEWEST_BEFORE or df < 3:
        return Compared(n_now, n_before, None)
    scores = [_score(one) for one in strata]
    own = sum(one.own for one in scores)
    if own <= (ROUNDING * (n_now + n_before)) ** 2:
        return Compared(n_now, n_before, Drift(0.0, 1.0))
    t = sum(one.above for one in scores)
    t /= math.sqrt(max(own, sum(one.drawn for one in scores)))
    return Compared(n_now, n_before, Drift(t, student_p(t, df)))


def by_day(days: Sequence[Day]) -> Compared:
    """Compare the days of the two times by the order of their values, each day with its like.

    It is F. Wilcoxon's rank sum test (1945, doi:10.2307/3001968) over the two kinds of days, with
    the exact chance of each sum: one terrible day cannot decide, nor can rare failures mislead.
    """
    now, before = sum(day.is_now for day in days), sum(not day.is_now for day in days)
    if now < FEWEST_DAYS_NOW or before < FEWEST_DAYS_BEFORE:
        return Compared(now, before, None)
    seen, expected, chances = 0, 0.0, {0: 1}
    for is_weekend in (False, True):
        like = [day for day in days if day.is_weekend is is_weekend]
        ranks = _ranks([day.value for day in like])
        ours = [rank for rank, day in zip(ranks, like, strict=True) if day.is_now]
        seen += sum(ours)
        expected += len(ours) * sum(ranks) / max(len(ranks), 1)
        chances = _both(chances, _rank_sums(ranks, len(ours)))
    low = sum(ways for total, ways in chances.items() if total <= seen)
    high = sum(ways for total, ways in chances.items() if total >= seen)
    p = min(1.0, 2 * min(low, high) / sum(chances.values()))
    return Compared(now, before, Drift(seen - expected, p))


def claimed(drifts: Mapping[Key, Drift]) -> frozenset[Key]:
    """Which of a family of drifts say more than chance would, after S. Holm 1979.

    In at most `ALPHA` of the weeks in which nothing changed there is any.
    """
    found: set[Key] = set()
    for place, (key, drift) in enumerate(sorted(drifts.items(), key=lambda one: one[1].p)):
        if drift.p * (len(drifts) - place) > ALPHA:
            break
        found.add(key)
    return frozenset(found)


def _strata(repositories: Mapping[str, Sides]) -> list[Sides]:
    """The repositories as they are, and the small ones together."""
    rest, large = Sides([], []), []
    for one in repositories.values():
        before = [pull for pull in one.before if pull[1] > 0]
        now = [pull for pull in one.now if pull[1] > 0]
        if len(before) + len(now) < FEWEST_OF_STRATUM:
            rest.before.extend(before)
            rest.now.extend(now)
        else:
            large.append(Sides(before, now))
    return [*large, rest]


def _score(stratum: Sides) -> _Score:
    both = (*stratum.before, *stratum.now)
    count, of = len(both), sum(of for _, of in both)
    rate, part = sum(hits for hits, _ in both) / of, sum(of for _, of in stratum.now) / of
    before = [hits - rate * of for hits, of in stratum.before]
    now = [hits - rate * of for hits, of in stratum.now]
    squares_before, squares_now = sum(x * x for x in before), sum(x * x for x in now)
    small, rest = count / (count - 1), 1 - part
    return _Score(
        above=sum(now),
        own=small * (rest * rest * squares_now + part * part * squares_before),
        drawn=(squares_before + squares_now) * len(now) * len(before) / (count * (count - 1)),
    )


def _ranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, so that equal ones can share the middle of theirs."""
    places: defaultdict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values)):
        places[value].append(place)
    return [places[value][0] + places[value][-1] for value in values]


def _rank_sums(ranks: Sequence[int], count: int) -> dict[int, int]:
    """In how many ways so many of the ranks give each sum.

    The fewer ones are counted, those drawn or those left: a quarter of a year is compared with four
    weeks, and each more takes longer than the one before.
    """
    if count > len(ranks) - count:
        whole, rest = sum(ranks), _rank_sums(ranks, len(ranks) - count)
        return {whole - total: known for total, known in rest.items()}
    ways: list[Counter[int]] = [Counter({0: 1}), *(Counter() for _ in range(count))]
    for rank in ranks:
        for taken in range(count, 0, -1):
            for total, known in ways[taken - 1].items():
                ways[taken][total + rank] += known
    return dict(ways[count])


def _both(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    """In how many ways two sums give each sum of both."""
    found: Counter[int] = Counter()
    for left, ways in one.items():
        for right, more in other.items():
            found[left + right] += ways * more
    return dict(found)
