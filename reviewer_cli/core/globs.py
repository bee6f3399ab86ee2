"""Glob patterns over repository paths, as .gitignore reads them, without negation."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the patterns covers the path."""
    return any(matches(pattern, path) for pattern in patterns)


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern covers a path, or a directory above it.

    `*`, `?` and `[...]` stay within one name, `**` spans any number of directories. A pattern
    without a slash before its end matches at any depth, a slash at its end means directories
    only: gitignore(5). `!` has no meaning here.
    """
    names = path.split("/")
    parts = pattern.strip("/").split("/")
    if parts == [""]:
        return False
    if len(parts) == 1 and not pattern.startswith("/"):
        parts = ["**", *parts]

    # The positions in `names` that the parts so far can end at; one pass, never exponential.
    reached = {0}
    for part in parts:
        if part == "**":
            reached = set(range(min(reached), len(names) + 1))
        else:
            reached = {
                position + 1
                for position in reached
                if position < len(names) and fnmatchcase(names[position], part)
            }
        if not reached:
            return False
    first = min(reached) + (parts[-1] == "**")  # `**` at the end needs something below
    return first <= max(reached) and (first < len(names) or not pattern.endswith("/"))
