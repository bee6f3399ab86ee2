"""Which lines two texts share in the same order, in time that no text can stretch.

Bram Cohen's patience diff: equal ends are matched first, then the lines that occur once on both
sides, and so on between those. Where nothing is unique nothing is matched, which for a review is
the safe side: such lines count as new.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

DEEPEST = 12
"""Rounds of matching; real texts need three or four, and only made-up ones more."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands on both sides between two matched lines: `old[old_from:old_to]` and so on."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def gaps(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Gap]:
    """The parts that differ, in order; all that lies between them is equal on both sides."""
    return list(_gaps(old, new, Gap(0, len(old), 0, len(new)), DEEPEST))


def _gaps(old: Sequence[Hashable], new: Sequence[Hashable], part: Gap, depth: int) -> Iterator[Gap]:
    part = _without_equal_ends(old, new, part)
    if part.old_from == part.old_to and part.new_from == part.new_to:
        return
    anchors = _anchors(old, new, part) if depth else []
    if not anchors:
        yield part
        return
    ends = [(part.old_from - 1, part.new_from - 1), *anchors, (part.old_to, part.new_to)]
    for (old_before, new_before), (old_after, new_after) in pairwise(ends):
        between = Gap(old_before + 1, old_after, new_before + 1, new_after)
        yield from _gaps(old, new, between, depth - 1)


def _without_equal_ends(old: Sequence[Hashable], new: Sequence[Hashable], part: Gap) -> Gap:
    old_from, old_to, new_from, new_to = part.old_from, part.old_to, part.new_from, part.new_to
    while old_from < old_to and new_from < new_to and old[old_from] == new[new_from]:
        old_from, new_from = old_from + 1, new_from + 1
    while old_from < old_to and new_from < new_to and old[old_to - 1] == new[new_to - 1]:
        old_to, new_to = old_to - 1, new_to - 1
    return Gap(old_from, old_to, new_from, new_to)


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable], part: Gap) -> list[tuple[int, int]]:
    """The longest run, in order on both sides, of lines that occur once on each."""
    olds, news = range(part.old_from, part.old_to), range(part.new_from, part.new_to)
    count_old, count_new = Counter(old[at] for at in olds), Counter(new[at] for at in news)
    where = {new[at]: at for at in news if count_new[new[at]] == 1}
    pairs = [(at, where[old[at]]) for at in olds if old[at] in where and count_old[old[at]] == 1]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose second numbers rise; the first ones do already."""
    tops: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for index, (_, number) in enumerate(pairs):
        pile = bisect_left(tops, number)
        tops[pile : pile + 1] = [number]
        last[pile : pile + 1] = [index]
        before.append(last[pile - 1] if pile else None)
    at = last[-1] if last else None
    chosen: list[tuple[int, int]] = []
    while at is not None:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]
