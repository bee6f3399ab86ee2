"""A fake GitHub in a process of its own, so that its work is not counted as ours."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from benchmarks.ground import watch
from reviewer_cli.core.models import Head
from reviewer_cli.hosts.github.accounts import TokenAccount
from reviewer_cli.hosts.github.connection import Server
from reviewer_cli.hosts.github.host import GitHub
from reviewer_cli.hosts.github.selection import SelectionRules
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import rested
from reviewer_cli.sweep.listening import THUMBS_TOGETHER
from reviewer_cli.sweep.plan import Plan
from tests.fakes.github import spec
from tests.fakes.github.bulk import move, populate
from tests.fakes.github.graphql_api import GraphQL
from tests.fakes.github.messages import Request, Response
from tests.fakes.github.server import FakeGitHub

REPOSITORIES, PULLS, LATENCY_S = 1_000, 10, 0.1
ROOT = Path(__file__).parent.parent
OLD, NEW = {"a.py": "a = 1\n"}, {"a.py": "a = eval(input())\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server with 1,000 repositories of acme and ten open pull requests in each."""

    api_url: str
    origin: str
    token: str
    pipe: Pipe

    def counted(self) -> dict[str, float]:
        """Requests by kind and points since the last time."""
        self.pipe.send("count")
        told: dict[str, float] = self.pipe.recv()
        return told

    def push(self, every: int) -> None:
        """A new head for one pull request of every so many."""
        self.pipe.send(every)
        self.pipe.recv()

    def host(self) -> GitHub:
        """As wiring builds it, without the pause between writes, which is not ours to measure."""
        server = Server(api_url=self.api_url, web_url=self.origin, writes_apart_s=0.0)
        account = TokenAccount(server, self.token, longest_wait_s=0.0)
        return GitHub(
            server,
            reading=account,
            posting=account,
            rules=SelectionRules(),
            marker_secret=None,
            check_run=False,
        )

    def plan(self) -> Plan:
        """Everything that acme owns."""
        name = self.origin.removeprefix("http://")
        return Plan(selectors={name: ("acme/*",)}, batch_size=8, limit=REPOSITORIES)

    def learned(self, place: Path) -> None:
        """Enter all heads into a new ledger as posted; posting 10,000 would take hours.

        Their pull requests were heard of since they changed, but so long ago that each tick asks
        about as many as it may for thumbs. The server is asked about the first of them here.
        """
        plan = self.plan()
        with closing(self.host()) as host, closing(Ledger(place / "ledger.db")) as ledger:
            polled = host.open_tips(host.repositories(["acme/*"]))
            heads = [
                Head(
                    key=tip.key,
                    head_ref=tip.head_ref,
                    base_ref=tip.base_ref,
                    base_sha=tip.base_sha,
                    version=tip.version,
                    posted="1",
                )
                for one in polled
                for tip in one.tips
            ]
            assert len(heads) == REPOSITORIES * PULLS
            ledger.admit([(head, None) for head in heads], plan.rules_hash, 1.0)
            watch(ledger, [tip for one in polled for tip in one.tips], 1.0)
            repos = {(head.key.host, head.key.repo) for head in heads}
            asked = rested(ledger.store, repos, time.time(), THUMBS_TOGETHER)
            assert len(host.conversations([one.key for one in asked])) == THUMBS_TOGETHER
        self.counted()

    def tick(self, place: Path) -> dict[str, float]:
        """One sweep in a process of its own: its seconds, bytes of memory, and what it posted."""
        command = [sys.executable, "-m", "benchmarks.github_tick", str(place)]
        told = {"api_url": self.api_url, "origin": self.origin, "token": self.token}
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(told).encode(), capture_output=True, check=True
        )
        measured: dict[str, float] = json.loads(done.stdout)
        return measured


@contextmanager
def served(place: Path) -> Iterator[Served]:
    """A server that takes 100 ms for each answer; what it was asked before costs it no work."""
    spec.read(spec.GRAPHQL)  # says here how to get it, where it is missing
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(place, theirs), daemon=True)
    process.start()
    theirs.close()  # so that a server that dies is an end of file and no endless wait
    try:
        yield Served(pipe=ours, **ours.recv())
    finally:
        with suppress(BrokenPipeError):
            ours.send("end")
        process.join()


class Remembering:
    """Answers a repeated query with the bytes of its first answer until `forget`.

    Executing GraphQL takes the fake up to a second of the processor that the measured tick runs
    on; GitHub does that on its own machines.
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql
        self._answers: dict[bytes, Response] = {}

    def answer(self, request: Request) -> Response:
        """As `GraphQL.answer`; the points left, which are part of it, are those of the first."""
        if request.body not in self._answers:
            self._answers[request.body] = self._graphql.answer(request)
        return self._answers[request.body]

    def forget(self) -> None:
        """The world has changed."""
        self._answers.clear()


def _serve(place: Path, pipe: Any) -> None:
    """Run in the server's process."""
    with FakeGitHub(place / "hub", latency_s=LATENCY_S) as hub:
        hub.graphql = remembering = Remembering(hub.graphql)  # type: ignore[assignment]
        pulls = populate(hub.world, "acme", repos=REPOSITORIES, pulls=PULLS, files=OLD)
        owner = hub.world.account("acme")
        bot = hub.world.account("sweeper")
        rights = {"pull_requests": "write", "contents": "read"}
        token = hub.tokens.fine_grained(bot, owner, **rights)
        pipe.send({"api_url": hub.api_url, "origin": hub.origin, "token": token})
        while (asked := pipe.recv()) != "end":
            if isinstance(asked, int):
                move(hub.world, pulls[::asked], NEW)
                remembering.forget()
                pipe.send(None)
                continue
            counters = hub.counters
            pipe.send(
                {
                    "requests": counters.requests,
                    "rest": counters.rest,
                    "graphql": counters.graphql,
                    "git": counters.git,
                    "points": counters.points,
                }
            )
            hub.log.clear()
