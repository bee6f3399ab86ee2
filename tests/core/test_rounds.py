"""A later round shows what is new since the last one, all of it, and little else."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reviewer_cli.core.diff import Diff, DiffLine, FileDiff, FileStatus, Hunk, LineKind
from reviewer_cli.core.models import Side
from reviewer_cli.core.rounds import News, Reviewed, news
from tests.core.making import change, diff, file_diff

BASE = [f"base {number}" for number in range(1, 41)]


def edited(at: int, *lines: str, instead: int = 0, base: list[str] = BASE) -> list[str]:
    """The base with lines put in after line `at`, in the place of the `instead` next ones."""
    return [*base[:at], *lines, *base[at + instead :]]


def fresh(told: News, side: Side = Side.RIGHT) -> list[int]:
    return sorted(number for _, on, number in told.fresh if on is side)


def shown(told: News) -> list[str]:
    return [line.text for file in told.diff.files for hunk in file.hunks for line in hunk.lines]


def since(old: list[str], new: list[str], base: list[str] = BASE) -> News:
    """What a push from one text to another brings, over the same base."""
    return news(diff(change(base, old)), diff(change(base, new)))


# ---- what is new


def test_of_a_push_of_one_line_only_that_line_is_fresh() -> None:
    first = edited(10, "mine 1", "mine 2")
    told = since(first, edited(11, "pushed", base=first))
    assert fresh(told) == [12]
    assert shown(told) == [*BASE[7:10], "mine 1", "pushed", "mine 2", *BASE[10:13]]
    assert told.touches("a.py", Side.RIGHT, 1, 12)
    assert not told.touches("a.py", Side.RIGHT, 13, 2**31)
    assert not told.touches("a.py", Side.LEFT, 12, 12)
    assert not told.touches("b.py", Side.RIGHT, 12, 12)


def test_a_new_file_is_fresh_and_the_others_are_not_shown() -> None:
    mine = change(BASE, edited(10, "mine"))
    added = change([], ["one", "two"], "b.py", status=FileStatus.ADDED)
    told = news(diff(mine), diff(mine, added))
    assert told.diff.files == (added,)
    assert told.fresh == {("b.py", Side.RIGHT, 1), ("b.py", Side.RIGHT, 2)}
    assert told.reviewed == (Reviewed("a.py", 8, 14),)


def test_a_line_taken_out_again_makes_those_beside_it_fresh() -> None:
    told = since(edited(10, "check()", "use()"), edited(10, "use()"))
    assert fresh(told) == [10, 11]
    assert told.touches("a.py", Side.RIGHT, 11, 11)


def test_a_removal_put_back_makes_its_place_fresh() -> None:
    told = since(edited(10, "mine", instead=1), edited(10, "mine"))
    assert {11, 12} & set(fresh(told))


def test_a_new_removal_makes_the_lines_beside_it_fresh_on_the_head_s_side_too() -> None:
    told = since(edited(10, "mine"), edited(10, "mine", base=edited(13, instead=1)))
    assert fresh(told, Side.LEFT) == [14]
    assert fresh(told) == [14, 15]


def test_a_hunk_that_moved_to_another_function_is_new() -> None:
    told = since(edited(10, "mine"), edited(30, "mine"))
    assert fresh(told) == [31]


@pytest.mark.parametrize("at", [8, 9, 11, 12])
def test_a_line_that_passed_lines_of_its_surroundings_is_new(at: int) -> None:
    told = since(edited(10, "unlock()"), edited(at, "unlock()"))
    assert at + 1 in fresh(told)


def test_of_two_hunks_that_changed_places_one_is_new() -> None:
    one, other = ["one 1", "one 2"], ["other 1", "other 2"]
    first = edited(10, *one, base=edited(12, *other))
    assert fresh(since(first, edited(10, *other, base=edited(12, *one))))


def test_a_file_that_the_earlier_review_could_not_show_is_new_as_a_whole() -> None:
    mine = change(BASE, edited(10, "mine"))
    told = news(diff(unreviewed=[("a.py", "larger than 1 MB")]), diff(mine))
    assert told.diff.files == (mine,)
    assert fresh(told) == list(range(8, 15))


def test_a_file_that_is_changed_in_another_way_is_new_as_a_whole() -> None:
    """It was added, and now the base has a file of that name; the numbers mean other lines."""
    added = change([], ["a", "b"], status=FileStatus.ADDED)
    told = news(diff(added), diff(change(["a"], ["a", "b"])))
    assert fresh(told) == [1, 2]


def test_a_file_that_is_as_in_the_base_again_is_named() -> None:
    one, other = change(BASE, edited(10, "x")), change(BASE, edited(10, "y"), "b.py")
    told = news(diff(one, other), diff(other))
    assert told.undone == ("a.py",)
    assert told.diff.files == ()


# ---- what is not new


def rebased(at: int, *lines: str, instead: int = 0) -> News:
    """The same patch, `mine` after line 10 and `more` for line 30, over a base with this edit."""

    def patched(base: list[str]) -> list[str]:
        first, second = base.index("base 10") + 1, base.index("base 30")
        return [*base[:first], "mine", *base[first:second], "more", *base[second + 1 :]]

    base = edited(at, *lines, instead=instead)
    return news(diff(change(BASE, patched(BASE))), diff(change(base, patched(base))))


@pytest.mark.parametrize(
    "told",
    [
        rebased(0),
        rebased(0, "above"),
        rebased(20, *(f"between {n}" for n in range(9))),
        rebased(8, "in the context"),
        rebased(12, "another text", instead=1),
        rebased(7, instead=2),
        rebased(40, "below"),
    ],
    ids=["same", "above", "between", "beside", "other context", "context gone", "below"],
)
def test_a_rebase_brings_nothing_new(told: News) -> None:
    assert told.diff.files == ()
    assert told.fresh == frozenset()
    assert [one.path for one in told.reviewed] == ["a.py", "a.py"]


def test_a_line_that_the_base_has_by_now_was_not_taken_out() -> None:
    first = edited(10, "merged", base=edited(12, "mine"))
    base = edited(10, "merged")
    assert since(first, first).fresh == frozenset()
    assert news(diff(change(BASE, first)), diff(change(base, first))).fresh == frozenset()


def test_a_rename_alone_makes_nothing_new() -> None:
    old, new = edited(10, "mine"), edited(20, "pushed", base=edited(10, "mine"))
    renamed = {"path": "b.py", "old_path": "a.py", "status": FileStatus.RENAMED}
    before = diff(change(BASE, old))
    assert news(before, diff(change(BASE, old, **renamed))).fresh == frozenset()
    told = news(before, diff(change(BASE, new, **renamed)))
    assert told.fresh == {("b.py", Side.RIGHT, 21)}
    in_its_place = change([], ["x"], status=FileStatus.ADDED)
    both = diff(change(BASE, old, **renamed), in_its_place)
    again = change(BASE, old, **{**renamed, "path": "c.py"})
    assert news(both, diff(again)).fresh == frozenset()
    back = news(diff(change(BASE, old, **renamed)), before)
    assert back.fresh == frozenset()
    assert back.undone == ()


# ---- windows


def test_a_long_hunk_is_cut_to_what_is_new_in_it() -> None:
    added = [f"line {number}" for number in range(1, 101)]
    before = diff(change([], added[:49] + added[50:89] + added[90:], status=FileStatus.ADDED))
    now = change([], added, status=FileStatus.ADDED)
    told = news(before, diff(now))
    assert fresh(told) == [50, 90]
    windows = [[line.new for line in hunk.lines] for hunk in told.diff.files[0].hunks]
    assert windows == [list(range(45, 56)), list(range(85, 96))]
    assert told.reviewed == (
        Reviewed("a.py", 1, 44),
        Reviewed("a.py", 56, 84),
        Reviewed("a.py", 96, 100),
    )


def test_windows_that_meet_are_one() -> None:
    added = [f"line {number}" for number in range(1, 41)]
    before = diff(change([], added[:19] + added[20:28] + added[29:], status=FileStatus.ADDED))
    told = news(before, diff(change([], added, status=FileStatus.ADDED)))
    assert fresh(told) == [20, 29]
    assert len(told.diff.files[0].hunks) == 1


# ---- whatever the patches are


LINES = st.lists(st.sampled_from(["a", "b", "c", "}", "", "x = 1", "return"]), max_size=25)


@st.composite
def files(draw: st.DrawFn, path: str = "a.py") -> FileDiff:
    return change(draw(LINES), draw(LINES), path)


def lines(of: Diff) -> list[DiffLine]:
    return [line for file in of.files for hunk in file.hunks for line in hunk.lines]


@given(files(), files("b.py"))
def test_equal_diffs_bring_nothing_new(one: FileDiff, other: FileDiff) -> None:
    told = news(diff(one, other), diff(one, other))
    assert told.diff.files == ()
    assert told.fresh == frozenset()
    assert told.undone == ()


@given(files(), st.integers(0, 99))
def test_a_base_that_grew_at_its_top_brings_nothing_new(file: FileDiff, by: int) -> None:
    def down(line: DiffLine) -> DiffLine:
        return DiffLine(
            line.kind, line.text, line.old and line.old + by, line.new and line.new + by
        )

    moved = tuple(Hunk("f()", tuple(map(down, hunk.lines))) for hunk in file.hunks)
    now = FileDiff(path=file.path, old_path=file.path, status=file.status, hunks=moved)
    assert news(diff(file), diff(now)).fresh == frozenset()


@given(files(), files())
def test_every_changed_line_that_was_nowhere_before_is_fresh_and_shown(
    before: FileDiff, now: FileDiff
) -> None:
    told = news(diff(before), diff(now))
    had = {(line.kind, line.text) for line in lines(diff(before))}
    part = lines(told.diff)
    for line in lines(diff(now)):
        if line.kind is not LineKind.CONTEXT and (line.kind, line.text) not in had:
            side = Side.LEFT if line.new is None else Side.RIGHT
            assert ("a.py", side, line.number(side)) in told.fresh
            assert line in part


@given(files(), files())
def test_what_is_shown_is_a_part_of_the_whole_with_its_numbers(
    before: FileDiff, now: FileDiff
) -> None:
    whole = [hunk.lines for hunk in now.hunks]
    told = news(diff(before), diff(now))
    for file in told.diff.files:
        for hunk in file.hunks:
            (at,) = [
                (number, start)
                for number, run in enumerate(whole)
                for start in range(len(run))
                if run[start : start + len(hunk.lines)] == hunk.lines
            ]
            assert now.hunks[at[0]].section == hunk.section
    for line in lines(told.diff):
        assert line in lines(diff(now))
    left = {(side, number) for path, side, number in told.fresh}
    parts = {(side, line.number(side)) for line in lines(told.diff) for side in Side}
    assert left <= parts


@given(files(), files())
def test_no_change_is_neither_shown_nor_called_reviewed(before: FileDiff, now: FileDiff) -> None:
    told = news(diff(before), diff(now))
    part = lines(told.diff)
    numbers = {n for one in told.reviewed for n in range(one.first, one.last + 1)}
    for line in lines(diff(now)):
        if line.kind is LineKind.ADDED:
            assert (line in part) != (line.new in numbers)
    assert not any(n in numbers for _, side, n in told.fresh if side is Side.RIGHT)
    assert all(one.last < other.first for one, other in pairwise(told.reviewed))


@given(st.lists(st.sampled_from("abcdef"), min_size=2, max_size=12), st.randoms())
def test_a_reordering_of_the_same_added_lines_is_never_nothing_new(
    added: list[str], random: object
) -> None:
    other = added.copy()
    random.shuffle(other)  # type: ignore[attr-defined]
    assume(other != added)
    assert since(edited(10, *added), edited(10, *other)).fresh


@given(st.integers(5, 35), st.integers(5, 35), st.integers(1, 4))
def test_a_change_that_moved_in_its_file_is_never_nothing_new(
    here: int, there: int, count: int
) -> None:
    assume(here != there)
    mine = [f"mine {number}" for number in range(count)]
    told = since(edited(here, *mine), edited(there, *mine))
    assert set(fresh(told)) >= set(range(there + 1, there + count + 1))


def hunk_of(texts: list[tuple[str, str]]) -> FileDiff:
    return file_diff("@@ -1 +1 @@\n" + "\n".join(kind + text for kind, text in texts))


@given(
    st.lists(st.tuples(st.sampled_from(" +-"), st.sampled_from("abcd}")), max_size=12),
    st.randoms(),
)
def test_a_change_never_passes_another_line_unseen(
    texts: list[tuple[str, str]], random: object
) -> None:
    """Unless both orders hold the same unchanged lines between the same changes."""
    other = texts.copy()
    random.shuffle(other)  # type: ignore[attr-defined]

    def stretches(order: list[tuple[str, str]]) -> list[object]:
        cut: list[object] = [[]]
        for one in order:
            if one[0] == " ":
                cut[-1] = sorted([*cut[-1], one])  # type: ignore[misc]
            else:
                cut += [one, []]
        return cut

    assume(stretches(texts) != stretches(other))
    assert news(diff(hunk_of(texts)), diff(hunk_of(other))).fresh


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([("+", "x")] * 20_000, [("+", "x")] * 20_001),
        ([("+", "x"), (" ", "y")] * 10_000, [(" ", "y"), ("+", "x")] * 10_000),
        (
            [p for n in range(5_000) for p in ((" ", "y"), ("+", f"{n}"), ("-", "z"), (" ", "w"))],
            [p for n in range(5_000) for p in ((" ", "w"), ("+", f"{n}"), ("-", "z"), (" ", "y"))],
        ),
    ],
    ids=["equal lines", "two lines", "passing each other"],
)
def test_no_patch_makes_it_take_long(
    old: list[tuple[str, str]], new: list[tuple[str, str]]
) -> None:
    one, other = diff(hunk_of(old)), diff(hunk_of(new))
    before = process_time()
    assert news(one, other).fresh
    assert process_time() - before < 3
