"""A pull request over several rounds, and the people who talk about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import Outcome
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.sweep.report import Report
from tests.fakes.engine import found
from tests.fakes.github import talk
from tests.fakes.github.rows import Account, Pull, ReviewComment, Thread
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


def wait(github: GitHubStage, seconds: float) -> None:
    """Time passes here and there."""
    github.now += seconds
    github.hub.world.now = max(github.hub.world.now, github.now)


def later(github: GitHubStage, seconds: float = 3600.0, **plan: object) -> Report:
    """A sweep some time later, an hour if not told otherwise, that goes well."""
    wait(github, seconds)
    report = github.sweep(**plan)
    assert report.exit_code == 0, report.error
    return report


def comments(github: GitHubStage, pull: Pull) -> list[ReviewComment]:
    """Our comments on lines, oldest first."""
    every = github.hub.world.tables.review_comments.values()
    ours = (one for one in every if one.author_id == github.bot.id and one.pull_id == pull.id)
    return sorted(ours, key=lambda one: one.id)


def outcomes(github: GitHubStage) -> dict[str, Outcome]:
    """The newest outcome of each finding by its quoted line."""
    with closing(sqlite3.connect(github.ledger_path)) as ledger:
        rows = ledger.execute(
            "SELECT quote, outcome FROM outcomes JOIN findings ON findings.id = finding_id"
            " ORDER BY outcomes.id"
        ).fetchall()
    return {quote: Outcome(outcome) for quote, outcome in rows}


def dispositions(github: GitHubStage, pull: Pull) -> dict[str, str]:
    """What was made of each finding about a pull request's present head, by its quoted line."""
    with closing(sqlite3.connect(github.ledger_path)) as ledger:
        return dict(
            ledger.execute(
                "SELECT quote, disposition FROM findings JOIN heads ON heads.id = head_id"
                " WHERE head_sha = ?",
                (pull.head_sha,),
            ).fetchall()
        )


def thread_of(github: GitHubStage, comment: ReviewComment) -> Thread:
    """The thread that a comment opened."""
    return github.hub.world.tables.threads[comment.id]


def writer(github: GitHubStage, name: str = "ada") -> Account:
    """A person who may push."""
    account = github.hub.world.account(name)
    github.hub.world.grant(github.shop, account, "write")
    return account


def stranger(github: GitHubStage, name: str = "eve") -> Account:
    """A person who may only read."""
    account = github.hub.world.account(name)
    github.hub.world.grant(github.shop, account, "read")
    return account


def answer(github: GitHubStage, comment: ReviewComment, who: Account, body: str) -> None:
    """An answer to a comment of ours."""
    talk.answer(github.hub.world, thread_of(github, comment), who, body)


def say(github: GitHubStage, pull: Pull, who: Account, body: str) -> None:
    """A comment on the pull request."""
    github.hub.world.comment(pull, who, body)


def commands(github: GitHubStage) -> list[tuple[str, str]]:
    """The author and the answer of each command that was read."""
    with closing(sqlite3.connect(github.ledger_path)) as ledger:
        return ledger.execute("SELECT author, answer FROM commands ORDER BY id").fetchall()


def eyes(github: GitHubStage) -> int:
    """How many comments have our eyes under them."""
    reactions = github.hub.world.tables.reactions.values()
    return sum(one.content == "EYES" for one in reactions)


def asked(github: GitHubStage) -> int:
    """How often the engine was asked."""
    return len(github.engine_asked())
