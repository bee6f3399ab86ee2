"""The real program with an engine that finds something on each line that rounds change.

Reviews take a moment, another one each time, so that two sweeps never run in step. GitHub asks for
a second between two writes; the fake does not mind.
"""

from __future__ import annotations

import random
from importlib import import_module
from typing import Any

from reviewer_cli import __main__
from reviewer_cli.core.diff import LineKind
from reviewer_cli.ports.engine import Engine, ReviewRequest
from tests.fakes.engine import ScriptedEngine, found

SLOWEST_S = 0.2


def remarks(request: ReviewRequest) -> object:
    """One on every line that the head adds."""
    added = [
        found(file.path, line.new, line.text)
        for file in request.diff.files
        for hunk in file.hunks
        for line in hunk.lines
        if line.kind is LineKind.ADDED
    ]
    return {"findings": added}


def scripted(*_: object) -> Engine:
    """In the place of every engine."""
    return ScriptedEngine(remarks, latency=lambda request: random.uniform(0.0, SLOWEST_S))  # noqa: S311


def without_pauses(server: Any, auth: Any, **_: object) -> Any:
    """In the place of the connection that waits between writes."""
    return CONNECT(server, auth, writes_apart_s=None)


CONNECTION = vars(import_module("reviewer_cli.hosts.github.connection"))
CONNECT = CONNECTION["_github"]

if __name__ == "__main__":
    vars(import_module("reviewer_cli.wiring.doors"))["engine"] = scripted
    CONNECTION["_github"] = without_pauses
    __main__.main()
