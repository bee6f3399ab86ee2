"""Conflict markers: one finding a block, none for headings, quotations or unchanged lines."""

from __future__ import annotations

import pytest

from reviewer_cli.core.checks.conflicts import conflict_markers
from reviewer_cli.core.diff import FileDiff, FileStatus, parse_hunks
from reviewer_cli.core.models import Severity


def patched(patch: str, path: str = "app.c") -> FileDiff:
    return FileDiff(
        path=path,
        old_path=path,
        status=FileStatus.MODIFIED,
        hunks=parse_hunks("@@ -1,9 +1,9 @@\n" + patch),
    )


BLOCKS = [
    ("+<<<<<<< HEAD\n+a\n+=======\n+b\n+>>>>>>> topic", [1]),
    ("+<<<<<<< HEAD\r\n+a\r\n+=======\r\n+b\r\n+>>>>>>> topic\r", [1]),
    ("+<<<<<<< ours\n+a\n+||||||| base\n+o\n+=======\n+b\n+>>>>>>> theirs", [1]),
    ("+<<<<<<< HEAD\n+=======\n+>>>>>>> a\n x\n+<<<<<<< HEAD\n+=======\n+>>>>>>> b", [1, 5]),
    ("+<<<<<<<\n+a\n+=======\n+b\n+>>>>>>>", [1]),
    ("+a\n+=======\n+b\n+>>>>>>> topic", [2]),
    ("+a\n+<<<<<<< HEAD", [2]),
    ("+Title\n+=======\n+text\n+=======\n+b\n+>>>>>>> topic", [4]),
]
HARMLESS = [
    "+Heading\n+=======\n+Next one\n+=======",
    "+Heading\n+<<<<<<<",
    "+>>>>>>> quoted seven times",
    "+<<<<<<<< HEAD\n+a\n+========\n+b\n+>>>>>>>> topic",
    "+  <<<<<<< HEAD\n+  =======\n+  >>>>>>> topic",
    " <<<<<<< HEAD\n+a\n =======\n b\n >>>>>>> topic",
    "-<<<<<<< HEAD\n-a\n-=======\n-b\n->>>>>>> topic",
    "+cout << a << b;",
    "+======= not a marker",
]


@pytest.mark.parametrize(("patch", "lines"), BLOCKS)
def test_each_conflict_block_is_one_finding(patch: str, lines: list[int]) -> None:
    findings = list(conflict_markers(patched(patch)))
    assert [finding.line for finding in findings] == lines
    assert {finding.rule for finding in findings} == {"conflict-marker"}


@pytest.mark.parametrize("patch", HARMLESS)
def test_what_only_resembles_a_conflict_is_left_alone(patch: str) -> None:
    assert not list(conflict_markers(patched(patch, "notes.md")))


def test_the_finding_names_the_other_markers_of_its_block() -> None:
    [finding] = conflict_markers(patched("+<<<<<<< HEAD\n+a\n+=======\n+b\n+>>>>>>> topic"))
    assert "lines 3 and 5" in finding.body
    assert finding.quote == "<<<<<<< HEAD"
    assert finding.severity is Severity.HIGH


def test_documentation_may_show_a_conflict() -> None:
    [finding] = conflict_markers(patched("+<<<<<<< HEAD", "docs/merging.md"))
    assert finding.severity is Severity.LOW
