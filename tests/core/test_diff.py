"""Line numbers are those of the files, whatever stands in the lines."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewer_cli.core.diff import DiffLine, LineKind, parse_hunks
from reviewer_cli.core.models import Side
from tests.core.making import diff, file_diff

C, A, R = LineKind.CONTEXT, LineKind.ADDED, LineKind.REMOVED

#: Every character at which str.splitlines() splits and git does not.
NOT_LINE_ENDS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def only(section: str) -> tuple[DiffLine, ...]:
    (hunk,) = parse_hunks(section)
    return hunk.lines


def test_numbers_count_from_the_header_on_both_sides() -> None:
    assert only("@@ -10,3 +20,3 @@ def f():\n a\n-b\n+c\n d") == (
        DiffLine(C, "a", 10, 20),
        DiffLine(R, "b", 11, None),
        DiffLine(A, "c", None, 21),
        DiffLine(C, "d", 12, 22),
    )


@pytest.mark.parametrize("character", NOT_LINE_ENDS)
def test_only_a_line_feed_ends_a_line(character: str) -> None:
    lines = only(f"@@ -1 +1,2 @@\n a{character}b\n+c{character}")
    assert [(line.text, line.new) for line in lines] == [
        (f"a{character}b", 1),
        (f"c{character}", 2),
    ]


def test_no_newline_at_the_end_is_not_a_line() -> None:
    end = r"\ No newline at end of file"
    lines = only(f"@@ -1 +1 @@\n-old\n{end}\n+new\n{end}")
    assert [(line.kind, line.text, line.old, line.new) for line in lines] == [
        (R, "old", 1, None),
        (A, "new", None, 1),
    ]


def test_content_that_looks_like_headers_stays_content() -> None:
    section = (
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n"
        " @@ -9,9 +9,9 @@\n--- a/evil\n+++ b/evil\n-diff --git a/x b/x\n+@@ -50 +50 @@\n"
        " \\ No newline"
    )
    assert [(line.kind, line.text) for line in only(section)] == [
        (C, "@@ -9,9 +9,9 @@"),
        (R, "-- a/evil"),
        (A, "++ b/evil"),
        (R, "diff --git a/x b/x"),
        (A, "@@ -50 +50 @@"),
        (C, "\\ No newline"),
    ]


def test_each_hunk_has_its_section_and_starts_its_own_count() -> None:
    one, two = parse_hunks("@@ -1 +1 @@ class A:\r\n+a\n@@ -7,0 +9 @@\n+b")
    assert (one.section, two.section) == ("class A:\r", "")
    assert two.lines == (DiffLine(A, "b", None, 9),)


def test_without_a_header_there_are_no_hunks() -> None:
    assert parse_hunks("") == ()
    assert parse_hunks("old mode 100644\nnew mode 100755\n") == ()


def test_a_context_line_is_commentable_on_the_right_only() -> None:
    context, removed, added = (
        DiffLine(C, "", 3, 4),
        DiffLine(R, "", 3, None),
        DiffLine(A, "", None, 4),
    )
    assert [line.number(Side.LEFT) for line in (context, removed, added)] == [None, 3, None]
    assert [line.number(Side.RIGHT) for line in (context, removed, added)] == [4, None, 4]


def test_counts_and_paths_of_a_whole_diff() -> None:
    made = diff(
        file_diff("@@ -1,2 +1,2 @@\n a\n-b\n+c", "a.py"),
        file_diff("@@ -0,0 +1 @@\n+x", "b.py"),
        unreviewed=[("c.bin", "binary")],
    )
    assert made.changed_line_count() == 3
    assert made.paths() == ("a.py", "b.py", "c.bin")
    assert made.file("c.bin") is None
    assert [line.text for line in made.files[0].added_lines()] == ["c"]


FILE = st.lists(st.text(alphabet="ab+-@\\ \r\f\u2028", max_size=6), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILE, FILE, st.booleans())
def test_numbers_agree_with_the_files_that_git_compared(
    tmp_path: Path, old: list[str], new: list[str], newline: bool
) -> None:
    for name, lines in (("old", old), ("new", new)):
        end = "\n" if newline and lines else ""
        (tmp_path / name).write_bytes(("\n".join(lines) + end).encode())
    patch = subprocess.run(
        ["git", "diff", "--no-index", "--text", "-U1", "old", "new"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    ).stdout.decode()
    for hunk in parse_hunks(patch.removesuffix("\n")):
        for line in hunk.lines:
            assert line.old is None or old[line.old - 1] == line.text
            assert line.new is None or new[line.new - 1] == line.text
