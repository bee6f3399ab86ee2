"""One measured sweep of a fake GitHub, in a process that holds nothing else.

Reads where the server is from standard input and prints its seconds, from opening the ledger to
closing it, its largest resident size (VmHWM) in bytes, and what it polled and posted.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.github_ground import Served
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.sweep.plan import Doors
from reviewer_cli.sweep.report import Report
from reviewer_cli.sweep.tick import tick
from reviewer_cli.sweep.workshop import Workshop
from tests.fakes.engine import ScriptedEngine


def main(place: Path) -> None:
    """Sweep and print."""
    hub = Served(**json.load(sys.stdin), pipe=_NO_PIPE)
    start = time.monotonic()
    report = _sweep(place, hub)
    seconds = time.monotonic() - start
    assert report.error is None, report.error
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one)
    counts = report.counts
    told = {"seconds": seconds, "bytes": int(line.split()[1]) * 1024}
    print(json.dumps(told | {"polled": counts.polled, "posted": counts.posted}))


def _sweep(place: Path, hub: Served) -> Report:
    plan = hub.plan()
    with closing(hub.host()) as host, closing(Ledger(place / "ledger.db")) as ledger:
        doors = Doors(
            hosts={host.name: host},
            engine=ScriptedEngine(),
            evidence=None,
            ledger=ledger,
            workshop=Workshop(place / "cache", plan.limits, batch_size=plan.batch_size),
            clock=time.time,
            chance=random.random,
            sleep=asyncio.sleep,
            observe=lambda event: None,
        )
        return asyncio.run(tick(doors, plan))


_NO_PIPE: Any = None

if __name__ == "__main__":
    main(Path(sys.argv[1]))
