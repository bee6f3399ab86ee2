"""Many points tried side by side, each in a directory of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

Trial = Callable[[Path, str], list[str]]


def tried(tmp_path: Path, points: list[str], trial: Trial) -> dict[str, list[str]]:
    """The points at which something is wrong, and what; as many at a time as there are cores."""

    def one(number: int) -> tuple[str, list[str]]:
        wrong = trial(tmp_path / str(number), points[number])
        if not wrong:
            shutil.rmtree(tmp_path / str(number))
        return points[number], wrong

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as hands:
        return {point: wrong for point, wrong in hands.map(one, range(len(points))) if wrong}


def told_of(wrong: dict[str, list[str]]) -> str:
    """One line for each point."""
    return "\n".join(f"{point}: {'; '.join(what)}" for point, what in wrong.items())
