"""The real agent program in its jail, under a sweep that dies: nothing of it lives on.

It takes seconds, so that each run tries few points, other ones every time; with MATRIX_EVERY=1 it
is half of those that concern the agent and what is paid for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.ports import Pass
from tests.fakes.github import spec
from tests.fakes.scripted_model import Say, ScriptedModel, Step, answer
from tests.matrix.judging import wrong_in_the_end, wrong_when_killed
from tests.matrix.paid import ANSWERS
from tests.matrix.sampling import SEED, sample
from tests.matrix.scene import Scene, scene
from tests.numbers import Record

pytestmark = [spec.needs_graphql, pytest.mark.timeout(1200)]
KEY = "sk-ant-made-up-0123456789"
CONCERNED = ("program ", "ledger Ledger.claim", "ledger Lease.")


@contextmanager
def with_the_agent(root: Path, deadly: int = 0) -> Iterator[Scene]:
    """The scene with a model that writes the bill; the sweep dies at its request number `deadly`.

    Counted from 1.
    """
    scenes: list[Scene] = []

    def reply(body: dict[str, Any]) -> Step:
        asked = json.dumps(body.get("tools", []))
        if "StructuredOutput" not in asked:
            return Say(text="Nothing.")
        (here,) = scenes
        step = Pass.VERIFY if '"verdicts"' in asked else Pass.FIND
        pull = here.pulls["fifty" not in json.dumps(body["messages"])]
        with here.bill.open("a") as bill:
            bill.write(f"{pull.head_sha} {step}\n")
        if here.paid().total() == deadly:
            here.kill()
        return answer(ANSWERS[step])

    with ScriptedModel(reply) as model, scene(root, model.environment(KEY)) as here:
        scenes.append(here)
        yield here


def test_a_sweep_that_dies_around_its_agents_leaves_none_and_pays_no_more(
    tmp_path: Path, record: Record
) -> None:
    with with_the_agent(tmp_path / "undisturbed") as here:
        done = here.sweep()
        assert done.returncode == 0, done.stderr
        assert wrong_in_the_end(here) == []
        assert here.paid() == here.due()
        points = [point for point in here.points() if point.startswith(CONCERNED)]
    chosen = sample(points[SEED % 2 :: 2], 20)
    for number, point in enumerate(chosen):
        with with_the_agent(tmp_path / str(number)) as here:
            assert wrong_when_killed(here, point) == [], point
    record("points around the real agent program at which a sweep was killed", len(chosen))


@pytest.mark.parametrize("request_number", sample([1, 3], 2))
def test_a_sweep_that_dies_while_its_model_answers_leaves_no_agent(
    tmp_path: Path, request_number: int
) -> None:
    with with_the_agent(tmp_path / "scene", request_number) as here:
        assert wrong_when_killed(here, "") == []
