"""Two real sweeps at once, killed at random moments: one review on each head, and none is lost."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github import spec
from tests.fakes.github.server import FakeGitHub
from tests.numbers import Record
from tests.torture.arena import Arena, arena

pytestmark = spec.needs_graphql

ROUNDS = int(os.environ.get("ROUNDS", "4"))
"""Of both kinds together; `make torture ROUNDS=1000`."""
SEED = int(os.environ.get("SEED", "1"))
IN_ONE_WORLD = 10
"""Rounds after which all must come to rest; then a new world begins."""

PLACES = {"one state directory": ("here", "here"), "two ledgers": ("laptop", "cron")}


def worlds() -> Iterator[object]:
    """Kind, seed and number of rounds of each world."""
    for kind, places in PLACES.items():
        left, seed = ROUNDS // len(PLACES), SEED
        while left > 0:
            rounds = min(left, IN_ONE_WORLD)
            yield pytest.param(places, seed, rounds, id=f"{kind}, seed {seed}")
            left, seed = left - rounds, seed + 1


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    spec.graphql_schema()
    with FakeGitHub(tmp_path / "hub") as made:
        yield made


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("places", "seed", "rounds"), [*worlds()])
def test_two_sweeps_that_die_at_any_moment_leave_one_review_on_each_head(
    hub: FakeGitHub,
    tmp_path: Path,
    places: tuple[str, str],
    seed: int,
    rounds: int,
    record: Record,
) -> None:
    here = arena(hub, tmp_path, places, seed)
    here.person_begins_a_draft()
    for _ in range(rounds):
        here.round()
    here.person_deletes_the_draft()
    here.sweep_until_quiet()
    check_the_host(here)
    check_the_ledgers(here)
    assert here.processes() == []
    record("rounds of two sweeps at once, killed at random", rounds)
    record("sweeps killed in these rounds", here.ends["was killed"])
    record("reviews posted in these rounds", sum(len(here.own(pull)) for pull in here.pulls))


def check_the_host(here: Arena) -> None:
    """One submitted review on every live head, at most one on the others, and no draft of ours."""
    for pull in map(here.hub.world.fresh, here.pulls):
        posted = Counter(one.commit_sha for one in here.own(pull))
        assert max(posted.values(), default=0) <= 1, here.said()
        if pull.state == "open":
            assert posted[pull.head_sha] == 1, here.said()
            assert [one for one in here.own(pull) if one.state == "PENDING"] == []


def check_the_ledgers(here: Arena) -> None:
    """Every head known is posted, or superseded by another; nobody holds one."""
    heads = [pull for pull in map(here.hub.world.fresh, here.pulls) if pull.state == "open"]
    for post in set(here.posts):
        rows = post.rows()
        states = {row["head_sha"]: row["state"] for row in rows}
        assert {states[pull.head_sha] for pull in heads} == {"posted"}
        assert set(states.values()) <= {"posted", "superseded"}
        assert {row["lease"] for row in rows} == {None}
        assert post.leftovers() == []
        assert "Traceback" not in post.said
