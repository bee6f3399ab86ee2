"""The digest of a week, out of a ledger with 1,000,000 findings.

The ledger is of 64 weeks and 500 repositories: some 340,000 reviews with three findings each, the
answers that they cost, what became of them, and what was merged; see `tests.digest.year`. A process
of its own opens it, makes the digest of a week near its end and writes that as a page. The file was
left sealed, as each sweep leaves it, so that its pages are not checked; how long that takes is a
part of its own, and so is a digest of a file that has to be read from the disk first. Measured is
all from opening the file to the page, five times, and the largest resident size of these processes
(VmHWM), with Python and all libraries.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.bar import Figure, Must, part, seconds
from reviewer_cli.core.digest import Digest
from reviewer_cli.core.periods import week
from reviewer_cli.digest.digest import digest_of
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.store import Store
from reviewer_cli.render.digest_html import page
from tests.digest.rows import Events, Row, fill
from tests.digest.year import BEGAN, ZONE, World, setting

WEEKS, REPOSITORIES, PULLS = 64, 500, 3_400.0
TIMES, LIMIT_S, LIMIT_MB, LIMIT_KB = 5, 2.0, 200, 150
WEEK, LATER = "2026-W49", 1.9e9
TEXT = "The lock is taken twice here, since the caller holds it already; nothing answers then. " * 6
ROOT = Path(__file__).parent.parent


def measure(place: Path) -> list[Figure]:
    """The bars on time, memory and the size of the page."""
    path = place / "ledger.db"
    building = seconds(lambda: build(path))
    cold = seconds(lambda: Ledger(path).close())
    told = [_told(path) for _ in range(TIMES)]
    _forget(path)
    forgotten = sum(_told(path)[:3])
    parts = tuple(
        part(name, [one[at] for one in told])
        for at, name in enumerate(("open", "read and reckon", "page"))
    )
    whole = sorted(sum(one[:3]) for one in told)
    kept, size = (int(told[0][at]) for at in (5, 4))
    return [
        Figure(
            bar=f"digest of a week out of {kept:,} findings",
            measured=whole[TIMES // 2],
            must=Must.NOT_EXCEED,
            limit=LIMIT_S,
            unit="s",
            parts=(
                *parts,
                part("with nothing of the file in memory", forgotten),
                part("open with the daily check", cold),
                part("build", building),
            ),
        ),
        Figure(
            bar="peak memory of that digest",
            measured=max(one[3] for one in told) / 1e6,
            must=Must.NOT_EXCEED,
            limit=LIMIT_MB,
            unit="MB",
            parts=(f"ledger {path.stat().st_size / 1e6:,.0f} MB",),
        ),
        Figure(
            bar="its page",
            measured=size / 1e3,
            must=Must.NOT_EXCEED,
            limit=LIMIT_KB,
            unit="kB",
        ),
    ]


def build(path: Path) -> None:
    """Make the ledger, week by week: not all of it has room in memory."""
    fill(path, _weeks())


def _weeks() -> Iterator[tuple[Sequence[Row], ...]]:
    world = _Wordy(setting(WEEKS, repos=REPOSITORIES, pulls=PULLS))
    yield ([Events(0, BEGAN, "began")],)
    for at in range(WEEKS):
        world.week(at)
        yield world.take().tables()


def _forget(path: Path) -> None:
    """Let the system drop what it keeps of the file, as after a night of other work."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


class _Wordy(World):
    """Its findings say as much as real ones."""

    def body(self) -> str:
        return TEXT


def _told(path: Path) -> tuple[float, ...]:
    """One process: seconds of its parts, its memory and the page's size in bytes, the findings."""
    command = [sys.executable, "-m", "benchmarks.digest", str(path)]
    output = subprocess.check_output(command, cwd=ROOT, text=True)
    return tuple(map(float, output.split()))


def _measured(path: Path) -> None:
    """Run in the measured process: tell, then print how long each part took."""
    opened: list[Store] = []
    digests: list[Digest] = []
    pages: list[str] = []
    taken = [seconds(lambda: opened.append(Store(path)))]
    with closing(opened[0]) as store:
        span = week(WEEK, ZONE)
        taken.append(seconds(lambda: digests.append(digest_of(store, span, ZONE, "", LATER))))
        taken.append(seconds(lambda: pages.append(page(digests[0]))))
        (line,) = (
            one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one
        )
        findings = store.read("SELECT count(*) FROM findings", {})[0][0]
    peak, size = int(line.split()[1]) * 1024, len(pages[0].encode())
    print(*taken, peak, size, findings)


if __name__ == "__main__":
    _measured(Path(sys.argv[1]))
