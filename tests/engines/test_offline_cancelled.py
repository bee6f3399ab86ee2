"""A review by the offline engine may be cancelled at any moment of its program's life."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.errors import HeadError
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports.jail import Cell
from tests.engines.test_offline import added, request

TURNS = 12
"""Of the loop; a program is started and connected in less."""


class Bare(Launcher):
    """Starts another program in ruff's place, and nothing around it."""

    def __init__(self, *program: str) -> None:
        super().__init__()
        self._program = program

    def command(self, program: Path, cell: Cell) -> list[str]:
        return [*self._program]


@pytest.fixture
def polls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that somebody asked after beside asyncio's watcher, who then misses their end.

    That it was missed depends on who is faster; that somebody asked does not.
    """
    asked: list[int] = []
    poll = subprocess.Popen.poll

    def noted(process: subprocess.Popen[bytes]) -> int | None:
        asked.append(process.pid)
        return poll(process)

    monkeypatch.setattr(subprocess.Popen, "poll", noted)
    return asked


def children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            yield from (task / "children").read_text().split()


async def cancelled(engine: OfflineEngine, checkout: Path, after: int, again: int) -> None:
    """Cancel a review after so many turns of the loop, and once more after some others."""
    (checkout / "app.py").write_text("x = 1\n")
    task = asyncio.create_task(engine.review(request(checkout, added("app.py", "x = 1"))))
    for turns in (after, again):
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
    with suppress(asyncio.CancelledError, HeadError):  # the last is who floods us
        await task


@pytest.mark.parametrize("again", [0, 1, 3])
@pytest.mark.parametrize("program", [("sleep", "60"), ("true",), ("cat", "/dev/zero")])
def test_the_watcher_sees_the_end_of_each_program_whenever_we_are_cancelled(
    tmp_path: Path,
    polls: list[int],
    caplog: pytest.LogCaptureFixture,
    program: tuple[str, ...],
    again: int,
) -> None:
    engine = OfflineEngine(Bare(*program), tmp_path / "scratch")
    before, handles = {*children()}, len(os.listdir("/proc/self/fd"))
    for after in range(TURNS):
        asyncio.run(cancelled(engine, tmp_path, after, again))
        assert {*children()} <= before
    assert polls == []
    assert caplog.messages == []
    assert list((tmp_path / "scratch").iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == handles
