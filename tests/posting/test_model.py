"""The posting protocol in every state it can come to: never two reviews, and always a way on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.numbers import Record
from tests.posting import protocol
from tests.posting.protocol import RESTED, TWO_PHASES, Kind, Protocol, Row, Sweep, View, Writes
from tests.posting.search import Scenario, search
from tests.posting.states import Budget

SAFE = {
    "deaths and lost answers": Scenario(budget=Budget(faults=3)),
    "one stale read": Scenario(budget=Budget(faults=3, stale=1)),
    "late requests": Scenario(budget=Budget(faults=3), late=True),
    "late requests, two stale reads": Scenario(budget=Budget(faults=3, stale=2), late=True),
    "a head that moves": Scenario(budget=Budget(faults=2, moves=2), late=True),
    "a head that moves, one stale read": Scenario(budget=Budget(faults=2, stale=1, moves=2)),
    "a lost ledger": Scenario(budget=Budget(faults=2, losses=1)),
    "a lost ledger, late requests": Scenario(budget=Budget(faults=2, losses=1), late=True),
    "a lost ledger, one stale read": Scenario(budget=Budget(faults=1, stale=1, losses=1)),
    "two ledgers": Scenario(budget=Budget(faults=1), sweeps=2, ledgers=2),
    "two ledgers, late requests": Scenario(budget=Budget(faults=1), sweeps=2, ledgers=2, late=True),
    "one ledger, two sweeps": Scenario(
        budget=Budget(faults=1, stale=1), sweeps=2, ledgers=1, late=True
    ),
}

IRREDUCIBLE = {
    "a lost ledger and two stale reads": Scenario(budget=Budget(stale=2, losses=1)),
    "two ledgers and a stale read": Scenario(budget=Budget(stale=1), sweeps=2, ledgers=2),
}
"""Whoever learns of submitted reviews by reading lists cannot do better without waiting."""

WITH_A_REST = IRREDUCIBLE | {
    "a lost ledger, late requests and two stale reads": Scenario(
        budget=Budget(faults=1, stale=2, losses=1), late=True
    )
}
"""What a draft that rests for as long as reads may lag makes safe."""


@pytest.mark.parametrize("scenario", SAFE.values(), ids=SAFE)
def test_nothing_is_posted_twice_and_every_state_has_a_way_to_the_end(
    scenario: Scenario, record: Record, request: pytest.FixtureRequest
) -> None:
    found = search(scenario)
    assert found.broken == ()
    assert found.stuck == 0
    record(request.node.callspec.id, found.states, table="model")


@pytest.mark.parametrize("scenario", WITH_A_REST.values(), ids=WITH_A_REST)
def test_a_rest_as_long_as_reads_may_lag_makes_safe_what_is_not_safe_without(
    scenario: Scenario, record: Record, request: pytest.FixtureRequest
) -> None:
    found = search(replace(scenario, rested=RESTED))
    assert found.broken == ()
    assert found.stuck == 0
    record(f"{request.node.callspec.id}, with the rest", found.states, table="model")


@pytest.mark.parametrize("scenario", IRREDUCIBLE.values(), ids=IRREDUCIBLE)
def test_what_no_protocol_can_prevent_without_a_rest_is_known(scenario: Scenario) -> None:
    assert search(scenario).broken != ()


def test_the_scenarios_come_to_every_step() -> None:
    steps = search(SAFE["a head that moves"]).steps | search(SAFE["two ledgers"]).steps
    assert steps == {*TWO_PHASES, "done"}


def submit_without_a_look(sweep: Sweep, row: Row, me: int) -> Writes:
    """What a recorded draft seems to allow."""
    for done, after in protocol.posting(sweep, row, me):
        yield done, after._replace(at="submit")


def draft_anew_whatever_is_refused(sweep: Sweep, view: View) -> Sweep:
    """Without telling a vanished draft from one that was submitted a moment ago."""
    return protocol.get(sweep._replace(gone=True), view._replace(draft=None))


WEAKER = [
    ("two ledgers", {"posting": (Kind.WRITE, submit_without_a_look)}),
    ("a lost ledger, late requests", {"posting": (Kind.WRITE, submit_without_a_look)}),
    ("late requests, two stale reads", {"get": (Kind.READ, draft_anew_whatever_is_refused)}),
]


@pytest.mark.parametrize(("name", "weaker"), WEAKER)
def test_the_search_finds_the_double_post_of_a_weaker_protocol(name: str, weaker: Protocol) -> None:
    scenario = replace(SAFE[name], protocol=TWO_PHASES | weaker)
    assert search(scenario).broken != ()


def test_without_the_fence_of_the_lease_a_paused_sweep_posts_again() -> None:
    unfenced = replace(SAFE["one ledger, two sweeps"], unfenced=tuple(TWO_PHASES))
    assert search(unfenced).broken != ()
