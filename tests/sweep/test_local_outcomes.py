"""What becomes of findings in a local repository, where nobody can answer."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.fakes.engine import ScriptedEngine, found
from tests.fakes.stage import Stage


def test_a_branch_that_is_merged_as_it_was_leaves_its_finding_unresolved(stage: Stage) -> None:
    repo = stage.repo()
    repo.commit({"a.py": "a = 2\n"}, branch="pull")
    stage.engine = ScriptedEngine(lambda request: {"findings": [found("a.py", 1, "a = 2")]})
    assert stage.sweep().counts.posted == 1
    repo.git("update-ref", "refs/heads/main", repo.tip("pull"))
    stage.now += 3600.0
    stage.sweep()
    with closing(sqlite3.connect(stage.ledger_path)) as ledger:
        assert ledger.execute("SELECT outcome FROM outcomes").fetchall() == [("merged unresolved",)]


def test_a_finding_that_a_later_push_mends_is_noted_as_fixed(stage: Stage) -> None:
    repo = stage.repo()
    repo.commit({"a.py": "a = 2\n"}, branch="pull")
    stage.engine = ScriptedEngine(lambda request: {"findings": [found("a.py", 1, "a = 2")]})
    assert stage.sweep().counts.posted == 1
    repo.commit({"a.py": "a = 3\n"}, branch="pull")
    stage.engine = ScriptedEngine()
    stage.now += 3600.0
    stage.sweep()
    with closing(sqlite3.connect(stage.ledger_path)) as ledger:
        assert ledger.execute("SELECT outcome FROM outcomes").fetchall() == [("fixed",)]
