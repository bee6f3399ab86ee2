"""Whole sweeps with the real agent program before a model that limits, fails or is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.models import State
from reviewer_cli.ports.engine import Effort
from tests.engines.agent_room import KEY, Room
from tests.fakes.scripted_model import Fail, ScriptedModel, answer
from tests.fakes.stage import START, Stage

# Each starts the real program up to eight times, one after another: ten seconds on an idle machine.
pytestmark = pytest.mark.timeout(600)

NOTHING = answer({"findings": []})
OVERLOADED = Fail(
    status=529, type="overloaded_error", headers={"x-should-retry": "false", "retry-after": "1"}
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "sweeps").mkdir()
    made = Stage(tmp_path / "sweeps")
    repo = made.repo()
    for number in range(4):
        repo.commit({"a.py": f"a = 1\nb = {number}\n"}, branch=f"b{number}", start="main")
    return made


def before(model: ScriptedModel, room: Room, stage: Stage) -> None:
    stage.engine = room.engine(model.environment(KEY))


def sweep(stage: Stage, batch_size: int = 1) -> int:
    return stage.sweep(batch_size=batch_size, effort=Effort.LOW).exit_code


def attempts(stage: Stage) -> list[int]:
    return sorted(row.attempts for row in stage.rows() if row.state is not State.POSTED)


def test_the_hint_that_the_proxy_saw_keeps_the_model_alone_until_then(
    stage: Stage, room: Room
) -> None:
    """The agent program gives up at once, and its own words tell nothing of the time."""
    limit = Fail(status=429, type="rate_limit_error", headers={"retry-after": "3600"})
    with ScriptedModel([limit]) as model:
        before(model, room, stage)
        report = stage.sweep(batch_size=2, effort=Effort.LOW)
        (one,) = report.breakers
        assert (report.exit_code, one.door, one.kind) == (75, "engine agent", Kind.RATE_LIMIT)
        assert one.until == START + 3600.5
        asked = len(model.requests)
        assert asked <= 2
        stage.now = START + 3600.0
        assert sweep(stage) == 75
        assert len(model.requests) == asked
    assert set(attempts(stage)) == {0}
    stage.now = START + 3601.0
    with ScriptedModel([NOTHING]) as model:
        before(model, room, stage)
        assert sweep(stage, batch_size=2) == 0
    assert attempts(stage) == []


def fail_twice(stage: Stage) -> None:
    """Three heads in a row, then a single one, and none pays for the second sweep."""
    assert sweep(stage) == 75
    said = "\n".join(f"{row.attempts}: {row.error}" for row in stage.rows())
    assert attempts(stage) == [0, 0, 1, 1], said
    stage.now += 60.0
    report = stage.sweep(batch_size=4, effort=Effort.LOW)
    assert (report.exit_code, len(report.ended)) == (75, 1)
    assert [(one.kind, one.failures) for one in report.breakers] == [(Kind.DOWN, 2)]
    assert attempts(stage) == [0, 0, 1, 1]


def come_back(stage: Stage, room: Room) -> None:
    stage.now += stage.plan.longest_retry_s
    with ScriptedModel([NOTHING]) as model:
        before(model, room, stage)
        code = sweep(stage, batch_size=4)
        said = "\n".join(f"{row.state}: {row.error}" for row in stage.rows())
        assert code == 0, said
    assert attempts(stage) == []


def test_an_overloaded_model_is_asked_by_one_head_each_sweep(stage: Stage, room: Room) -> None:
    with ScriptedModel([OVERLOADED]) as model:
        before(model, room, stage)
        fail_twice(stage)
        assert len(model.requests) <= 4 * 3, "the program repeats each request by itself"
    come_back(stage, room)


def test_a_model_that_refuses_connections_is_tried_by_one_head_each_sweep(
    stage: Stage, room: Room
) -> None:
    with ScriptedModel([NOTHING]) as model:
        before(model, room, stage)
    fail_twice(stage)
    come_back(stage, room)
