"""What a sweep leaves in the ledger for a digest, and that it leaves nothing when it is idle."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Clean
from reviewer_cli.errors import ProviderWait
from tests.fakes.engine import ScriptedEngine
from tests.fakes.github import talk
from tests.fakes.github_stage import GitHubStage
from tests.fakes.stage import Stage
from tests.sweep.conversing import (
    answer,
    comments,
    github,
    later,
    say,
    thread_of,
    wait,
    writer,
)

__all__ = ["github"]

TABLES = ("told", "events", "ends", "signals")


def rows(stage: Stage, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(stage.ledger_path)) as ledger:
        return ledger.execute(query).fetchall()


def events(stage: Stage) -> list[tuple[Any, ...]]:
    """The kinds, words and subjects of what happened."""
    query = "SELECT kind, word, subject FROM events WHERE kind <> 'began' ORDER BY id"
    return [tuple(filter(None, row)) for row in rows(stage, query)]


def forms(stage: Stage) -> list[str]:
    return [row[0] for row in rows(stage, "SELECT form FROM told ORDER BY id")]


def test_each_review_is_told_as_what_people_saw_of_it(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    github.hub.world.push(pull, {"b.py": "y = 2\n"})
    later(github)
    merged = github.pull()
    github.hub.world.merge(merged)
    later(github, merged_s=7 * 86_400.0)
    assert forms(github) == ["review", "note", "silent"]
    times = rows(github, "SELECT merged_at IS NOT NULL, change, round FROM told ORDER BY id")
    assert times == [(0, "whole", 1), (0, "push", 2), (1, "whole", 1)]


def test_a_clean_review_that_keeps_quiet_is_silent(stage: Stage) -> None:
    stage.repo().commit({"a.py": "a = 2\n"}, branch="one", start="main")
    stage.sweep(clean=Clean.SILENT)
    assert forms(stage) == ["silent"]


def test_what_people_do_is_noted_once_for_each_finding(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, forty = comments(github, pull)
    ada, eve = writer(github), github.hub.world.account("eve")
    talk.react(github.hub.world, ten, ada, "THUMBS_UP")
    talk.react(github.hub.world, ten, eve, "THUMBS_DOWN")
    talk.react(github.hub.world, forty, github.bot, "THUMBS_UP")
    answer(github, forty, ada, "Why?")
    answer(github, forty, eve, "Nonsense.")
    answer(github, forty, github.bot, "We said more.")
    talk.resolve(github.hub.world, thread_of(github, ten), ada)
    say(github, pull, ada, "A word on no line.")
    later(github)
    query = "SELECT quote, kind, counts FROM signals JOIN findings ON findings.id = finding_id"
    expected = [
        ("ten", "up", 1),
        ("ten", "down", 0),
        ("forty", "reply", 1),
        ("forty", "reply", 0),
    ]
    assert rows(github, f"{query} ORDER BY signals.id") == expected
    answer(github, forty, ada, "Once more?")
    later(github, 7 * 3600.0)
    assert rows(github, f"{query} ORDER BY signals.id") == [*expected, ("forty", "reply", 1)]


def test_a_pull_request_that_ends_is_noted_with_its_end(github: GitHubStage) -> None:
    merged, closed = github.pull(), github.pull()
    later(github)
    merged_at = github.hub.world.merge(github.hub.world.fresh(merged)).merged_at
    github.hub.world.close(github.hub.world.fresh(closed))
    later(github)
    later(github)
    found = rows(github, "SELECT pull, state, head_sha FROM ends ORDER BY id")
    assert sorted(found) == [
        (str(merged.number), "merged", merged.head_sha),
        (str(closed.number), "closed", closed.head_sha),
    ]
    times = dict(rows(github, "SELECT state, ended_at FROM ends"))
    assert times["merged"] == merged_at
    assert {row[0] for row in rows(github, "SELECT noted_at FROM ends")} == {github.now - 3600.0}


@pytest.mark.parametrize(
    ("files", "expected"), [({}, 0), ({"REVIEW.md": "Names matter here.\n"}, 1)]
)
def test_a_review_tells_whether_the_base_branch_advised_it(
    stage: Stage, files: dict[str, str], expected: int
) -> None:
    repo = stage.repo()
    repo.commit({"c.py": "c = 1\n", **files}, branch="main")
    repo.commit({"a.py": "a = 2\n"}, branch="one", start="main")
    stage.sweep()
    assert rows(stage, "SELECT guided, over_limits FROM told") == [(expected, 0)]


def test_a_review_tells_how_many_files_it_had_no_room_for(stage: Stage) -> None:
    repo = stage.repo()
    changed = {f"f{number}.py": "x = 1\n" for number in range(5)} | {"poetry.lock": "x\n"}
    repo.commit(changed, branch="one", start="main")
    stage.sweep(limits=DiffLimits(max_files=2))
    assert rows(stage, "SELECT guided, over_limits FROM told") == [(0, 3)]


def test_a_sweep_tells_its_caps_and_what_it_took_up(stage: Stage) -> None:
    repo = stage.repo()
    for name in ("one", "two", "three"):
        repo.commit({"a.py": f"a = '{name}'\n"}, branch=name, start="main")
    stage.sweep(batch_size=2, limit=2, max_usd=1.5)
    stage.sweep(batch_size=3, limit=2, max_usd=1.5)
    assert rows(stage, "SELECT batch_size, head_limit, max_usd, due FROM sweeps ORDER BY id") == [
        (2, 2, 1.5, 2),
        (3, 2, 1.5, 1),
    ]


def test_a_sweep_that_had_to_wait_tells_for_whom_and_how_long(stage: Stage) -> None:
    stage.repo().commit({"a.py": "a = 2\n"}, branch="one", start="main")
    refusals = iter([ProviderWait("slow", retry_after=30.0), ProviderWait("slow", retry_after=9.0)])
    stage.engine = ScriptedEngine(lambda request: next(refusals, {"findings": []}))
    stage.sweep()
    assert events(stage) == [("paused", "engine scripted")]
    assert rows(stage, "SELECT seconds FROM events WHERE kind = 'paused'") == [(40.0,)]


def test_what_cannot_be_polled_is_told_once_for_each_sweep(stage: Stage) -> None:
    repo = stage.repo()
    (stage.root / "empty").mkdir()
    selectors = {"local": (str(stage.root / "empty"), str(repo.path))}
    for _ in range(2):
        stage.sweep(selectors=selectors)
    assert events(stage) == [("unpolled", str(stage.root / "empty"))] * 2


def test_an_idle_sweep_leaves_nothing_but_its_own_row(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    talk.react(github.hub.world, ten, writer(github), "THUMBS_UP")
    later(github, 7 * 3600.0)
    before = [rows(github, f"SELECT * FROM {table}") for table in TABLES]  # noqa: S608
    for seconds in (60.0, 7 * 3600.0):
        wait(github, seconds)
        github.sweep()
        assert [rows(github, f"SELECT * FROM {table}") for table in TABLES] == before  # noqa: S608
