"""What a project says to its reviewers has few powers, is capped, and is never dropped silently."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.declared import Baseline, Known
from reviewer_cli.core.guidance import (
    BASELINE,
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

GOOD = "ignore = ['gen/']\n[[known]]\nrule = 'R1'\npath = 'a'\n"


def told(**files: str | bytes) -> Guidance:
    """Guidance of files named by the first letter of their name."""
    names = {name.strip(".")[0]: name for name in NAMES} | {"b": BASELINE}
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
        ("known = 1", "must be [[known]] tables"),
        ("known = ['a']", "table 1 is no table"),
        (f"{GOOD}[[known]]\npath = 'a'", "table 2 needs at least one of rule, category and text"),
        ("[[known]]\npath = 'a'\ntext = ' '", "table 1 needs at least one of rule"),
        ("[[known]]\nrule = 'R1'", "table 1 needs a path without `!`"),
        ("[[known]]\nrule = 'R1'\npath = ''", "table 1 needs a path"),
        ("[[known]]\nrule = 'R1'\npath = '!a'", "table 1 needs a path"),
        ("[[known]]\nrule = 'R1'\npath = ['a']", "table 1 needs a path"),
        (f"{GOOD}paths = 'b'", "table 1 has the key 'paths', and may have none but path, rule"),
        (f"{GOOD}category = 7", "table 1 needs a category that is a text of at most 200"),
        (f"{GOOD}reason = '{'a' * 201}'", "table 1 needs a reason that is a text"),
        (f"{GOOD}until = '2031-12-31'", "table 1 needs an until that is a day"),
        (f"{GOOD}until = 2031-12-31T10:00:00", "table 1 needs an until that is a day"),
        (f"{GOOD}until = 20311231", "table 1 needs an until that is a day"),
        ("[[known]]\npath='a'\nrule='b'\n" * 201, "more than 200 [[known]] tables"),
    ],
)
def test_unfit_settings_are_not_followed_at_all_and_that_is_said(
    settings: str | bytes, why: str
) -> None:
    said = told(r=settings, R="Mind clocks.")
    assert said.ignore == ()
    assert said.known == ()
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


def test_settings_may_name_findings_that_are_known() -> None:
    said = told(
        r=f"{GOOD}[[known]]\npath = '**'\ncategory = ' tests '\ntext = 'no test'\n"
        "reason = 'we know'\nuntil = 2031-12-31"
    )
    assert said.unheeded == ()
    assert said.ignore == ("gen/",)
    assert said.known == (
        Known(path="a", rule="R1"),
        Known(
            path="**",
            category="tests",
            text="no test",
            reason="we know",
            until=date(2031, 12, 31),
        ),
    )


PRINT = "0123456789abcdef"


def test_a_baseline_lists_findings_and_is_shown_to_nobody() -> None:
    listed = [
        {"fingerprint": PRINT, "text_fingerprint": PRINT[::-1], "path": "a.py", "title": "x"},
        {"text_fingerprint": PRINT},
    ]
    said = told(b="\ufeff" + json.dumps(listed), R="Mind clocks.")
    assert said == Guidance(
        advice=(Advice(source="REVIEW.md", text="Mind clocks."),),
        baseline=(
            Baseline(fingerprint=PRINT, text_fingerprint=PRINT[::-1], path="a.py", title="x"),
            Baseline(text_fingerprint=PRINT),
        ),
    )


@pytest.mark.threat("T40", layer="base branch")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "cannot be read as JSON"),
        ("[{]", "cannot be read as JSON"),
        (b"\xff", "cannot be read as JSON"),
        ("9" * 5000, "cannot be read as JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("{}", "must be a list"),
        ("[7]", "its entry 1 is no object"),
        ('[{"fingerprint": "' + PRINT + '"}, {}]', "its entry 2 needs a fingerprint"),
        ('[{"fingerprint": "*"}]', "its entry 1 needs a fingerprint"),
        ('[{"fingerprint": "' + PRINT + '", "text_fingerprint": "x"}]', "entry 1 needs"),
        ('[{"fingerprint": 1}]', "must hold texts only"),
        ('[{"fingerprint": "' + PRINT + '", "until": "x"}]', "has the key 'until'"),
        ("[" + ",".join(['{"fingerprint": "' + PRINT + '"}'] * 5001) + "]", "more than 5,000"),
    ],
)
def test_an_unfit_baseline_is_not_followed_at_all_and_that_is_said(
    content: str | bytes, why: str
) -> None:
    said = told(b=content, r="ignore = ['a']")
    assert said.baseline == ()
    assert said.ignore == ("a",)
    (unheeded,) = said.unheeded
    assert unheeded.path == BASELINE
    assert unheeded.reason.startswith("not followed, ")
    assert why in unheeded.reason


@pytest.mark.threat("T40", layer="base branch", tries=100)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_declaration_stops_a_review(content: bytes) -> None:
    for name in (SETTINGS, BASELINE):
        said = guidance([GuidanceFile(name=name, content=content)])
        assert all(one.path == name for one in said.unheeded)


def test_no_files_say_nothing() -> None:
    assert guidance([]) == Guidance()
