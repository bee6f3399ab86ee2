"""How long to wait before trying again; chance is an argument, nobody sleeps here."""

from __future__ import annotations


def delay(failures: int, *, first_s: float, longest_s: float, chance: float) -> float:
    """Seconds to wait after the n-th failure in a row: doubled each time, capped, with jitter.

    `chance` is in [0, 1); half of the wait is fixed and half random ("equal jitter", M. Brooker,
    "Exponential Backoff And Jitter", 2015), so that two sweeps do not come back at one moment and
    no wait is nearly zero.
    """
    whole = min(longest_s, first_s * 2.0 ** min(max(failures, 1) - 1, 30))
    return whole / 2 + whole / 2 * chance
