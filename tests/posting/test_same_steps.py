"""The model and the program take the same steps, in the same order, whatever they find."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.models import State as RowState
from reviewer_cli.hosts.github.connection import Connection
from tests.fakes.github import faults, reviews, spec
from tests.fakes.github.faults import Fault
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.fakes.steps import tell_of_ledger_writes
from tests.posting.protocol import TWO_PHASES, Row, Sweep, View
from tests.posting.search import walk
from tests.posting.states import Budget, State

pytestmark = spec.needs_graphql

REVIEWS = "/repos/*/*/pulls/*/reviews"
EVENTS = f"{REVIEWS}/*/events"

REQUESTS = {
    "describe": r"POST .*query Heads",
    "look": r"POST .*query Standing",
    "create": r"POST .*/reviews ",
    "list": r"GET .*/reviews\?",
    "delete": r"DELETE .*/reviews/\d+ ",
    "submit": r"POST .*/reviews/\d+/events ",
    "get": r"GET .*/reviews/\d+ ",
}
ON_THE_WIRE = {"create again": "create", "clear": "delete", "discard": "delete"}
"""Steps of the model that are the same request."""

LAG_S = 60.0

DRAFTED = Row(state="posting", text=1, draft=1)
SAVED = Row(state="reviewed", text=1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        made.lists_lag_s = LAG_S
        yield made


def nothing(stage: GitHubStage, pull: Pull) -> None:
    """A head that nobody knows."""


def interrupted(call: str, fault: Fault) -> Callable[[GitHubStage, Pull], None]:
    """A sweep that came as far as this call."""

    def sweep(stage: GitHubStage, pull: Pull) -> None:
        stage.hub.fail("POST", call, fault)
        assert stage.sweep().exit_code == 3
        stage.now += 3600.0

    return sweep


drafted = interrupted(EVENTS, faults.bad_gateway_before)


def delete_draft(stage: GitHubStage, pull: Pull) -> None:
    (draft,) = stage.pending(pull)
    reviews.delete(stage.hub.world, draft, stage.bot)


def submit_draft(stage: GitHubStage, pull: Pull) -> None:
    (draft,) = stage.pending(pull)
    reviews.submit(stage.hub.world, draft, stage.bot, "COMMENT", None)


def submit_draft_unseen(stage: GitHubStage, pull: Pull) -> None:
    submit_draft(stage, pull)
    stage.hub.fail("GET", f"{REVIEWS}/*", faults.stale(1))


def drafted_and_deleted(stage: GitHubStage, pull: Pull) -> None:
    drafted(stage, pull)
    delete_draft(stage, pull)


def drafted_and_closed(stage: GitHubStage, pull: Pull) -> None:
    drafted(stage, pull)
    stage.hub.world.close(pull)


def drafted_and_posted_by_another(stage: GitHubStage, pull: Pull) -> None:
    drafted_and_deleted(stage, pull)
    stage.debris(pull)
    submit_draft(stage, pull)


def posted_and_forgotten(stage: GitHubStage, pull: Pull) -> None:
    stage.sweep()
    stage.ledger_path.unlink()


def other_draft(stage: GitHubStage, pull: Pull) -> None:
    stage.debris(pull)


def other_draft_until(act: Act) -> Act:
    """Another draft that this becomes of just when it is to be cleared away."""

    def leave(stage: GitHubStage, pull: Pull) -> None:
        other_draft(stage, pull)
        stage.hub.fail("DELETE", f"{REVIEWS}/*", faults.first(lambda: act(stage, pull)))

    return leave


Act = Callable[[GitHubStage, Pull], None]


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a sweep finds, in the model and on the stage, and what others do in its middle."""

    row: Row = field(default_factory=Row)
    view: View = field(default_factory=View)
    before: Act = nothing
    meanwhile: Mapping[str, Callable[[View], View]] = field(default_factory=dict)
    act: Act | None = None
    state: RowState = RowState.POSTED


def gone(view: View) -> View:
    return view._replace(draft=None)


def landed(view: View) -> View:
    assert view.draft is not None
    return view._replace(draft=None, submitted=(view.draft[0],))


def still_there(view: View) -> View:
    return view._replace(draft=(view.submitted[0], 1), submitted=())


PATHS = {
    "fresh": Way(),
    "draft recorded": Way(row=DRAFTED, view=View(draft=(1, 1)), before=drafted),
    "draft not recorded": Way(
        row=SAVED, view=View(draft=(1, 1)), before=interrupted(REVIEWS, faults.bad_gateway_after)
    ),
    "draft gone": Way(row=DRAFTED, before=drafted_and_deleted),
    "another draft in the way": Way(view=View(draft=(1, 2)), before=other_draft),
    "another draft, deleted meanwhile": Way(
        view=View(draft=(1, 2)),
        before=other_draft_until(delete_draft),
        meanwhile={"clear": gone},
    ),
    "another draft, submitted meanwhile": Way(
        view=View(draft=(1, 2)),
        before=other_draft_until(submit_draft),
        meanwhile={"clear": landed},
        state=RowState.REVIEWED,
    ),
    "posted, answer lost": Way(
        row=DRAFTED,
        view=View(submitted=(1,)),
        before=interrupted(EVENTS, faults.bad_gateway_after),
    ),
    "posted by another": Way(
        row=DRAFTED, view=View(submitted=(2,)), before=drafted_and_posted_by_another
    ),
    "posted, ledger lost": Way(view=View(submitted=(1,)), before=posted_and_forgotten),
    "closed": Way(
        row=DRAFTED,
        view=View(draft=(1, 1), current=False),
        before=drafted_and_closed,
        state=RowState.SUPERSEDED,
    ),
    "refused, submitted meanwhile": Way(meanwhile={"submit": landed}, act=submit_draft),
    "refused, submitted unseen": Way(
        row=DRAFTED,
        view=View(draft=(1, 1)),
        before=drafted,
        meanwhile={"submit": landed, "get": still_there},
        act=submit_draft_unseen,
        state=RowState.POSTING,
    ),
    "refused, deleted meanwhile": Way(
        meanwhile={"submit": gone}, act=delete_draft, state=RowState.POSTING
    ),
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_the_program_takes_the_steps_of_the_model(
    stage: GitHubStage, path: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = stage.pull()
    path.before(stage, pull)
    if path.act is not None:
        act = path.act
        stage.hub.fail("POST", EVENTS, faults.first(lambda: act(stage, pull)))
    taken = recorded(stage, monkeypatch)
    stage.sweep()
    assert taken == [ON_THE_WIRE.get(step, step) for step in modelled(path)]
    assert [row.state for row in stage.rows()] == [path.state]
    stage.sweep_until_quiet()
    assert len(stage.posted(pull)) == (path.state is not RowState.SUPERSEDED)
    assert stage.pending(pull) == []


def test_the_paths_come_to_every_step() -> None:
    assert {step for path in PATHS.values() for step in modelled(path)} == set(TWO_PHASES)


def modelled(path: Way) -> list[str]:
    state = State(path.view, frozenset(), (), (path.row,), (Sweep(),), Budget())
    return walk(state, path.meanwhile)


def has_rested(stage: GitHubStage) -> bool:
    """Whether the recorded draft is as old as what the host may tell."""
    with closing(sqlite3.connect(stage.ledger_path)) as db:
        ((drafted_at,),) = db.execute("SELECT drafted_at FROM reviews")
    return stage.now - drafted_at >= LAG_S


def recorded(stage: GitHubStage, patch: pytest.MonkeyPatch) -> list[str]:
    """The list that the names of the steps go into, as they end; a rest ends where one looks."""
    taken: list[str] = []
    send = Connection._send

    def told(self: Connection, github: object, verb: str, path: str, body: Any = None) -> object:
        try:
            return send(self, github, verb, path, body)  # type: ignore[arg-type]
        finally:
            asked = f"{verb} {path} {(body or {}).get('query', '')}"
            names = [name for name, like in REQUESTS.items() if re.match(like, asked, re.S)]
            if names == ["look"] and has_rested(stage):
                taken.append("rest")
            taken.extend(names)

    def written(name: str) -> None:
        step, moment = name.split()
        if moment == "after" and step in TWO_PHASES:
            taken.append(step)

    patch.setattr(Connection, "_send", told)
    tell_of_ledger_writes(patch, written)
    return taken
