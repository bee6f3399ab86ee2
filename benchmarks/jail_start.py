"""What a jail adds to the start of a program: /usr/bin/true inside it and without any.

All sides take turns 41 times; the difference of the medians. A jail that the machine cannot have is
left out.
"""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks.bar import Figure, Must, part, taking_turns
from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.command import Launcher
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.ports.jail import Cell

TIMES = 41
TRUE = Path("/usr/bin/true")


def measure(place: Path) -> list[Figure]:
    """The bar on starting in a jail, for each jail that works here."""
    walled = [jail for jail in (Bubblewrap(), Landlock()) if not jail.verdict().trouble]
    jails = [Launcher(), *walled]
    cell = Cell(private=place)

    def start(command: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, env={}, capture_output=True)

    commands = [[str(TRUE)], *(jail.command(TRUE, cell) for jail in jails)]
    bare, *inside = taking_turns(TIMES, *map(start, commands))
    return [
        Figure(
            bar=f"start of a program, jail {jail.name} - no jail",
            measured=(statistics.median(taken) - statistics.median(bare)) * 1000,
            must=Must.NOT_EXCEED,
            limit=60,
            unit="ms",
            parts=(part(jail.name, taken), part("no jail", bare)),
        )
        for jail, taken in zip(jails, inside, strict=True)
    ]
