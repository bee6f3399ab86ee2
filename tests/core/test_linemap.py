"""Where older lines are now is never guessed: as they were, changed, gone, or not to be told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.conversation import Said, Thread
from reviewer_cli.core.coverage import NO_CHANGED_LINES
from reviewer_cli.core.diff import FileStatus
from reviewer_cli.core.linemap import Whereabouts, adds, followed, moved, whereabouts
from reviewer_cli.core.models import Side
from tests.core.making import change, diff

OLD = [f"line {number}" for number in range(1, 31)]


def after(new: list[str], first: int, last: int) -> tuple[int | None, int | None, bool]:
    told = moved(change(OLD, new).hunks, first, last)
    return told.first, told.last, told.is_changed


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, (10, 12, False)),
        (["new", *OLD], (11, 13, False)),
        (OLD[2:], (8, 10, False)),
        ([*OLD[:9], "new", *OLD[9:]], (11, 13, False)),  # right before them
        ([*OLD[:12], "new", *OLD[12:]], (10, 12, False)),  # right after them
        ([*OLD[:10], "new", *OLD[10:]], (10, 13, True)),  # between them
        ([*OLD[:10], *OLD[11:]], (10, 11, True)),  # the middle one is gone
        ([*OLD[:9], *OLD[10:]], (10, 11, True)),
        ([*OLD[:11], *OLD[12:]], (10, 11, True)),
        ([*OLD[:9], "new", *OLD[10:]], (10, 12, True)),
        ([*OLD[:9], "a", "b", *OLD[12:]], (10, 11, True)),  # replaced
        ([*OLD[:7], "a", *OLD[15:]], (8, 8, True)),  # together with others
        ([*OLD[:9], *OLD[12:]], (None, None, True)),
        ([], (None, None, True)),
        (["top", *OLD[:9], "a", "b", *OLD[12:]], (11, 12, True)),
    ],
)
def test_lines_10_to_12_are_found_again(
    new: list[str], expected: tuple[int | None, int | None, bool]
) -> None:
    assert after(new, 10, 12) == expected


LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "", "}"]), max_size=30)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[str], list[str], int, int]:
    old = draw(LINES.filter(bool))
    first = draw(st.integers(1, len(old)))
    return old, draw(LINES), first, draw(st.integers(first, len(old)))


@given(questions())
def test_lines_that_are_as_they_were_are_so(
    question: tuple[list[str], list[str], int, int],
) -> None:
    old, new, first, last = question
    told = moved(change(old, new).hunks, first, last)
    if not told.is_changed:
        assert told.first is not None
        assert told.last is not None
        assert new[told.first - 1 : told.last] == old[first - 1 : last]
    if old == new:
        assert (told.first, told.last, told.is_changed) == (first, last, False)


@given(questions())
def test_each_line_is_where_the_diff_has_it(
    question: tuple[list[str], list[str], int, int],
) -> None:
    old, new, first, last = question
    hunks = change(old, new).hunks
    told = moved(hunks, first, last)
    lines = [line for hunk in hunks for line in hunk.lines]
    removed = {line.old for line in lines if line.new is None}
    assert told.is_gone <= (set(range(first, last + 1)) <= removed)
    assert told.is_changed or not removed & set(range(first, last + 1))
    if told.first is not None and told.last is not None:
        assert 1 <= told.first <= told.last <= len(new)
        for line in lines:
            if line.old is not None and line.new is not None and first <= line.old <= last:
                assert told.first <= line.new <= told.last


@given(questions())
def test_the_lines_of_a_range_are_within_its_place(
    question: tuple[list[str], list[str], int, int],
) -> None:
    old, new, first, last = question
    hunks = change(old, new).hunks
    whole = moved(hunks, first, last)
    singles = [moved(hunks, line, line) for line in range(first, last + 1)]
    assert whole.is_changed >= any(one.is_changed for one in singles)
    starts = [one.first for one in singles if one.first is not None]
    assert not starts or (whole.first or 0) <= min(starts)


def test_a_file_is_followed_to_its_new_name() -> None:
    renamed = change(OLD, ["new", *OLD], "b.py", old_path="a.py", status=FileStatus.RENAMED)
    another = change([], ["x"], "a.py", status=FileStatus.ADDED)
    for files in ((another, renamed), (renamed, another)):
        told = whereabouts(diff(*files), "a.py", 3, 4)
        assert told == Whereabouts(path="b.py", first=4, last=5, is_changed=False)


def test_what_was_put_in_is_told_from_what_stood_there_and_from_what_is_not_shown() -> None:
    shown = diff(change(OLD, [*OLD[:9], "ten", "and more", *OLD[10:]]))
    told = [adds(shown, "a.py", number, number) for number in (9, 10, 11, 12)]
    assert told == [False, True, True, False]
    assert adds(shown, "a.py", 1, 30)
    assert adds(shown, "b.py", 10, 10) is False
    assert adds(diff(unreviewed=[("a.py", "larger than 1 MB")]), "a.py", 10, 10) is None
    assert adds(diff(unreviewed=[("a.py", NO_CHANGED_LINES)]), "a.py", 10, 10) is False


@pytest.mark.parametrize(
    ("unreviewed", "told"),
    [
        ([], (3, 4, False)),
        ([("other.py", "larger than 1 MB")], (3, 4, False)),
        ([("a.py", NO_CHANGED_LINES)], (3, 4, False)),
        ([("a.py", "larger than 1 MB")], None),
        ([("a.py", "not a regular file")], None),
    ],
)
def test_of_a_file_that_the_diff_does_not_show_nothing_is_made_up(
    unreviewed: list[tuple[str, str]], told: tuple[int, int, bool] | None
) -> None:
    found = whereabouts(diff(unreviewed=unreviewed), "a.py", 3, 4)
    assert (found and (found.first, found.last, found.is_changed)) == told


def test_a_deleted_file_takes_its_lines_with_it() -> None:
    gone = change(OLD, [], status=FileStatus.DELETED)
    told = whereabouts(diff(gone), "a.py", 1, 30)
    assert told is not None
    assert told.is_gone
    assert told.is_changed


SAID = Said(id="1", author="alice", body="Why?", said_at=0.0)
THREAD = Thread(id="t", path="a.py", line=12, start_line=10, sha="1" * 40, said=(SAID,))


def test_a_thread_is_followed_to_the_newer_version() -> None:
    since = diff(change(OLD, ["new", *OLD[:11], *OLD[12:]]))
    told = followed(THREAD, since, "2" * 40)
    assert told == replace(THREAD, line=12, start_line=11, sha="2" * 40)
    single = followed(replace(THREAD, start_line=None), diff(change(OLD, ["a", *OLD])), "2" * 40)
    assert single == replace(THREAD, line=13, start_line=None, sha="2" * 40)


def test_a_thread_whose_lines_are_gone_or_not_to_be_told_is_nowhere() -> None:
    gone = diff(change(OLD, [*OLD[:9], *OLD[12:]]))
    assert followed(THREAD, gone, "2" * 40) is None
    assert followed(THREAD, diff(unreviewed=[("a.py", "larger than 1 MB")]), "2" * 40) is None


def test_a_thread_on_no_line_or_on_the_base_stays() -> None:
    gone = diff(change(OLD, []))
    for one in (replace(THREAD, line=None), replace(THREAD, side=Side.LEFT)):
        assert followed(one, gone, "2" * 40) == replace(one, sha="2" * 40)
