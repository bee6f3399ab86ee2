"""One sweep, read from top to bottom: this is the product's main story."""

from __future__ import annotations

import asyncio
from contextlib import closing

from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import retention
from reviewer_cli.sweep.after_merge import look_after_merge
from reviewer_cli.sweep.aftercare import look_after
from reviewer_cli.sweep.batch import Batch
from reviewer_cli.sweep.breakers import Breakers
from reviewer_cli.sweep.journey import Journey, Ready, Saved
from reviewer_cli.sweep.listening import Heard, listen
from reviewer_cli.sweep.merged_count import count_merged
from reviewer_cli.sweep.merged_issue import tell_merged
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import due, enter, poll
from reviewer_cli.sweep.recovery import in_turn, recover
from reviewer_cli.sweep.report import Report, Tally
from reviewer_cli.sweep.retro import enter_merged
from reviewer_cli.telemetry import Polled, shown

INTERRUPTED = 130
"""Recorded for a sweep that a signal ended; 128 + SIGINT, as shells do."""


async def tick(doors: Doors, plan: Plan) -> Report:
    """Review what is new and post it; every open head ends posted, skipped, waiting or dead.

    Errors of single heads and repositories are in the report. An error that concerns every head
    ends the sweep early and is in the report as well; what is unfinished stays due.
    """
    ledger, clock = doors.ledger, doors.clock
    doors.stopping.concerns_this_task()
    tally = Tally(doors.observe)
    breakers = Breakers(doors, plan)
    sweep_id = ledger.begin_sweep(plan.repositories, doors.engine.name, clock(), plan.caps)
    error: ReviewerError | None = None
    try:
        check(doors)
        recover(doors, plan, sweep_id, tally.observe)
        polled = await poll(doors, plan)
        await enter(doors, plan, polled, tally)
        await enter_merged(doors, plan, polled, tally)
        heard = await listen(doors, plan, sweep_id, polled)
        waiting = due(doors, plan, polled)
        tally.observe(Polled(open_heads=len(polled.tips), due=len(waiting)))
        if waiting:
            await review(doors, plan, sweep_id, waiting, heard, tally, breakers)
        await look_after(doors, plan, sweep_id, heard)
        await look_after_merge(doors, plan, sweep_id, polled)
        await tell_merged(doors, plan, polled, tally)
        await count_merged(doors, plan, polled, tally)
        await breakers.look_again()
        retention.apply(ledger.store, plan.keep, clock())
    except ReviewerError as stopped:
        error = stopped
    except asyncio.CancelledError:
        for host in doors.hosts.values():
            host.close()  # ends every wait that a host asked for
        doors.workshop.stop()
        breakers.settle(clock())
        report = tally.report(sweep_id, ledger.spent(sweep_id), None)
        why = "stopped by a signal"
        ledger.end_sweep(report.counts, sweep_id, clock(), INTERRUPTED, why, tally.met)
        raise
    breakers.settle(clock())
    error = error or breakers.trouble(tally.posted)
    report = tally.report(sweep_id, ledger.spent(sweep_id), error, breakers.still_open())
    said = shown(str(error)) if error else None
    ledger.end_sweep(report.counts, sweep_id, clock(), report.exit_code, said, tally.met)
    return report


def check(doors: Doors) -> None:
    """Raise what would stop every review, also when there is nothing to review just now."""
    for engine in (doors.engine, doors.evidence):
        if engine is not None:
            engine.check()


async def review(
    doors: Doors,
    plan: Plan,
    sweep_id: int,
    waiting: list[int],
    heard: Heard,
    tally: Tally,
    breakers: Breakers,
) -> None:
    """Bring the due heads through preparing, reviewing and posting in one kept-full batch.

    A door that failed an earlier sweep is asked by one head alone; only when it answered do the
    others follow.
    """
    journey = Journey(doors, plan, sweep_id, heard, tally.observe)
    doors.workshop.expect(doors.ledger.heads(waiting))
    batch: Batch[Ready, Saved] = Batch(
        plan.batch_size,
        doors.stopping,
        prepare=journey.prepare,
        review=journey.review,
        publish=journey.publish,
        rest=journey.rest,
        abandon=journey.abandon,
        give_back=journey.give_back,
    )
    turns = in_turn(doors, plan, sweep_id, waiting, journey.holding)
    with doors.stopping.in_work(), closing(turns):
        for group in turns:
            others = list(group)
            for probe in breakers.probes(group):
                others.remove(probe)
                await batch.run([probe])
            await batch.run(others)
