"""What a pull request changes, as git says: counts, patches, and which lines take comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from tests.fakes.github.bare import GitFailed, git

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "T": "changed"}
DIFF = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M")


@dataclass(frozen=True)
class FileChange:
    """One changed file; `patch` begins at its first hunk and is empty for a binary file."""

    path: str
    old_path: str
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str = field(repr=False)

    @cached_property
    def anchors(self) -> dict[tuple[str, int], int]:
        """Commentable (side, line) → number of its hunk.

        The right side has added and context lines, the left side only deleted ones (GitHub's
        documentation of `side`).
        """
        found: dict[tuple[str, int], int] = {}
        hunk, left, right = 0, 0, 0
        for text in self.patch.split("\n"):
            if header := HUNK.match(text):
                hunk, left, right = hunk + 1, int(header[1]), int(header[3])
            elif text.startswith("-"):
                found["LEFT", left] = hunk
                left += 1
            elif text.startswith("+"):
                found["RIGHT", right] = hunk
                right += 1
            elif text.startswith(" "):
                found["RIGHT", right] = hunk
                left, right = left + 1, right + 1
        return found

    def hunk_to(self, side: str, line: int) -> str:
        """The `diff_hunk` of a comment: its hunk from the header down to the line."""
        kept: list[str] = []
        left = right = 0
        for text in self.patch.split("\n"):
            if header := HUNK.match(text):
                kept, left, right = [text], int(header[1]), int(header[3])
                continue
            kept.append(text)
            here = {"-": ("LEFT", left), "+": ("RIGHT", right), " ": ("RIGHT", right)}
            if here.get(text[:1]) == (side, line):
                break
            left += text[:1] in ("-", " ")
            right += text[:1] in ("+", " ")
        return "\n".join(kept)


@lru_cache(maxsize=4096)
def merge_base(store: Path, base: str, head: str) -> str | None:
    """The best common ancestor; None when the histories are unrelated."""
    try:
        return git(store, "merge-base", base, head).decode().strip()
    except GitFailed:
        return None


@lru_cache(maxsize=4096)
def three_dot(store: Path, base: str, head: str) -> tuple[FileChange, ...]:
    """The changes of `head` since it left `base`, as GitHub shows a pull request."""
    start = merge_base(store, base, head)
    if start is None:
        return ()
    patches = _patches(git(store, *DIFF, start, head).decode("utf-8", "replace"))
    raw = git(store, *DIFF, "--raw", "--no-abbrev", "-z", start, head)
    counts = _counts(git(store, *DIFF, "--numstat", "-z", start, head))
    fields = iter(raw.decode("utf-8", "surrogateescape").split("\0"))
    changes: list[FileChange] = []
    for meta in fields:
        if not meta:
            continue
        *_, blob, status = meta.split()
        old = next(fields)
        path = next(fields) if status[0] in "RC" else old
        additions, deletions = counts[path]
        changes.append(
            FileChange(
                path,
                old,
                STATUSES[status[0]],
                blob,
                additions,
                deletions,
                patches[len(changes)],
            )
        )
    return tuple(changes)


@lru_cache(maxsize=1024)
def whole_diff(store: Path, base: str, head: str) -> str:
    """The diff as `application/vnd.github.diff` answers it."""
    start = merge_base(store, base, head)
    return git(store, *DIFF, start, head).decode("utf-8", "replace") if start else ""


@lru_cache(maxsize=4096)
def carried(store: Path, path: str, line: int, old: str, new: str) -> int | None:
    """Where a line of `old` stands in `new`; None when it was changed or removed: outdated."""
    if old == new:
        return line
    text = git(store, *DIFF[:-1], "--no-renames", "-U0", old, new, "--", path).decode(
        "utf-8", "replace"
    )
    shift = 0
    for row in text.split("\n"):
        if row.startswith("deleted file"):
            return None
        if header := HUNK.match(row):
            start, length = int(header[1]), int(header[2] or 1)
            added = int(header[4] or 1)
            if length and start <= line < start + length:
                return None
            if line >= start + max(length, 1):
                shift += added - length
    return line + shift


def _patches(text: str) -> list[str]:
    """The hunks of each file in order; a content line never begins with `diff --git`."""
    sections = re.split(r"^diff --git .*$", text, flags=re.MULTILINE)[1:]
    patches = []
    for section in sections:
        start = re.search(r"^@@ ", section, flags=re.MULTILINE)
        patches.append(section[start.start() :].removesuffix("\n") if start else "")
    return patches


def _counts(raw: bytes) -> dict[str, tuple[int, int]]:
    fields = iter(raw.decode("utf-8", "surrogateescape").split("\0"))
    counts = {}
    for record in fields:
        if not record:
            continue
        added, deleted, path = record.split("\t", 2)
        if not path:
            next(fields)
            path = next(fields)
        counts[path] = tuple(0 if n == "-" else int(n) for n in (added, deleted))
    return counts  # type: ignore[return-value]
