"""What a dead sweep left is put right, and the head that ends sweep after sweep is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import ReviewTimeout
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.recovery import bury_deadly, died_before, suspects
from reviewer_cli.ledger.rows import Entry, SweepCounts
from tests.ledger.samples import LATER, NOW, REPOS, RULES, begun, claimed, enter, head, row


def deaths(ledger: Ledger, times: int, head_id: int = 1) -> None:
    """So many sweeps died with this head in work; the last one is not recovered from."""
    for death in range(times):
        if death:
            ledger.recover(NOW)
        claimed(ledger, head_id)


def test_a_head_that_was_alone_in_its_last_attempt_is_dead_with_the_reason(
    ledger: Ledger, path: Path
) -> None:
    enter(ledger, head(), head(2))
    deaths(ledger, 3)
    assert bury_deadly(ledger.store, 3, LATER) == head().key
    found = row(path)
    assert (found["state"], found["lease"], found["lease_expires_at"]) == ("dead", None, None)
    assert (found["error_class"], found["changed_at"]) == ("SweepDied", LATER)
    assert "at attempt 3 with nothing else" in found["error"]
    assert found["reason"] == found["error"]
    assert row(path, 2)["state"] == "due"


def test_an_attempt_is_left(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    deaths(ledger, 2)
    assert bury_deadly(ledger.store, 3, LATER) is None
    assert row(path)["state"] == "claimed"


def test_of_two_in_work_nobody_is_to_blame(ledger: Ledger) -> None:
    enter(ledger, head(), head(2))
    deaths(ledger, 3)
    claimed(ledger, 2)
    assert bury_deadly(ledger.store, 3, LATER) is None


def test_one_death_alone_is_chance_even_with_the_last_attempt(ledger: Ledger) -> None:
    enter(ledger, head())
    for _ in range(2):
        claimed(ledger).retry(ReviewTimeout("slow"), NOW, NOW)
    claimed(ledger)
    assert bury_deadly(ledger.store, 3, LATER) is None


def test_nothing_in_work_is_nobody(ledger: Ledger) -> None:
    enter(ledger, head())
    assert bury_deadly(ledger.store, 0, LATER) is None


def test_suspects_are_those_in_work_when_a_sweep_died_in_the_order_asked(ledger: Ledger) -> None:
    enter(ledger, *(head(number) for number in range(1, 5)))
    deaths(ledger, 2, head_id=3)
    claimed(ledger, 1)
    claimed(ledger, 4).retry(ReviewTimeout("slow"), NOW, NOW)
    ledger.recover(NOW)
    assert list(suspects(ledger.store, [4, 3, 2, 1]).items()) == [(3, 2), (1, 1)]
    assert suspects(ledger.store, [2, 4]) == {}


def test_a_sweep_died_when_the_one_before_wrote_no_end(ledger: Ledger) -> None:
    first = begun(ledger)
    assert not died_before(ledger.store, first), "there was none"
    second = begun(ledger)
    assert died_before(ledger.store, second)
    ledger.end_sweep(SweepCounts(), second, NOW, 0, None)
    third = begun(ledger)
    assert not died_before(ledger.store, third)


@pytest.mark.parametrize("longest_wait_s", [300.0, float("inf")])
def test_no_head_waits_longer_than_the_longest_wait(
    ledger: Ledger, path: Path, longest_wait_s: float
) -> None:
    enter(ledger, head())
    claimed(ledger).retry(ReviewTimeout("slow"), NOW + 9000.0, NOW)
    assert ledger.recover(LATER, longest_wait_s) == 0
    assert row(path)["next_due_at"] == min(LATER + longest_wait_s, NOW + 9000.0)


def test_a_head_entered_by_a_clock_that_was_ahead_is_due_now(ledger: Ledger) -> None:
    enter(ledger, head())
    ledger.recover(NOW - 3600.0, 300.0)
    assert ledger.due(REPOS, NOW - 3600.0, 10) == [1]


def test_a_head_that_waits_for_more_pushes_goes_on_waiting(ledger: Ledger, path: Path) -> None:
    ledger.enter([Entry(head=head(), due_at=NOW + 200.0)], RULES, NOW)
    ledger.recover(LATER, 300.0)
    assert row(path)["next_due_at"] == NOW + 200.0
    ledger.recover(LATER, 100.0)
    assert row(path)["next_due_at"] == LATER + 100.0, "but no longer than the longest wait"


def test_recovery_says_when_and_why(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    claimed(ledger)
    assert ledger.recover(LATER) == 1
    found = row(path)
    assert (found["state"], found["changed_at"], found["attempts"]) == (State.DUE, LATER, 1)
    assert (found["error_class"], found["error"]) == (
        "SweepDied",
        "a sweep died while working on it",
    )
