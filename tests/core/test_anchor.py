"""A finding stands where its quote stands; one that fits nowhere is still posted somewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.anchor import place
from reviewer_cli.core.diff import Diff, DiffLine, Hunk, LineKind
from reviewer_cli.core.models import Anchor, Finding, Placement, Side
from tests.core.making import diff, file_diff, finding

SECTION = """\
@@ -1,4 +1,5 @@
 import os
-value = old(1)
+value = new(1)
+again = new(2)
 end = 0
 tail = 9
@@ -20,3 +21,3 @@ def f():
 start = 0
-value = old(1)
+value = new(1)
 stop = 1"""

CHANGE = diff(file_diff(SECTION), unreviewed=[("big.bin", "binary")])


def where(anchor: Anchor) -> tuple[Placement, int | None, int | None, Side]:
    return anchor.placement, anchor.start_line, anchor.line, anchor.side


@pytest.mark.parametrize(
    ("quote", "line", "side", "expected"),
    [
        # as said
        ("again = new(2)", 3, Side.RIGHT, (None, 3, Side.RIGHT)),
        # the number is wrong, the quote is right
        ("again = new(2)", 900, Side.RIGHT, (None, 3, Side.RIGHT)),
        # two places fit: the nearest to what was said
        ("value = new(1)", 5, Side.RIGHT, (None, 2, Side.RIGHT)),
        ("value = new(1)", 19, Side.RIGHT, (None, 22, Side.RIGHT)),
        ("value = old(1)", 20, Side.LEFT, (None, 21, Side.LEFT)),
        # the side is wrong
        ("value = old(1)", 2, Side.RIGHT, (None, 2, Side.LEFT)),
        ("again = new(2)", 2, Side.LEFT, (None, 3, Side.RIGHT)),
        # blanks do not matter, a part of a line is enough
        ("  again   =  new(2)  ", 3, Side.RIGHT, (None, 3, Side.RIGHT)),
        ("new(2)", 3, Side.RIGHT, (None, 3, Side.RIGHT)),
        # several lines
        ("value = new(1)\nagain = new(2)\nend = 0", 3, Side.RIGHT, (2, 4, Side.RIGHT)),
        # copied with diff signs, with the prompt's numbers, with an editor's numbers
        ("+value = new(1)\n+again = new(2)", 3, Side.RIGHT, (2, 3, Side.RIGHT)),
        ("R2 + value = new(1)\nR3 + again = new(2)", 3, Side.RIGHT, (2, 3, Side.RIGHT)),
        ("L2 - value = old(1)", 2, Side.LEFT, (None, 2, Side.LEFT)),
        ("2: value = new(1)\n3: again = new(2)", 3, Side.RIGHT, (2, 3, Side.RIGHT)),
        # empty lines round the quote
        ("\n\nagain = new(2)\n\n", 3, Side.RIGHT, (None, 3, Side.RIGHT)),
        # more than the hunk shows: clipped to it
        ("again = new(2)\nend = 0\ntail = 9\nunseen()", 3, Side.RIGHT, (3, 5, Side.RIGHT)),
        ("before()\nstart = 0\nvalue = new(1)", 22, Side.RIGHT, (21, 22, Side.RIGHT)),
    ],
)
def test_the_quote_decides(
    quote: str, line: int, side: Side, expected: tuple[int | None, int, Side]
) -> None:
    anchor = place(finding(quote=quote, line=line, side=side), CHANGE)
    assert where(anchor) == (Placement.LINE, *expected)


@pytest.mark.parametrize(
    "quote",
    [
        "not there at all",
        " ",
        "\n\n",
        "=",  # too short for a part of a line
        "import os\nnot there",
        "end = 0\nunseen()\nmore()\nstill more()",  # mostly outside
        "tail = 9\nunseen()",  # clipped to context that nothing changed
        "tail = 9\nstart = 0",  # never across two hunks
        "start = 0\nvalue = old(1)\nvalue = new(1)",  # two sides at once
    ],
)
def test_a_quote_that_is_not_there_is_never_on_a_line(quote: str) -> None:
    anchor = place(finding(quote=quote, line=3), CHANGE)
    assert (anchor.placement, anchor.line) == (Placement.FILE, 3)
    assert anchor.note


@pytest.mark.parametrize(
    ("path", "note"),
    [("big.bin", "not among the changed lines"), ("c.py", "outside this change")],
)
def test_other_files_fall_back_to_the_summary(path: str, note: str) -> None:
    anchor = place(finding(path=path, line=7, start_line=5), CHANGE)
    assert (anchor.placement, anchor.path, anchor.start_line, anchor.line, anchor.note) == (
        Placement.SUMMARY,
        path,
        5,
        7,
        note,
    )


@pytest.mark.parametrize("path", ["./a.py", "a/a.py", "b/a.py"])
def test_a_path_as_patches_write_it_is_understood(path: str) -> None:
    assert place(finding(path=path, quote="again = new(2)"), CHANGE).path == "a.py"


def test_a_directory_named_a_is_not_taken_for_a_prefix() -> None:
    change = diff(file_diff(SECTION, "a/a.py"), file_diff(SECTION, "a.py"))
    assert place(finding(path="a/a.py", quote="again = new(2)"), change).path == "a/a.py"


def test_windows_line_ends_do_not_keep_a_quote_from_its_lines() -> None:
    change = diff(file_diff("@@ -1 +1,2 @@\n+one = 1\r\n+two = 2\r\n"))
    for quote in ("one = 1\ntwo = 2", "one = 1\r\ntwo = 2\r", "R1 + one = 1\\u{d}\nR2 + two = 2"):
        assert where(place(finding(quote=quote), change))[:3] == (Placement.LINE, 1, 2)


def test_a_correction_is_said() -> None:
    moved = place(finding(quote="again = new(2)", line=1), CHANGE)
    assert moved.note == "moved from RIGHT line 1 to the quoted code"
    assert place(finding(quote="again = new(2)", line=3), CHANGE).note == ""


def test_many_quotes_that_fit_nowhere_in_a_large_diff_take_seconds_not_minutes() -> None:
    body = "\n".join(f"+value_{number} = compute({number})" for number in range(10_000))
    change = diff(file_diff(f"@@ -0,0 +1,10000 @@\n{body}"))
    started = time.perf_counter()
    for number in range(20):
        place(finding(quote=f"missing_{number} = 1\n2 = {number}"), change)
    assert time.perf_counter() - started < 4.0


# ---- properties


@dataclass(frozen=True)
class Case:
    change: Diff
    found: Finding
    hunk: int
    texts: tuple[str, ...]


TEXT = st.text(alphabet="abc =(1)\t", max_size=8)
KINDS = st.sampled_from([" ", "+", "-"])


@st.composite
def sections(draw: st.DrawFn) -> str:
    parts, old, new = [], 1, 1
    for _ in range(draw(st.integers(1, 3))):
        old, new = old + draw(st.integers(1, 30)), new + draw(st.integers(1, 30))
        lines = draw(st.lists(st.tuples(KINDS, TEXT), min_size=1, max_size=7))
        parts.append(f"@@ -{old} +{new} @@")
        parts += [kind + text for kind, text in lines]
        old += sum(kind != "+" for kind, _ in lines)
        new += sum(kind != "-" for kind, _ in lines)
    return "\n".join(parts)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A diff, and a finding that quotes some lines of one side of it with a wrong number."""
    change = diff(file_diff(draw(sections())))
    number = draw(st.integers(0, len(change.files[0].hunks) - 1))
    side = draw(st.sampled_from(Side))
    lines = on_side(change.files[0].hunks[number], side)
    start = draw(st.integers(0, max(0, len(lines) - 1)))
    chosen = lines[start : start + draw(st.integers(1, 4))]
    texts = tuple(line.text for line in chosen)
    said = finding(
        quote="\n".join(texts), line=draw(st.integers(1, 99)), side=draw(st.sampled_from(Side))
    )
    return Case(change, said, number, texts)


def on_side(hunk: Hunk, side: Side) -> list[DiffLine]:
    return [line for line in hunk.lines if (line.new if side is Side.RIGHT else line.old)]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def anchored(change: Diff, anchor: Anchor) -> list[DiffLine]:
    """The lines between the ends of an anchor; exactly one hunk has both."""
    first = anchor.start_line or anchor.line
    for hunk in change.files[0].hunks:
        lines = on_side(hunk, anchor.side)
        numbers = [line.new if anchor.side is Side.RIGHT else line.old for line in lines]
        if first in numbers and anchor.line in numbers:
            return lines[numbers.index(first) : numbers.index(anchor.line) + 1]
    raise AssertionError("the anchor's ends are not in one hunk")


@given(cases())
def test_a_quote_taken_from_the_diff_is_anchored_to_lines_that_hold_it(case: Case) -> None:
    anchor = place(case.found, case.change)
    quoted = squeezed(" ".join(case.texts))
    if anchor.placement is Placement.LINE:
        held = [squeezed(line.text) for line in anchored(case.change, anchor)]
        held_text = squeezed(" ".join(held))
        if "clipped" in anchor.note:  # a part of the quote, said to be one
            assert held_text in quoted, (quoted, held)
        else:
            assert quoted in held_text, (quoted, held)
    else:
        assert anchor.placement is Placement.FILE
        on_right = [
            [squeezed(line.text) for line in on_side(hunk, Side.RIGHT)]
            for hunk in case.change.files[0].hunks
        ]
        wanted = [squeezed(text) for text in case.texts]
        runs = (lines[at : at + len(wanted)] for lines in on_right for at in range(len(lines)))
        assert not quoted or all(run != wanted for run in runs), "it is on the right side"


@given(cases(), TEXT)
def test_every_anchor_is_legal_for_a_host(case: Case, noise: str) -> None:
    """In one hunk, on one side, first before last, and on the left ending at removed lines."""
    for quote in (case.found.quote, noise, f"{case.found.quote}\n{noise}"):
        anchor = place(finding(quote=quote, line=case.found.line), case.change)
        if anchor.placement is not Placement.LINE:
            continue
        lines = anchored(case.change, anchor)
        assert anchor.start_line is None or anchor.start_line < (anchor.line or 0)
        if anchor.side is Side.LEFT:
            assert {lines[0].kind, lines[-1].kind} == {LineKind.REMOVED}


@given(cases())
def test_the_nearest_of_equal_places_wins(case: Case) -> None:
    anchor = place(case.found, case.change)
    if (
        anchor.placement is not Placement.LINE
        or len(case.texts) > 1
        or len(squeezed(case.texts[0])) < 3
    ):
        return
    same = [
        number
        for hunk in case.change.files[0].hunks
        for line in hunk.lines
        if squeezed(case.texts[0]) in squeezed(line.text)
        and (number := line.number(anchor.side)) is not None
    ]
    assert abs((anchor.line or 0) - case.found.line) == min(
        abs(number - case.found.line) for number in same
    )


@given(st.text(max_size=40), st.text(max_size=40), st.integers(1, 10**9))
def test_whatever_an_engine_says_the_finding_has_a_place(path: str, quote: str, line: int) -> None:
    anchor = place(finding(path=path or "x", quote=quote or "x", line=line), CHANGE)
    assert anchor.placement in Placement
    assert anchor.path
    assert anchor.line is not None


def test_an_escape_in_the_code_matches_the_character_it_names() -> None:
    r"""The agent's program decodes \uXXXX in what the model quotes."""
    change = diff(file_diff('@@ -1 +1,2 @@\n+x = 1\n+a = "\\u2728"'))
    anchor = place(finding(quote='x = 1\na = "✨"', line=2), change)
    assert (anchor.placement, anchor.start_line, anchor.line) == (Placement.LINE, 1, 2)
    assert not anchor.replaceable, "a suggestion would hold the character instead"


def test_a_byte_order_mark_does_not_hide_the_first_line() -> None:
    change = diff(file_diff("@@ -1 +1,2 @@\n+\ufeffx = 1\n+y = 2"))
    assert place(finding(quote="x = 1\ny = 2", line=1), change).line == 2


@pytest.mark.parametrize(
    ("quote", "replaceable"),
    [("x = 1", True), ("x = 1\ny = 2", True), ("= 1", False), ("z = 3", False)],
)
def test_only_whole_lines_of_the_head_can_be_replaced(quote: str, replaceable: bool) -> None:
    change = diff(file_diff("@@ -1 +1,2 @@\n-z = 3\n+x = 1\n+y = 2"))
    assert place(finding(quote=quote, line=1), change).replaceable is replaceable


def test_a_quote_copied_from_the_prompt_keeps_the_colon_that_the_code_starts_with() -> None:
    change = diff(file_diff("@@ -7 +7,3 @@\n+:Date: today\n :Copyright: none\n :Filename: a"))
    quote = "R7 + :Date: today\nR8   :Copyright: none\nR9   :Filename: a"
    anchor = place(finding(quote=quote, line=3), change)
    assert (anchor.placement, anchor.start_line, anchor.line) == (Placement.LINE, 7, 9)
