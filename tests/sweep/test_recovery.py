"""Who may be in work beside whom after a sweep died, and the head that ended one too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.sweep.plan import Plan
from reviewer_cli.sweep.recovery import in_turn, recover
from reviewer_cli.sweep.stopping import Stopping
from reviewer_cli.telemetry import Event, HeadEnded
from tests.ledger.samples import LEASE_S, NOW, REPO, enter, head, row

PLAN = Plan(selectors={}, max_attempts=3, batch_size=2)


@dataclass
class Doors:
    """The doors that recovery goes through; it is the workshop too."""

    ledger: Ledger
    stopping: Stopping = field(default_factory=Stopping)
    tidied: int = 0
    held: list[list[int]] = field(default_factory=list)

    @property
    def workshop(self) -> Doors:
        return self

    def clock(self) -> float:
        return NOW

    def tidy(self) -> None:
        self.tidied += 1

    @contextmanager
    def holding(self, ids: Sequence[int]) -> Iterator[None]:
        self.held.append(list(ids))
        yield

    def turns(self, sweep_id: int, due: Sequence[int]) -> list[list[int]]:
        groups = in_turn(self, PLAN, sweep_id, due, self.holding)  # type: ignore[arg-type]
        return [list(group) for group in groups]

    def recover(self, sweep_id: int) -> list[Event]:
        events: list[Event] = []
        recover(self, PLAN, sweep_id, events.append)  # type: ignore[arg-type]
        return events

    def sweep(self) -> int:
        return self.ledger.begin_sweep([REPO], "scripted", NOW)

    def die_with(self, *heads: int) -> None:
        for head_id in heads:
            assert self.ledger.claim(head_id, NOW, LEASE_S) is not None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def doors(path: Path) -> Iterator[Doors]:
    """Five heads that are due."""
    with closing(Ledger(path)) as ledger:
        enter(ledger, *(head(number) for number in range(1, 6)))
        yield Doors(ledger)


def test_without_a_death_all_come_at_once(doors: Doors) -> None:
    sweep = doors.sweep()
    assert doors.recover(sweep) == []
    assert doors.tidied == 0
    assert doors.turns(sweep, [3, 1, 2]) == [[3, 1, 2]]
    assert doors.held == []


def test_after_a_death_those_in_work_come_last_and_the_last_chance_alone(doors: Doors) -> None:
    for _ in range(2):
        doors.sweep()
        doors.die_with(1, 2)
        doors.recover(doors.sweep())
    doors.sweep()
    doors.die_with(3)
    sweep = doors.sweep()
    assert doors.recover(sweep) == []
    assert doors.tidied == 3
    assert doors.turns(sweep, [1, 2, 3, 4, 5]) == [[4, 5], [3], [1], [2]]
    assert doors.held == [[4, 5], [3], [1], [2]]


def test_a_head_that_ended_its_last_sweep_alone_is_dead_and_said_to_be(
    doors: Doors, path: Path
) -> None:
    for _ in range(3):
        sweep = doors.sweep()
        assert doors.recover(sweep) == []
        doors.die_with(1)
    (event,) = doors.recover(doors.sweep())
    assert isinstance(event, HeadEnded)
    assert (event.key, event.state) == (head().key, State.DEAD)
    assert event.reason == "the sweep died each time it was in work"
    assert row(path)["state"] == "dead"


def test_a_sweep_that_is_asked_to_stop_begins_with_no_other_group(doors: Doors) -> None:
    doors.sweep()
    doors.die_with(1)
    sweep = doors.sweep()
    doors.recover(sweep)
    groups = in_turn(doors, PLAN, sweep, [1, 2, 3, 4], doors.holding)  # type: ignore[arg-type]
    assert list(next(groups)) == [2, 3]
    doors.stopping.ask(1.0)
    assert list(groups) == []
    assert doors.held == [[2, 3]]
