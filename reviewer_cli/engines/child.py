"""A child process that is gone, and reaped by asyncio alone, when its block is left."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path


@asynccontextmanager
async def started(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], limit: int
) -> AsyncIterator[Process]:
    """The command without input, its output in pipes; it is ended however the block is left.

    `limit` is the number of bytes that one line of its output may have.
    """
    # A start that is cancelled half-way would reap the process beside asyncio's own watcher.
    start = asyncio.create_task(
        asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            limit=limit,
        )
    )
    try:
        yield await asyncio.shield(start)
    finally:
        await _whole(_end(start))


async def _end(start: asyncio.Task[Process]) -> None:
    """End what was started, also what is only just starting, and wait until it is gone."""
    process = await start
    if process.returncode is None:
        # Not process.terminate(), which asks first, and so may take the answer from the watcher.
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    await process.communicate()  # a pipe that nobody empties would hold up the end


async def _whole(work: Coroutine[None, None, None]) -> None:
    """Do it to its end, however often we are cancelled meanwhile."""
    task, cancelled = asyncio.create_task(work), None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
