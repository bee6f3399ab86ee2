"""The second head of a mirrored repository: fetch, diff and checkout, over a clone and diff.

The repository has 3,000 files of about 5 kB. Ours is `Workshop.prepare` for a head that was pushed
after the first one was reviewed, so it pays for a fetch of its own. The other side is what a job
without a mirror does: `git clone --depth 1` of the head, the base fetched with depth 1 as well,
since a diff needs it, and `git diff`. Both read the same repository through git's own transport on
this machine. The sides take turns, seven times, each time with another head; medians.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.bar import Figure, Must, part, ratio, taking_turns
from benchmarks.ground import repository
from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Head, HeadKey
from reviewer_cli.ports.host import Remote
from reviewer_cli.sweep.workshop import Workshop
from tests.building import ENVIRONMENT, Repo

FILES, TIMES = 3_000, 7


def measure(place: Path) -> list[Figure]:
    """The bar on one repository of 3,000 files."""
    repo = repository(place / "repo", branches=2 * TIMES + 1, files=FILES)
    ours, clone = _ours(repo, place), _clone(repo, place)
    ours()  # the first head: from now on the repository is mirrored
    prepared, cloned = taking_turns(TIMES, ours, clone)
    return [
        Figure(
            bar=f"second head, {FILES:,} files: prepare ÷ (clone --depth 1 + diff)",
            measured=ratio(prepared, cloned),
            must=Must.NOT_EXCEED,
            limit=0.20,
            parts=(part("prepare", prepared), part("clone and diff", cloned)),
        )
    ]


def _ours(repo: Repo, place: Path) -> Callable[[], None]:
    workshop = Workshop(place / "cache", DiffLimits(), batch_size=1)
    base, numbers = repo.tip(), count(0)
    tips = repo.git("for-each-ref", "--format=%(objectname)", "refs/heads/work-*").split()

    def prepare() -> None:
        head = Head(
            key=HeadKey("local", "repo", "1", tips[next(numbers)]),
            head_ref="work",
            base_ref="main",
            base_sha=base,
        )
        prepared = workshop.prepare(head, Remote(url=f"file://{repo.path}"))
        assert len(prepared.diff.files) == 2
        prepared.close()

    return prepare


def _clone(repo: Repo, place: Path) -> Callable[[], None]:
    url, numbers = f"file://{repo.path}", count(TIMES + 1)

    def clone_and_diff() -> None:
        number = next(numbers)
        target = place / f"clone-{number}"
        branch = f"work-{number:05}"
        _git("clone", "-q", "--depth", "1", "--branch", branch, url, str(target))
        _git("-C", str(target), "fetch", "-q", "--depth", "1", "origin", "main")
        patch = _git("-C", str(target), "diff", "FETCH_HEAD", "HEAD")
        assert patch.count(b"\ndiff --git") == 1

    return clone_and_diff


def _git(*args: str) -> bytes:
    return subprocess.run(["git", *args], env=ENVIRONMENT, check=True, capture_output=True).stdout
