"""What becomes of flagged lines on the base branch once they were merged as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import Outcome
from reviewer_cli.ledger import landed
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.engine import ReviewRequest
from tests.fakes.engine import ScriptedEngine
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage, two_remarks

DAY = 86_400.0


def on_one_file(request: ReviewRequest) -> object:
    """Two remarks where that file is changed."""
    return two_remarks(request) if request.diff.file("a.py") else {"findings": []}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A stage on which one pull request with two findings was merged as it was."""
    with github_stage(tmp_path) as stage:
        stage.hub.world.pull(stage.shop, {"early.py": "early = 1\n"}, title="Early")
        stage.engine = CountingEngine(on_one_file)
        pull = stage.pull()
        later(stage)
        stage.hub.world.merge(pull)
        later(stage)
        stage.engine = ScriptedEngine(lambda request: {"findings": []})
        yield stage


def later(github: GitHubStage, seconds: float = 3600.0) -> None:
    """A sweep some time later."""
    github.now += seconds
    github.hub.world.now = max(github.hub.world.now, github.now)
    report = github.sweep()
    assert report.exit_code == 0, report.error


def change(github: GitHubStage, title: str, content: str) -> None:
    """A pull request is merged, and another one is open into what that made of the base."""
    world = github.hub.world
    world.now = github.now = github.now + 60.0
    world.merge(world.pull(github.shop, {"a.py": content}, title=title))
    world.pull(github.shop, {"b.py": "unrelated = 1\n"})


def outcomes(github: GitHubStage) -> list[tuple[str, Outcome]]:
    """All outcomes of findings by the quoted line, oldest first."""
    with closing(sqlite3.connect(github.ledger_path)) as ledger:
        rows = ledger.execute(
            "SELECT quote, outcome FROM outcomes JOIN findings ON findings.id = finding_id"
            " ORDER BY outcomes.id"
        ).fetchall()
    return [(quote, Outcome(outcome)) for quote, outcome in rows]


MERGED = [("ten", Outcome.MERGED_UNRESOLVED), ("forty", Outcome.MERGED_UNRESOLVED)]


def test_a_fix_of_flagged_lines_and_their_return_are_told_apart(github: GitHubStage) -> None:
    assert outcomes(github) == MERGED
    change(github, "Fix the overflow", text(_10="mended", _40="forty"))
    change(github, "Think again", text(_10="mended"))
    later(github)
    assert outcomes(github) == MERGED
    later(github, DAY)
    after = [("ten", Outcome.FIXED_AGAIN), ("forty", Outcome.REVERTED)]
    assert outcomes(github) == [*MERGED, *after]
    later(github, DAY)
    assert outcomes(github) == [*MERGED, *after]


def test_any_other_change_tells_nothing(github: GitHubStage) -> None:
    change(github, "Rename", text(_10="renamed", _40="forty", _41="more"))
    later(github, 2 * DAY)
    assert outcomes(github) == MERGED


def test_a_base_without_the_merge_tells_nothing(github: GitHubStage) -> None:
    """There the lines are as before, which would look as if they had been put back."""
    world = github.hub.world
    (early,) = [one for one in world.tables.pulls_of(github.shop) if one.title == "Early"]
    world.now = github.now = github.now + 60.0
    early = world.push(early, {"a.py": text(_20="later")})
    world.edit(world.pull(github.shop, {"b.py": "b = 1\n"}), base_sha=early.head_sha)
    later(github, 2 * DAY)
    assert outcomes(github) == MERGED


def test_each_is_looked_at_once_a_day_and_not_for_ever(github: GitHubStage) -> None:
    world = github.hub.world
    world.pull(github.shop, {"b.py": "unrelated = 1\n"})
    repos = {(github.server.name, github.shop.full_name)}

    def waiting(at: float) -> int:
        with closing(Ledger(github.ledger_path)) as ledger:
            return len(landed.rested(ledger.store, repos, at, at - DAY, 10))

    assert waiting(github.now + 60.0) == 0
    assert waiting(github.now + DAY + 60.0) == 1
    later(github, DAY + 60.0)
    assert waiting(github.now + 60.0) == 0
    assert waiting(github.now + 40 * DAY) == 0
