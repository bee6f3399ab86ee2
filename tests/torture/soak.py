"""Thousands of heads through the whole story, while a share of all calls fails.

python -m tests.torture.soak 10000 prints what became of them as one line of JSON.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sqlite3
import sys
import tempfile
from collections import Counter, deque
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from reviewer_cli.core.models import Tip
from reviewer_cli.sweep.plan import Plan
from reviewer_cli.sweep.report import Report
from tests.building import Repo
from tests.fakes.engine import ScriptedEngine
from tests.fakes.stage import Stage
from tests.torture.unreliable import UnreliableHost, Weather, answering

BAD = 0.05
AT_ONCE = 50
"""Heads that come between two sweeps."""
REPOSITORIES = 5
PUSHED_AGAIN = 0.1
"""Of the pull requests that have their review."""
PATIENCE = 50
MERGED_AFTER = 3
"""Sweeps: whoever forgets a review has time to post it again."""
HOUR_S = 3600.0
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Soaked:
    """How it ended; memory is the resident size in MiB after each sweep.

    `lost` heads are open and have no review, `unknown` ones are in no row of the ledger.
    """

    heads: int
    posted_once: int
    posted_twice: int
    paid_twice: int
    lost: int
    unknown: int
    drafts: int
    states: dict[str, int]
    sweeps: int
    calls: dict[str, int]
    failed: dict[str, int]
    memory: list[float]


class Town:
    """The host's pull requests, the sweeps over them, and what they came to."""

    def __init__(self, root: Path, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - the same each time
        self._dice = dice
        self._weather = Weather(BAD, dice)
        self._host = UnreliableHost(self._weather)
        self._repos = [Repo(root / f"repo-{number}") for number in range(REPOSITORIES)]
        self._bases = [repo.commit({"a.py": "a = 1\n"}) for repo in self._repos]
        self._names = count()
        self._engine = ScriptedEngine(answering(self._weather))
        self._memory: list[float] = []
        self._reviewed: deque[list[Tip]] = deque([] for _ in range(MERGED_AFTER))
        self._stage = Stage(
            root,
            engine=self._engine,
            plan=Plan(selectors={}, batch_size=8, limit=2 * AT_ONCE, max_attempts=20),
            more_hosts={self._host.name: self._host},
        )

    def run(self, heads: int) -> Soaked:
        """At least so many heads, fifty at a time; then sweeps until nothing is left to do."""
        while len(self._host.heads) < heads:
            self._people_work()
            self._sweep()
        for _ in range(PATIENCE):
            if self._sweep().exit_code == 0 and not self._waiting():
                break
        return self._result()

    def _people_work(self) -> None:
        """What has had its review for a while is merged or pushed to; others are opened."""
        self._reviewed.append(self._host.reviewed)
        self._host.reviewed = []
        again: dict[str, list[str]] = {str(repo.path): [] for repo in self._repos}
        for tip in self._reviewed.popleft():
            at = tip.key.repo, tip.key.pull
            if self._dice.random() < PUSHED_AGAIN:
                again[tip.key.repo].append(tip.key.pull)
            elif self._host.open.get(at) == tip:
                del self._host.open[at]
        for repo, base in zip(self._repos, self._bases, strict=True):
            path = str(repo.path)
            new = [f"pull-{next(self._names)}" for _ in range(AT_ONCE // REPOSITORIES)]
            later = [f"later-{next(self._names)}" for _ in range(AT_ONCE // REPOSITORIES // 10)]
            tips = _committed(repo, [*again[path], *new, *later])
            self._host.pushes[path] = [tips.pop(name) for name in later]
            for name, sha in tips.items():
                self._host.pull(path, name, sha, base)

    def _sweep(self) -> Report:
        self._stage.now += HOUR_S
        report = self._stage.sweep(
            selectors={self._host.name: tuple(str(repo.path) for repo in self._repos)}
        )
        self._engine.asked.clear()
        self._stage.events.clear()
        self._stage.slept.clear()
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self._memory.append(pages * PAGE / 2**20)
        return report

    def _waiting(self) -> int:
        return sum(not self._host.posted[tip.key.sha] for tip in self._host.open.values())

    def _result(self) -> Soaked:
        with closing(sqlite3.connect(self._stage.ledger_path)) as db:
            rows = dict(db.execute("SELECT head_sha, state FROM heads"))
        posted = self._host.posted
        return Soaked(
            heads=len(self._host.heads),
            posted_once=sum(posted[sha] == 1 for sha in self._host.heads),
            posted_twice=sum(times > 1 for times in posted.values()),
            paid_twice=sum(times > 1 for times in self._weather.answered.values()),
            lost=self._waiting(),
            unknown=len(self._host.heads - rows.keys()),
            drafts=len(self._host.pending),
            states=dict(Counter(rows.values())),
            sweeps=len(self._memory),
            calls=dict(self._weather.calls),
            failed=dict(self._weather.failed),
            memory=self._memory,
        )


def _committed(repo: Repo, branches: list[str]) -> dict[str, str]:
    """One more commit on each branch, all in one git process; the new tips."""
    known = set(repo.git("for-each-ref", "--format=%(refname:short)").split())
    stream = b""
    for name in branches:
        start = f"refs/heads/{name if name in known else 'main'}^0"
        stream += (
            f"commit refs/heads/{name}\ncommitter Ada <ada@example.org> 1700000000 +0000\n"
            f"data 1\nx\nfrom {start}\nM 100644 inline {name}-{len(stream)}.py\n"
            "data 6\nx = 1\n\n"
        ).encode()
    repo.git("fast-import", "--quiet", input=stream)
    listed = repo.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
    tips = dict(line.split() for line in listed.splitlines())
    return {name: tips[name] for name in branches}


def main() -> None:
    """Run it below a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        done = Town(Path(name), seed=int(os.environ.get("SEED", "1"))).run(int(sys.argv[1]))
    sys.stdout.write(json.dumps(asdict(done)) + "\n")


if __name__ == "__main__":
    main()
