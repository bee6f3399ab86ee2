"""What the benchmarks stand on: repositories with many branches, and a whole installation."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import Tip
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger import pulls
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.engine import Engine
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.report import Report
from reviewer_cli.sweep.tick import tick
from reviewer_cli.sweep.workshop import Workshop
from tests.building import Repo

WHO_AND_WHEN = "committer Ada <ada@example.org> 1700000000 +0000\n"
WORDS = ("queue", "batch", "commit", "branch", "review", "ledger", "lease", "marker", "anchor")


def repository(path: Path, *, branches: int, files: int) -> Repo:
    """A repository with `files` source files on main and as many open branches as asked for.

    Each branch is one commit of its own, with a description of about 1 kB, that adds four lines
    to one file and changes another. References are packed, as git's own upkeep leaves them.
    """
    made = Repo(path)
    made.git("fast-import", "--quiet", "--date-format=raw", input=_stream(branches, files))
    made.git("pack-refs", "--all")
    return made


def source(number: int, lines: int = 120) -> str:
    """A file of about 5 kB that differs from the others and compresses like code."""
    dice = random.Random(number)
    return "".join(
        f"def {dice.choice(WORDS)}_{line}({dice.choice(WORDS)}): "
        f"return {dice.choice(WORDS)} * {dice.randrange(10_000)}\n"
        for line in range(lines)
    )


@contextmanager
def doors(place: Path, plan: Plan, engine: Engine, cache: Path | None = None) -> Iterator[Doors]:
    """Real ledger on disk, real git, real local host; only the engine is handed in."""
    with closing(Ledger(place / "ledger.db")) as ledger:
        yield Doors(
            hosts={"local": LocalGit(place / "reviews")},
            engine=engine,
            evidence=None,
            ledger=ledger,
            workshop=Workshop(cache or place / "cache", plan.limits, batch_size=plan.batch_size),
            clock=time.time,
            chance=random.random,
            sleep=asyncio.sleep,
            observe=lambda event: None,
        )


def sweep(
    place: Path,
    plan: Plan,
    engine: Engine,
    story: Callable[[Doors, Plan], Awaitable[Report]] = tick,
) -> Report:
    """One whole sweep, from opening the ledger to closing it."""

    async def told() -> Report:
        with doors(place, plan, engine) as opened:
            return await story(opened, plan)

    return asyncio.run(told())


def watch(ledger: Ledger, tips: Iterable[Tip], now: float) -> None:
    """Their pull requests are watched, and were heard of since they last changed."""
    heard = [Conversation(key=one.key, state=PullState.OPEN, version=one.version) for one in tips]
    pulls.gathered(ledger.store, heard, now)


def _stream(branches: int, files: int) -> bytes:
    parts = ["commit refs/heads/main\n", WHO_AND_WHEN, _data("start")]
    parts += [f"M 100644 inline {_name(one)}\n{_data(source(one))}" for one in range(files)]
    for number in range(branches):
        body = f"Work item {number}\n\n" + "Why it is needed, at some length. " * 30
        parts += [f"commit refs/heads/work-{number:05}\n", WHO_AND_WHEN, _data(body)]
        parts.append("from refs/heads/main\n")
        for file in (number % files, (number + 1) % files):
            text = source(file) + f"\n\ndef added_{number}(n):\n    return n / {number}\n"
            parts.append(f"M 100644 inline {_name(file)}\n{_data(text)}")
    return "".join(parts).encode()


def _name(file: int) -> str:
    return f"src/part_{file // 50}/file_{file}.py"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
