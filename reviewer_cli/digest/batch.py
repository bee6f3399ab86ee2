"""How the batch stood against what it may be: places, money and heads."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reviewer_cli.core.activity import Use
from reviewer_cli.core.measures import rate
from reviewer_cli.ledger.figures_cost import Answer
from reviewer_cli.ledger.figures_trouble import Sweep

MICRO = 1_000_000


def use(answers: Sequence[Answer], sweeps: Sequence[Sweep]) -> Use:
    """An engine worked from an answer's duration before it came until it came."""
    by_sweep: dict[tuple[int, int], list[Answer]] = {}
    for one in answers:
        if one.sweep_id is not None and one.batch_size:
            by_sweep.setdefault((one.sweep_id, one.batch_size), []).append(one)
    places: list[float] = []
    peaks: list[float] = []
    for (_, size), mine in by_sweep.items():
        busy, peak = _busy([(one.received_at - one.duration_s, one.received_at) for one in mine])
        places.append(size * busy)
        # Durations are the engine's own, so that two of one place may seem to overlap.
        peaks.append(min(1.0, peak / size))
    worked = math.fsum(one.duration_s for mine in by_sweep.values() for one in mine)
    whole = math.fsum(places)
    return Use(
        sweeps=len(sweeps),
        filled=rate(min(1.0, worked / whole)) if whole else None,
        peak=rate(max(peaks, default=None)),
        usd_of_cap=rate(max(_of_caps(answers), default=None)),
        full_sweeps=sum(one.is_full for one in sweeps),
    )


def _busy(intervals: Sequence[tuple[float, float]]) -> tuple[float, int]:
    """How long at least one of the intervals lasted, and how many did at once at most."""
    edges = sorted(edge for since, until in intervals for edge in ((since, 1), (until, -1)))
    lasted: list[float] = []
    began, open_now, most = 0.0, 0, 0
    for at, step in edges:
        if not open_now:
            began = at
        open_now += step
        most = max(most, open_now)
        if not open_now:
            lasted.append(at - began)
    return math.fsum(lasted), most


def _of_caps(answers: Sequence[Answer]) -> list[float]:
    """What each review of one sweep cost, as a share of what it might."""
    spent: dict[tuple[int, int, float], int] = {}
    for one in answers:
        if one.sweep_id is not None and one.max_usd:
            review = (one.head_id, one.sweep_id, one.max_usd)
            spent[review] = spent.get(review, 0) + one.micro_usd
    return [micro / MICRO / cap for (_, _, cap), micro in spent.items()]
