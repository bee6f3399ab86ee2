"""Waiting calls in threads of their own, so that the sweep's loop goes on and can be stopped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Answer = TypeVar("Answer")

GRACE_S = 1.0
"""What a call that is about to end gets when the sweep is stopped."""


async def aside(call: Callable[[], Answer]) -> Answer:
    """The answer of a call that asks a host, made in a thread that nobody has to wait for.

    Unlike with asyncio.to_thread a sweep that is stopped ends soon, however slow the host is: the
    request is left alone as if the process had been killed, which the next sweep recovers from.
    """
    answer: Future[Answer] = Future()
    answer.set_running_or_notify_cancel()  # from here on it cannot be cancelled, only forgotten

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is awaited
            answer.set_exception(error)

    threading.Thread(target=run, name="host", daemon=True).start()
    waiting = asyncio.wrap_future(answer)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        await asyncio.wait({waiting}, timeout=GRACE_S)
        waiting.cancel()
        raise
