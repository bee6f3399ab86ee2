"""200 heads in a batch of 8, each review 0.5 s: wall time of a whole tick over the ideal, 12.5 s.

Everything but the engine is the product's own: the ledger on disk with synchronous=EXTRA, a git
repository of 100 files with 200 branches, checkouts, the local host that posts notes. The engine
sleeps on the event loop and answers with one finding. Each repetition has a fresh repository and a
fresh installation; the figure is the median of three. The ideal counts no start and no end.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from benchmarks.bar import Figure, Must, part, seconds
from benchmarks.ground import repository, sweep
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.sweep.plan import Plan
from tests.building import Repo
from tests.fakes.engine import ScriptedEngine, found

HEADS, BATCH, LATENCY_S, TIMES = 200, 8, 0.5, 3


def measure(place: Path) -> list[Figure]:
    """The bar on a constant latency."""
    walls = [_wall(place / f"constant-{number}") for number in range(TIMES)]
    ideal = HEADS / BATCH * LATENCY_S
    return [
        Figure(
            bar="200 heads, batch of 8, 0.5 s each: wall ÷ ideal",
            measured=statistics.median(walls) / ideal,
            must=Must.NOT_EXCEED,
            limit=1.05,
            parts=(part("wall", walls), part("ideal", ideal)),
        )
    ]


def stage(place: Path) -> tuple[Repo, Plan]:
    """A fresh repository of 100 files with a branch per head, and the plan that sweeps it."""
    repo = repository(place / "repo", branches=HEADS, files=100)
    selectors = {"local": (str(repo.path),)}
    return repo, Plan(selectors=selectors, batch_size=BATCH, limit=HEADS)


def engine(latency: Callable[[ReviewRequest], float]) -> ScriptedEngine:
    """Says one thing about the last line that a branch adds, after its latency."""

    def answer(request: ReviewRequest) -> object:
        file = request.diff.files[0]
        added = file.hunks[-1].lines[-1]
        return {"findings": [found(file.path, added.new or 1, added.text)]}

    return ScriptedEngine(answer, latency=latency)


def _wall(place: Path) -> float:
    _, plan = stage(place)
    scripted = engine(lambda request: LATENCY_S)
    reports = []
    wall = seconds(lambda: reports.append(sweep(place, plan, scripted)))
    assert reports[0].counts.posted == HEADS
    assert scripted.peak == BATCH
    return wall
