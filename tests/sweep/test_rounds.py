"""Later rounds of a pull request: what is said, what is not said again, and what becomes of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import Outcome
from reviewer_cli.ports.engine import ReviewRequest
from tests.fakes.engine import found
from tests.fakes.github import talk
from tests.fakes.github.rows import Pull, ReviewComment, Thread
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage

PLANTED = ("ten", "forty", "fifty")
WORDS = ("The {} overflows", "An overflow of {} happens", "{} may overflow here")


class Watchful(CountingEngine):
    """Reports every planted line of the whole file each time, in other words."""

    def __init__(self) -> None:
        super().__init__(self._found)
        self.times = 0

    def _found(self, request: ReviewRequest) -> object:
        self.times += 1
        lines = (request.checkout / "a.py").read_text().splitlines()
        words = WORDS[self.times % len(WORDS)]
        return {
            "findings": [
                found("a.py", number, line, title=words.format(line), severity="medium")
                for number, line in enumerate(lines, 1)
                if line in PLANTED
            ]
        }


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A stage whose engine finds all that is planted, every time."""
    with github_stage(tmp_path) as stage:
        stage.engine = Watchful()
        yield stage


def later(github: GitHubStage) -> None:
    """An hour later everything has settled."""
    github.now += 3600.0
    github.hub.world.now = max(github.hub.world.now, github.now)
    report = github.sweep()
    assert report.exit_code == 0, report.error


def comments(github: GitHubStage, pull: Pull) -> list[ReviewComment]:
    """Our comments on lines, oldest first."""
    every = github.hub.world.tables.review_comments.values()
    ours = (one for one in every if one.author_id == github.bot.id and one.pull_id == pull.id)
    return sorted(ours, key=lambda one: one.id)


def test_a_push_without_anything_new_edits_the_newest_review(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    assert len(comments(github, pull)) == 2
    pull = github.hub.world.push(pull, {"b.py": "y = 2\n"})
    later(github)
    (review,) = github.posted(pull)
    assert f"Also checked at `{pull.head_sha[:7]}`: nothing new." in review.body
    assert len(comments(github, pull)) == 2
    asked = len(github.engine_asked())
    later(github)
    assert len(github.engine_asked()) == asked


def test_only_what_is_new_is_said(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.push(pull, {"a.py": text(_10="ten", _40="forty", _50="fifty")})
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    first, second = github.posted(pull)
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


def outcomes(github: GitHubStage) -> dict[str, Outcome]:
    """The newest outcome of each finding by its quoted line."""
    with closing(sqlite3.connect(github.ledger_path)) as ledger:
        rows = ledger.execute(
            "SELECT quote, outcome FROM outcomes JOIN findings ON findings.id = finding_id"
            " ORDER BY outcomes.id"
        ).fetchall()
    return {quote: Outcome(outcome) for quote, outcome in rows}


def thread_of(github: GitHubStage, comment: ReviewComment) -> Thread:
    return github.hub.world.tables.threads[comment.id]


def test_what_a_person_declined_is_not_raised_again(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ada = github.hub.world.account("ada")
    github.hub.world.grant(github.shop, ada, "write")
    ten, _ = comments(github, pull)
    talk.answer(github.hub.world, thread_of(github, ten), ada, "This is by design, won't fix.")
    later(github)
    assert outcomes(github) == {"ten": Outcome.DISMISSED}
    pull = github.hub.world.push(pull, {"a.py": text(_9="nine", _10="ten", _40="forty")})
    later(github)
    assert len(comments(github, pull)) == 2
