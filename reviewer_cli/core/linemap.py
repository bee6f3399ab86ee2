"""Where lines of an older version of a file are in a newer one, by the diff between the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from reviewer_cli.core.conversation import Thread
from reviewer_cli.core.coverage import NO_CHANGED_LINES
from reviewer_cli.core.diff import Diff, FileStatus, Hunk, LineKind
from reviewer_cli.core.models import Side
from reviewer_cli.core.patience import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The lines `first` to `last` of the newer version of `path`; None both where all are gone.

    `is_changed` says that the older lines do not stand there as they were, one after the other.
    """

    path: str
    first: int | None
    last: int | None
    is_changed: bool

    @property
    def is_gone(self) -> bool:
        """Whether they were taken out and nothing stands in their place."""
        return self.first is None


def whereabouts(diff: Diff, path: str, first: int, last: int) -> Whereabouts | None:
    """Where lines of the older version of `path` are now, given the diff from older to newer.

    `path` is the older name, a renamed file is followed to its newer one. None where it cannot be
    told: the diff names the file, and does not show how it changed.
    """
    for file in diff.files:
        # A file that was renamed away may have made room for a new one of its old name.
        if file.old_path == path and file.status is not FileStatus.ADDED:
            return moved(file.hunks, first, last, path=file.path)
    if any(one.path == path and one.reason != NO_CHANGED_LINES for one in diff.unreviewed):
        return None
    return Whereabouts(path=path, first=first, last=last, is_changed=False)


def adds(diff: Diff, path: str, first: int, last: int) -> bool | None:
    """Whether one of the lines `first` to `last` of the newer version of `path` was put in.

    None where it cannot be told: the diff names the file, and does not show how it changed.
    """
    file = diff.file(path)
    if file is None:
        hidden = (one for one in diff.unreviewed if one.reason != NO_CHANGED_LINES)
        return None if any(one.path == path for one in hidden) else False
    return any(
        line.kind is LineKind.ADDED and line.new is not None and first <= line.new <= last
        for hunk in file.hunks
        for line in hunk.lines
    )


def moved(hunks: Sequence[Hunk], first: int, last: int, *, path: str = "") -> Whereabouts:
    """Where the older lines `first` to `last`, counted from 1, are after all hunks of their file.

    Lines that others replaced are where the others are. Something put in before the first of them
    or after the last one only moves them; in between it changes them.
    """
    changes = list(_changes(hunks))
    start, _ = _image(changes, first)
    _, stop = _image(changes, last)
    is_gone = start >= stop
    return Whereabouts(
        path=path,
        first=None if is_gone else start,
        last=None if is_gone else stop - 1,
        is_changed=any(part.old_from <= last and part.old_to > first for part in changes),
    )


def _changes(hunks: Sequence[Hunk]) -> Iterator[Gap]:
    """What was taken out of the older version, and what stands in its place, in order."""
    shift = 0
    for hunk in hunks:
        for is_context, run in groupby(hunk.lines, key=lambda line: line.kind is LineKind.CONTEXT):
            if is_context:
                continue
            lines = list(run)
            olds = [line.old for line in lines if line.old is not None]
            news = [line.new for line in lines if line.new is not None]
            old = olds[0] if olds else news[0] - shift
            new = news[0] if news else old + shift
            yield Gap(old, old + len(olds), new, new + len(news))
            shift += len(news) - len(olds)


def _image(changes: Sequence[Gap], line: int) -> tuple[int, int]:
    """The newer place of one older line, from its first line to the one after its last."""
    shift = 0
    for part in changes:
        if part.old_from <= line < part.old_to:
            return part.new_from, part.new_to
        if part.old_from > line:
            break
        shift = part.new_to - part.old_to
    return line + shift, line + shift + 1


def followed(thread: Thread, since: Diff, sha: str) -> Thread | None:
    """The thread as it would stand on the file at `sha`, given the diff from its own commit.

    None where its lines are gone or it cannot be told. A comment on the base's side stays.
    """
    if thread.line is None or thread.side is Side.LEFT:
        return replace(thread, sha=sha)
    place = whereabouts(since, thread.path, thread.start_line or thread.line, thread.line)
    if place is None or place.first is None:
        return None
    start = place.first if place.first != place.last else None
    return replace(thread, path=place.path, line=place.last, start_line=start, sha=sha)
