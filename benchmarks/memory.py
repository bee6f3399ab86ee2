"""The coordinator's peak memory while 10,000 heads are due, all of one sweep.

A process of its own sweeps a repository with 10,000 branches, each with a description of about
1 kB, limit 10,000, batch of 8; the engine answers at once inside it. Posting 10,000 notes takes
about ten minutes, so the engine refuses access after 200 reviews: by then all 10,000 heads are
polled, entered, selected and announced, and a batch has been in steady work. Measured is VmHWM of
that process, its largest resident size, Python and the libraries included, git's processes not
(ru_maxrss would begin with the size of the process that started it).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.bar import Figure, Must, part, seconds
from benchmarks.full_batch import BATCH, engine
from benchmarks.ground import repository, sweep
from reviewer_cli.core.models import State
from reviewer_cli.errors import AccessRefused
from reviewer_cli.ports.engine import Reply, ReviewRequest
from reviewer_cli.sweep.plan import Plan
from tests.fakes.engine import ScriptedEngine

HEADS, REVIEWED, LIMIT_MB = 10_000, 200, 120
ROOT = Path(__file__).parent.parent


def measure(place: Path) -> list[Figure]:
    """The bar on memory, in units of 1,000,000 bytes."""
    building = seconds(lambda: repository(place / "repo", branches=HEADS, files=50))
    output: list[bytes] = []
    command = [sys.executable, "-m", "benchmarks.memory", str(place)]
    wall = seconds(lambda: output.append(subprocess.check_output(command, cwd=ROOT)))
    return [
        Figure(
            bar="peak memory with 10,000 due heads, engine excluded",
            measured=int(output[0]) / 1e6,
            must=Must.NOT_EXCEED,
            limit=LIMIT_MB,
            unit="MB",
            parts=(part("sweep", wall), part("building the repository", building)),
        )
    ]


def _sweep(place: Path) -> None:
    """Run in the measured process: sweep, then print its largest resident size in bytes."""
    scripted = engine(lambda request: 0.0)
    plan = Plan(selectors={"local": (str(place / "repo"),)}, batch_size=BATCH, limit=HEADS)
    report = sweep(place, plan, _Stopping(scripted))
    assert isinstance(report.error, AccessRefused)
    assert report.counts.new == HEADS
    # What was saved when the sweep ended is posted by the next one.
    assert sum(one.state is State.POSTED for one in report.ended) >= REVIEWED - BATCH
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one)
    print(int(line.split()[1]) * 1024)


class _Stopping:
    """An engine that loses its credential after so many reviews; it keeps no request."""

    name = "stopping"

    def __init__(self, inner: ScriptedEngine) -> None:
        self._inner = inner
        self._answered = 0
        self.passes, self.check = inner.passes, inner.check

    async def review(self, request: ReviewRequest) -> Reply:
        """Answer, or refuse."""
        reply = await self._inner.review(request)
        self._inner.asked.clear()
        self._answered += 1
        if self._answered > REVIEWED:
            raise AccessRefused("enough for a benchmark")
        return reply


if __name__ == "__main__":
    _sweep(Path(sys.argv[1]))
