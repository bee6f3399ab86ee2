"""The batch that is kept full: a review that ends gives its place to the next head at once.

Three stages run side by side and meet at two queues. Preparing (git only, costs no money) runs
ahead by at most one batch, reviewing holds at most `size` heads, and posting is serial, as hosts
ask for; a review that has to rest on its way leaves the line and comes back to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from reviewer_cli.sweep.stopping import Stopping

Ready = TypeVar("Ready")
Saved = TypeVar("Saved")
Item = TypeVar("Item")


class Batch(Generic[Ready, Saved]):
    """Brings heads through the three stages with at most `size` of them in review."""

    def __init__(
        self,
        size: int,
        stopping: Stopping,
        *,
        prepare: Callable[[int], Awaitable[Ready]],
        review: Callable[[Ready], Awaitable[Saved | None]],
        publish: Callable[[Saved], Awaitable[Saved | None]],
        rest: Callable[[Saved], Awaitable[None]],
        abandon: Callable[[Ready], None],
        give_back: Callable[[Saved], None],
    ) -> None:
        """Each stage deals itself with what concerns one head; what it raises ends the sweep.

        `review` gives None when there is nothing to post, `publish` what is to be published again
        after its `rest`. `abandon` takes back what was prepared but never reviewed, `give_back`
        what was reviewed but never came to the end of its posting.
        Asked to stop, the batch takes up no further head; what is in review is posted, and what
        would have to rest first is given back.
        """
        self._size = size
        self._stopping = stopping
        self._prepare = prepare
        self._review = review
        self._publish = publish
        self._rest = rest
        self._abandon = abandon
        self._give_back = give_back
        self._ready: asyncio.Queue[Ready | None] = asyncio.Queue(maxsize=1)
        self._saved: asyncio.Queue[Saved | None] = asyncio.Queue()
        self._resting: dict[asyncio.Task[None], Saved] = {}
        self._stopped = False

    async def run(self, ids: Iterable[int]) -> None:
        """Bring every id through, or raise the first error that concerns them all.

        After such an error no review starts and those in flight are cancelled; reviews that are
        saved are paid for and are still posted, unless posting itself is what failed.
        """
        front = asyncio.create_task(self._prepare_and_review(ids))
        back = asyncio.create_task(self._publish_all(front))
        try:
            await asyncio.wait({front, back}, return_when=asyncio.FIRST_COMPLETED)
            await _ended(front)
            self._saved.put_nowait(None)
            await asyncio.wait({back})
        finally:
            await _ended(front, back)
            for ready in _left_in(self._ready):
                self._abandon(ready)
            for saved in _left_in(self._saved):
                self._give_back(saved)
        for stage in (front, back):
            if not stage.cancelled() and (error := stage.exception()):
                raise error

    async def _prepare_and_review(self, ids: Iterable[int]) -> None:
        async with _together() as stages:
            stages.create_task(self._prepare_all(iter(ids)))
            for _ in range(self._size):
                stages.create_task(self._review_all())

    async def _prepare_all(self, ids: Iterator[int]) -> None:
        with self._stopping.idle():  # a task that is cancelled alone does not disturb its group
            async with _together() as hands:
                for _ in range(self._size):
                    hands.create_task(self._prepare_each(ids))
            for _ in range(self._size):
                await self._ready.put(None)

    async def _prepare_each(self, ids: Iterator[int]) -> None:
        for head_id in ids:
            ready = await self._prepare(head_id)
            try:
                await self._ready.put(ready)
            except asyncio.CancelledError:
                self._abandon(ready)
                raise

    async def _review_all(self) -> None:
        while (ready := await self._next()) is not None:
            if self._stopped:
                self._abandon(ready)
                return
            try:
                saved = await self._review(ready)
            except BaseException:
                # The others hear of it one turn of the loop later: too late for the next one.
                self._stopped = True
                raise
            if saved is not None:
                self._saved.put_nowait(saved)

    async def _next(self) -> Ready | None:
        with self._stopping.idle():
            return await self._ready.get()

    async def _publish_all(self, front: asyncio.Task[None]) -> None:
        """One after another; what rests meanwhile keeps nobody back."""
        async with _together() as resting:
            while not (front.done() and self._saved.empty() and not self._resting):
                saved = await self._saved.get()
                drafted = await self._publish(saved) if saved is not None else None
                if drafted is not None:
                    task = resting.create_task(self._rest_idly(drafted))
                    self._resting[task] = drafted
                    task.add_done_callback(self._rested)

    async def _rest_idly(self, saved: Saved) -> None:
        with self._stopping.idle():
            await self._rest(saved)

    def _rested(self, task: asyncio.Task[None]) -> None:
        saved = self._resting.pop(task)
        if task.cancelled() or task.exception():
            self._give_back(saved)
            self._saved.put_nowait(None)  # a word that there may be nothing left
        else:
            self._saved.put_nowait(saved)


@asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """Tasks that end together: the first error cancels the others, once, and is raised alone.

    Once matters: a second cancellation would interrupt an engine that ends its own processes.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what still runs and wait until all have cleaned up after themselves."""
    for task in tasks:
        if not task.done():
            task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains of it when only another is raised


def _left_in(queue: asyncio.Queue[Item | None]) -> Iterator[Item]:
    while not queue.empty():
        if (item := queue.get_nowait()) is not None:
            yield item
