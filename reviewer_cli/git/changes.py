"""What a head changes since it left its base: git's own comparison, nothing hidden, all named.

The names come from the raw list, the lines from a comparison of two flat trees whose names are
numbers: no path is ever read from a patch, no attribute of the repository applies, and a file that
is too large never reaches memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reviewer_cli.core.coverage import (
    NO_CHANGED_LINES,
    DiffLimits,
    marked_generated,
    name_reason,
    path_reason,
    shown,
    size,
)
from reviewer_cli.core.diff import Diff, FileDiff, FileStatus, parse_hunks
from reviewer_cli.core.models import Unreviewed
from reviewer_cli.core.tree import mode_reason
from reviewer_cli.errors import NoCommonHistory
from reviewer_cli.git.mirror import Mirror

PLAIN = ("--no-ext-diff", "--no-textconv")
# Files that could be renames of one another are compared with each other: a thousand take a minute.
RAW = ("diff", "--raw", "-z", "--no-abbrev", "--find-renames", "-l300", *PLAIN)
PATCH = ("diff", "--patch", "--text", "--no-renames", "--full-index", "--no-color", *PLAIN)

#: Lines of content begin with one of " +-\\@", so this is always git's own.
SECTION = re.compile(rb"(?m)^diff --git ")


#: Files that turn out to be binary or generated do not count, so more are read than reviewed.
READ_AHEAD = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One line of `git diff --raw`."""

    old_mode: bytes
    new_mode: bytes
    old: bytes
    new: bytes
    status: FileStatus
    old_path: bytes
    path: bytes

    def blobs(self) -> tuple[bytes | None, bytes | None]:
        """The contents to compare, None where there is none or only a link's target."""
        sides = ((self.old_mode, self.old), (self.new_mode, self.new))
        old, new = (oid if mode.startswith(b"100") else None for mode, oid in sides)
        return old, new


def changes(mirror: Mirror, base_sha: str, head_sha: str, limits: DiffLimits) -> Diff:
    """The three-dot diff: from the merge base of two fetched commits to the head.

    Raises NoCommonHistory when there is no merge base, MirrorDamaged when git cannot read them.
    """
    merge_base = mirror.merge_base(base_sha, head_sha)
    if merge_base is None:
        raise NoCommonHistory(
            f"the commit {head_sha} shares no history with its base {base_sha}; "
            "rebase it, or deepen the repository if it is a shallow clone"
        )
    return compared(mirror, merge_base, head_sha, limits)


def compared(mirror: Mirror, old_sha: str, new_sha: str, limits: DiffLimits) -> Diff:
    """What differs between two fetched commits, whatever lies between them."""
    raw = parse_raw(mirror.git(*RAW, old_sha, new_sha, "--"))
    readable, unreadable = _divide(raw, (_reason(change, limits) for change in raw))
    affordable, too_large = _divide(readable, _size_reasons(mirror, readable, limits))
    files: list[FileDiff] = []
    dropped: list[Unreviewed] = []
    room = limits.max_diff_bytes
    for change, section in zip(affordable, _sections(mirror, affordable), strict=True):
        file = _file(change, section)
        reason = _section_reason(section, file, limits)
        if reason is None and len(files) >= limits.max_files:
            reason = f"the review stops at {limits.max_files} files"
        if reason is None and len(section) > room:
            reason = f"the review stops at {size(limits.max_diff_bytes)} of changes"
        if reason is None:
            files.append(file)
            room -= len(section)
        else:
            dropped.append(Unreviewed(path=file.path, reason=reason))
    return Diff(
        merge_base=old_sha,
        files=tuple(files),
        unreviewed=(*unreadable, *too_large, *dropped),
    )


def parse_raw(output: bytes) -> list[Change]:
    """Read `git diff --raw -z`: a header, then one name, or two for a rename."""
    parsed: list[Change] = []
    fields = iter(output.split(b"\0")[:-1])
    for header in fields:
        old_mode, new_mode, old, new, letter = header[1:].split()
        status = FileStatus(letter[:1].decode("ascii"))
        old_path = next(fields)
        path = next(fields) if status is FileStatus.RENAMED else old_path
        parsed.append(Change(old_mode, new_mode, old, new, status, old_path, path))
    return parsed


def _divide(
    all_of_them: Sequence[Change], reasons: Iterable[str | None]
) -> tuple[list[Change], list[Unreviewed]]:
    kept: list[Change] = []
    dropped: list[Unreviewed] = []
    for change, reason in zip(all_of_them, reasons, strict=True):
        if reason is None:
            kept.append(change)
        else:
            dropped.append(Unreviewed(path=shown(change.path), reason=reason))
    return kept, dropped


def _reason(change: Change, limits: DiffLimits) -> str | None:
    """Why a change is not reviewed, from its names, modes and ids alone."""
    mode = change.old_mode if change.status is FileStatus.DELETED else change.new_mode
    reason = mode_reason(mode) or name_reason(change.path) or name_reason(change.old_path)
    if reason is None and change.old == change.new:
        reason = NO_CHANGED_LINES
    return reason or path_reason(change.path.decode("utf-8"), limits.ignore, limits.project_ignore)


def _size_reasons(
    mirror: Mirror, wanted: Sequence[Change], limits: DiffLimits
) -> Iterator[str | None]:
    """Why git is not asked to compare a change: one process tells the sizes of all blobs."""
    if not wanted:
        return
    oids = sorted({oid for change in wanted for oid in change.blobs() if oid is not None})
    answer = mirror.git("cat-file", "--batch-check=%(objectsize)", input=b"\n".join(oids) + b"\n")
    if b"missing" in answer:
        raise mirror.damaged("git could not read a changed file")
    sizes = dict(zip(oids, map(int, answer.split()), strict=True))
    files, room = limits.max_files * READ_AHEAD, limits.max_read_bytes
    for change in wanted:
        counts = [sizes[oid] for oid in change.blobs() if oid is not None]
        if max(counts) > limits.max_file_bytes:
            yield f"larger than {size(limits.max_file_bytes)}"
        elif sum(counts) > room or not files:
            yield "the pull request is too large to read it all"
        else:
            files, room = files - 1, room - sum(counts)
            yield None


def _sections(mirror: Mirror, wanted: Sequence[Change]) -> list[bytes]:
    """The patch of each change, in order."""
    if not wanted:
        return []
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    for number, change in enumerate(wanted):
        for side, oid in zip(sides, change.blobs(), strict=True):
            if oid is not None:
                side.append(b"100644 blob %s\t%09d\n" % (oid, number))
    old_tree, new_tree = (b"".join(side) for side in sides)
    trees = mirror.git("mktree", "--batch", input=old_tree + b"\n" + new_tree + b"\n")
    patch = mirror.git(*PATCH, *trees.decode("ascii").split(), "--")
    return SECTION.split(patch)[1:]


def _file(change: Change, section: bytes) -> FileDiff:
    return FileDiff(
        path=change.path.decode("utf-8"),
        old_path=change.old_path.decode("utf-8"),
        status=change.status,
        hunks=parse_hunks(section.decode("utf-8", "replace").removesuffix("\n")),
    )


def _section_reason(section: bytes, file: FileDiff, limits: DiffLimits) -> str | None:
    """Why a change is not reviewed, from its lines."""
    if b"\0" in section:
        return "binary"
    if not file.hunks:
        return NO_CHANGED_LINES
    if max(map(len, section.split(b"\n"))) > limits.max_line_bytes:
        return f"it has a line longer than {size(limits.max_line_bytes)}"
    if marked_generated(file):
        return "marked as generated"
    return None
