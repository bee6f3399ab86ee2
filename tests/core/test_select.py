"""Each rule skips what it names, says so, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from reviewer_cli.core.select import SkipRules, skip_reason, skip_reason_for_diff
from tests.core.making import diff, file_diff, head

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
