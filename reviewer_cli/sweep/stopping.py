"""How a sweep ends early: asked once it finishes what it has in work, asked again it stops.

A signal asks. What is in work has been paid for, so it may come to its end and be posted, within
a bounded time; whoever only waits ends at once. Where nothing is in work, or time is up, the
sweep's task is cancelled; once only, because a second cancellation would interrupt those who end
their own processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Stopping:
    """The one place of a sweep that knows whether it was asked to stop."""

    def __init__(self) -> None:
        self.is_asked = False
        self._task: asyncio.Task[object] | None = None
        self._is_in_work = False
        self._idle: set[asyncio.Task[object]] = set()

    def ask(self, drain_s: float) -> bool:
        """Let what is in work finish within `drain_s` seconds; asked again, cancel it at once.

        True when it is left to finish. For a signal handler of the sweep's own event loop.
        """
        may_finish = self._is_in_work and not self.is_asked
        self.is_asked = True
        if not may_finish:
            self._cancel()
            return False
        for task in self._idle:
            task.cancel()
        asyncio.get_running_loop().call_later(drain_s, self._cancel)
        return True

    def concerns_this_task(self) -> None:
        """The sweep runs in the current task: that is what is cancelled."""
        self._task = asyncio.current_task()

    @contextmanager
    def in_work(self) -> Iterator[None]:
        """Reviews run inside: a first request to stop lets them come to their end.

        Raises CancelledError behind a block that came to its end because of it.
        """
        self._is_in_work = True
        try:
            yield
        finally:
            self._is_in_work = False
        if self.is_asked:
            self._task = None
            raise asyncio.CancelledError

    @contextmanager
    def idle(self) -> Iterator[None]:
        """The current task has nothing in work inside: asked to stop, it alone is cancelled."""
        task = asyncio.current_task()
        if self.is_asked or task is None:
            raise asyncio.CancelledError
        self._idle.add(task)
        try:
            yield
        finally:
            self._idle.discard(task)

    def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
