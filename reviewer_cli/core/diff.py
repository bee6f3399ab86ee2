"""What a pull request changes, parsed from git's own output into files, hunks and numbered lines.

Line numbers count from 1 as GitHub counts them: `old` in the base file, `new` in the head's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.core.models import Side, Unreviewed

Places = frozenset[tuple[str, Side, int]]
"""Lines by path, side and number."""

HUNK_HEADER = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)", re.DOTALL)


class LineKind(StrEnum):
    """The first character of a line in a unified diff."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


class FileStatus(StrEnum):
    """What happened to a file; git's status letters."""

    ADDED = "A"
    DELETED = "D"
    MODIFIED = "M"
    RENAMED = "R"
    TYPE_CHANGED = "T"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a hunk: `old` is None for an added line, `new` for a removed one."""

    kind: LineKind
    text: str
    old: int | None
    new: int | None

    def number(self, side: Side) -> int | None:
        """The line's number on a side; a context line is commentable on the right only."""
        if side is Side.RIGHT:
            return self.new
        return self.old if self.kind is LineKind.REMOVED else None


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of lines; `section` is the function or class that git names beside the numbers."""

    section: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """One changed file; `old_path` differs from `path` only when it was renamed."""

    path: str
    old_path: str
    status: FileStatus
    hunks: tuple[Hunk, ...]

    def added_lines(self) -> Iterator[DiffLine]:
        """The lines that the pull request adds to this file, in order."""
        return (line for hunk in self.hunks for line in hunk.lines if line.kind is LineKind.ADDED)

    def changed_line_count(self) -> int:
        """Added plus removed lines."""
        return sum(line.kind is not LineKind.CONTEXT for hunk in self.hunks for line in hunk.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """The three-dot diff of a head: the files to review, and those named as not reviewed."""

    merge_base: str
    files: tuple[FileDiff, ...] = ()
    unreviewed: tuple[Unreviewed, ...] = ()

    def file(self, path: str) -> FileDiff | None:
        """The changed file of that path, None when the diff does not have it."""
        return next((file for file in self.files if file.path == path), None)

    def changed_line_count(self) -> int:
        """Added plus removed lines over all files that are reviewed."""
        return sum(file.changed_line_count() for file in self.files)

    def paths(self) -> tuple[str, ...]:
        """Every changed path, reviewed or not."""
        return (*(file.path for file in self.files), *(file.path for file in self.unreviewed))


def parse_hunks(section: str) -> tuple[Hunk, ...]:
    r"""Parse the hunks of one file's section of a unified diff.

    Lines are split at "\n" only: str.splitlines() also splits at form feeds and U+2028, which
    would shift every later number. Text before the first hunk header is passed over.
    """
    hunks: list[Hunk] = []
    lines: list[DiffLine] = []
    name, old, new = "", 0, 0
    started = False

    for text in section.split("\n"):
        header = HUNK_HEADER.match(text)
        if header:
            if started:
                hunks.append(Hunk(name, tuple(lines)))
            started, lines = True, []
            old, new, name = int(header[1]), int(header[2]), header[3]
        elif not started:
            continue
        elif text.startswith("+"):
            lines.append(DiffLine(LineKind.ADDED, text[1:], None, new))
            new += 1
        elif text.startswith("-"):
            lines.append(DiffLine(LineKind.REMOVED, text[1:], old, None))
            old += 1
        elif text.startswith(" "):
            lines.append(DiffLine(LineKind.CONTEXT, text[1:], old, new))
            old, new = old + 1, new + 1
    if started:
        hunks.append(Hunk(name, tuple(lines)))
    return tuple(hunks)


def is_fresh(fresh: Places | None, path: str, line: DiffLine) -> bool:
    """Whether an added line is among these places; all are where None says that all is new."""
    return fresh is None or (path, Side.RIGHT, line.new) in fresh
