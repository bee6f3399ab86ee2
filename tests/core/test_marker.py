"""A marker counts only among the exact last lines, signed for this very head."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer_cli.core.marker import carries_marker, marker, with_markers_apart
from reviewer_cli.core.models import HeadKey
from reviewer_cli.core.sanitise import fenced, harmless_markdown

SECRET = b"secret"
KEY = HeadKey("github.com", "owner/name", "7", "a" * 40)
MARK = marker(KEY, SECRET)
OTHER = marker(replace(KEY, sha="b" * 40), SECRET)


@pytest.mark.parametrize("body", [MARK, f"Review\n\n{MARK}", f"Review\n{MARK}\n", f"x\n{MARK}\n\n"])
def test_our_own_review_is_recognised(body: str) -> None:
    assert carries_marker(body, KEY, SECRET)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_each_of_several_markers_at_the_end_counts(count: int) -> None:
    keys = [replace(KEY, sha=f"{number:040x}") for number in range(count)]
    body = "\n".join(["Review", "", *(marker(key, SECRET) for key in keys)])
    assert all(carries_marker(f"{body}\n", key, SECRET) for key in keys)
    assert not carries_marker(body, KEY, SECRET)


@pytest.mark.threat("T22", layer="posting")
@pytest.mark.parametrize(
    "body",
    [
        "",
        OTHER,
        f"{MARK}\n\n{OTHER}",  # planted above, with others at the end
        f"{MARK}\nx\n{OTHER}",
        f"> {MARK}\n{OTHER}",
        f"{MARK} \n{OTHER}",
        f"{MARK}\r\n{OTHER}",
        f"{MARK}{OTHER}",
        "Review",
        f"{MARK}\n\nmore",  # quoted above
        f"> {MARK}",
        f"`{MARK}`",
        f" {MARK}",
        f"{MARK} ",
        f"Review {MARK}",
        MARK.replace("v1", "v2"),
        MARK.replace("a" * 40, "b" * 40),  # another commit
        f"{MARK[:-5]}{int(MARK[-5], 16) ^ 1:x} -->",  # another signature
        MARK.upper(),
        f"{MARK}\u2028",
    ],
)
def test_a_quoted_moved_or_changed_marker_does_not_count(body: str) -> None:
    assert not carries_marker(body, KEY, SECRET)


@pytest.mark.threat("T22", layer="posting", tries=2)
@pytest.mark.parametrize(
    "other",
    [
        {"host": "ghe.example"},
        {"pull": "8"},
        {"sha": "b" * 40},
        {"host": "github.com7", "pull": ""},  # fields cannot slide into one another
        {"host": "github.com\0007", "pull": ""},
    ],
)
def test_a_marker_of_another_head_does_not_count(other: dict[str, str]) -> None:
    key = replace(KEY, **other)
    assert not carries_marker(marker(key, SECRET), KEY, SECRET)
    assert not carries_marker(MARK, key, SECRET)


def test_a_marker_survives_that_its_repository_is_renamed() -> None:
    """It lies on the pull request itself, and only our own account's reviews are asked."""
    assert carries_marker(MARK, replace(KEY, repo="owner/renamed"), SECRET)


@pytest.mark.threat("T22", layer="posting", tries=2)
def test_a_marker_signed_by_somebody_else_does_not_count() -> None:
    assert not carries_marker(marker(KEY, b"guess"), KEY, SECRET)
    assert not carries_marker(marker(KEY, b""), KEY, SECRET)


@pytest.mark.threat("T22", layer="sanitiser", tries=2)
def test_what_a_model_writes_never_ends_a_review_with_a_marker() -> None:
    assert not carries_marker(harmless_markdown(MARK), KEY, SECRET)
    assert not carries_marker(fenced(MARK), KEY, SECRET)


def test_names_that_are_no_unicode_text_can_be_signed() -> None:
    key = replace(KEY, pull="\udcff")
    assert carries_marker(marker(key, SECRET), key, SECRET)


@pytest.mark.parametrize(
    ("body", "text", "markers"),
    [
        ("", "", []),
        ("Review", "Review", []),
        (MARK, "", [MARK]),
        (f"Review\n\n{MARK}\n{OTHER}\n", "Review", [MARK, OTHER]),
        (f"Review\n{MARK}\n\n{OTHER}", f"Review\n{MARK}", [OTHER]),
        (f"> {MARK}\n{OTHER}", f"> {MARK}", [OTHER]),
    ],
)
def test_markers_are_told_apart_from_the_text_above(
    body: str, text: str, markers: list[str]
) -> None:
    assert with_markers_apart(body) == (text, markers)
