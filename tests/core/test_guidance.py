"""What a project says to its reviewers has few powers, is capped, and is never dropped silently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.guidance import (
    MOST_OF_ONE,
    MOST_TOGETHER,
    NAMES,
    SETTINGS,
    Advice,
    Guidance,
    GuidanceFile,
    guidance,
)
from reviewer_cli.core.models import Unreviewed
from reviewer_cli.core.sanitise import UNSEEN


def told(**files: str | bytes) -> Guidance:
    """Guidance of files named by the first letter of their name."""
    names = {name.strip(".")[0]: name for name in NAMES}
    return guidance(
        GuidanceFile(
            name=names[letter],
            content=content if isinstance(content, bytes) else content.encode(),
        )
        for letter, content in files.items()
    )


def test_settings_may_ask_in_words_and_name_paths_to_ignore() -> None:
    said = told(
        r='instructions = "Mind clocks."\nignore = ["vendor/**", "*.md"]\n', A="We use tabs."
    )
    assert said == Guidance(
        advice=(
            Advice(source=SETTINGS, text="Mind clocks."),
            Advice(source="AGENTS.md", text="We use tabs."),
        ),
        ignore=("vendor/**", "*.md"),
    )


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ('batch_size = 9\nignore = ["a"]', "has the key 'batch_size'"),
        ("[engine]\nname = 'offline'", "has the key 'engine'"),
        ("[skip]\npaths = ['**']", "has the key 'skip'"),
        ("instructions = 1", "its instructions must be a text"),
        ("ignore = 'a'", "must be a list of paths"),
        ("ignore = [1]", "must be a list of paths"),
        ("ignore = ['']", "must be a list of paths"),
        ("ignore = ['a', '!a/b']", "without `!`"),
        (f"ignore = ['{'a' * 301}']", "each of 1 to 300 characters"),
        ("ignore = [" + "'a'," * 201 + "]", "more than 200 entries"),
        ("ignore = [", "cannot be read as TOML"),
        (b"instructions = '\xff'", "cannot be read as TOML"),
        (f"ignore = {'9' * 5000}", "cannot be read as TOML"),
        (f"ignore = {'[' * 7000}", "nested too deeply"),
        (f"instructions = '{'a' * MOST_OF_ONE}'", "larger than 16,000 bytes"),
    ],
)
def test_unfit_settings_are_not_followed_at_all_and_that_is_said(
    settings: str | bytes, why: str
) -> None:
    said = told(r=settings, R="Mind clocks.")
    assert said.ignore == ()
    assert said.advice == (Advice(source="REVIEW.md", text="Mind clocks."),)
    (unheeded,) = said.unheeded
    assert unheeded.path == SETTINGS
    assert unheeded.reason.startswith("not followed, ")
    assert why in unheeded.reason


@given(st.dictionaries(st.sampled_from("rRAC"), st.one_of(st.binary(), st.text()), max_size=4))
def test_any_bytes_give_visible_text_or_a_reason(files: dict[str, str | bytes]) -> None:
    said = told(**files)
    assert not any(UNSEEN.search(one.text) for one in said.advice)
    assert all(one.text for one in said.advice)


def test_what_is_too_long_is_cut_where_it_is_shown_and_in_the_review() -> None:
    said = told(R="r" * 16_010, A="a" * 16_000, C="c" * 10)
    assert [one.text for one in said.advice] == [
        "r" * 16_000 + "\n(10 more characters are not shown)",
        "a" * 8_000 + "\n(8,000 more characters are not shown)",
        "\n(10 more characters are not shown)",
    ]
    assert said.unheeded == (
        Unreviewed(path="REVIEW.md", reason="the last 10 of its 16,010 characters were not read"),
        Unreviewed(
            path="AGENTS.md", reason="the last 8,000 of its 16,000 characters were not read"
        ),
        Unreviewed(path="CLAUDE.md", reason="the last 10 of its 10 characters were not read"),
    )
    assert sum(len(one.text) for one in said.advice) < MOST_TOGETHER + 200


def test_the_cap_holds_for_what_is_shown_of_unseen_characters() -> None:
    (advice,) = told(R="\U000e0041" * 16_000).advice
    assert len(advice.text) < MOST_OF_ONE + 100


def test_the_same_text_is_given_once() -> None:
    said = told(A="Mind clocks.\r\n", C="\ufeffMind clocks.\n", R=" \n")
    assert said == Guidance(advice=(Advice(source="AGENTS.md", text="Mind clocks."),))


def test_no_files_say_nothing() -> None:
    assert guidance([]) == Guidance()
