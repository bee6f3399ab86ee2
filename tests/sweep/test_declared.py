"""What a base branch declares, where it may be declared, and what a later round makes of it."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.standing import baseline
from tests.fakes.engine import nothing
from tests.fakes.github import spec
from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage
from tests.sweep.conversing import asked, comments, dispositions, github, later

__all__ = ["github"]

pytestmark = spec.needs_graphql

OLD = {"a.py": text(_40="forty")}
"""The base has the problem; whoever changes the line below it is told of it."""

BELOW = {"a.py": text(_40="forty", _41="mine")}
IGNORED = {"a.py": text(_39="# reviewer: ignore", _40="forty")}
IGNORED_BELOW = {"a.py": text(_39="# reviewer: ignore", _40="forty", _41="mine")}
OF_A_RULE = {"a.py": text(_39="# reviewer: ignore[security]", _40="forty")}
OF_A_RULE_BELOW = {"a.py": text(_39="# reviewer: ignore[security]", _40="forty", _41="mine")}


def printed_baseline(github: GitHubStage) -> dict[str, str]:
    """The file that `reviewer ledger baseline` prints."""
    ledger = Ledger(github.ledger_path)
    found = baseline(ledger.store, github.shop.full_name)
    ledger.close()
    assert found
    return {".reviewer-baseline.json": json.dumps([asdict(one) for one in found])}


def told_of_what_the_base_has(github: GitHubStage) -> Pull:
    """A pull request beside an old problem, whose finding then makes the baseline."""
    github.hub.world.commit(github.shop, OLD)
    pull = github.hub.world.pull(github.shop, {"a.py": text(_38="other", _40="forty")})
    later(github)
    assert [one.line for one in comments(github, pull)] == [40]
    return pull


def reviewed_clean(github: GitHubStage) -> Pull:
    """A pull request about another file, in whose first round nothing was found."""
    watchful, github.engine = github.engine, CountingEngine(nothing)
    pull = github.hub.world.pull(github.shop, {"b.py": "y = 2\n"})
    later(github)
    github.engine = watchful
    return pull


def test_what_the_baseline_of_the_base_branch_lists_is_not_said(github: GitHubStage) -> None:
    told_of_what_the_base_has(github)
    github.hub.world.commit(github.shop, printed_baseline(github))
    pull = github.hub.world.pull(github.shop, BELOW)
    later(github)
    assert (asked(github), comments(github, pull)) == (2, [])
    assert dispositions(github, pull) == {"forty": "known"}


def test_a_baseline_that_a_pull_request_brings_along_silences_nothing(github: GitHubStage) -> None:
    told_of_what_the_base_has(github)
    pull = github.hub.world.pull(github.shop, BELOW | printed_baseline(github))
    later(github)
    assert [one.line for one in comments(github, pull)] == [40]


def test_a_baseline_that_came_to_the_base_later_holds_for_the_next_round(
    github: GitHubStage,
) -> None:
    """The base as it is now, not as the pull request was begun from it."""
    told_of_what_the_base_has(github)
    pull = reviewed_clean(github)
    github.hub.world.commit(github.shop, printed_baseline(github))
    pull = github.hub.world.push(pull, BELOW)
    later(github)
    assert comments(github, pull) == []
    assert dispositions(github, pull) == {"forty": "known"}


@pytest.mark.parametrize(
    ("base", "head", "said"),
    [
        (IGNORED, IGNORED_BELOW, []),
        (OLD, IGNORED_BELOW, [40]),
        (OF_A_RULE, OF_A_RULE_BELOW, [40]),
    ],
    ids=["in the base", "in the head alone", "of another rule"],
)
def test_a_comment_to_ignore_counts_where_the_base_has_it(
    github: GitHubStage, base: dict[str, str], head: dict[str, str], said: list[int]
) -> None:
    github.hub.world.commit(github.shop, base)
    pull = github.hub.world.pull(github.shop, head)
    later(github)
    assert asked(github) == 1
    assert [one.line for one in comments(github, pull)] == said


def test_a_comment_to_ignore_that_a_later_push_adds_takes_nothing_back(
    github: GitHubStage,
) -> None:
    github.hub.world.commit(github.shop, OLD)
    pull = reviewed_clean(github)
    github.hub.world.push(pull, IGNORED_BELOW)
    later(github)
    assert [one.line for one in comments(github, pull)] == [40]
