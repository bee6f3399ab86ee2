"""What was merged before it was reviewed: reviewed afterwards, and spoken of only at home."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.engine import Reply, ReviewRequest
from reviewer_cli.sweep.rehearsal import rehearse
from reviewer_cli.sweep.retro import UNREVIEWED
from tests.fakes.engine import ScriptedEngine
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.fakes.stage import Stage

WEEK = 7 * 86_400.0
AGES = 20 * 365 * 86_400.0


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A stage with one repository."""
    with github_stage(tmp_path) as stage:
        yield stage


def later(github: GitHubStage, **changes: float | None) -> list[str]:
    """What a sweep an hour later says of the heads that it ended."""
    github.now += 3600.0
    github.hub.world.now = max(github.hub.world.now, github.now)
    report = github.sweep(**changes)
    assert report.exit_code == 0, report.error
    return [f"{one.key.pull} {one.state} {one.reason}".strip() for one in report.ended]


def test_it_is_reviewed_once_and_nothing_is_written_on_its_pull_request(
    github: GitHubStage,
) -> None:
    pull = github.pull(title="Unseen")
    github.hub.world.merge(pull)
    assert later(github) == []
    github.hub.log.clear()
    assert later(github, merged_s=WEEK) == [f"{pull.number} posted {UNREVIEWED}"]
    (row,) = github.rows()
    assert (row.title, row.author, row.state) == ("Unseen", "ada", State.POSTED)
    assert row.merged_at is not None
    assert github.own(pull) == []
    history = github.history(str(pull.number))
    assert [one.quote for one in history.findings] == ["ten", "forty"]
    assert history.review_id is None
    assert examined(github.ledger_path) == ()
    assert later(github, merged_s=WEEK) == []
    assert github.engine_asked() == [pull.head_sha]


def test_what_has_our_review_is_left_alone_also_where_the_ledger_is_lost(
    github: GitHubStage,
) -> None:
    pull = github.pull()
    later(github)
    github.hub.world.merge(pull)
    assert later(github, merged_s=WEEK) == []
    for file in github.root.glob("ledger.db*"):
        file.unlink()
    later(github, merged_s=WEEK)
    assert github.engine_asked() == [pull.head_sha]
    (row,) = github.rows()
    assert (row.state, row.merged_at) == (State.POSTED, None)


def test_what_was_merged_earlier_is_not_looked_at(github: GitHubStage) -> None:
    github.hub.world.merge(github.pull())
    assert later(github, merged_s=1800.0) == []


def test_skip_rules_hold(github: GitHubStage) -> None:
    bot = github.hub.world.account("helper[bot]")
    pull = github.pull(author=bot)
    github.hub.world.merge(pull)
    (said,) = later(github, merged_s=WEEK)
    assert "skipped" in said
    assert later(github, merged_s=WEEK) == []


def test_what_waited_while_it_was_open_is_reviewed_after_the_merge(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.push(pull, {"a.py": "new = 1\n"})
    github.now += 10.0
    assert github.sweep(settle_s=86_400.0).ended == ()
    github.hub.world.merge(pull)
    assert later(github, merged_s=WEEK) == [f"{pull.number} posted {UNREVIEWED}"]
    assert len(github.posted(pull)) == 1


def test_a_branch_merged_by_hand_gets_no_note(stage: Stage) -> None:
    sha, repo = merged_by_hand(stage), stage.repos[0]
    (ended,) = stage.sweep(merged_s=AGES).ended
    assert (ended.key.pull, ended.key.sha, ended.reason) == ("pull", sha, UNREVIEWED)
    assert not list((stage.root / "reviews").rglob("*.md"))
    assert repo.git("for-each-ref", "refs/notes") == ""
    assert stage.sweep(merged_s=AGES).ended == ()


def merged_by_hand(stage: Stage) -> str:
    """The head of a branch that was merged into main; all of it happened long ago."""
    repo = stage.repo()
    before = repo.tip()
    sha = repo.commit({"a.py": "a = 2\n"}, branch="pull")
    tree, said = repo.git("rev-parse", f"{sha}^{{tree}}"), "Merge branch 'pull'"
    merge = repo.git("commit-tree", tree, "-p", before, "-p", sha, "-m", said)
    repo.git("update-ref", "refs/heads/main", merge)
    return sha


class Endless(ScriptedEngine):
    """Has begun, and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def review(self, request: ReviewRequest) -> Reply:
        """Waits for ever."""
        self.begun.set()
        await asyncio.Event().wait()
        return await super().review(request)


async def cut_short(stage: Stage, engine: Endless) -> None:
    """A sweep that is ended while the engine works."""
    stage.engine = engine
    sweep = asyncio.create_task(stage.sweep_async(merged_s=AGES))
    await engine.begun.wait()
    sweep.cancel()
    with suppress(asyncio.CancelledError):
        await sweep


def test_one_that_was_in_work_when_the_sweep_ended_is_finished_by_the_next(stage: Stage) -> None:
    sha = merged_by_hand(stage)
    asyncio.run(cut_short(stage, Endless()))
    stage.engine = ScriptedEngine()
    (ended,) = stage.sweep().ended
    assert (ended.key.sha, ended.reason) == (sha, UNREVIEWED)
    assert stage.sweep(merged_s=AGES).ended == ()


def test_a_rehearsal_tells_it_apart(stage: Stage) -> None:
    sha = merged_by_hand(stage)
    stage.repos[0].commit({"b.py": "b = 1\n"}, branch="other")
    plan = replace(stage.plan, selectors={"local": (str(stage.repos[0].path),)}, merged_s=AGES)
    with closing(Ledger(stage.ledger_path)) as ledger:
        told = asyncio.run(rehearse(stage.doors(ledger, plan), plan))
    assert {one.key.sha: one.reason.startswith(UNREVIEWED) for one in told.heads} == {
        sha: True,
        stage.repos[0].tip("other"): False,
    }
