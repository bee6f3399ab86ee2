"""The moments of a sweep at which it may die, met one after another inside its own process.

A point has a name that says what happens and how often it happened before, such as
"git fetch #1 started" or "ledger Lease.posted #2 before". Names, unlike a running number, mean the
same moment in each run although stages of a sweep overlap.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from asyncio.base_subprocess import BaseSubprocessTransport
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests.adapters

Observed = Callable[[str], None]
TRANSACTION_ENDS = ("COMMIT", "RELEASE")


class Points:
    """Writes each point's name into `log`, and ends this process without a word at `deadly`."""

    def __init__(self, log: Path, deadly: str) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._deadly = deadly
        self._counts: Counter[str] = Counter()
        self._lock = threading.RLock()

    @contextmanager
    def around(self, name: str) -> Iterator[Observed]:
        """One thing that happens: points before and after it, and more of them in between."""
        with self._lock:
            self._counts[name] += 1
            numbered = f"{name} #{self._counts[name]}"

        def met(when: str) -> None:
            with self._lock:
                os.write(self._log, f"{numbered} {when}\n".encode())
                if f"{numbered} {when}" == self._deadly:
                    os.kill(os.getpid(), signal.SIGKILL)
                    time.sleep(60.0)  # the signal arrives, but perhaps not at this very thread

        met("before")
        yield met
        met("after")


def watch_the_ledger(points: Points) -> None:
    """A point on each side of every commit, and of every file that takes its final name."""
    connect = sqlite3.connect

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, /, *values: Any) -> sqlite3.Cursor:
            if not sql.startswith(TRANSACTION_ENDS):
                return super().execute(sql, *values)
            caller = _caller()
            if caller.startswith("Records."):  # it only reads
                return super().execute(sql, *values)
            with points.around(f"ledger {caller}"):
                return super().execute(sql, *values)

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        return connect(*args, factory=Watched, **options)

    vars(sqlite3)["connect"] = watched
    for name in ("link", "replace"):
        vars(os)[name] = _moving(points, getattr(os, name))


def watch_the_programs(points: Points) -> None:
    """A point before each program starts, one when it has started, and one when it has ended."""

    class Watched(subprocess.Popen[Any]):
        def __init__(self, args: Any, *more: Any, **options: Any) -> None:
            self._moments = points.around(_command(args))
            self._met = self._moments.__enter__()
            super().__init__(args, *more, **options)
            self._met("started")

        def wait(self, timeout: float | None = None) -> int:
            code = super().wait(timeout)
            self.ended()
            return code

        def ended(self) -> None:
            moments, self._moments = self._moments, None
            if moments is not None:
                moments.__exit__(None, None, None)

    def exited(transport: Any, code: int) -> None:
        program = transport._proc
        real(transport, code)
        program.ended()

    vars(subprocess)["Popen"] = Watched
    # An event loop does not wait for its programs: it hears of their ends.
    real = BaseSubprocessTransport._process_exited
    setattr(BaseSubprocessTransport, "_process_exited", exited)  # noqa: B010 - no assignment to a method, for mypy


def watch_the_host(points: Points) -> None:
    """A point before each request to a host is sent, and one when its answer has come."""
    adapter = requests.adapters.HTTPAdapter
    real = adapter.send

    def send(self: Any, request: Any, *more: Any, **options: Any) -> Any:
        with points.around(f"host {_request(request)}"):
            return real(self, request, *more, **options)

    setattr(adapter, "send", send)  # noqa: B010 - no assignment to a method, for mypy


def _moving(points: Points, real: Callable[..., None]) -> Callable[..., None]:
    def moved(source: Any, target: Any, *more: Any, **options: Any) -> None:
        name = re.sub(r"[0-9a-f]{12}|\d+", "N", Path(target).name)  # a port is part of a mirror's
        with points.around(f"file {name}"):
            real(source, target, *more, **options)

    return moved


def _caller() -> str:
    """The method of ours whose transaction it is; the store serves them all."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        room = frame.f_globals.get("__name__", "")
        ours = room.startswith("reviewer_cli.") and frame.f_code.co_name != "transaction"
        if ours:
            return frame.f_code.co_qualname
        frame = frame.f_back
    return "somebody"


def _command(args: Any) -> str:
    """The word that says what git does, behind its settings; of another program its name."""
    words = [os.fsdecode(word) for word in args]
    program = Path(words[0]).name
    if program != "git":
        return f"program {re.sub('-.*', '', program)}"  # the rest is another one in each run
    rest = iter(words[1:])
    for word in rest:
        if word != "-c":
            return f"git {word}"
        next(rest, None)
    return "git"


def _request(request: Any) -> str:
    if request.path_url.endswith("/graphql"):
        asked = json.loads(request.body)["query"]
        named = re.match(r"\s*(?:query|mutation) \w+", asked)
        return named[0].strip() if named else "query ?"
    path = re.sub(r"/\d+", "/N", request.path_url.split("?")[0])
    return f"{request.method} {path.removeprefix('/api/v3')}"
