"""The real agent program in its jail, under a sweep that dies: nothing of it lives on.

It takes seconds, so that each run tries few points, other ones every time; with MATRIX_EVERY=1 it
is every one that concerns the agent and what is paid for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.ports.engine import Pass
from tests.fakes.github import spec
from tests.fakes.scripted_model import Say, ScriptedModel, Step, answer
from tests.matrix.judging import undisturbed_in, wrong_when_killed
from tests.matrix.paid import ANSWERS
from tests.matrix.sampling import sample
from tests.matrix.scene import Scene, scene
from tests.matrix.trials import told_of, tried
from tests.numbers import Record

pytestmark = [spec.needs_graphql, pytest.mark.timeout(1200)]
KEY = "sk-ant-made-up-0123456789"
CONCERNED = ("program ", "ledger Ledger.claim", "ledger Lease.")
ANSWERING = {f"the model answers request {number}": number for number in (1, 2, 3, 4)}
"""Points outside the sweep's own process: its model kills it."""


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


def wrong_around_the_agent(root: Path, point: str) -> list[str]:
    with with_the_agent(root, ANSWERING.get(point, 0)) as here:
        return wrong_when_killed(here, point)


def test_a_sweep_that_dies_around_its_agents_leaves_none_and_pays_no_more(
    tmp_path: Path, record: Record
) -> None:
    with with_the_agent(tmp_path / "undisturbed") as here:
        points = [point for point in undisturbed_in(here) if point.startswith(CONCERNED)]
        assert here.paid().total() == len(ANSWERING)
    chosen = sample([*points, *ANSWERING], 24)
    wrong = tried(tmp_path, chosen, wrong_around_the_agent)
    assert not wrong, told_of(wrong)
    record("points around the real agent program at which a sweep was killed", len(chosen))
