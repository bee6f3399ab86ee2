"""The kept-full batch on heavy-tailed latencies, against batches with a barrier and the ideal.

Latencies are lognormal (sigma 0.8, median 0.36 s, cut at 2 s: mean about 0.5 s), in the order of
the queue. The ideal is max(sum / 8, longest): no order of work can be faster. Work whose length is
not known beforehand cannot reach it: the last long heads end alone. What is left when each head
starts on the first free place, at no cost, is the part `in order`; the draw is the typical one of
301 seeds, whose `in order` is the median of all (0.95 of its ideal; 5 % of draws are below 0.90).
The alternative has the same stages and the same eight at once, and is as good as a barrier allows:
it prepares the next eight and posts the last eight while eight are in review; but a batch starts
only when the one before has ended. The sides take turns, three times; the figures are the medians.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path

from benchmarks.bar import Figure, Must, part, ratio, seconds
from benchmarks.full_batch import BATCH, HEADS, engine, stage
from benchmarks.ground import sweep
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.sweep.journey import Journey, Saved
from reviewer_cli.sweep.listening import listen
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import due, enter, poll
from reviewer_cli.sweep.report import Report, Tally
from reviewer_cli.sweep.tick import tick

SEEDS, TIMES = 301, 3
SIGMA, MEDIAN_S, LONGEST_S = 0.8, 0.36, 2.0

Story = Callable[[Doors, Plan], Awaitable[Report]]


def measure(place: Path) -> list[Figure]:
    """Both bars, from the same runs."""
    latencies = _typical()
    kept_full, barrier = [], []
    for turn in range(TIMES):
        kept_full.append(_wall(place / f"full-{turn}", latencies, tick))
        barrier.append(_wall(place / f"barrier-{turn}", latencies, with_barrier))
    ideal = _ideal(latencies)
    return [
        Figure(
            bar="200 heads, heavy-tailed: batches with a barrier ÷ the kept-full batch",
            measured=ratio(barrier, kept_full),
            must=Must.REACH,
            limit=1.25,
            parts=(part("barrier", barrier), part("kept full", kept_full)),
        ),
        Figure(
            bar="200 heads, heavy-tailed: ideal ÷ wall of the kept-full batch",
            measured=ratio([ideal], kept_full),
            must=Must.REACH,
            limit=0.90,
            parts=(
                part("ideal", ideal),
                part("in order", _first_free_place(latencies)),
                part("wall", kept_full),
            ),
        ),
    ]


async def with_barrier(doors: Doors, plan: Plan) -> Report:
    """A tick whose batches start together and end together."""
    ledger, clock = doors.ledger, doors.clock
    tally = Tally(doors.observe)
    sweep_id = ledger.begin_sweep(plan.repositories, doors.engine.name, clock())
    ledger.recover(clock())
    polled = await poll(doors, plan)
    await enter(doors, plan, polled, tally)
    heard = await listen(doors, plan, sweep_id, polled)
    waiting = iter(due(doors, plan, polled))
    journey = Journey(doors, plan, sweep_id, heard, tally.observe)
    chunks = iter(lambda: list(islice(waiting, plan.batch_size)), [])
    posting = asyncio.create_task(_post(journey, []))
    preparing = asyncio.gather(*map(journey.prepare, next(chunks)))
    while ready := await preparing:
        preparing = asyncio.gather(*map(journey.prepare, next(chunks, [])))
        saved = await asyncio.gather(*map(journey.review, ready))
        await posting
        posting = asyncio.create_task(_post(journey, saved))
    await posting
    report = tally.report(sweep_id, ledger.spent(sweep_id), None)
    ledger.end_sweep(report.counts, sweep_id, clock(), report.exit_code, None)
    return report


async def _post(journey: Journey, saved: list[Saved | None]) -> None:
    for one in saved:
        if one is not None:
            await journey.publish(one)


def _latencies(seed: int) -> list[float]:
    dice = random.Random(seed)
    return [min(MEDIAN_S * dice.lognormvariate(0, SIGMA), LONGEST_S) for _ in range(HEADS)]


def _ideal(latencies: list[float]) -> float:
    return max(sum(latencies) / BATCH, *latencies)


def _typical() -> list[float]:
    """The draw that loses as much at its end as half of all draws do."""
    draws = sorted(
        map(_latencies, range(SEEDS)), key=lambda draw: _ideal(draw) / _first_free_place(draw)
    )
    return draws[SEEDS // 2]


def _first_free_place(latencies: list[float]) -> float:
    places = [0.0] * BATCH
    for latency in latencies:
        heapq.heapreplace(places, places[0] + latency)
    return max(places)


def _wall(place: Path, latencies: list[float], story: Story) -> float:
    _, plan = stage(place)

    def latency(request: ReviewRequest) -> float:
        return latencies[int(request.head.key.pull.removeprefix("work-"))]

    scripted = engine(latency)
    reports = []
    wall = seconds(lambda: reports.append(sweep(place, plan, scripted, story)))
    assert reports[0].counts.posted == HEADS
    assert scripted.peak == BATCH
    return wall
