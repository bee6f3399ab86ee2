"""A whole installation in a temporary directory: real ledger, real git, a clock that tests turn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reviewer_cli.core.models import State
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import Records
from reviewer_cli.ledger.views import HeadHistory, HeadRecord
from reviewer_cli.ports.engine import Engine
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.report import Report
from reviewer_cli.sweep.tick import tick
from reviewer_cli.sweep.workshop import Workshop
from reviewer_cli.telemetry import Event
from tests.building import Repo
from tests.fakes.engine import ScriptedEngine

START = 1_800_000_000.0


@dataclass
class Stage:
    """`sweep()` runs one tick over `repos`; `now` moves only when a test or a sleep moves it."""

    root: Path
    engine: Engine = field(default_factory=ScriptedEngine)
    evidence: Engine | None = None
    plan: Plan = field(default_factory=lambda: Plan(selectors={}))
    now: float = START
    chance: float = 0.5
    events: list[Event] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    repos: list[Repo] = field(default_factory=list)
    host: CodeHost | None = None
    more_hosts: dict[str, CodeHost] = field(default_factory=dict)

    def repo(self, name: str = "repo") -> Repo:
        """A repository with one commit on main that every sweep looks at."""
        made = Repo(self.root / name)
        made.commit({"a.py": "a = 1\n"}, branch="main")
        self.repos.append(made)
        return made

    @property
    def ledger_path(self) -> Path:
        """The ledger file of every sweep."""
        return self.root / "ledger.db"

    def doors(self, ledger: Ledger, plan: Plan) -> Doors:
        """What the next sweep acts through."""
        return Doors(
            hosts={"local": self.host or LocalGit(self.root / "reviews"), **self.more_hosts},
            engine=self.engine,
            evidence=self.evidence,
            ledger=ledger,
            workshop=Workshop(self.root / "cache", plan.limits, batch_size=plan.batch_size),
            clock=lambda: self.now,
            elapsed=lambda: self.now,
            chance=lambda: self.chance,
            sleep=self._sleep,
            observe=self.events.append,
        )

    def sweep(self, **changes: Any) -> Report:
        """One whole sweep with a freshly opened ledger, as a new process would run it."""
        return asyncio.run(self.sweep_async(**changes))

    async def sweep_async(self, **changes: Any) -> Report:
        """The same inside a running loop."""
        selectors = {"local": tuple(str(repo.path) for repo in self.repos)}
        plan = replace(self.plan, **{"selectors": selectors, **changes})
        ledger = Ledger(self.ledger_path)
        try:
            return await tick(self.doors(ledger, plan), plan)
        finally:
            ledger.close()

    def rows(self) -> list[HeadRecord]:
        """Every head in the ledger, newest change first."""
        records = Records(self.ledger_path)
        try:
            return list(records.heads(None, None, 10_000))
        finally:
            records.close()

    def states(self) -> dict[str, State]:
        """The state of each pull request's newest head."""
        return {row.key.pull: row.state for row in sorted(self.rows(), key=lambda row: row.head_id)}

    def history(self, pull: str) -> HeadHistory:
        """All that is known of a pull request's newest head."""
        records = Records(self.ledger_path)
        try:
            return records.history(records.find(pull)[0])
        finally:
            records.close()

    async def _sleep(self, seconds: float) -> None:
        """Time passes on the stage's clock only."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
