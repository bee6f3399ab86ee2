"""Two ledgers that post as one account: each says so once it finds what the other posted."""

from __future__ import annotations

import logging
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.health import Health
from reviewer_cli.core.models import HeadKey, State
from reviewer_cli.doctor.state import ledger as look
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.sweep.poll import reviews_of
from tests.building import Repo
from tests.fakes.stage import Stage

DAY_S = 86_400.0


@pytest.fixture
def repo(stage: Stage) -> Repo:
    """One branch to review."""
    made = stage.repo()
    made.commit({"a.py": "b = 1\n"}, branch="one", start="main")
    return made


def put_aside(stage: Stage) -> Path:
    """Where another ledger of the same account keeps its file."""
    other = stage.root / "other.db"
    stage.ledger_path.rename(other)
    return other


def signs(stage: Stage) -> list[str]:
    return [
        one.said
        for one in look(stage.ledger_path, stage.now)
        if (one.subject, one.health) == ("second ledger", Health.AMBER)
    ]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    caplog.clear()
    return [one for one in said if "that this ledger did not post" in one]


def with_two_ledgers(stage: Stage, repo: Repo) -> None:
    """This ledger and another one have both seen the repository, then the other posts first."""
    stage.sweep()
    other = put_aside(stage)
    stage.now += 60
    stage.sweep()
    ours = stage.ledger_path.rename(stage.root / "ours.db")
    other.rename(stage.ledger_path)
    repo.commit({"a.py": "c = 1\n"}, branch="two", start="main")
    stage.now += 60
    assert stage.sweep().counts.posted == 1
    put_aside(stage)
    ours.rename(stage.ledger_path)
    stage.now += 60


def test_a_review_that_another_ledger_posted_is_found_warned_of_and_amber(
    stage: Stage, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    with_two_ledgers(stage, repo)
    assert warnings(caplog) == []
    assert signs(stage) == []
    assert stage.sweep().counts.posted == 0
    (warned,) = warnings(caplog)
    assert "repo@two that this ledger did not post: another ledger is in use" in warned
    (said,) = signs(stage)
    assert "in the last week: 1, the newest of " in said
    assert said.endswith("repo@two")
    assert stage.states() == {"one": State.POSTED, "two": State.POSTED}


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        (1, "There is a review by our account of octo/repo#1"),
        (2, "There are reviews by our account of octo/repo#1 and another head"),
        (3, "There are reviews by our account of octo/repo#1 and 2 more heads"),
    ],
)
def test_one_review_and_many_are_spoken_of(heads: int, said: str) -> None:
    keys = [
        HeadKey("github.com", "octo/repo", str(number + 1), "0" * 40) for number in range(heads)
    ]
    assert reviews_of(keys) == said


def test_it_is_said_once_and_forgotten_in_a_week(
    stage: Stage, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    with_two_ledgers(stage, repo)
    stage.sweep()
    assert warnings(caplog)
    stage.now += 1
    stage.sweep()
    assert warnings(caplog) == []
    stage.now += 8 * DAY_S
    assert signs(stage) == []


def test_a_new_ledger_that_finds_its_predecessors_reviews_is_none(
    stage: Stage, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    stage.sweep()
    stage.ledger_path.unlink()
    for _ in range(2):
        stage.now += 60
        stage.sweep()
    assert stage.states() == {"one": State.POSTED}
    assert (warnings(caplog), signs(stage)) == ([], [])


@pytest.mark.parametrize("ended", ["NULL, exit_code = NULL", "started_at, exit_code = 143"])
def test_a_first_sweep_that_was_killed_halfway_is_none(
    stage: Stage, repo: Repo, ended: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What it had no time to find is found by the next."""
    repo.commit({"a.py": "c = 1\n"}, branch="two", start="main")
    stage.sweep()
    stage.ledger_path.unlink()
    stage.now += 60
    tip = repo.git("rev-parse", "two").strip()
    repo.git("update-ref", "-d", "refs/heads/two")
    stage.sweep()
    with closing(Ledger(stage.ledger_path)) as ledger, ledger.store.transaction():
        ledger.store.db.execute(f"UPDATE sweeps SET ended_at = {ended}")  # noqa: S608
    repo.git("update-ref", "refs/heads/two", tip)
    stage.now += 60
    stage.sweep()
    assert stage.states() == {"one": State.POSTED, "two": State.POSTED}
    assert (warnings(caplog), signs(stage)) == ([], [])


def test_a_repository_that_is_added_with_its_reviews_is_none(
    stage: Stage, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    stage.sweep()
    put_aside(stage)
    added = stage.repos.pop()
    stage.repo("another").commit({"a.py": "c = 1\n"}, branch="two", start="main")
    stage.now += 60
    stage.sweep()
    stage.repos.append(added)
    stage.now += 60
    stage.sweep()
    assert stage.states() == {"one": State.POSTED, "two": State.POSTED}
    assert (warnings(caplog), signs(stage)) == ([], [])


def test_an_older_copy_that_was_put_back_is_said_as_well(
    stage: Stage, repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    stage.sweep()
    copy = stage.root / "copy.db"
    shutil.copy(stage.ledger_path, copy)
    repo.commit({"a.py": "c = 1\n"}, branch="two", start="main")
    stage.now += 60
    stage.sweep()
    copy.replace(stage.ledger_path)
    stage.now += 60
    stage.sweep()
    (warned,) = warnings(caplog)
    assert "an older copy of this one was put back" in warned
    with reading(stage.ledger_path) as records:
        assert [key.pull for key in records.posted_elsewhere(0.0)] == ["two"]
