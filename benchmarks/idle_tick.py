"""A tick over 1,000 open branches with nothing new, over one `git for-each-ref`.

The tick runs in this process and includes opening and closing the ledger. That knows all 1,000
heads as posted and watches their pull requests, each of which was heard of a moment ago: the tick
has none to ask about. The other side is `git for-each-ref` as a process on the same repository, its
references packed. The sides take turns 21 times; medians.
"""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from benchmarks.bar import Figure, Must, part, ratio, taking_turns
from benchmarks.ground import doors, repository, sweep, watch
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import Poll, due, enter, poll
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


async def _entered(opened: Doors, plan: Plan) -> Poll:
    polled = await poll(opened, plan)
    await enter(opened, plan, polled, Tally(opened.observe))
    return polled


def stage(place: Path) -> tuple[Repo, Plan]:
    """A repository whose 1,000 branches the ledger knows as posted and watches, and its plan."""
    repo = repository(place / "repo", branches=BRANCHES, files=50)
    plan = Plan(selectors={"local": (str(repo.path),)}, limit=BRANCHES)
    with doors(place, plan, ScriptedEngine()) as opened:
        polled = asyncio.run(_entered(opened, plan))
        assert len(due(opened, plan, polled)) == BRANCHES
        with opened.ledger.store.transaction():
            # Reviews are not measured here, and posting 1,000 of them takes a minute.
            opened.ledger.store.db.execute(
                "UPDATE heads SET state = 'posted', posted_at = ?", (opened.clock(),)
            )
        watch(opened.ledger, polled.tips, opened.clock())
    return repo, plan
