"""What a sweep owes to one that died: its heads come back, and none can end sweep after sweep."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager

from reviewer_cli.core.models import State
from reviewer_cli.ledger.recovery import bury_deadly, died_before, suspects
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.telemetry import HeadEnded, Observer

Holding = Callable[[Sequence[int]], AbstractContextManager[None]]


def recover(doors: Doors, plan: Plan, sweep_id: int, observe: Observer) -> None:
    """Give back what a dead sweep had taken, and bury the head that has killed its last one."""
    ledger, now = doors.ledger, doors.clock()
    if key := bury_deadly(ledger.store, plan.max_attempts, now):
        reason = "the sweep died each time it was in work"
        observe(HeadEnded(key=key, state=State.DEAD, reason=reason))
    ledger.recover(now, plan.longest_retry_s)
    if died_before(ledger.store, sweep_id):
        doors.workshop.tidy()


def in_turn(
    doors: Doors, plan: Plan, sweep_id: int, due: Sequence[int], holding: Holding
) -> Generator[Sequence[int], None, None]:
    """Who may be in work beside whom, so that a head that ends our process is found.

    First those above suspicion; behind a sweep that died, also they come in batches that are held
    from the start, because the head may do its harm before it is claimed. Then, likewise, those
    that were in work when a sweep died, for it may have been chance. At last, each alone, those of
    them that have one attempt left.
    """
    used = suspects(doors.ledger.store, due)
    clear = [head_id for head_id in due if head_id not in used]
    last_chance = [head_id for head_id in used if used[head_id] + 1 >= plan.max_attempts]
    again = [head_id for head_id in used if head_id not in last_chance]
    if not died_before(doors.ledger.store, sweep_id):
        yield clear
        clear = []
    for group in (
        *_batches(clear, plan.batch_size),
        *_batches(again, plan.batch_size),
        *_batches(last_chance, 1),
    ):
        if doors.stopping.is_asked:
            return
        with holding(group):
            yield group


def _batches(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
