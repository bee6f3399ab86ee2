"""A sweep that dies while git talks to the host: git dies too, and what it left stops nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.github import faults, spec
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome, Request, Silence
from tests.matrix.judging import wrong_when_killed
from tests.matrix.sampling import sample
from tests.matrix.scene import scene

pytestmark = spec.needs_graphql
Moment = Callable[[Callable[[], object]], Fault]
CALLS = {
    "list of branches": ("GET", "/*/*.git/info/refs"),
    "pack": ("POST", "/*/*.git/git-upload-pack"),
}


def unanswered(step: Callable[[], object]) -> Fault:
    """No answer, so that a git that lives on would wait for one."""

    def stepped(request: Request, handle: Handler) -> Outcome:
        step()
        return Silence()

    return stepped


PAIRS = [(call, moment) for call in CALLS for moment in (unanswered, faults.then)]


@pytest.mark.parametrize(("call", "moment"), sample(PAIRS, 4))
def test_a_fetch_that_dies_is_done_again(tmp_path: Path, call: str, moment: Moment) -> None:
    with scene(tmp_path / "scene") as here:
        here.hub.fail(*CALLS[call], moment(here.kill))
        assert wrong_when_killed(here, "") == []
