"""What a later round has to look at: the changes that no earlier review of the pull request saw.

The two diffs are compared as patches, file by file, by their lines in order and never by their
numbers, as `git range-diff` compares two versions of a branch. So a push, a rebase, a squash and a
new base are one case: what the reviewed patch had in the same place is not new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from reviewer_cli.core.diff import Diff, DiffLine, FileDiff, Hunk, Places
from reviewer_cli.core.models import Side
from reviewer_cli.core.patches import OF_ONE_BASE, new_lines

SURROUNDINGS = 5
"""Lines of the diff that are shown before and after what is new in it."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Lines of the head's file, `first` to `last`, that an earlier review saw as they are."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is new in a diff since an earlier one of the same pull request.

    `diff` is the part to look at: the new changes with their surroundings; it has no files when
    nothing is new. `fresh` are the places of what is new, `reviewed` the other changes of the
    whole diff. `undone` are the paths of files that were changed and are as in the base again.
    """

    diff: Diff
    fresh: Places
    reviewed: tuple[Reviewed, ...] = ()
    undone: tuple[str, ...] = ()

    def touches(self, path: str, side: Side, first: int, last: int) -> bool:
        """Whether one of these lines is new, or stands where something was taken out."""
        # Not by asking for each line: an engine may speak of two thousand million of them.
        return any(
            where == path and on is side and first <= number <= last
            for where, on, number in self.fresh
        )


def news(before: Diff, now: Diff) -> News:
    """What `now` changes that `before` did not, and where `before` changed what `now` leaves.

    A file that `before` does not show, or shows as another kind of change, is new as a whole.
    """
    by_path = {file.path: file for file in before.files}
    by_base = {file.old_path: file for file in before.files if file.status in OF_ONE_BASE}
    files: list[FileDiff] = []
    fresh: set[tuple[str, Side, int]] = set()
    reviewed: list[Reviewed] = []
    for file in now.files:
        known = by_path.get(file.path) or by_base.get(file.old_path)
        whole = frozenset(line for hunk in file.hunks for line in hunk.lines)
        new = new_lines(known, file) if known else whole
        fresh.update((file.path, *place) for line in new for place in _places(line))
        hunks = tuple(window for hunk in file.hunks for window in _windows(hunk, new))
        if hunks:
            files.append(replace(file, hunks=hunks))
        reviewed += _left_out(file, hunks)
    still = {*now.paths(), *(file.old_path for file in now.files)}
    return News(
        diff=replace(now, files=tuple(files)),
        fresh=frozenset(fresh),
        reviewed=tuple(reviewed),
        undone=tuple(file.path for file in before.files if not {file.path, file.old_path} & still),
    )


def _places(line: DiffLine) -> Iterator[tuple[Side, int]]:
    for side in Side:
        if (number := line.number(side)) is not None:
            yield side, number


def _windows(hunk: Hunk, new: frozenset[DiffLine]) -> Iterator[Hunk]:
    """The parts of a hunk that hold what is new, with their surroundings."""
    at = [number for number, line in enumerate(hunk.lines) if line in new]
    wanted = {
        near
        for number in at
        for near in range(number - SURROUNDINGS, number + SURROUNDINGS + 1)
        if 0 <= near < len(hunk.lines)
    }
    # Consecutive numbers keep their distance from their place in the sorted order.
    for _, run in groupby(enumerate(sorted(wanted)), key=lambda one: one[1] - one[0]):
        yield Hunk(hunk.section, tuple(hunk.lines[number] for _, number in run))


def _left_out(file: FileDiff, shown: Sequence[Hunk]) -> Iterator[Reviewed]:
    """The runs of lines of a file, by the head's numbers, that are in no window."""
    seen = {line for hunk in shown for line in hunk.lines}
    for hunk in file.hunks:
        for is_seen, run in groupby(hunk.lines, key=seen.__contains__):
            numbers = [line.new for line in run if line.new is not None]
            if not is_seen and numbers:
                yield Reviewed(file.path, numbers[0], numbers[-1])
