"""A later round without news leaves one line in our newest review, and its marker at the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.amending import MOST_MARKERS, amended
from reviewer_cli.core.marker import carries_marker, marker
from reviewer_cli.core.models import HeadKey
from tests.core.posted import ANY_MARKDOWN, alive, calls

SECRET = b"secret"
KEY = HeadKey("github.com", "owner/name", "7", "a" * 40)
TEXT = "**No findings.**\n\n_Reviewed aaaaaaaaaaaa against `main`_"
BODY = f"{TEXT}\n\n{marker(KEY, SECRET)}"
LIMIT = 65_536


def head(number: int) -> HeadKey:
    return replace(KEY, sha=f"{number:07x}".ljust(40, "0"))


def after(body: str, *numbers: int, limit: int = LIMIT) -> str:
    """The body after rounds without news."""
    for number in numbers:
        again = amended(body, marker(head(number), SECRET), limit)
        assert again is not None
        body = again
    return body


def test_one_line_says_that_a_further_head_was_checked() -> None:
    body = after(BODY, 1)
    marks = f"{marker(KEY, SECRET)}\n{marker(head(1), SECRET)}"
    assert body == f"{TEXT}\n\n_Also checked at `0000001`: nothing new._\n\n{marks}"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "_Also checked at `0000001`: nothing new._"),
        (2, "_Also checked at `0000002` and 1 earlier commit: nothing new._"),
        (3, "_Also checked at `0000003` and 2 earlier commits: nothing new._"),
        (70, "_Also checked at `0000046` and 69 earlier commits: nothing new._"),
    ],
)
def test_several_such_lines_become_one(count: int, words: str) -> None:
    body = after(BODY, *range(1, count + 1))
    assert body.count("Also checked") == 1
    assert f"\n\n{words}\n\n<!--" in body


def test_every_head_that_was_checked_is_recognised() -> None:
    body = after(BODY, 1, 2, 3)
    assert all(carries_marker(body, key, SECRET) for key in (KEY, head(1), head(2), head(3)))
    assert not carries_marker(body, head(4), SECRET)


def test_a_head_is_noted_once() -> None:
    once = after(BODY, 1, 2)
    assert after(once, 2) == once
    assert after(once, 1) == once
    assert amended(BODY, marker(KEY, SECRET), LIMIT) == BODY


def test_the_oldest_further_head_falls_out_and_the_reviews_own_never() -> None:
    body = after(BODY, *range(1, MOST_MARKERS + 5))
    assert body.count("<!-- reviewer:") == MOST_MARKERS
    assert carries_marker(body, KEY, SECRET)
    known = [
        number
        for number in range(1, MOST_MARKERS + 5)
        if carries_marker(body, head(number), SECRET)
    ]
    assert known == list(range(6, MOST_MARKERS + 5))


@given(st.integers(0, 1500), st.lists(st.integers(1, 8), min_size=1, max_size=12))
def test_it_never_grows_above_the_limit(room: int, numbers: list[int]) -> None:
    body, limit = BODY, len(BODY) + room
    for number in numbers:
        again = amended(body, marker(head(number), SECRET), limit)
        if again is None:
            assert room < 200
            return
        body = again
        assert len(body) <= limit
        assert carries_marker(body, KEY, SECRET)
        assert carries_marker(body, head(number), SECRET)


def test_where_there_is_no_room_it_says_so() -> None:
    assert amended(BODY, marker(head(1), SECRET), len(BODY)) is None


def test_a_body_that_lost_its_marker_gets_the_new_one() -> None:
    body = after("Somebody wrote this over", 1)
    assert body.startswith("Somebody wrote this over\n\n_Also checked")
    assert carries_marker(body, head(1), SECRET)


@given(ANY_MARKDOWN)
def test_what_it_adds_is_dead_text_and_keeps_what_stood_there(text: str) -> None:
    body = after(f"{text}\n\n{marker(KEY, SECRET)}", 1, 2)
    assert body.startswith(text.rstrip("\n"))
    added = body[len(text.rstrip("\n")) :].split("<!--")[0]
    assert (alive(added), calls(added)) == ([], [])


@pytest.mark.parametrize("what", ["", "x", "<!-- reviewer:v1 -->", f"{marker(KEY, SECRET)}\n"])
def test_only_a_marker_joins_the_markers(what: str) -> None:
    with pytest.raises(ValueError, match="only a marker"):
        amended(BODY, what, LIMIT)
