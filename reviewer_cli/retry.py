"""The retry policies of seconds inside one call; minutes and hours belong to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

Result = TypeVar("Result")

LONGEST_S = 10.0


def while_busy(call: Callable[[], Result], busy: type[Exception]) -> Result:
    """Repeat a call that raises `busy` for up to about ten seconds, with growing random pauses.

    Only for calls that changed nothing when they say so. Raises the last `busy` in the end.
    """
    policy = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(busy),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=2.0),
        stop=tenacity.stop_after_delay(LONGEST_S),
        reraise=True,
    )
    return policy(call)
