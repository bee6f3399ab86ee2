"""The real program, which dies at the point that KILL_AT names.

POINTS is the file that lists the points it met. With PAID, a file too, a scripted engine stands in
the place of every other, and each answer that is asked of it is one more line of that file. It is
the one of `tests.matrix.paid` that ENGINE names.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from reviewer_cli import __main__
from reviewer_cli.ports.engine import Engine, Pass, Reply, ReviewRequest
from tests.matrix import paid, points
from tests.matrix.paid import Paid


def watched(kind: type[Paid], bill: Path, met: points.Points) -> Engine:
    """A point before each question and one when its answer has come."""

    class Watched(kind):  # type: ignore[valid-type, misc]
        async def review(self, request: ReviewRequest) -> Reply:
            with met.around("engine"):
                return cast(Reply, await super().review(request))

    def write(sha: str, step: Pass) -> None:
        with bill.open("a") as lines:
            lines.write(f"{sha} {step}\n")

    return Watched(write)


def main() -> None:
    """Watch everything that the program does outside itself, then let it run."""
    met = points.Points(Path(os.environ["POINTS"]), os.environ.get("KILL_AT", ""))
    points.watch_the_ledger(met)
    points.watch_the_programs(met)
    points.watch_the_host(met)
    if "PAID" in os.environ:
        bill, kind = Path(os.environ["PAID"]), getattr(paid, os.environ.get("ENGINE", "Paid"))

        def engine(*_: object) -> Engine:
            return watched(kind, bill, met)

        vars(import_module("reviewer_cli.wiring.doors"))["engine"] = engine
    _without_pauses()
    __main__.main()


def _without_pauses() -> None:
    """GitHub asks for a second between two writes; a fake does not mind."""
    connection = vars(import_module("reviewer_cli.hosts.github.connection"))
    real = connection["_github"]

    def quick(server: Any, auth: Any, **_: object) -> Any:
        return real(server, auth, writes_apart_s=None)

    connection["_github"] = quick


if __name__ == "__main__":
    main()
