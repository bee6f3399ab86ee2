"""How the fake GitHub remembers: the tables of now and those of the steps before."""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tests.fakes.github.rows import Row, Tables

P = ParamSpec("P")
T = TypeVar("T")
AnyRow = TypeVar("AnyRow", bound=Row)

REMEMBERED = 200
"""Steps of history that a stale answer can go back."""


def one_at_a_time(verb: Callable[P, T]) -> Callable[P, T]:
    """Let no request and no other verb see the world in the middle of this method."""

    @functools.wraps(verb)
    def alone(*args: P.args, **kwargs: P.kwargs) -> T:
        world = args[0]
        assert isinstance(world, History)
        with world.lock:
            return verb(*args, **kwargs)

    return alone


class History:
    """A clock, ids, and tables that change by whole steps."""

    def __init__(self, now: float | None = None) -> None:
        """Begin at `now`, by default the real time, with nothing there."""
        self.now = float(int(time.time() if now is None else now))
        self.lock = threading.RLock()
        self.tables = Tables()
        self._steps: deque[Tables] = deque(maxlen=REMEMBERED)
        self._ids = itertools.count(1001)

    def at(self, steps_ago: int) -> Tables:
        """The tables as they were; 0 is now, and the first step when that is too long ago."""
        if steps_ago <= 0 or not self._steps:
            return self.tables
        return self._steps[-min(steps_ago, len(self._steps))]

    def fresh(self, row: AnyRow) -> AnyRow:
        """The row as it is now; KeyError when it was deleted."""
        current: AnyRow = getattr(self.tables, row.table)[row.id]
        return current

    def new_id(self) -> int:
        """An id that no row has."""
        return next(self._ids)

    def begin_ids_at(self, number: int) -> None:
        """From now on ids are at least as large, as those of a world that is older."""
        self._ids = itertools.count(number)

    def stamp(self) -> float:
        """The time of the next step, a second after the last."""
        self.now += 1
        return self.now

    def save(self, *rows: Row, drop: tuple[Row, ...] = ()) -> None:
        """One step of history."""
        with self.lock:
            self._steps.append(self.tables)
            self.tables = self.tables.put(*rows).drop(*drop)
