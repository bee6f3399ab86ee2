"""What a sweep promises for every head, whatever one of them does: none lost, none in the way."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.models import Head, State, Tip
from reviewer_cli.errors import (
    HeadError,
    HeadRejected,
    InvalidReply,
    LedgerUnwritable,
    RepositoryUnusable,
)
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.ports.engine import Pass, ReviewRequest
from reviewer_cli.ports.host import Remote
from reviewer_cli.sweep.workshop import Prepared, Workshop
from tests.fakes.engine import ScriptedEngine, found
from tests.fakes.host import reviews_on
from tests.fakes.stage import Stage

AN_HOUR = 3600.0


def with_branches(stage: Stage, *names: str) -> None:
    repo = stage.repo()
    for name in names:
        repo.commit({"a.py": f"a = 1\nb = '{name}'\n"}, branch=name, start="main")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RuntimeError("a defect in reading a strange diff"), State.DUE),
        (OSError(28, "No space left on device"), State.DUE),
        (RecursionError(), State.DUE),
        (RepositoryUnusable("it cannot be fetched"), State.DUE),
        (HeadError("the connection broke"), State.DUE),
        (HeadRejected("nobody can read it"), State.DEAD),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_a_head_that_cannot_be_prepared_does_not_disturb_the_others(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception, state: State
) -> None:
    with_branches(stage, "one", "strange", "three")
    real = Workshop.prepare

    def prepare(self: Workshop, head: Head, remote: Remote, *before: Any) -> Prepared:
        if head.key.pull == "strange":
            raise error
        return real(self, head, remote, *before)

    monkeypatch.setattr(Workshop, "prepare", prepare)
    report = stage.sweep()
    assert stage.states() == {"one": State.POSTED, "strange": state, "three": State.POSTED}
    assert (report.exit_code, report.error) == (3, None)


class PartlyMute(LocalGit):
    """Whoever asks for the details of heads in a repository named broken gets none at all."""

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        if any(tip.key.repo.endswith("broken") for tip in tips):
            raise HeadError("its commits cannot be read")
        return super().describe(tips)


def test_a_repository_whose_heads_cannot_be_described_does_not_disturb_the_others(
    stage: Stage,
) -> None:
    with_branches(stage, "one")
    broken = stage.repo("broken")
    broken.commit({"a.py": "a = 2\n"}, branch="two", start="main")
    stage.host = PartlyMute(stage.root / "reviews")
    report = stage.sweep()
    assert stage.states() == {"one": State.POSTED}
    assert [one.repo for one in report.failures] == [str(broken.path)]
    assert report.exit_code == 3
    stage.host = None
    assert stage.sweep().exit_code == 0
    assert stage.states() == {"one": State.POSTED, "two": State.POSTED}


def test_a_checkout_is_given_back_when_the_row_cannot_be_claimed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_branches(stage, "one")
    closed: list[Prepared] = []
    real = Prepared.close

    def close(self: Prepared) -> None:
        closed.append(self)
        real(self)

    def claim(*_: object) -> Lease:
        raise LedgerUnwritable("the disk is full")

    monkeypatch.setattr(Prepared, "close", close)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "claim", claim)
        assert isinstance(stage.sweep().error, LedgerUnwritable)
    assert len(closed) == 1
    assert stage.sweep().counts.posted == 1


def test_an_engine_that_stumbles_at_random_loses_no_head(stage: Stage) -> None:
    names = [f"branch-{number}" for number in range(12)]
    with_branches(stage, *names)
    dice = random.Random(7)  # noqa: S311 - the same story each time

    def answer(request: ReviewRequest) -> object:
        return dice.choice(
            [
                {"findings": []},
                {"findings": [found("a.py", 2, "no such line")]},
                {"findings": "none"},
                HeadError("overloaded"),
                RuntimeError("a defect"),
                HeadRejected("too large"),
            ]
        )

    engine = stage.engine = ScriptedEngine(answer)
    for _ in range(6):
        stage.sweep(batch_size=3)
        assert stage.states().keys() == set(names)
        for row in stage.rows():
            assert row.state in (State.POSTED, State.DUE, State.DEAD)
            assert row.state is not State.DUE or row.next_due_at > stage.now
            assert row.state is not State.DEAD or row.reason
        assert engine.peak <= 3
        stage.now += 24 * AN_HOUR
    assert set(stage.states().values()) == {State.POSTED, State.DEAD}
    for row in stage.rows():
        assert reviews_on(stage.repos[0], row.key.sha) == (row.state is State.POSTED)


def test_more_heads_than_the_limit_come_in_later_sweeps_the_oldest_first(stage: Stage) -> None:
    names = [f"branch-{number}" for number in range(7)]
    with_branches(stage, *names)
    for posted in (3, 6, 7, 7):
        stage.sweep(limit=3)
        states = list(stage.states().values())
        assert states.count(State.POSTED) == posted
        assert states.count(State.DUE) == 7 - posted


def test_every_refused_answer_stays_on_the_bill(stage: Stage) -> None:
    with_branches(stage, "one")
    engine = stage.engine = ScriptedEngine(lambda request: {"findings": "none"})
    for _ in range(3):
        stage.sweep(max_attempts=3)
        stage.now += 24 * AN_HOUR
    assert stage.states() == {"one": State.DEAD}
    assert len(engine.asked) == len(stage.history("one").replies) == 3
    with reading(stage.ledger_path) as records:
        assert records.status(stage.now).usd_total == pytest.approx(3 * 0.25)
        assert [one.counts.usd for one in records.sweeps(3)] == [0.25] * 3


def test_a_paid_pass_is_not_paid_again_after_the_next_one_failed(stage: Stage) -> None:
    with_branches(stage, "one")
    failures = iter([InvalidReply("unreadable"), RuntimeError("a defect"), HeadError("broke")])

    def answer(request: ReviewRequest) -> object:
        if "verdicts" in request.brief.schema["properties"]:
            confirmed = {"number": 1, "verdict": "confirmed", "reason": "so"}
            return next(failures, {"verdicts": [confirmed]})
        return {"findings": [found("a.py", 2, "b = 'one'")]}

    engine = stage.engine = ScriptedEngine(answer, passes=(Pass.FIND, Pass.VERIFY))
    for _ in range(4):
        stage.sweep(max_attempts=9)
        stage.now += 24 * AN_HOUR
    assert stage.states() == {"one": State.POSTED}
    questions = ["verdicts" in one.brief.schema["properties"] for one in engine.asked]
    assert questions == [False, True, True, True, True]


@pytest.fixture
def git_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which a git of ours notes each call before it lets the real one do it."""
    folder, log = tmp_path / "bin", tmp_path / "git-calls"
    folder.mkdir()
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> {log}\nPATH=${{PATH#*:}} exec git "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def test_an_idle_sweep_asks_each_repository_once_and_nothing_else(
    stage: Stage, git_calls: Path
) -> None:
    with_branches(stage, "one", "two")
    other = stage.repo("other")
    other.commit({"a.py": "a = 3\n"}, branch="three", start="main")
    engine = stage.engine = ScriptedEngine()
    stage.sweep()
    assert len(git_calls.read_text().splitlines()) > 10, "the wrapper is in use"
    git_calls.unlink()
    cached = {path: path.stat().st_mtime_ns for path in (stage.root / "cache").rglob("*")}
    asked, checks = len(engine.asked), []
    engine.check = lambda: checks.append(1)  # type: ignore[method-assign]
    report = stage.sweep()
    calls = git_calls.read_text().splitlines()
    assert len(calls) == 2
    assert all("for-each-ref" in call for call in calls)
    assert (len(engine.asked), checks) == (asked, [1])
    assert cached == {path: path.stat().st_mtime_ns for path in (stage.root / "cache").rglob("*")}
    assert (report.counts.polled, report.is_quiet) == (3, True)
