"""Later rounds of real changes: what people got to read, what it cost, and what the ledger says.

Consecutive releases of real projects become pull requests of two to six pushes with amended,
squashed and rebased commits (`tests/replay/`), with problems planted in them. The engine says each
problem that it can see every time, in other words; some are declined by people, some are mended,
some are left alone. `make replay` holds the same bars as tests and prints the confusion matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.bar import Figure, Must
from tests.replay.judging import Verdict
from tests.replay.whole import replayed


def measure(place: Path) -> list[Figure]:
    """The bars on noise, outcomes, requests and prompts."""
    with replayed(place) as verdict:
        return [*_said(verdict), *_cost(verdict)]


def _said(verdict: Verdict) -> list[Figure]:
    played = verdict.replay.played
    pushes = sum(len(one.story.pushes) for one in played)
    history = (f"{len(played)} pull requests, {pushes} pushes",)
    planted = (f"{len(verdict.cases)} problems, {len(verdict.late)} in a later push",)
    return [
        _none("later rounds of a replayed history: repeated comments", verdict.repeated, history),
        _none("the same: raised again after somebody declined", verdict.re_raised),
        _none("the same: planted problems never said", verdict.missed, planted),
        Figure(
            bar="the same: planted as fixed or ignored and labelled so",
            measured=100 * verdict.right_share,
            must=Must.REACH,
            limit=95,
            unit="%",
        ),
    ]


def _cost(verdict: Verdict) -> list[Figure]:
    first, later, _ = verdict.prompts
    return [
        Figure(
            bar="the same: requests for outcomes ÷ 25 watched pull requests, each tick",
            measured=verdict.mean_requests,
            must=Must.NOT_EXCEED,
            limit=1,
            parts=(f"{len(verdict.replay.ticks)} ticks, most of them with news everywhere",),
        ),
        Figure(
            bar="the same: prompt of a later round ÷ of a first one",
            measured=median(later) / median(first),
            must=Must.NOT_EXCEED,
            limit=0.4,
            parts=(f"medians of {len(later)} and {len(first)}",),
        ),
    ]


def _none(bar: str, found: Sequence[object], parts: tuple[str, ...] = ()) -> Figure:
    return Figure(
        bar=bar, measured=len(found), must=Must.NOT_EXCEED, limit=0, unit="times", parts=parts
    )
