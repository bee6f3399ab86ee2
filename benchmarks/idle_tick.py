"""A tick over 1,000 open branches with nothing new, over one `git for-each-ref`.

The tick runs in this process and includes opening and closing the ledger, which knows all 1,000
heads as posted. The other side is `git for-each-ref` as a process on the same repository, its
references packed. The sides take turns 21 times; medians.
"""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from benchmarks.bar import Figure, Must, part, ratio, taking_turns
from benchmarks.ground import doors, repository, sweep
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import poll, select
from reviewer_cli.sweep.report import Tally
from tests.building import ENVIRONMENT, Repo
from tests.fakes.engine import ScriptedEngine

BRANCHES, TIMES = 1_000, 21


def measure(place: Path) -> list[Figure]:
    """The bar on an idle tick."""
    repo, plan = stage(place)
    engine = ScriptedEngine()

    def idle() -> None:
        report = sweep(place, plan, engine)
        assert report.counts.polled == BRANCHES
        assert report.is_quiet

    def for_each_ref() -> None:
        listed = subprocess.run(
            ["git", "for-each-ref"], cwd=repo.path, env=ENVIRONMENT, check=True, capture_output=True
        )
        assert listed.stdout.count(b"\n") == BRANCHES + 1

    tick, listing = taking_turns(TIMES, idle, for_each_ref)
    return [
        Figure(
            bar="idle tick, 1,000 open branches: tick ÷ git for-each-ref",
            measured=ratio(tick, listing),
            must=Must.NOT_EXCEED,
            limit=5.0,
            parts=(part("tick", tick), part("for-each-ref", listing)),
        )
    ]


async def _entered(opened: Doors, plan: Plan) -> list[int]:
    return await select(opened, plan, await poll(opened, plan), Tally(opened.observe))


def stage(place: Path) -> tuple[Repo, Plan]:
    """A repository whose 1,000 branches the ledger knows as posted, and its plan."""
    repo = repository(place / "repo", branches=BRANCHES, files=50)
    plan = Plan(selectors={"local": (str(repo.path),)}, limit=BRANCHES)
    with doors(place, plan, ScriptedEngine()) as opened:
        due = asyncio.run(_entered(opened, plan))
        assert len(due) == BRANCHES
        with opened.ledger.store.transaction():
            # Reviews are not measured here, and posting 1,000 of them takes a minute.
            opened.ledger.store.db.execute(
                "UPDATE heads SET state = 'posted', posted_at = ?", (opened.clock(),)
            )
    return repo, plan
