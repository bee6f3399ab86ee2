"""Later rounds of a pull request: what is said, what is not said again, and when."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from dataclasses import replace

import pytest

from reviewer_cli.core.models import Outcome, State
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.sweep.rehearsal import rehearse
from tests.fakes.github import bare
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CHANGED, GitHubStage
from tests.sweep.conversing import (
    asked,
    comments,
    github,
    later,
    outcomes,
    wait,
)

__all__ = ["github"]

MORE = {"a.py": text(_10="ten", _40="forty", _50="fifty")}


def test_a_push_without_anything_new_edits_the_newest_review(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    assert len(comments(github, pull)) == 2
    pull = github.hub.world.push(pull, {"b.py": "y = 2\n"})
    later(github)
    (review,) = github.posted(pull)
    assert f"Also checked at `{pull.head_sha[:7]}`: nothing new." in review.body
    assert len(comments(github, pull)) == 2
    before = asked(github)
    later(github)
    assert asked(github) == before


def test_only_what_is_new_is_said(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.push(pull, MORE)
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    _, second = github.posted(pull)
    assert "Round 2, what is new since" in second.body
    assert "2 findings of earlier rounds still stand" in second.body


def test_what_was_mended_is_settled_and_what_was_left_alone_is_ignored(
    github: GitHubStage,
) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.push(pull, {"a.py": text(_10="mended", _40="forty")})
    later(github)
    ten, forty = comments(github, pull)
    assert ten.body.startswith(f"Fixed in {pull.head_sha[:7]}.")
    assert ten.minimized
    assert "Fixed" not in forty.body
    assert outcomes(github) == {"ten": Outcome.FIXED, "forty": Outcome.IGNORED}
    later(github)
    assert comments(github, pull)[0].body == ten.body
    edits = [
        one
        for one in github.hub.exchanges("POST", "/graphql")
        if b"mutation Settle" in one.request_body
    ]
    assert len(edits) == 1


def test_a_force_push_of_the_same_change_asks_no_engine(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.force_push(pull, {**CHANGED, "empty.txt": ""})
    pull = github.hub.world.force_push(pull, CHANGED)
    later(github)
    (review,) = github.posted(pull)
    assert f"Also checked at `{pull.head_sha[:7]}`" in review.body
    assert asked(github) == 1


def test_a_rebase_onto_a_base_that_moved_asks_no_engine(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    github.hub.world.commit(github.shop, {"a.py": text(_25="moved on"), "c.py": "c = 1\n"})
    pull = github.hub.world.force_push(pull, {"a.py": text(_10="ten", _25="moved on", _40="forty")})
    later(github)
    (review,) = github.posted(pull)
    assert f"Also checked at `{pull.head_sha[:7]}`" in review.body
    assert asked(github) == 1
    assert len(comments(github, pull)) == 2


def test_a_merge_of_the_base_into_the_pull_request_is_nothing_new(github: GitHubStage) -> None:
    """As a changed base: what came from there is no part of the change."""
    pull = github.pull()
    later(github)
    github.hub.world.commit(github.shop, {"a.py": text(_25="moved on")})
    pull = github.hub.world.push(pull, {"a.py": text(_10="ten", _25="moved on", _40="forty")})
    later(github)
    assert len(comments(github, pull)) == 2


def test_a_head_that_is_gone_makes_a_whole_round_which_repeats_nothing(
    github: GitHubStage,
) -> None:
    pull = github.pull()
    later(github)
    gone = pull.head_sha
    pull = github.hub.world.force_push(pull, MORE)
    forget(github, gone)
    later(github)
    assert asked(github) == 2
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]


def forget(github: GitHubStage, sha: str) -> None:
    """The cache is lost, and the host has that commit no more."""
    shutil.rmtree(github.root / "cache")
    path = github.hub.world.fresh(github.shop).store
    refs = bare.git(path, "for-each-ref", "--format=%(objectname) %(refname)").decode()
    for line in refs.splitlines():
        found, _, ref = line.partition(" ")
        if found == sha:
            bare.git(path, "update-ref", "-d", ref)
    bare.git(path, "reflog", "expire", "--expire=now", "--all")
    bare.git(path, "gc", "--quiet", "--prune=now")


def test_a_pull_request_about_which_nothing_changed_costs_one_question_for_all(
    github: GitHubStage,
) -> None:
    for number in range(3):
        github.hub.world.pull(github.shop, {"a.py": text(_10="ten", _20=f"n{number}")})
    later(github)
    later(github)
    before = len(github.hub.log)
    later(github)
    assert len(github.hub.log) - before == 1
    assert asked(github) == 3


def test_a_burst_of_pushes_becomes_one_round(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, 0.0, settle_s=600.0)
    assert asked(github) == 1, "the first round waits for nothing"
    for number in range(3):
        pull = github.hub.world.push(pull, {"a.py": text(_10="ten", _40="forty", _45=f"n{number}")})
        later(github, 300.0, settle_s=600.0)
        assert asked(github) == 1
    later(github, 601.0, settle_s=600.0)
    assert github.engine_asked()[1:] == [pull.head_sha]


def test_a_pull_request_that_a_person_names_waits_for_no_quiet(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, 0.0)
    pull = github.hub.world.push(pull, {"a.py": text(_10="ten", _45="n1")})
    later(github, 60.0, settle_s=600.0)
    selectors = {github.server.name: (github.shop.full_name,)}
    plan = replace(github.plan, selectors=selectors, settle_s=600.0)
    with closing(Ledger(github.ledger_path)) as ledger:
        told = asyncio.run(rehearse(github.doors(ledger, plan), plan))
    assert [one.reason for one in told.heads] == ["waits for more pushes"]
    assert asked(github) == 1
    later(github, 60.0, settle_s=600.0, only_pull=str(pull.number))
    assert github.engine_asked()[1:] == [pull.head_sha]


def test_who_never_stops_pushing_is_heard_after_six_quiet_periods(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, 0.0, settle_s=600.0)
    waited = []
    for number in range(14):
        pull = github.hub.world.push(pull, {"a.py": text(_10="ten", _45=f"n{number}")})
        later(github, 300.0, settle_s=600.0)
        waited.append(asked(github))
    first = waited.index(2)
    assert 300.0 * first == 6 * 600.0


def test_after_max_rounds_a_pull_request_is_skipped_with_its_reason(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    later(github, max_rounds=1)
    assert asked(github) == 1
    (newest,) = [row for row in github.rows() if row.key.sha == pull.head_sha]
    assert newest.state is State.SKIPPED
    assert newest.reason == "has had 1 round, and max_rounds is 1"


@pytest.mark.parametrize("pushes", [3])
def test_heads_that_nobody_reviewed_count_for_no_round(github: GitHubStage, pushes: int) -> None:
    pull = github.pull()
    for number in range(pushes):
        pull = github.hub.world.push(pull, {"b.py": f"y = {number}\n"})
    wait(github, 60.0)
    later(github, max_rounds=1)
    assert asked(github) == 1
