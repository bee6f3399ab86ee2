"""What all reviews of a pull request add up to, and how its findings were judged, in each time.

Pull requests are what is compared, so that this is summed once for all numbers made of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from reviewer_cli.core.drift import Sides
from reviewer_cli.core.facts import Fate, Told
from reviewer_cli.core.verdicts import ACTED_ON, DECLINED, PASSED_OVER

Row = TypeVar("Row")

Pull = tuple[str, str, bool]
"""A pull request's repository and name, and whether it is of the period or was before it."""


@dataclass(slots=True)
class Sums:
    """Of the reviews of one pull request; `log_usd` is over the `paid` ones alone."""

    reviews: int = 0
    silent: int = 0
    kept: int = 0
    found: int = 0
    repeated: int = 0
    refuted: int = 0
    verified: int = 0
    lost: int = 0
    paid: int = 0
    micro_usd: int = 0
    log_usd: float = 0.0

    def add(self, one: Told) -> None:
        """Count a review in."""
        self.reviews += 1
        self.silent += one.form == "silent"
        self.kept += one.kept
        self.found += one.kept + one.refuted + one.repeated + one.other
        self.repeated += one.repeated
        self.lost += one.lost
        if one.is_verified:
            self.refuted += one.refuted
            self.verified += one.refuted + one.kept
        if one.micro_usd > 0:
            self.paid += 1
            self.micro_usd += one.micro_usd
            self.log_usd += math.log(one.micro_usd)


@dataclass(slots=True)
class Judged:
    """How so many findings of one pull request were judged."""

    acted_on: int = 0
    declined: int = 0
    passed_over: int = 0


def summed(reviews: Iterable[Told], since: float) -> dict[Pull, Sums]:
    """The reviews by pull request, apart from `since` on."""
    found: dict[Pull, Sums] = {}
    for one in reviews:
        pull = (one.repo, one.pull, one.told_at >= since)
        sums = found.get(pull)
        if sums is None:
            sums = found[pull] = Sums()
        sums.add(one)
    return found


def judged(fates: Iterable[Fate], since: float) -> dict[Pull, Judged]:
    """The findings by pull request, apart from `since` on."""
    found: dict[Pull, Judged] = {}
    for one in fates:
        pull = (one.repo, one.pull, one.noted_at >= since)
        sums = found.get(pull)
        if sums is None:
            sums = found[pull] = Judged()
        if one.outcome in ACTED_ON:
            sums.acted_on += one.findings
        elif one.outcome in DECLINED:
            sums.declined += one.findings
        elif one.outcome in PASSED_OVER:
            sums.passed_over += one.findings
    return found


def sides(
    pulls: Mapping[Pull, Row], amounts: Callable[[Row], tuple[float, float]]
) -> dict[str, Sides]:
    """The pull requests of each repository in both times, with what each adds, over how many."""
    found: dict[str, Sides] = {}
    for (repo, _, is_now), row in pulls.items():
        one = found.get(repo)
        if one is None:
            one = found[repo] = Sides([], [])
        (one.now if is_now else one.before).append(amounts(row))
    return found
