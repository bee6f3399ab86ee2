"""What a benchmark says: a measured figure, the bar it has to meet, and what it was made of."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Must(StrEnum):
    """On which side of the limit a figure is good."""

    NOT_EXCEED = "≤"
    REACH = "≥"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One bar; `unit` is "" for a ratio, `parts` say what the figure was computed from."""

    bar: str
    measured: float
    must: Must
    limit: float
    unit: str = ""
    parts: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the product meets this bar."""
        if self.must is Must.REACH:
            return self.measured >= self.limit
        return self.measured <= self.limit


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def taking_turns(
    times: int, *actions: Callable[[], object], between: Callable[[], object] = lambda: None
) -> list[list[float]]:
    """The seconds of each action; they take turns, so that a busy spell strikes all of them.

    `between` runs after each action and is not counted.
    """
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(times):
        for column, action in zip(taken, actions, strict=True):
            column.append(seconds(action))
            between()
    return taken


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The quotient of the medians."""
    return statistics.median(ours) / statistics.median(theirs)


def part(name: str, measured: float | Sequence[float]) -> str:
    """A duration (s) by name; of several the median, with the smallest and the largest."""
    if isinstance(measured, float):
        return f"{name} {measured:.4g} s"
    middle = statistics.median(measured)
    return f"{name} {middle:.4g} s (from {min(measured):.4g} to {max(measured):.4g})"
