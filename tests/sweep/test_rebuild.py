"""A ledger that is lost or old learns from the hosts what has been reviewed already."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import closing

from reviewer_cli.core.models import Head, State, Tip
from reviewer_cli.errors import HeadError
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.sweep.plan import Plan
from reviewer_cli.sweep.rebuild import Rebuilt, rebuild
from tests.fakes.stage import Stage


def rebuilt(stage: Stage) -> Rebuilt:
    plan = Plan(selectors={"local": tuple(str(repo.path) for repo in stage.repos)})
    with closing(Ledger(stage.ledger_path)) as ledger:
        return asyncio.run(rebuild(stage.doors(ledger, plan), plan))


def test_a_lost_ledger_is_restored_without_a_review(stage: Stage) -> None:
    repo = stage.repo()
    for name in ("one", "two"):
        repo.commit({"a.py": f"b = '{name}'\n"}, branch=name, start="main")
    stage.sweep()
    repo.commit({"a.py": "c = 3\n"}, branch="three", start="main")
    stage.ledger_path.unlink()
    asked = len(stage.engine.asked)  # type: ignore[attr-defined]
    found = rebuilt(stage)
    assert ({key.pull for key in found.found}, found.open_heads) == ({"one", "two"}, 3)
    assert stage.states() == {"one": State.POSTED, "two": State.POSTED}
    assert len(stage.engine.asked) == asked  # type: ignore[attr-defined]
    assert rebuilt(stage).found == (), "what is known is not found again"
    assert stage.sweep().counts.posted == 1


def test_an_old_copy_that_still_waits_for_a_posted_head_learns_of_it(stage: Stage) -> None:
    repo = stage.repo()
    for name in ("one", "two"):
        repo.commit({"a.py": f"b = '{name}'\n"}, branch=name, start="main")
    stage.sweep(limit=1)
    copy = stage.root / "copy"
    shutil.copy(stage.ledger_path, copy)
    stage.sweep()
    copy.replace(stage.ledger_path)
    assert len(rebuilt(stage).found) == 1
    assert set(stage.states().values()) == {State.POSTED}
    assert stage.sweep().is_quiet


class PartlyMute(LocalGit):
    """A repository named broken tells no details."""

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        if any(tip.key.repo.endswith("broken") for tip in tips):
            raise HeadError("its commits cannot be read")
        return super().describe(tips)


def test_a_repository_that_fails_is_named_and_the_others_are_restored(stage: Stage) -> None:
    for name in ("broken", "whole"):
        stage.repo(name).commit({"a.py": "b = 1\n"}, branch="topic", start="main")
    stage.sweep()
    stage.ledger_path.unlink()
    stage.host = PartlyMute(stage.root / "reviews")
    found = rebuilt(stage)
    assert len(found.found) == 1
    assert [one.repo.endswith("broken") for one in found.failures] == [True]
