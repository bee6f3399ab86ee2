"""What a repository's findings suggest for its base branch, out of a real ledger."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.declared import Baseline, known_tables
from reviewer_cli.core.declared import baseline as read_baseline
from reviewer_cli.core.models import Outcome, Remark
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.ledger.pulls import gathered
from reviewer_cli.ledger.standing import baseline, proposals
from tests.ledger.samples import NOW, REPO, conversation, head, posted, remark

DAY = 86_400.0


def about(title: str, number: int) -> Remark:
    made = remark(fingerprint=f"{number:016x}", text_fingerprint=f"{number + 99:016x}")
    return replace(made, finding=replace(made.finding, title=title))


def declined(ledger: Ledger, *findings: int) -> None:
    noted = [
        Noted(finding_id=one, outcome=Outcome.DISMISSED, evidence="ada declined it.")
        for one in findings
    ]
    note(ledger.store, noted, None, NOW)


def test_what_was_declined_on_three_pull_requests_is_proposed_as_a_table(ledger: Ledger) -> None:
    titles = ("Password is logged", "The password is logged", "Logged password")
    for number, title in enumerate(titles, 1):
        posted(ledger, head(number), about(title, number))
    declined(ledger, 1, 2)
    assert proposals(ledger.store) == ()
    declined(ledger, 3)
    (found,) = proposals(ledger.store)
    assert (found.host, found.repo) == ("local", REPO)
    (known,) = known_tables(tomllib.loads(found.proposal.toml)["known"])
    assert "pull-1, pull-2, pull-3" in known.reason
    assert (known.category, known.rule) == ("correctness", "")
    assert proposals(ledger.store, REPO) == (found,)
    assert proposals(ledger.store, "/srv/other") == ()


def test_what_a_rule_found_is_proposed_by_the_name_of_the_rule(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        made = about("Password is logged", number)
        found = replace(made.finding, rule="own/no-secrets")
        posted(ledger, head(number), replace(made, finding=found))
    declined(ledger, 1, 2, 3)
    (proposed,) = proposals(ledger.store)
    (known,) = known_tables(tomllib.loads(proposed.proposal.toml)["known"])
    assert (known.category, known.rule) == ("", "own/no-secrets")


@pytest.mark.parametrize("gone", [Outcome.FIXED, Outcome.SUGGESTION_COMMITTED, Outcome.REVERTED])
def test_a_baseline_holds_what_still_stands_and_can_be_read_back(
    ledger: Ledger, gone: Outcome
) -> None:
    posted(ledger, head(1), about("One", 1), about("Two", 2), remark(fingerprint="f"))
    posted(ledger, head(2), about("Three", 3))
    posted(ledger, head(3), about("One", 1))
    closed = conversation(head(2), state=PullState.CLOSED, ended_at=NOW)
    gathered(ledger.store, [closed], NOW)
    note(ledger.store, [Noted(finding_id=2, outcome=gone, evidence="")], None, NOW)
    found = baseline(ledger.store, REPO)
    assert found is not None
    known = {"fingerprint": f"{1:016x}", "text_fingerprint": f"{100:016x}"}
    assert found == (Baseline(path="a.py", title="One", **known),)
    names = ("fingerprint", "text_fingerprint", "path", "title")
    written = json.dumps([{name: getattr(one, name) for name in names} for one in found])
    assert read_baseline(written.encode()) == found


def test_a_long_title_and_a_long_path_are_shortened_in_a_baseline(ledger: Ledger) -> None:
    for number, length in ((1, 300), (2, 301)):
        made = about("t" * length, number)
        posted(ledger, head(number), replace(made, anchor=replace(made.anchor, path="p" * length)))
    found = baseline(ledger.store, REPO)
    assert found is not None
    assert [one.title for one in found] == ["t" * 300, "t" * 299 + "…"]
    assert [one.path for one in found] == ["p" * 300, "p" * 299 + "…"]


def test_of_an_unknown_repository_nothing_is_told(ledger: Ledger) -> None:
    assert baseline(ledger.store, REPO) is None
