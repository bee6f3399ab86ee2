"""What a repository's findings suggest for its base branch, out of a real ledger."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.declared import baseline as read_baseline
from reviewer_cli.core.declared import known_tables
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
    assert proposals(ledger.store, REPO) == (found,)
    assert proposals(ledger.store, "/srv/other") == ()


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
    assert [(one.title, one.path, one.fingerprint) for one in found] == [
        ("One", "a.py", f"{1:016x}")
    ]
    names = ("fingerprint", "text_fingerprint", "path", "title")
    written = json.dumps([{name: getattr(one, name) for name in names} for one in found])
    assert read_baseline(written.encode()) == found


def test_of_an_unknown_repository_nothing_is_told(ledger: Ledger) -> None:
    assert baseline(ledger.store, REPO) is None
