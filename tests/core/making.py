"""Values of the core made short: a test names only what it is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from reviewer_cli.core.diff import Diff, FileDiff, FileStatus, parse_hunks
from reviewer_cli.core.models import Finding, Head, HeadKey, Severity, Unreviewed

SHA = "a" * 40
KEY = HeadKey("local", "/srv/repo", "topic", SHA)


def finding(**changes: Any) -> Finding:
    """A finding about line 1 of a.py."""
    usual = {
        "path": "a.py",
        "line": 1,
        "severity": Severity.HIGH,
        "category": "correctness",
        "title": "Something is wrong",
        "body": "It fails.",
        "quote": "x = 1",
    }
    return Finding(**{**usual, **changes})


def head(**changes: Any) -> Head:
    """A head of a branch into main."""
    usual = {"key": KEY, "head_ref": "topic", "base_ref": "main", "base_sha": "b" * 40}
    return Head(**{**usual, **changes})


def file_diff(section: str, path: str = "a.py", **changes: Any) -> FileDiff:
    """A modified file from its hunks as git writes them."""
    usual = {
        "path": path,
        "old_path": path,
        "status": FileStatus.MODIFIED,
        "hunks": parse_hunks(section),
    }
    return FileDiff(**{**usual, **changes})


def change(old: Sequence[str], new: Sequence[str], path: str = "a.py", **changes: Any) -> FileDiff:
    """What git says of a file whose lines were these and are those."""
    return file_diff("\n".join(difflib.unified_diff(old, new, lineterm="")), path, **changes)


def diff(*files: FileDiff, unreviewed: Iterable[tuple[str, str]] = ()) -> Diff:
    """A diff of these files."""
    return Diff(
        merge_base="b" * 40,
        files=files,
        unreviewed=tuple(Unreviewed(path=path, reason=why) for path, why in unreviewed),
    )
