"""A round without news edits our newest review: whatever dies meanwhile, there is no second one.

The program is held to the steps of `amendment`; the other tests let it die or meet another one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli import retry
from reviewer_cli.core.marker import with_markers_apart
from reviewer_cli.core.models import State
from reviewer_cli.hosts.github.connection import Connection
from tests.fakes.github import faults, reviews, spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.fakes.steps import tell_of_ledger_writes
from tests.matrix.sampling import sample
from tests.numbers import Record
from tests.posting.amendment import AMENDING
from tests.posting.protocol import (
    MARK,
    OLDER,
    QUIET,
    TAKEN,
    TEXT,
    TWO_PHASES,
    WORDS,
    Row,
    Sweep,
    View,
)
from tests.posting.search import walk
from tests.posting.states import Budget
from tests.posting.states import State as Moment
from tests.posting.test_two_ledgers import second_of, sweep

pytestmark = spec.needs_graphql

REVIEW = "/repos/*/*/pulls/*/reviews/*"
ON_THE_WIRE = {
    "look": r"POST .*query Standing",
    "read": r"GET .*/reviews/\d+ ",
    "amend": r"PUT .*/reviews/\d+ ",
    "create": r"POST .*/reviews ",
    "submit": r"POST .*/reviews/\d+/events ",
}
SAME_REQUEST = {"peek": "look"}
WRITES = {"posting", "posted", "supersede", "retry"}
OURS = TEXT | OLDER

Act = Callable[[GitHubStage, Pull], object]


class Killed(BaseException):
    """The end of a process, as far as it can be had without one."""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStage]:
    """One whose client is impatient."""
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
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


def take_away(stage: GitHubStage, pull: Pull) -> None:
    """Whoever may: GitHub has no request for it, and its pages no button."""
    for review in stage.posted(pull):
        stage.hub.world.save(drop=(review,))


def add_words(stage: GitHubStage, pull: Pull) -> None:
    """A maintainer writes above what we said."""
    for review in stage.posted(pull):
        reviews.edit(stage.hub.world, review, stage.bot, f"Mind this.\n\n{review.body}")


def interrupted(stage: GitHubStage, pull: Pull) -> None:
    """An earlier sweep made the edit and did not hear of it."""
    trouble = stage.trouble("PUT", REVIEW, faults.bad_gateway_after)
    stage.sweep()
    assert trouble.met
    trouble.over()
    stage.now += 3600.0


def close_as_it_looks(stage: GitHubStage, pull: Pull) -> None:
    """It is over when the sweep looks."""
    over = faults.first(lambda: stage.hub.world.close(pull))
    stage.trouble("POST", "/graphql", over, "query Standing", left=1)


def taken_away(view: View) -> View:
    return view._replace(body=TAKEN)


def over(view: View) -> View:
    return view._replace(current=False)


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a sweep finds, in the model and on the stage, and what others do in its middle.

    `act` happens when the edit is on its way. In the end there are `reviews` of ours.
    """

    body: int = OURS
    before: Act = nothing
    meanwhile: Mapping[str, Callable[[View], View]] = field(default_factory=dict)
    act: Act | None = None
    state: State = State.POSTED
    reviews: int = 1


WAYS = {
    "fresh": Way(),
    "a person wrote into it": Way(body=OURS | WORDS, before=add_words),
    "noted, answer lost": Way(body=OURS | MARK, before=interrupted),
    "full": Way(body=TAKEN, before=fill_the_review, reviews=2),
    "taken away": Way(body=TAKEN, before=take_away),
    "taken away meanwhile": Way(
        meanwhile={"amend": taken_away}, act=take_away, state=State.REVIEWED
    ),
    "over": Way(before=close_as_it_looks, meanwhile={"peek": over}, state=State.SUPERSEDED),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_program_takes_the_steps_of_the_model(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    pull = pushed(stage)
    way.before(stage, pull)
    if way.act is not None:
        act = way.act
        stage.trouble("PUT", REVIEW, faults.first(lambda: act(stage, pull)), left=1)
    steps = recorded(monkeypatch)
    stage.sweep()
    expected = [SAME_REQUEST.get(one, one) for one in walked(way)]
    expected = expected[expected.index("look") :]
    begun = steps.index("look")  # before it there are other heads' steps
    assert steps[begun : begun + len(expected)] == expected
    assert [row.state for row in stage.rows() if row.key.sha == pull.head_sha] == [way.state]
    stage.sweep_until_quiet()
    bodies = [one.body for one in stage.posted(pull)]
    assert len(bodies) == way.reviews
    is_told = way.state is not State.SUPERSEDED
    assert sum(body.count(f"sha={pull.head_sha}") for body in bodies) == is_told
    assert stage.pending(pull) == []


def test_the_ways_come_to_every_step_of_an_amendment() -> None:
    steps = {step for way in WAYS.values() for step in walked(way)}
    assert steps >= AMENDING.keys() - TWO_PHASES.keys()


def walked(way: Way) -> list[str]:
    """The steps in the model, of a head whose review is saved; here no draft has to rest."""
    saved = Row(state="reviewed", text=QUIET)
    state = Moment(View(body=way.body), frozenset(), (), (saved,), (Sweep(),), Budget())
    return [step for step in walk(state, way.meanwhile, AMENDING) if step != "rest"]


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


def test_what_people_wrote_into_the_review_stays_in_it(stage: GitHubStage) -> None:
    pull = pushed(stage)
    add_words(stage, pull)
    (before,) = stage.posted(pull)
    stage.sweep()
    check_the_end(stage, pull)
    (after,) = stage.posted(pull)
    text, markers = with_markers_apart(before.body)
    assert after.body.startswith(text)
    assert with_markers_apart(after.body)[1][:-1] == markers


def test_a_note_that_people_took_out_is_not_put_back(stage: GitHubStage) -> None:
    """The ledger knows of it; the next head without news is noted as ever."""
    pull = pushed(stage)
    (before,) = stage.posted(pull)
    stage.sweep()
    (noted,) = stage.posted(pull)
    reviews.edit(stage.hub.world, noted, stage.bot, before.body)
    stage.sweep_until_quiet()
    assert [one.body for one in stage.posted(pull)] == [before.body]
    pull = stage.hub.world.push(pull, {"c.py": "z = 3\n"})
    stage.sweep_until_quiet()
    check_the_end(stage, pull)


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
    chosen = sample(range(steps), 12)
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
    chosen = sample(range(steps), 12)
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
