"""What was merged is counted once a day where a digest wants it, and disturbs nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.host import GitHub
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ports.host import RepositoryPoll
from tests.fakes.github import faults
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage, two_remarks
from tests.fakes.stage import Stage

DAY_S = 86_400.0
GRAPHQL = "/graphql"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A stage with one repository."""
    with github_stage(tmp_path) as stage:
        yield stage


def rows(stage: Stage, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(stage.ledger_path)) as ledger:
        return ledger.execute(query).fetchall()


def ended(stage: Stage) -> list[tuple[Any, ...]]:
    return rows(stage, "SELECT pull, state FROM ends ORDER BY CAST(pull AS INTEGER), pull")


def counted(stage: Stage) -> list[str]:
    """The hosts that were asked, each as often as it was."""
    return [row[0] for row in rows(stage, "SELECT subject FROM events WHERE kind = 'counted'")]


def wait(github: GitHubStage, seconds: float) -> None:
    github.now += seconds
    github.hub.world.now = max(github.hub.world.now, github.now)


def questions(github: GitHubStage) -> int:
    """How often it was asked what was merged."""
    return sum(b"query Merged" in one.request_body for one in github.hub.log)


def test_nobody_asks_what_was_merged_unless_the_plan_says_so(github: GitHubStage) -> None:
    github.hub.world.merge(github.pull())
    assert github.sweep().exit_code == 0
    assert (questions(github), ended(github), counted(github)) == (0, [], [])


def test_all_that_was_merged_is_counted_reviewed_or_not(github: GitHubStage) -> None:
    seen, unseen, still_open, closed = (github.pull() for _ in range(4))
    github.hub.world.merge(unseen)
    github.sweep(count_merged=True)
    assert ended(github) == [(str(unseen.number), "merged")]
    github.hub.world.merge(github.hub.world.fresh(seen))
    github.hub.world.close(github.hub.world.fresh(closed))
    wait(github, DAY_S)
    assert github.sweep(count_merged=True).exit_code == 0
    assert ended(github) == [
        (str(seen.number), "merged"),
        (str(unseen.number), "merged"),
        (str(closed.number), "closed"),
    ]
    assert still_open.number not in [int(pull) for pull, _ in ended(github)]
    assert counted(github) == [github.server.name] * 2


def test_a_host_is_asked_once_a_day(github: GitHubStage) -> None:
    for hours in range(25):
        assert github.sweep(count_merged=True).exit_code == 0
        assert questions(github) == (1 if hours < 24 else 2)
        wait(github, 3600.0)
    assert counted(github) == [github.server.name] * 2


def test_an_idle_tick_of_the_same_day_asks_and_writes_nothing_more(github: GitHubStage) -> None:
    github.sweep(count_merged=True)
    wait(github, 3600.0)
    github.sweep(count_merged=True)
    before, asked = rows(github, "SELECT * FROM events"), len(github.hub.log)
    wait(github, 3600.0)
    github.sweep(count_merged=True)
    assert rows(github, "SELECT * FROM events") == before
    assert len(github.hub.log) - asked == 1, "the poll"


def test_what_was_merged_while_nobody_looked_is_counted_later(github: GitHubStage) -> None:
    github.sweep(count_merged=True)
    wait(github, 3 * DAY_S)
    pull = github.pull()
    github.hub.world.merge(pull)
    wait(github, 5 * DAY_S)
    github.sweep(count_merged=True)
    assert ended(github) == [(str(pull.number), "merged")]


def test_a_sweep_of_one_pull_request_counts_nothing(github: GitHubStage) -> None:
    pull = github.pull()
    github.sweep(count_merged=True, only_pull=str(pull.number))
    assert counted(github) == []


def test_a_host_that_cannot_tell_is_named_once_a_day_and_stops_nothing(
    github: GitHubStage,
) -> None:
    pull, merged = github.pull(), github.pull()
    github.hub.world.merge(merged)
    refused = faults.answer(403, {"message": "Resource not accessible"})
    trouble = github.trouble("POST", GRAPHQL, refused, "query Merged")
    report = github.sweep(count_merged=True)
    assert [one.repo for one in report.failures] == [github.shop.full_name]
    assert (report.exit_code, report.error, report.breakers) == (3, None, ())
    assert github.states() == {str(pull.number): State.POSTED}
    wait(github, 3600.0)
    assert github.sweep(count_merged=True).exit_code == 0
    assert (counted(github), trouble.met) == ([], 1)
    trouble.over()
    wait(github, 23 * 3600.0)
    assert github.sweep(count_merged=True).exit_code == 0
    assert counted(github) == [github.server.name]
    assert ended(github) == [(str(merged.number), "merged")]


@pytest.mark.parametrize("told_days", [0, 1], ids=["never told", "told once"])
def test_what_was_merged_while_one_repository_could_not_tell_is_counted_later(
    github: GitHubStage, monkeypatch: pytest.MonkeyPatch, told_days: int
) -> None:
    other = github.hub.world.repo("acme/other", {"a.py": "a = 1\n"})
    github.selector = "acme/*"
    lost: set[str] = set()
    tell = GitHub.merged_since

    def losing(host: GitHub, repos: Sequence[str], since: float) -> list[RepositoryPoll]:
        told = tell(host, repos, since)
        return [RepositoryPoll(repo=r.repo, error="gone") if r.repo in lost else r for r in told]

    monkeypatch.setattr(GitHub, "merged_since", losing)
    for day in range(told_days + 5):
        if day == told_days:
            lost.add(other.full_name)
            for repo in (other, github.shop):
                github.hub.world.merge(github.hub.world.pull(repo, {"b.py": "b = 1\n"}))
        github.sweep(count_merged=True)
        wait(github, DAY_S)
    found = "SELECT repo FROM ends ORDER BY repo"
    assert rows(github, found) == [(github.shop.full_name,)], "the others count all the same"
    assert len(counted(github)) == told_days
    lost.clear()
    assert github.sweep(count_merged=True).exit_code == 0
    assert rows(github, found) == [(other.full_name,), (github.shop.full_name,)]
    assert len(counted(github)) == told_days + 1


def test_what_is_merged_during_a_sweep_ends_once_its_findings_were_judged(
    github: GitHubStage,
) -> None:
    world, merged = github.hub.world, github.pull()
    github.sweep()
    world.push(merged, {"a.py": text(_10="eleven", _40="forty")})
    github.engine = CountingEngine(lambda request: world.merge(merged) and two_remarks(request))
    wait(github, DAY_S)
    github.sweep(count_merged=True)
    assert (len(counted(github)), ended(github)) == (1, [])
    wait(github, 3600.0)
    github.sweep(count_merged=True)
    query = "SELECT outcome FROM outcomes JOIN ends ON outcomes.noted_at <= ends.noted_at"
    assert ("merged unresolved",) in rows(github, query)


class Forgetful(LocalGit):
    """Cannot tell what was merged: of one repository, or of none."""

    lost = ""

    def merged_since(self, repos: Sequence[str], since: float) -> list[RepositoryPoll]:
        if not self.lost:
            raise HostUnavailable("it is down")
        told = super().merged_since([one for one in repos if one != self.lost], since)
        return [*told, RepositoryPoll(repo=self.lost, error="it is gone")]


def test_what_cannot_tell_is_named_and_the_others_count(stage: Stage) -> None:
    stage.repo("one").commit({"a.py": "a = 2\n"}, branch="open", start="main")
    lost = str(stage.repo("two").path)
    host = stage.host = Forgetful(stage.root / "reviews")
    report = stage.sweep(count_merged=True)
    assert [(one.repo, one.reason) for one in report.failures] == [("local", "it is down")]
    assert (report.exit_code, report.breakers) == (3, ())
    host.lost = lost
    stage.now += DAY_S
    report = stage.sweep(count_merged=True)
    assert [one.repo for one in report.failures] == [lost]
    assert (report.exit_code, counted(stage)) == (3, [])
    assert stage.sweep(count_merged=True).exit_code == 0, "it was asked today"
    unpolled = rows(stage, "SELECT subject FROM events WHERE kind = 'unpolled' ORDER BY id")
    assert unpolled == [("local",), (lost,)]
