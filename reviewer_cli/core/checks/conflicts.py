"""Merge-conflict markers that a pull request leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewer_cli.core.checks.places import lines_named, softened
from reviewer_cli.core.diff import DiffLine, FileDiff
from reviewer_cli.core.models import Finding, Severity

# Exactly seven characters at the line's start, as git writes them; the middle one has no label.
MARKER = re.compile(r"(?:([<>|])\1{6}( [^\r]*)?|={7})\r?")


def conflict_markers(file: FileDiff) -> Iterator[Finding]:
    """One finding for each conflict block, at the first of its markers.

    A labelled `<<<<<<< ours` is enough by itself. Any other marker may be an underline of a
    heading or a quotation in prose, so it takes a `=======` followed by a `>>>>>>>`.
    """
    for block in _blocks(file):
        first = block[0]
        assert first.new is not None  # noqa: S101 - an added line always has a number
        others = [line.new for line in block[1:] if line.new is not None]
        more = f" Its other markers stand on {lines_named(others)}." if others else ""
        yield Finding(
            path=file.path,
            line=first.new,
            severity=softened(Severity.HIGH, file.path),
            category="correctness",
            title="Merge conflict marker left in the file",
            body="A merge was committed before this conflict was resolved: both versions and the "
            f"marker are now part of the file, and most languages cannot read it.{more}",
            quote=first.text[:2000],
            rule="conflict-marker",
        )


def _blocks(file: FileDiff) -> Iterator[list[DiffLine]]:
    block: list[DiffLine] = []
    for line in file.added_lines():
        if not MARKER.fullmatch(line.text):
            continue
        kind = line.text[0]
        if kind == "<":
            yield from _certain(block)
            block = [line]
        elif kind == ">":
            yield from _certain([*block, line])
            block = []
        elif kind == "=" and "".join(_kinds(block)) == "=":
            block = [line]  # the one before was an underline: it never became a conflict
        else:
            block.append(line)
    yield from _certain(block)


def _certain(block: list[DiffLine]) -> Iterator[list[DiffLine]]:
    kinds = _kinds(block)
    labelled_start = kinds[:1] == ["<"] and block[0].text.rstrip("\r") != "<" * 7
    if labelled_start or (kinds[-1:] == [">"] and "=" in kinds):
        yield block


def _kinds(block: list[DiffLine]) -> list[str]:
    return [line.text[0] for line in block]
