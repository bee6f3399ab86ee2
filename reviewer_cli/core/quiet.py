"""When a later round is due: a burst of pushes becomes one review, and rounds come to an end."""

from __future__ import annotations

from collections.abc import Sequence

PATIENCE = 6
"""Quiet periods that a pull request may be pushed to without a pause before it is reviewed."""


def due_at(pushed: Sequence[float], rounds: int, settle_s: float) -> float:
    """When the newest head is due, in seconds since the epoch.

    `pushed` are the times, in any order, at which the heads since the last review came, the
    newest's among them; `rounds` counts the reviews so far. The first round never waits. A later
    one waits until `settle_s` after the newest push, and no longer than six times that after the
    first one, so that who never stops pushing is heard as well. Raises ValueError without a push.
    """
    first, newest = min(pushed), max(pushed)
    if rounds <= 0:
        return first
    settle_s = max(settle_s, 0.0)
    return min(newest + settle_s, first + PATIENCE * settle_s)


def too_many_rounds(rounds: int, most: int | None) -> str | None:
    """Why a pull request with so many reviews gets no further one by itself; None where it does."""
    if most is None or rounds < most:
        return None
    return f"has had {rounds} round{'s' if rounds != 1 else ''}, and max_rounds is {most}"
