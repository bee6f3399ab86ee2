"""What can befall a ledger, by means that SQLite itself meets: no error of it is made up.

* full: the rollback journal is a link to /dev/full, where the kernel has no space for anything.
* I/O error: while a transaction commits, no byte may be written to any file (RLIMIT_FSIZE).
* written by another: a second connection holds the write lock.
* read by another: a second connection reads, so that a commit cannot get the file for itself.
"""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Span = Callable[[Path], AbstractContextManager[None]]

PATIENCE_S = 0.02
"""In the place of the seconds for which the ledger waits until a lock is free."""


@contextmanager
def nothing(path: Path) -> Iterator[None]:
    yield


@contextmanager
def full(path: Path) -> Iterator[None]:
    journal = path.with_name(f"{path.name}-journal")
    journal.symlink_to("/dev/full")
    try:
        yield
    finally:
        journal.unlink(missing_ok=True)


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    allowed, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, most))


@contextmanager
def held(path: Path, *statements: str) -> Iterator[None]:
    with closing(REAL_CONNECT(path, isolation_level=None)) as other:
        for statement in statements:
            other.execute(statement).fetchall()
        yield


@contextmanager
def written_by_another(path: Path) -> Iterator[None]:
    with held(path, "BEGIN IMMEDIATE"):
        yield


@contextmanager
def read_by_another(path: Path) -> Iterator[None]:
    with held(path, "BEGIN", "SELECT * FROM sqlite_schema"):
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What surrounds the beginning of a transaction, its statements, and its commit."""

    begin: Span = nothing
    inside: Span = nothing
    commit: Span = nothing


FAULTS = {
    "full": Fault(inside=full),
    "I/O error": Fault(commit=unwritable),
    "written by another": Fault(begin=written_by_another),
    "read by another": Fault(commit=read_by_another),
}
REAL_CONNECT = sqlite3.connect


@dataclass
class Trouble:
    """Meets every ledger write from number `first` on (counted from 0), until it is over.

    `writes` counts them all, `met` those that failed. Put `connect` in the place of SQLite's.
    """

    fault: Fault
    first: float
    writes: int = 0
    met: int = 0
    _inside: list[AbstractContextManager[None]] = field(default_factory=list)

    def connect(self, *args: Any, **options: Any) -> sqlite3.Connection:
        """A connection of which this trouble knows."""
        trouble = self

        class Troubled(sqlite3.Connection):
            def execute(self, sql: str, /, *values: Any) -> sqlite3.Cursor:
                run = super().execute
                return trouble.execute(self, lambda: run(sql, *values), sql)

        patience = {"timeout": PATIENCE_S}
        return REAL_CONNECT(*args, factory=Troubled, **options | patience)

    def over(self) -> None:
        """From now on all is well."""
        self.first = float("inf")

    def execute(
        self, db: sqlite3.Connection, run: Callable[[], sqlite3.Cursor], sql: str
    ) -> sqlite3.Cursor:
        word = sql.split(maxsplit=1)[0]
        if word not in ("BEGIN", "COMMIT", "ROLLBACK"):
            return run()
        if sql == "BEGIN IMMEDIATE":
            self.writes += 1
        path = Path(db_path(db))
        is_met = self.writes > self.first
        self.met += is_met and word == "BEGIN"
        if not is_met:
            return run()
        if word == "BEGIN":
            with self.fault.begin(path):
                done = run()
            self._enter(self.fault.inside(path))
            return done
        try:
            with self.fault.commit(path) if word == "COMMIT" else nothing(path):
                return run()
        finally:
            self._leave()

    def _enter(self, span: AbstractContextManager[None]) -> None:
        span.__enter__()
        self._inside.append(span)

    def _leave(self) -> None:
        while self._inside:
            self._inside.pop().__exit__(None, None, None)


def db_path(db: sqlite3.Connection) -> str:
    """The file of a connection."""
    return str(sqlite3.Connection.execute(db, "PRAGMA database_list").fetchone()[2])
