"""A clock that jumps by an hour either way: nobody waits for it, and nothing is asked too early."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import HostUnavailable, ProviderWait
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.sweep.plan import Doors, Plan
from tests.fakes.engine import ScriptedEngine, nothing
from tests.fakes.host import reviews_on
from tests.fakes.stage import Stage

HOUR = 3600.0
JUMPS = pytest.mark.parametrize("jump", [-HOUR, HOUR])


def one_head(stage: Stage) -> str:
    return stage.repo().commit({"a.py": "a = 2\n"}, branch="topic", start="main")


@JUMPS
def test_what_a_dead_sweep_had_claimed_comes_back_whatever_the_clock_says(
    stage: Stage, jump: float
) -> None:
    sha = one_head(stage)
    with closing(Ledger(stage.ledger_path)) as ledger, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "end_sweep", lambda *_: None)
        stage.engine = ScriptedEngine(lambda request: HostUnavailable("not now"))
        stage.sweep(first_retry_s=0.0)
        (head_id,) = ledger.due([("local", str(stage.repos[0].path))], stage.now, 1)
        assert ledger.claim(head_id, stage.now, 2 * HOUR) is not None
    stage.engine = ScriptedEngine()
    stage.now += jump
    assert stage.sweep().exit_code == 0
    assert stage.states() == {"topic": State.POSTED}
    assert reviews_on(stage.repos[0], sha) == 1


def test_a_head_that_was_never_tried_does_not_wait_for_a_clock_that_was_ahead(
    stage: Stage,
) -> None:
    one_head(stage)
    stage.now += HOUR
    stage.engine = ScriptedEngine(lambda request: ProviderWait("much later", retry_after=9e9))
    assert stage.sweep().exit_code == 75
    assert stage.states() == {"topic": State.DUE}
    stage.now -= HOUR
    stage.engine = ScriptedEngine()
    stage.sweep()
    assert stage.states() == {"topic": State.POSTED}


@pytest.mark.parametrize("ahead", [HOUR, 365 * 24 * HOUR])
def test_nobody_waits_longer_than_the_longest_back_off(stage: Stage, ahead: float) -> None:
    one_head(stage)
    stage.now += ahead
    stage.engine = ScriptedEngine(lambda request: HostUnavailable("not now"))
    stage.sweep(longest_retry_s=1800.0)
    stage.now -= ahead
    stage.engine = ScriptedEngine()
    stage.sweep(longest_retry_s=1800.0)
    assert stage.states() == {"topic": State.DUE}, "its back-off is not over"
    stage.now += 1801.0
    stage.sweep(longest_retry_s=1800.0)
    assert stage.states() == {"topic": State.POSTED}


def test_a_back_off_that_is_not_over_is_kept(stage: Stage) -> None:
    one_head(stage)
    stage.engine = ScriptedEngine(lambda request: HostUnavailable("not now"))
    stage.sweep(first_retry_s=600.0)
    (row,) = stage.rows()
    stage.now += 10.0
    stage.sweep()
    assert stage.rows() == [row]


@dataclass
class Jumping(Stage):
    """A stage on which the time of day jumps while somebody sleeps."""

    jump: float = 0.0
    slept_s: float = 0.0

    def doors(self, ledger: Ledger, plan: Plan) -> Doors:
        """With a clock that measures apart from the one that tells the time."""

        async def sleep(seconds: float) -> None:
            self.slept_s += seconds
            self.now += seconds + self.jump
            await asyncio.sleep(0)

        doors = super().doors(ledger, plan)
        return replace(doors, sleep=sleep, elapsed=lambda: self.slept_s)


@JUMPS
def test_a_pause_lasts_as_long_as_the_provider_asked(stage: Stage, jump: float) -> None:
    one_head(stage)
    answers: Iterator[object] = iter([ProviderWait("slow down", retry_after=30.0)])
    engine = ScriptedEngine(lambda request: next(answers, nothing(request)))
    jumping = Jumping(root=stage.root, repos=stage.repos, engine=engine, jump=jump)
    assert jumping.sweep().exit_code == 0
    assert jumping.slept_s == 30.5
    assert len(engine.asked) == 2
