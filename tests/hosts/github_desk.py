"""Whole sweeps over the fake GitHub: the real host, ledger and git; only the engine is scripted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reviewer_cli.core.marker import MARKER, with_markers_apart
from reviewer_cli.hosts.github.accounts import Accounts, TokenAccount
from reviewer_cli.hosts.github.connection import Server
from reviewer_cli.hosts.github.host import GitHub
from reviewer_cli.hosts.github.selection import SelectionRules
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.report import Report
from reviewer_cli.sweep.tick import tick
from reviewer_cli.sweep.workshop import Workshop
from reviewer_cli.telemetry import Event
from tests.fakes.engine import ScriptedEngine
from tests.fakes.github.server import FakeGitHub

RIGHTS = {"pull_requests": "write", "contents": "read"}


@dataclass
class Desk:
    """`sweep(selector, …)` is one tick of an installation below `root` with the bot's token."""

    hub: FakeGitHub
    root: Path
    token: str = ""
    accounts: Callable[[Server], Accounts] | None = None
    posting: Callable[[Server], Accounts] | None = None
    rules: SelectionRules = field(default_factory=SelectionRules)
    patience_s: float = 0.0
    strict_scopes: bool = True
    engine: ScriptedEngine = field(default_factory=ScriptedEngine)
    events: list[Event] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)

    @property
    def server(self) -> Server:
        """Without the pause between writes."""
        return Server(
            api_url=self.hub.api_url,
            web_url=self.hub.origin,
            timeout_s=20,
            writes_apart_s=0.0,
            lists_lag_s=0.0,
        )

    def account(self, token: str) -> Accounts:
        """A token's connection."""
        return TokenAccount(self.server, token, longest_wait_s=self.patience_s)

    def host(self) -> GitHub:
        """As wiring builds it."""
        reading = self.accounts(self.server) if self.accounts else self.account(self.token)
        return GitHub(
            self.server,
            reading=reading,
            posting=self.posting(self.server) if self.posting else reading,
            rules=self.rules,
            marker_secret=b"secret",
            check_run=False,
            strict_scopes=self.strict_scopes,
        )

    def doors(self, host: GitHub, ledger: Ledger, plan: Plan) -> Doors:
        """Everything a sweep acts through."""
        return Doors(
            hosts={host.name: host},
            engine=self.engine,
            evidence=None,
            ledger=ledger,
            workshop=Workshop(self.root / "cache", plan.limits, batch_size=plan.batch_size),
            clock=time.time,
            chance=lambda: 0.5,
            sleep=asyncio.sleep,
            observe=self.events.append,
        )

    def planned(self, *selectors: str) -> Plan:
        """The plan of a sweep over these."""
        return Plan(selectors={self.server.name: selectors}, **{"limit": 10_000, **self.plan})

    def sweep(self, *selectors: str) -> Report:
        """One whole sweep with a freshly opened ledger and new connections."""
        plan = self.planned(*selectors)
        with closing(self.host()) as host, closing(Ledger(self.root / "ledger.db")) as ledger:
            return asyncio.run(tick(self.doors(host, ledger, plan), plan))

    def reviews(self) -> Counter[tuple[int, str]]:
        """How many submitted reviews name each (pull request's id, SHA), one or several each."""
        rows = self.hub.world.tables.reviews.values()
        return Counter(
            (one.pull_id, found[1])
            for one in rows
            if one.state != "PENDING"
            for found in map(MARKER.fullmatch, with_markers_apart(one.body)[1])
            if found is not None
        )


def bots_token(hub: FakeGitHub, owner: str = "acme", **rights: str) -> str:
    """A fine-grained token of the account `sweeper` for one owner."""
    world = hub.world
    bot = world.account("sweeper")
    account = world.account(owner, "Organization")
    return hub.tokens.fine_grained(bot, account, **{**RIGHTS, **rights})
