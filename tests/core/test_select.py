"""Each rule skips what it names, says so, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.quiet import too_many_rounds
from reviewer_cli.core.select import (
    Departure,
    SkipClass,
    SkipRules,
    departure,
    skip_class,
    skip_reason,
    skip_reason_for_diff,
)
from tests.core.making import diff, file_diff, head

ANY = st.one_of(
    st.text(min_size=1, max_size=20),
    st.sampled_from(
        [
            "matches 'x' is a bot",
            "draft",
            "x\n is a bot",
            "changes 2 files, more than 1",
            "label 'x'",
        ]
    ),
)
EVERYTHING = SkipRules(drafts=False, bots=False)
ONE_LINE = "@@ -1 +1 @@\n+x = 1"


@pytest.mark.parametrize(
    ("rules", "told", "reason"),
    [
        ({}, {"is_draft": True}, "draft"),
        ({"drafts": False}, {"is_draft": True}, None),
        ({}, {"author": "deps[bot]", "author_is_bot": True}, "author deps[bot] is a bot"),
        ({"bots": False}, {"author_is_bot": True}, None),
        ({"authors": ("release-*",)}, {"author": "Release-Train"}, "author matches 'release-*'"),
        ({"authors": ("release",)}, {"author": "release-train"}, None),
        ({"labels": ("wip*",)}, {"labels": ("a", "WIP!")}, "label 'WIP!' matches 'wip*'"),
        ({"labels": ("wip",)}, {"labels": ()}, None),
        ({"titles": (r"^chore\b",)}, {"title": "Chore: x"}, r"title matches '^chore\\b'"),
        ({"titles": (r"^chore\b",)}, {"title": "A chore"}, None),
        ({"bases": ("release/*",)}, {"base_ref": "release/1.x"}, "base branch matches 'release/*'"),
        ({"only_bases": ("main", "dev*")}, {"base_ref": "develop"}, None),
        (
            {"only_bases": ("main",)},
            {"base_ref": "develop"},
            "base branch 'develop' is not among those to review",
        ),
        ({}, {}, None),
    ],
)
def test_rules_over_what_the_host_says(
    rules: dict[str, Any], told: dict[str, Any], reason: str | None
) -> None:
    assert skip_reason(head(**told), SkipRules(**rules)) == reason


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({}, None),
        ({"paths": ("docs/",)}, None),
        ({"paths": ("docs/", "*.py")}, "changes only paths that are not reviewed"),
        ({"max_files": 1}, "changes 2 files, more than 1"),
        ({"max_files": 2}, None),
        ({"max_changed_lines": 1}, "changes 2 lines, more than 1"),
        ({"max_changed_lines": 2}, None),
    ],
)
def test_rules_over_the_change(rules: dict[str, Any], reason: str | None) -> None:
    change = diff(file_diff(ONE_LINE, "docs/a.md"), file_diff(ONE_LINE, "src/b.py"))
    assert skip_reason_for_diff(change, SkipRules(**rules)) == reason


def test_a_change_of_nothing_is_skipped_by_every_rule_set() -> None:
    assert skip_reason_for_diff(diff(), EVERYTHING) == "changes nothing against its base"


def test_a_change_without_a_reviewable_file_says_why() -> None:
    change = diff(unreviewed=[("a.png", "binary"), ("b.lock", "generated or vendored")])
    assert skip_reason_for_diff(change, EVERYTHING) == (
        "nothing in it can be reviewed (binary, generated or vendored)"
    )


def test_an_unreviewed_file_counts_among_the_paths() -> None:
    """Otherwise a change of documentation and one binary would pass for documentation only."""
    change = diff(file_diff(ONE_LINE, "docs/a.md"), unreviewed=[("src/x.bin", "binary")])
    assert skip_reason_for_diff(change, SkipRules(paths=("docs/",))) is None


@given(word=ANY)
def test_the_class_of_a_reason_is_that_of_its_rule_whatever_people_are_called(word: str) -> None:
    """Names of people, labels and branches stand in the reasons, and may read like other rules."""
    literal = "".join(f"[{one}]" if one in "*?[" else one for one in word)
    told = head(author=word, author_is_bot=True, labels=(word,), title=word, base_ref=word)
    for fields, expected in (
        ({"bots": True}, SkipClass.BOT),
        ({"authors": (literal,)}, SkipClass.AUTHOR),
        ({"labels": (literal,)}, SkipClass.LABEL),
        ({"titles": ("",)}, SkipClass.TITLE),
        ({"bases": (literal,)}, SkipClass.BASE),
        ({"only_bases": ("\0",)}, SkipClass.BASE),
    ):
        rules = SkipRules(**{"drafts": False, "bots": False} | fields)
        reason = skip_reason(told, rules)
        assert reason is not None
        assert skip_class(reason) is expected


def test_every_other_rule_has_its_class() -> None:
    two = diff(file_diff(ONE_LINE, "docs/a.md"), file_diff(ONE_LINE, "src/b.py"))
    unreadable = diff(unreviewed=[("a\n.png", "binary")])
    no_history = (
        f"the commit {'a' * 40} shares no history with its base {'b' * 40}; rebase it, or deepen"
    )
    found = {
        skip_reason(head(is_draft=True), SkipRules()): SkipClass.DRAFT,
        skip_reason_for_diff(diff(), EVERYTHING): SkipClass.EMPTY,
        skip_reason_for_diff(two, SkipRules(paths=("*",))): SkipClass.PATHS,
        skip_reason_for_diff(unreadable, EVERYTHING): SkipClass.UNREADABLE,
        skip_reason_for_diff(two, SkipRules(max_files=1)): SkipClass.SIZE,
        skip_reason_for_diff(two, SkipRules(max_changed_lines=1)): SkipClass.SIZE,
        too_many_rounds(1, 1): SkipClass.ROUNDS,
        too_many_rounds(12, 3): SkipClass.ROUNDS,
        no_history: SkipClass.NO_HISTORY,
        "what an older program said": SkipClass.OTHER,
    }
    assert {reason: skip_class(str(reason)) for reason in found} == found
    assert set(found.values()) == set(SkipClass) - {
        *(SkipClass.BOT, SkipClass.AUTHOR, SkipClass.LABEL, SkipClass.TITLE, SkipClass.BASE)
    }


def test_a_departure_is_told_by_its_reason() -> None:
    assert departure(f"moved to {'a' * 40}") is Departure.MOVED
    assert departure("no longer open") is Departure.ENDED
    assert departure("o/r no longer has the commit abc") is Departure.GONE
