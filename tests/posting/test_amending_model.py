"""A round without news in every state that it can come to: told once, and nothing else is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.numbers import Record
from tests.posting.amendment import AMENDING, EITHER
from tests.posting.protocol import (
    MARK,
    OLDER,
    RESTED,
    TAKEN,
    TEXT,
    TWO_PHASES,
    WORDS,
    Kind,
    Sweep,
    View,
)
from tests.posting.search import Scenario, posted_twice, search
from tests.posting.states import Budget, State

OURS = TEXT | OLDER


def told_twice(state: State) -> bool:
    """The head's marker in two bodies, of which both can be read."""
    noted = bool(state.view.body & MARK) and not state.view.body & TAKEN
    return len(state.view.submitted) + noted > 1


def lost(state: State, what: int) -> bool:
    """Whether something is missing in a review that is still there."""
    return bool(state.owed & what & ~state.view.body) and not state.view.body & TAKEN


def harmed(state: State) -> bool:
    """What must never be: told twice, or less of what we said earlier."""
    return told_twice(state) or lost(state, OURS)


def says_less(state: State) -> bool:
    """That, or a person's words are gone."""
    return harmed(state) or lost(state, WORDS)


def posted_twice_or_says_less_of_ours(state: State) -> bool:
    """A second review of the head, or less of what we said earlier."""
    return posted_twice(state) or lost(state, OURS)


def told_nowhere(state: State) -> bool:
    """The ledger alone knows that the head was looked at."""
    is_known = any(row.state == "posted" for row in state.rows)
    return is_known and not state.view.told and not state.view.body & MARK


PEOPLE = {
    "a person takes it away": lambda body: TAKEN | body & MARK,
    "a person adds words": lambda body: body | WORDS,
}
ANOTHER_HEAD = {"another head is noted in it": lambda body: body | OLDER}
BEGUN_BEFORE = {"what was begun before is saved": lambda body: OURS}

ALONE = Scenario(budget=Budget(), protocol=AMENDING, body=OURS, broken=harmed)
TWO = replace(ALONE, sweeps=2, ledgers=2)

SAFE = {
    "a note": replace(ALONE, budget=Budget(faults=3), late=True),
    "a note, two stale reads": replace(ALONE, budget=Budget(faults=2, stale=2), late=True),
    "a note, people edit or remove the review": replace(
        ALONE, budget=Budget(faults=2, stale=1, acts=2), late=True, acts=PEOPLE
    ),
    "a note, a head that moves": replace(
        ALONE, budget=Budget(faults=2, stale=1, moves=2), late=True
    ),
    "a note or a review, a lost ledger": replace(
        ALONE, budget=Budget(faults=2, losses=1), protocol=EITHER
    ),
    "a note, one ledger, two sweeps": replace(
        ALONE, budget=Budget(faults=1, acts=1), sweeps=2, acts=PEOPLE, late=True
    ),
    "a note, two ledgers": replace(TWO, budget=Budget(faults=1), late=True),
    "a note or a review, two ledgers": replace(
        TWO,
        budget=Budget(faults=1),
        protocol=EITHER,
        broken=posted_twice_or_says_less_of_ours,
    ),
}

KNOWN = {
    "two ledgers do not agree whether there is news": replace(TWO, protocol=EITHER),
    "a lost ledger and a stale read": replace(
        ALONE, budget=Budget(stale=1, losses=1), protocol=EITHER, rested=RESTED
    ),
    "a lost ledger and an edit that lands late": replace(
        ALONE, budget=Budget(faults=1, losses=1), protocol=EITHER, late=True
    ),
    "a person edits after what our read shows": replace(
        ALONE, budget=Budget(acts=1), acts=PEOPLE, broken=says_less
    ),
    "another head is noted after what our read shows": replace(
        ALONE, budget=Budget(acts=1), body=TEXT, acts=ANOTHER_HEAD
    ),
    "an edit that was begun before ours lands late": replace(
        ALONE, budget=Budget(acts=1), acts=BEGUN_BEFORE, broken=told_nowhere
    ),
}
"""No second review in any of these, but a second marker, or less in a body than was put there.

The host offers no edit that fails when the body has changed since it was read.
"""


@pytest.mark.parametrize("scenario", SAFE.values(), ids=SAFE)
def test_a_head_without_news_is_told_of_once_and_nothing_is_lost(
    scenario: Scenario, record: Record, request: pytest.FixtureRequest
) -> None:
    found = search(scenario)
    assert found.broken == ()
    assert found.stuck == 0
    record(request.node.callspec.id, found.states, table="model")


@pytest.mark.parametrize("scenario", KNOWN.values(), ids=KNOWN)
def test_what_an_edit_cannot_prevent_is_known_and_is_never_a_second_review(
    scenario: Scenario,
) -> None:
    assert search(scenario).broken != ()
    assert search(replace(scenario, broken=posted_twice)).broken == ()


def test_the_scenarios_come_to_every_step_of_a_note_and_from_there_to_a_review() -> None:
    steps = search(SAFE["a note, people edit or remove the review"]).steps
    assert steps >= (AMENDING.keys() - TWO_PHASES.keys()) | {"create", "submit", "retry"}


def as_it_was_first(sweep: Sweep, view: View) -> Sweep:
    """From what the ledger knows of the review, instead of reading it."""
    return sweep._replace(at="amend", body=TEXT | MARK)


def not_described(sweep: Sweep, view: View) -> Sweep:
    """As if a note were no sign that the head is done."""
    step = AMENDING["describe"][1]
    seen = step(sweep, view._replace(body=0))
    assert isinstance(seen, Sweep)
    return seen


def a_review_at_once(sweep: Sweep, answer: int) -> Sweep:
    """Whoever does not hear that it was noted posts a review."""
    return sweep._replace(at="create")


LOST = "a note or a review, a lost ledger"
WEAKER = [
    ("a note", "read", (Kind.READ, as_it_was_first)),
    (LOST, "describe", (Kind.READ, not_described)),
    ("a note", "amend", (Kind.REQUEST, a_review_at_once)),
]


@pytest.mark.parametrize(("name", "step", "weaker"), WEAKER)
def test_the_search_finds_the_harm_of_a_weaker_protocol(
    name: str, step: str, weaker: tuple[Kind, object]
) -> None:
    scenario = SAFE[name]
    protocol = {**scenario.protocol, step: weaker}
    assert search(replace(scenario, protocol=protocol)).broken != ()
