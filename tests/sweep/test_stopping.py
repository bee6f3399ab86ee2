"""What ends at once when a sweep is asked to stop, since no drain could let it come to its end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import ProviderWait
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.ports.host import Remote
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.stopping import Stopping
from tests.fakes.engine import ScriptedEngine
from tests.fakes.stage import Stage

DRAIN_S = 30.0


class Real(Stage):
    """A stage with real time, whose sweep can be asked to stop."""

    opened: Doors

    def doors(self, ledger: Ledger, plan: Plan) -> Doors:
        """The same, kept for the test."""
        self.opened = replace(
            super().doors(ledger, plan), elapsed=time.monotonic, sleep=asyncio.sleep
        )
        return self.opened

    async def stopped(self, when: Callable[[], object], **changes: int) -> float:
        """Ask a sweep to stop as soon as `when` is true; how long it then took."""
        sweep = asyncio.create_task(self.sweep_async(**changes))
        while not when():
            assert not sweep.done(), await sweep
            await asyncio.sleep(0.005)
        asked = time.monotonic()
        self.opened.stopping.ask(DRAIN_S)
        with pytest.raises(asyncio.CancelledError):
            await sweep
        return time.monotonic() - asked


@pytest.fixture
def real(tmp_path: Path) -> Real:
    made = Real(tmp_path)
    repo = made.repo()
    for name in ("one", "two", "three"):
        repo.commit({f"{name}.py": "a = 2\n"}, branch=name, start="main")
    return made


def test_who_waits_for_the_provider_is_given_back_at_once(real: Real) -> None:
    real.engine = ScriptedEngine(lambda request: ProviderWait("slow down", retry_after=60.0))
    took = asyncio.run(real.stopped(lambda: "Paused" in repr(real.events)))
    assert took < 3.0
    assert {(row.state, row.attempts) for row in real.rows()} == {(State.DUE, 0)}


def test_a_fetch_that_hangs_is_ended_at_once(real: Real) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/o/r"

        class Silent(LocalGit):
            def remote(self, repo: str) -> Remote:
                return Remote(url=url)

        def is_asked() -> bool:
            silent.setblocking(False)
            try:
                held.append(silent.accept()[0])
            except BlockingIOError:
                return False
            return True

        held: list[socket.socket] = []
        real.host = Silent(real.root / "reviews")
        took = asyncio.run(real.stopped(is_asked))
        for one in held:
            one.close()
    assert took < 3.0
    assert {(row.state, row.attempts) for row in real.rows()} == {(State.DUE, 0)}


def test_the_reviews_in_work_end_and_none_is_begun(real: Real) -> None:
    """One is in review, one is ready or nearly so, and one has not been touched."""
    engine = ScriptedEngine(latency=lambda request: 0.3)
    real.engine = engine
    took = asyncio.run(real.stopped(lambda: engine.in_flight, batch_size=1))
    assert took < 3.0
    assert sorted(row.state for row in real.rows()) == [State.DUE, State.DUE, State.POSTED]
    assert len(engine.asked) == 1
    assert engine.cancelled == 0


def test_a_review_that_is_refused_while_it_drains_waits_for_nobody(real: Real) -> None:
    def answer(request: ReviewRequest) -> object:
        return ProviderWait("slow down", retry_after=60.0)

    engine = ScriptedEngine(answer, latency=lambda request: 0.3)
    real.engine = engine
    assert asyncio.run(real.stopped(lambda: engine.in_flight, batch_size=1)) < 3.0
    assert {(row.state, row.attempts) for row in real.rows()} == {(State.DUE, 0)}


def test_outside_of_the_reviews_a_sweep_is_cancelled_at_once_and_once_only() -> None:
    """A second cancellation would interrupt those who end their own processes."""
    stopping, heard = Stopping(), []

    async def sweep() -> None:
        stopping.concerns_this_task()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            heard.append("cancelled")
            await asyncio.sleep(0.02)
            heard.append("cleaned up")
            raise

    async def asked_thrice() -> None:
        task = asyncio.create_task(sweep())
        await asyncio.sleep(0)
        assert [stopping.ask(DRAIN_S) for _ in range(3)] == [False] * 3
        await asyncio.sleep(0.01)
        stopping.ask(DRAIN_S)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asked_thrice())
    assert heard == ["cancelled", "cleaned up"]


def test_the_drain_ends_when_its_time_is_up() -> None:
    stopping = Stopping()

    async def sweep() -> None:
        stopping.concerns_this_task()
        with stopping.in_work():
            await asyncio.sleep(60)

    async def asked() -> float:
        task = asyncio.create_task(sweep())
        await asyncio.sleep(0)
        begun = time.monotonic()
        assert stopping.ask(0.2)
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begun

    assert 0.19 < asyncio.run(asked()) < 2.0
