"""Which lines of one file's patch are new, compared with an earlier patch of the same file.

Lines are compared in their order and never by their numbers, so that what others did to the base
moves nothing. In doubt a line is new: it is looked at once more, which costs less than a miss.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from reviewer_cli.core.diff import DiffLine, FileDiff, FileStatus, LineKind
from reviewer_cli.core.patience import Gap, gaps

NEIGHBOURS = 3
"""Unchanged lines on each side that tell where a change stands; as many as git shows."""

OF_ONE_BASE = (FileStatus.MODIFIED, FileStatus.RENAMED)
"""Kinds of changes to one file of the base, whose patches can be compared with one another."""


def new_lines(known: FileDiff, file: FileDiff) -> frozenset[DiffLine]:
    """The lines of `file` that are new since `known`.

    Besides the changed lines that `known` does not have in this order, they are: what stands
    beside a line that is changed no more, as it means something else without it (unless the base
    has that line by now); a change that has passed a line of its surroundings; one that has
    mostly other surroundings; and what stands beside a new removal, which is the place of it.
    """
    old, lines = _lines(known), _lines(file)
    if known.status is not file.status and not {known.status, file.status} <= set(OF_ONE_BASE):
        return frozenset(lines)
    hunks = [number for number, hunk in enumerate(file.hunks) for _ in hunk.lines]
    parts = gaps(_as_patch(old), _as_patch(lines))
    new = {at for part in parts for at in _new_in(part, old, lines)}
    new.update(_passed(parts, old, lines, hunks))
    matched = set(range(len(lines))).difference(*(range(p.new_from, p.new_to) for p in parts))
    for run in _runs(lines, hunks):
        around = _around(run, lines, hunks)
        if 2 * len(matched.intersection(around)) < len(around):
            new.update(run)
        if all(lines[at].kind is LineKind.REMOVED for at in run) and not new.isdisjoint(run):
            new.update(_same_hunk(run[0], [run[0] - 1, run[-1] + 1], hunks))
    return frozenset(lines[at] for at in new)


def _lines(file: FileDiff) -> list[DiffLine]:
    return [line for hunk in file.hunks for line in hunk.lines]


def _as_patch(lines: Sequence[DiffLine]) -> list[tuple[LineKind, str]]:
    return [(line.kind, line.text) for line in lines]


def _new_in(part: Gap, old: Sequence[DiffLine], lines: Sequence[DiffLine]) -> Iterator[int]:
    """The changed lines of a gap; where it only took some out, what stands beside them."""
    here = range(part.new_from, part.new_to)
    changed = [at for at in here if lines[at].kind is not LineKind.CONTEXT]
    yield from changed
    in_base = {lines[at].text for at in here}
    if not changed and any(
        line.kind is LineKind.REMOVED or (line.kind is LineKind.ADDED and line.text not in in_base)
        for line in old[part.old_from : part.old_to]
    ):
        yield from range(max(part.new_from - 1, 0), min(part.new_to + 1, len(lines)))


def _passed(
    parts: Sequence[Gap], old: Sequence[DiffLine], lines: Sequence[DiffLine], hunks: Sequence[int]
) -> Iterator[int]:
    """The matched changes that an unchanged line of their hunk went from one side of to the other.

    They are all that is changed between the gap which that line left and the one it came to.
    """
    left: Counter[tuple[str, int]] = Counter()
    came: Counter[tuple[str, int]] = Counter()
    for number, part in enumerate(parts):
        left.update((text, number) for text in _unchanged(old[part.old_from : part.old_to]))
        came.update((text, number) for text in _unchanged(lines[part.new_from : part.new_to]))
    sources: dict[str, list[int]] = defaultdict(list)
    for text, number in left - came:
        sources[text].append(number)
    # How many of such ways begin less how many end at each place: none is walked by itself.
    ways = [0] * (len(lines) + 1)
    for text, number in came - left:
        near = bisect_left(sources[text], number)
        for source in sources[text][max(near - 1, 0) : near + 1]:
            first, last = sorted((source, number))
            between = range(parts[first].new_to, parts[last].new_from)
            if hunks[between[0]] == hunks[between[-1]]:
                ways[between.start] += 1
                ways[between.stop] -= 1
    for at, (line, on_way) in enumerate(zip(lines, accumulate(ways), strict=False)):
        if on_way and line.kind is not LineKind.CONTEXT:
            yield at


def _unchanged(lines: Sequence[DiffLine]) -> Iterator[str]:
    return (line.text for line in lines if line.kind is LineKind.CONTEXT)


def _runs(lines: Sequence[DiffLine], hunks: Sequence[int]) -> Iterator[list[int]]:
    """The places of changed lines that follow one another within a hunk."""
    places = range(len(lines))
    for (_, is_changed), run in groupby(
        places, key=lambda at: (hunks[at], lines[at].kind is not LineKind.CONTEXT)
    ):
        if is_changed:
            yield list(run)


def _around(run: Sequence[int], lines: Sequence[DiffLine], hunks: Sequence[int]) -> list[int]:
    """The places of the unchanged lines on both sides of a run that say something."""
    sides = (
        range(run[0] - 1, run[0] - 1 - NEIGHBOURS, -1),
        range(run[-1] + 1, run[-1] + 1 + NEIGHBOURS),
    )
    found: list[int] = []
    for side in sides:
        for at in _same_hunk(run[0], side, hunks):
            if lines[at].kind is not LineKind.CONTEXT:
                break
            if lines[at].text.strip():
                found.append(at)
    return found


def _same_hunk(of: int, places: Sequence[int], hunks: Sequence[int]) -> list[int]:
    return [at for at in places if 0 <= at < len(hunks) and hunks[at] == hunks[of]]
