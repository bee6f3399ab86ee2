"""Two texts are matched in order, and no text can make that take long."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.patience import Gap, gaps

TEXTS = st.lists(st.sampled_from("abcdefgh"), max_size=30)


@given(TEXTS, TEXTS)
def test_all_between_the_gaps_is_equal_on_both_sides(old: list[str], new: list[str]) -> None:
    parts = [*gaps(old, new), Gap(len(old), len(old), len(new), len(new))]
    left = right = 0
    for part in parts:
        assert left <= part.old_from <= part.old_to
        assert right <= part.new_from <= part.new_to
        assert old[left : part.old_from] == new[right : part.new_from]
        left, right = part.old_to, part.new_to


@given(TEXTS, TEXTS)
def test_a_gap_is_never_empty_and_never_touches_the_next(old: list[str], new: list[str]) -> None:
    parts = gaps(old, new)
    assert all((p.old_from, p.new_from) != (p.old_to, p.new_to) for p in parts)
    for one, other in pairwise(parts):
        assert one.old_to < other.old_from
        assert one.new_to < other.new_from


@given(TEXTS)
def test_equal_texts_have_no_gaps(text: list[str]) -> None:
    assert gaps(text, text) == []


@given(TEXTS, TEXTS)
def test_texts_without_gaps_are_equal(old: list[str], new: list[str]) -> None:
    assert (gaps(old, new) == []) == (old == new)


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("", "ab", [Gap(0, 0, 0, 2)]),
        ("abc", "axc", [Gap(1, 2, 1, 2)]),
        ("abcd", "abd", [Gap(2, 3, 2, 2)]),
        ("axbxc", "abxc", [Gap(1, 2, 1, 1)]),  # b is unique, and what is beside it falls in place
        ("ab", "ba", [Gap(0, 1, 0, 0), Gap(2, 2, 1, 2)]),
        ("pbq", "rbsbt", [Gap(0, 3, 0, 5)]),  # which of the two it is cannot be known
        ("xyxy", "yxyx", [Gap(0, 4, 0, 4)]),  # nothing is unique: nothing is matched
    ],
)
def test_what_is_unique_holds_the_texts_together(old: str, new: str, parts: list[Gap]) -> None:
    assert gaps(old, new) == parts


def nested(depth: int) -> tuple[list[str], list[str]]:
    """Texts of which one line becomes unique only between those that did in the round before."""
    old, new = ["old"], ["new"]
    for level in range(depth):
        old = ["x", f"{level - 1}", f"{level}", "y", *old]
        new = ["z", f"{level - 1}", f"{level}", "w", *new]
    return old, new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["x"] * 20_000, ["x"] * 20_001),
        (["x", "y"] * 10_000, ["y", "x"] * 10_000),
        ([str(n) for n in range(20_000)], [str(n) for n in reversed(range(20_000))]),
        ([str(n % 999) for n in range(20_000)], [str(n % 997) for n in range(20_000)]),
        nested(5_000),
    ],
    ids=["equal lines", "two lines", "reversed", "cycles", "nested"],
)
def test_no_text_makes_it_take_long(old: list[str], new: list[str]) -> None:
    before = process_time()
    gaps(old, new)
    assert process_time() - before < 2
