"""What a digest follows over a quarter of a year, and each as a line of blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_figures import duration, money, percent
from reviewer_cli.core.measures import Point
from reviewer_cli.render.digest_tables import Table, table

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One number by week, the oldest first, and how its values are written."""

    key: str
    name: str
    points: tuple[Point, ...]
    write: Callable[[float | None], str]

    @property
    def values(self) -> list[float]:
        """Those that were recorded."""
        return [one.value for one in self.points if one.value is not None]


def trends(digest: Digest) -> tuple[Trend, ...]:
    """Worth, speed and cost by week, without those of which not even two weeks are known."""
    accuracy, latency, cost = digest.accuracy.trend, digest.latency.trend, digest.cost.trend
    every = (
        Trend(key="worth", name="Findings acted on", points=accuracy, write=percent),
        Trend(key="speed", name="Median from push to review", points=latency, write=duration),
        Trend(key="cost", name="Cost of the week", points=cost, write=money),
    )
    return tuple(one for one in every if len(one.values) > 1)


def trend_table(told: Sequence[Trend]) -> Table:
    """Each trend as blocks, with its lowest, its highest and its last value."""
    return table(
        "Week by week",
        ("What", "Weeks", "Lowest", "Highest", "Last"),
        "llrrr",
        (
            (
                one.name,
                blocks(one.points),
                one.write(min(one.values)),
                one.write(max(one.values)),
                one.write(one.points[-1].value),
            )
            for one in told
        ),
    )


def week_table(told: Trend) -> Table:
    """All values of one trend."""
    return Table(
        caption=f"{told.name} by week",
        columns=("Week", told.name),
        sides="lr",
        rows=tuple((one.week, told.write(one.value)) for one in told.points),
    )


def blocks(points: Sequence[Point]) -> str:
    """One block for each week, as high as its value from 0 on; a dot where there is none."""
    top = max((one.value for one in points if one.value is not None), default=0.0) or 1.0
    steps = len(BLOCKS) - 1
    return "".join(
        GAP if one.value is None else BLOCKS[round(steps * max(0.0, one.value) / top)]
        for one in points
    )
