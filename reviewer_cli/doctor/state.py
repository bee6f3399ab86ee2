"""What earlier sweeps left: the ledger, who holds its lock, and how the last sweep ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reviewer_cli.core.health import Sign, amber, green
from reviewer_cli.ledger.lock import holder
from reviewer_cli.ledger.records import Records, reading
from reviewer_cli.render.breakers import described, mending

WEEK_S = 7 * 86_400.0


def lock(path: Path) -> Iterator[Sign]:
    """Whether a sweep runs at this moment; nothing is made where none ever ran."""
    if not path.exists():
        yield green("lock", "no sweep has run here yet")
        return
    held_by = holder(path)
    yield green("lock", f"a sweep runs: {held_by}" if held_by else "free")


def ledger(path: Path, now: float) -> Iterator[Sign]:
    """Whether the ledger is whole, what is dead in it, and how the newest sweep ended.

    Raises LedgerRefused and LedgerUnwritable as opening it does, which also upgrades an old one.
    """
    if not path.exists():
        yield green("ledger", f"{path} will be made by the first sweep")
        return
    with reading(path) as records:
        yield from _heads(path, records, now)
        yield from _second_ledger(records, now)
        yield from _last_sweep(records)


def _heads(path: Path, records: Records, now: float) -> Iterator[Sign]:
    seen = records.status(now)
    yield green("ledger", f"{path}, {seen.posted} posted, {seen.due + seen.waiting} due")
    for one in seen.breakers:
        yield amber(one.door, f"it {described(one)}: {one.reason}", mending(one, now))
    if seen.dead:
        yield amber(
            "dead heads",
            f"{seen.dead} will not be tried again",
            "see reviewer ledger list --state dead, then reviewer ledger retry NAME",
        )


def _second_ledger(records: Records, now: float) -> Iterator[Sign]:
    if elsewhere := records.posted_elsewhere(now - WEEK_S):
        yield amber(
            "second ledger",
            f"reviews by our account that this ledger did not post, found in the last week: "
            f"{len(elsewhere)}, the newest of {elsewhere[0]}",
            "run one ledger for each account, for two can post twice; where an older copy was put "
            "back, this passes in a week",
        )


def _last_sweep(records: Records) -> Iterator[Sign]:
    for sweep in records.sweeps(1):
        if sweep.exit_code in (0, None):
            said = "ended well" if sweep.exit_code == 0 else "runs, or was killed"
            yield green("last sweep", said)
        else:
            said = f"ended with {sweep.exit_code}: {sweep.error or 'some heads were not posted'}"
            yield amber("last sweep", said, "see reviewer status")
