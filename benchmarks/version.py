"""`reviewer --version` over `python -c "import typer"`, both as processes of this interpreter.

The program is started as its installed script does it. The sides take turns 21 times; medians.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.bar import Figure, Must, part, ratio, taking_turns

TIMES = 21
SCRIPT = Path(sys.executable).with_name("reviewer")


def measure(place: Path) -> list[Figure]:
    """The bar on starting the program."""

    def run(*command: str) -> None:
        subprocess.run([sys.executable, *command], cwd=place, check=True, capture_output=True)

    version, typer, everything = taking_turns(
        TIMES,
        lambda: run(str(SCRIPT), "--version"),
        lambda: run("-c", "import typer"),
        lambda: run(str(SCRIPT), "--help"),
    )
    return [
        Figure(
            bar="reviewer --version ÷ python -c 'import typer'",
            measured=ratio(version, typer),
            must=Must.NOT_EXCEED,
            limit=1.3,
            parts=(
                part("--version", version),
                part("import typer", typer),
                part("--help, for comparison", everything),
            ),
        )
    ]
