"""Entering what the hosts still know of our work into a ledger that lost it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from reviewer_cli.core.models import Head, HeadKey, Tip
from reviewer_cli.ledger.rows import Work
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import described, poll
from reviewer_cli.telemetry import Event, RepositoryFailed, shown

DESCRIBED_TOGETHER = 200
"""As in the poll: bounds the memory."""

ALL = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Which open heads carry our review on their host although the ledger did not know it."""

    open_heads: int
    found: tuple[HeadKey, ...]
    failures: tuple[RepositoryFailed, ...]


async def rebuild(doors: Doors, plan: Plan) -> Rebuilt:
    """Mark every open head that has our own submitted review as posted; review and post nothing.

    Heads without one are left to the next sweep, and one repository's failure is its own.
    """
    ledger = doors.ledger
    ledger.recover(doors.clock())
    polled = await poll(doors, plan)
    waiting = {work.head.key: work for work in _waiting(doors, polled.answered)}
    unknown = {tip.key for tip in ledger.undecided(polled.tips, plan.rules_hash)}
    asked = [tip for tip in polled.tips if tip.key in unknown or tip.key in waiting]
    failures = list(polled.failures)
    found: list[HeadKey] = []
    for start in range(0, len(asked), DESCRIBED_TOGETHER):
        some = asked[start : start + DESCRIBED_TOGETHER]
        for head in await aside(partial(_reviewed, doors, some, failures)):
            found.append(head.key)
            _enter(doors, plan, head, waiting.get(head.key))
    return Rebuilt(
        open_heads=len(polled.tips),
        found=tuple(found),
        failures=tuple(replace(one, reason=shown(one.reason)) for one in failures),
    )


def _waiting(doors: Doors, answered: frozenset[tuple[str, str]]) -> Iterator[Work]:
    for head_id in doors.ledger.due(answered, float("inf"), ALL):
        yield doors.ledger.load(head_id)


def _reviewed(doors: Doors, tips: list[Tip], failures: list[RepositoryFailed]) -> list[Head]:
    def observe(event: Event) -> None:
        if isinstance(event, RepositoryFailed):
            failures.append(event)

    return [head for head in described(doors, tips, observe) if head.posted is not None]


def _enter(doors: Doors, plan: Plan, head: Head, row: Work | None) -> None:
    if row is None:
        doors.ledger.admit([(head, None)], plan.rules_hash, doors.clock())
        return
    # An older copy of the ledger has it as still to be done.
    lease = doors.ledger.claim(row.head_id, doors.clock(), plan.lease_s)
    if lease is not None and head.posted is not None:
        lease.posted(head.posted, doors.clock())
