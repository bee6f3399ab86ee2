"""Drafts rest for as long as their host may tell of the past; then no two ledgers post twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.telemetry import Event, PhaseChanged
from tests.fakes.github import faults, reviews, spec
from tests.fakes.github.faults import Handler
from tests.fakes.github.messages import Outcome, Request
from tests.fakes.github.rows import Row
from tests.fakes.github_stage import GitHubStage, github_stage

pytestmark = spec.needs_graphql

EVENTS = "/repos/*/*/pulls/*/reviews/*/events"
LAG_S = 60.0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        made.lists_lag_s = LAG_S
        yield made


def lag(stage: GitHubStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What GitHub tells of reviews is a minute old from now on; the open heads it tells at once."""
    written: list[float] = []
    save = stage.hub.world.save

    def noted(*rows: Row, drop: tuple[Row, ...] = ()) -> None:
        written.append(stage.now)
        save(*rows, drop=drop)

    def old(request: Request, handle: Handler) -> Outcome:
        if b"query Tips" in request.body:
            return handle(request)
        hidden = sum(then > stage.now - LAG_S for then in written)
        return handle(replace(request, steps_ago=hidden))

    monkeypatch.setattr(stage.hub.world, "save", noted)
    stage.trouble("POST", "/graphql", old)
    stage.trouble("GET", "/repos/*/*/pulls/*/reviews", old)
    stage.trouble("GET", "/repos/*/*/pulls/*/reviews/*", old)


def is_a_rest(event: Event) -> TypeGuard[PhaseChanged]:
    return isinstance(event, PhaseChanged) and "rests" in event.note


def seconds_of(stage: GitHubStage, **changes: Any) -> float:
    began = stage.now
    stage.sweep(**changes)
    return stage.now - began


@pytest.mark.parametrize(("rest_s", "posted"), [(LAG_S, 1), (0.0, 2)])
def test_a_lost_ledger_and_a_list_of_the_past_need_the_rest(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch, rest_s: float, posted: int
) -> None:
    """Without it the second review is there for ever: the rest is what stands between."""
    stage.lists_lag_s = rest_s
    pull = stage.pull()
    lag(stage, monkeypatch)
    assert stage.sweep().exit_code == 0
    stage.ledger_path.unlink()
    assert stage.sweep().exit_code == 0
    assert len(stage.posted(pull)) == posted
    assert stage.pending(pull) == []
    assert [row.state for row in stage.rows()] == [State.POSTED]


def test_a_restored_ledger_is_no_reason_to_post_again(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.sweep()
    old = stage.ledger_path.read_bytes()
    pull = stage.pull()
    lag(stage, monkeypatch)
    assert stage.sweep().exit_code == 0
    stage.ledger_path.write_bytes(old)
    assert stage.sweep().exit_code == 0
    assert len(stage.posted(pull)) == 1


def test_a_new_ledger_posts_in_its_first_sweep_and_all_drafts_rest_together(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine that is made for one sweep: each post waits, and no post for another's."""
    pulls = [stage.pull() for _ in range(5)]
    began = stage.now

    async def sleep(seconds: float) -> None:
        wakes = stage.now + seconds
        while len({one.key for one in stage.events if is_a_rest(one)}) < 5:
            await asyncio.sleep(0.01)
        stage.now = max(stage.now, wakes)

    monkeypatch.setattr(stage, "_sleep", sleep)
    assert stage.sweep(batch_size=1).counts.posted == 5
    assert [len(stage.posted(pull)) for pull in pulls] == [1] * 5
    assert len(stage.engine_asked()) == 5
    assert stage.now - began == LAG_S


def test_a_draft_of_an_earlier_sweep_has_rested_already(stage: GitHubStage) -> None:
    pull = stage.pull()
    stage.hub.fail("POST", EVENTS, faults.bad_gateway_before)
    assert seconds_of(stage) == LAG_S
    stage.now += 3600.0
    assert seconds_of(stage) == 0.0
    assert len(stage.posted(pull)) == 1


@pytest.mark.parametrize(("jump_s", "rest_s"), [(20.0, 40.0), (-3600.0, LAG_S), (3600.0, 0.0)])
def test_what_is_left_of_a_rest_survives_a_death_and_a_clock_that_jumps(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch, jump_s: float, rest_s: float
) -> None:
    """A clock that is ahead ends it early, which takes a lost ledger to be dangerous as well."""
    pull = stage.pull()

    left: list[bytes] = []

    async def killed(seconds: float) -> None:
        left.append(stage.ledger_path.read_bytes())
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(stage, "_sleep", killed)
        stage.sweep()
    stage.ledger_path.write_bytes(left[0])
    assert (stage.posted(pull), len(stage.pending(pull))) == ([], 1)
    stage.now += jump_s
    assert seconds_of(stage) == rest_s
    assert len(stage.posted(pull)) == 1
    assert len(stage.engine_asked()) == 1


def test_a_draft_that_vanishes_while_it_rests_is_left_to_the_next_sweep(
    stage: GitHubStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it away posts at this moment, and lists may not show it yet."""
    pull = stage.pull()
    sleep = stage._sleep

    async def meanwhile(seconds: float) -> None:
        await sleep(seconds)
        (draft,) = stage.pending(pull)
        reviews.delete(stage.hub.world, draft, stage.bot)

    with monkeypatch.context() as patch:
        patch.setattr(stage, "_sleep", meanwhile)
        assert stage.sweep().exit_code == 3
    assert stage.own(pull) == []
    stage.sweep_until_quiet()
    assert len(stage.posted(pull)) == 1
    assert len(stage.engine_asked()) == 1
