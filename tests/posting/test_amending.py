"""A round without news edits our newest review: whatever dies meanwhile, there is no second one.

The steps are look, conversations, amend, posted. An edit may be made twice, so nothing rests and
nothing is recorded before it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.hosts.github.connection import Connection
from tests.fakes.github import faults, reviews, spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.fakes.steps import tell_of_ledger_writes
from tests.matrix.sampling import sample
from tests.numbers import Record
from tests.posting.test_two_ledgers import second_of, sweep

pytestmark = spec.needs_graphql

REVIEW = "/repos/*/*/pulls/*/reviews/*"
ON_THE_WIRE = {
    "look": r"POST .*query Standing",
    "conversations": r"POST .*query Conversations",
    "amend": r"PUT .*/reviews/\d+ ",
    "create": r"POST .*/reviews ",
    "submit": r"POST .*/reviews/\d+/events ",
}
WRITES = {"posting", "posted", "supersede", "retry"}

Act = Callable[[GitHubStage, Pull], object]


class Killed(BaseException):
    """The end of a process, as far as it can be had without one."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        yield made


def pushed(stage: GitHubStage) -> Pull:
    """A reviewed pull request after a push that brings nothing to say."""
    pull = stage.pull()
    stage.sweep()
    stage.now += 3600.0
    stage.hub.world.now = max(stage.hub.world.now, stage.now)
    return stage.hub.world.push(pull, {"b.py": "y = 2\n"})


def check_the_end(stage: GitHubStage, pull: Pull) -> None:
    """One review, which names the newest head once; the ledger knows."""
    (review,) = stage.posted(pull)
    assert review.body.count(f"sha={pull.head_sha}") == 1
    assert review.body.count("Also checked at") == 1
    assert stage.pending(pull) == []
    assert {row.state for row in stage.rows()} == {State.POSTED}


def nothing(stage: GitHubStage, pull: Pull) -> None:
    """All is well."""


def fill_the_review(stage: GitHubStage, pull: Pull) -> None:
    """Nothing more goes into it."""
    (review,) = stage.posted(pull)
    reviews.edit(stage.hub.world, review, stage.bot, "x" * 65_330 + "\n\n" + review.body[-200:])


PATHS: dict[str, tuple[Act, list[str]]] = {
    "fresh": (nothing, ["look", "conversations", "amend", "posted"]),
    "full": (
        fill_the_review,
        ["look", "conversations", "create", "posting", "look", "submit", "posted"],
    ),
    "moved on": (
        lambda stage, pull: stage.hub.fail(
            "POST", "/graphql", after_heads(lambda: stage.hub.world.close(pull)), times=50
        ),
        ["look", "supersede"],
    ),
}


def after_heads(act: Callable[[], object]) -> faults.Fault:
    """Once the head was described."""
    done: list[object] = []

    def fault(request: Any, handle: Any) -> Any:
        outcome = handle(request)
        if b"query Heads" in request.body and not done:
            done.append(act())
        return outcome

    return fault


@pytest.mark.parametrize(("before", "steps"), PATHS.values(), ids=PATHS)
def test_the_steps_of_an_amendment(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch, before: Act, steps: list[str]
) -> None:
    pull = pushed(stage)
    before(stage, pull)
    taken = recorded(monkeypatch)
    stage.sweep()
    # The sweep asks what was said before it looks at anything, and again when all is done.
    first = taken.index("look")
    assert taken[first : first + len(steps)] == steps


def recorded(patch: pytest.MonkeyPatch) -> list[str]:
    """The list that the names of the steps go into, as they end."""
    taken: list[str] = []
    send = Connection._send

    def told(self: Connection, github: object, verb: str, path: str, body: Any = None) -> object:
        try:
            return send(self, github, verb, path, body)  # type: ignore[arg-type]
        finally:
            asked = f"{verb} {path} {(body or {}).get('query', '')}"
            taken.extend(n for n, like in ON_THE_WIRE.items() if re.match(like, asked, re.S))

    def written(name: str) -> None:
        step, moment = name.split()
        if moment == "after" and step in WRITES:
            taken.append(step)

    patch.setattr(Connection, "_send", told)
    tell_of_ledger_writes(patch, written)
    return taken


@pytest.mark.parametrize(
    "fault",
    [faults.bad_gateway_after, faults.bad_gateway_before, faults.dropped_after],
    ids=lambda fault: fault.__name__,
)
def test_an_answer_that_is_lost_makes_no_second_review(
    stage: GitHubStage, fault: faults.Fault
) -> None:
    pull = pushed(stage)
    trouble = stage.trouble("PUT", REVIEW, fault)
    stage.sweep()
    assert trouble.met
    trouble.over()
    stage.sweep_until_quiet()
    check_the_end(stage, pull)
    assert len(stage.engine_asked()) == 2


def test_a_sweep_that_dies_at_any_step_of_it_makes_no_second_review(
    stage: GitHubStage, record: Record
) -> None:
    def die() -> None:
        raise Killed

    pushed(stage)
    steps = sweep(stage, -1, die)
    assert steps > 15
    chosen = sample(range(steps), 6)
    for number in chosen:
        pull = pushed(stage)
        with suppress(Killed):
            sweep(stage, number, die)
        stage.sweep_until_quiet()
        check_the_end(stage, pull)
    record("steps of a round without news at which a sweep died", len(chosen))


def test_a_whole_sweep_of_another_ledger_may_come_between_any_two_steps_of_it(
    stage: GitHubStage, record: Record
) -> None:
    """The other one does not know our findings: it may say that it has none, once."""
    other = second_of(stage)

    def meanwhile() -> None:
        thread = threading.Thread(target=other.sweep)
        thread.start()
        thread.join()

    pushed(stage)
    steps = sweep(stage, -1, meanwhile)
    chosen = sample(range(steps), 6)
    for number in chosen:
        pull = pushed(stage)
        other.now = stage.now
        sweep(stage, number, meanwhile)
        for one in (other, stage):
            one.now += 3600.0
            one.sweep()
        assert sum(one.commit_sha == pull.head_sha for one in stage.posted(pull)) <= 1
        assert len(stage.posted(pull)) <= 2, f"at step {number}"
        assert stage.pending(pull) == []
    record("steps of it between which another ledger's sweep came", len(chosen))
