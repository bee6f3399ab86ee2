"""The retry policies of seconds inside one call; minutes and hours belong to the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

Result = TypeVar("Result")

LONGEST_S = 10.0


def while_busy(call: Callable[[], Result], busy: type[Exception]) -> Result:
    """Repeat a call while it raises `busy`; raise what it raises after ten seconds in all.

    Pauses are random, grow, and last two seconds at most. No call is cut short: the last one may
    begin at twelve seconds and takes as long as it takes. Only for calls that changed nothing when
    they say so, or that come to the same when they are done twice.
    """
    policy = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(busy),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=2.0),
        stop=tenacity.stop_after_delay(LONGEST_S),
        reraise=True,
    )
    return policy(call)
