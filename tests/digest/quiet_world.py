"""Five weeks of rows in which nothing changes, or one planted thing does; seeded, in plain Python.

Repositories differ in everything, and so do their pull requests: what is found in one hangs
together. How busy a repository is differs from week to week, and what a review finds, costs and
takes has the long tails that such things have.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC

from reviewer_cli.core.facts import End, Event, EventKind, Fate, Told
from reviewer_cli.core.periods import week
from reviewer_cli.core.quality import Change
from reviewer_cli.digest.changes import changes

SPAN = week("2026-W20", UTC)
DAY_S = 86_400.0
FIRST = SPAN.since - 28 * DAY_S
SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How many repositories, pull requests a week in each, and how alike findings of one are."""

    repos: int
    pulls: float
    alike: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What is different in the last week, as a shift or a factor of what it was."""

    acceptance: Callable[[str], float] = lambda _: 0.0
    findings: float = 1.0
    latency: float = 1.0
    cost: float = 1.0
    failures: float = 1.0


@dataclass(kw_only=True)
class World:
    """The rows of five weeks."""

    told: list[Told] = field(default_factory=list)
    merged: list[End] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def changes(self) -> tuple[Change, ...]:
        """What the product says of them."""
        return changes(self.told, self.merged, self.fates, self.events, SPAN, UTC)


@dataclass(frozen=True, kw_only=True)
class Repo:
    """What one repository is like."""

    name: str
    accepted: float
    found: float
    noise: float
    usd: float


class Dice(random.Random):
    """Chances that the standard library does not have."""

    def poisson(self, mean: float) -> int:
        """How often something happens that does so `mean` times, by Knuth's way."""
        limit, product, count = math.exp(-mean), self.random(), 0
        while product > limit:
            product *= self.random()
            count += 1
        return count

    def one_of_many(self, rate: float, alike: float) -> float:
        """The rate of one pull request, where that of all is `rate`."""
        rate = min(max(rate, 0.01), 0.99)
        spread = 1 / alike - 1
        return self.betavariate(rate * spread, (1 - rate) * spread)

    def binomial(self, of: int, rate: float) -> int:
        """How many of so many hit."""
        return sum(self.random() < rate for _ in range(of))


def world(setting: Setting, seed: int, planted: Planted | None = None) -> World:
    """Five weeks of such repositories."""
    dice, found = Dice(seed), World()
    repos = [_repo(dice, number) for number in range(setting.repos)]
    shocks = [dice.gauss(0, 0.3) for _ in range(35)]
    for number in range(5):
        after = planted if number == 4 and planted else Planted()
        for repo in repos:
            # A repository's weeks are not alike either: holidays, releases, newcomers.
            for pull in range(dice.poisson(setting.pulls * dice.gammavariate(4, 1 / 4))):
                _pull(dice, found, repo, f"{number}-{pull}", number, shocks, setting, after)
    rare = dice.choice((0.02, 0.3, 4.0))
    for day in range(35):
        factor = planted.failures if planted and day >= 28 else 1.0
        for _ in range(dice.poisson(rare * dice.gammavariate(0.5, 2) * factor)):
            found.events.append(_event(FIRST + (day + dice.random()) * DAY_S, EventKind.RETRIED))
    return found


def _repo(dice: Dice, number: int) -> Repo:
    return Repo(
        name=f"shop/{number}",
        accepted=dice.betavariate(6, 4),
        found=dice.gammavariate(4, 0.4),
        noise=dice.choice((0.002, 0.02, 0.15)),
        usd=math.exp(dice.gauss(-2, 0.5)),
    )


def _pull(
    dice: Dice,
    found: World,
    repo: Repo,
    pull: str,
    number: int,
    shocks: list[float],
    setting: Setting,
    after: Planted,
) -> None:
    day = dice.choices(range(7), (5, 5, 5, 5, 5, 0.7, 0.7))[0]
    at = FIRST + (7 * number + day + dice.random()) * DAY_S
    size, kept = dice.gammavariate(2, 0.5), 0
    for round_ in range(1, 2 + dice.poisson(0.6)):
        wait = math.exp(dice.gauss(6 + shocks[7 * number + day], 0.9)) * after.latency
        one = dice.poisson(repo.found * size * after.findings / round_)
        kept += one
        usd = repo.usd * (0.3 + size) * math.exp(dice.gauss(0, 0.6)) * after.cost
        found.told.append(_told(dice, repo, pull, at, round_, wait, usd, one))
    covered = dice.random() < 0.93
    model, contract = dice.choice(("model-a", "model-b")), "c1" if number < 4 else "c2"
    if dice.random() < 0.9:
        found.merged.append(End(at, repo.name, pull, "merged", at, covered, covered, ""))
    rate = dice.one_of_many(repo.accepted + after.acceptance(repo.name), setting.alike)
    for severity in SEVERITIES if kept > 3 else SEVERITIES[2:]:
        some = kept // (4 if kept > 3 else 2) + (severity == "low")
        yes = dice.binomial(some if kept else 0, rate)
        no = dice.binomial((some if kept else 0) - yes, 0.4)
        quiet = (some if kept else 0) - yes - no
        for outcome, count in (("fixed", yes), ("dismissed", no), ("ignored", quiet)):
            if count:
                found.fates.append(
                    Fate(
                        *(at, repo.name, pull, severity, "bug", "agent", model, contract),
                        *(outcome, count),
                    )
                )


def _told(
    dice: Dice, repo: Repo, pull: str, at: float, round_: int, wait: float, usd: float, kept: int
) -> Told:
    noise = dice.one_of_many(repo.noise, 0.2)
    return Told(
        head_id=0,
        told_at=at,
        repo=repo.name,
        pull=pull,
        round=round_,
        form="review" if kept or dice.random() < 0.5 else "silent",
        was_asked=0,
        merged_at=None,
        pushed_at=at - wait,
        entered_at=at - wait,
        ready_at=at - wait,
        taken_at=at - wait / 2,
        reviewed_at=at,
        engine="agent",
        model="model-a",
        contract_hash="c1",
        guided=1,
        over_limits=0,
        is_verified=1,
        model_s=wait / 3,
        micro_usd=int(usd * 1e6) + 1,
        tokens=10_000,
        kept=kept,
        refuted=dice.binomial(kept + 1, 0.2),
        repeated=dice.binomial(kept, 0.15 if round_ > 1 else 0.02),
        other=0,
        corrected=0,
        lost=dice.binomial(kept, noise),
    )


def _event(at: float, kind: EventKind) -> Event:
    return Event(at, kind, "InvalidReply", "host", None, None)
