"""Run the benchmarks and say which bars are met.

    python -m benchmarks            all of them; writes benchmarks/results.md
    python -m benchmarks NAME...    some of them; writes nothing

Each figure compares two sides within one run, so that the speed of the machine falls out of it.
Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    digest,
    first_request,
    full_batch,
    github_idle,
    github_post,
    heavy_tail,
    idle_tick,
    jail_start,
    later_rounds,
    memory,
    million_rows,
    recovery,
    second_head,
    version,
)
from benchmarks.bar import Figure

RESULTS = Path(__file__).with_name("results.md")
BARS: dict[str, Callable[[Path], list[Figure]]] = {
    "full_batch": full_batch.measure,
    "heavy_tail": heavy_tail.measure,
    "second_head": second_head.measure,
    "million_rows": million_rows.measure,
    "recovery": recovery.measure,
    "idle_tick": idle_tick.measure,
    "version": version.measure,
    "jail_start": jail_start.measure,
    "memory": memory.measure,
    "first_request": first_request.measure,
    "github_idle": github_idle.measure,
    "github_post": github_post.measure,
    "later_rounds": later_rounds.measure,
    "digest": digest.measure,
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 2 for a name that is none."""
    if unknown := sorted(set(names) - BARS.keys()):
        print(f"No benchmark is called {', '.join(unknown)}; there are {', '.join(BARS)}.")
        return 2
    figures: list[Figure] = []
    for name in names or BARS:
        measured, taken = _measured(name)
        figures += measured
        print(f"{name}: {taken:.0f} s", file=sys.stderr, flush=True)
    table = "\n".join(_table(figures))
    print(f"{table}\n\n{_machine()}")
    if not names:
        RESULTS.write_text(_document(table), encoding="utf-8")
    return 0 if all(figure.holds for figure in figures) else 1


def _measured(name: str) -> tuple[list[Figure], float]:
    """A benchmark's figures and how many seconds it took."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"benchmark-{name}-") as place:
        figures = BARS[name](Path(place))
    return figures, time.monotonic() - start


def _table(figures: Iterable[Figure]) -> Iterable[str]:
    yield "| bar | measured | must be | | of |"
    yield "|---|---|---|---|---|"
    for figure in figures:
        measured = f"{figure.measured:.3g} {figure.unit}".strip()
        limit = f"{figure.must} {figure.limit:g} {figure.unit}".strip()
        verdict = "pass" if figure.holds else "**FAIL**"
        yield f"| {figure.bar} | {measured} | {limit} | {verdict} | {'; '.join(figure.parts)} |"


def _document(table: str) -> str:
    return (
        "# Benchmarks\n\n"
        "Written by `python -m benchmarks`; how each figure is taken stands at the top of its "
        "module. Where a part has a range, the figure is the median.\n\n"
        f"{table}\n\n{_machine()}\n"
    )


def _machine() -> str:
    git = subprocess.check_output(["git", "--version"], text=True).split()[2]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[2]:.1f} over the "
        f"last 15 minutes; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"git {git}; {datetime.now(UTC):%Y-%m-%d}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
