"""ledger retry: dead heads get all their attempts again, and nothing that was paid is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.core.models import HeadKey, State
from reviewer_cli.errors import HeadRejected, UsageError
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.revival import revive, revive_all
from tests.ledger.samples import (
    LATER,
    NOW,
    REPO,
    REPOS,
    RULES,
    begun,
    claimed,
    enter,
    head,
    reply,
    reviewed,
    row,
    sha,
    tip,
)


def dead(ledger: Ledger, number: int, *, saved: bool = False) -> None:
    """A head that died of its third attempt, with or without a saved review."""
    enter(ledger, head(number))
    sweep = begun(ledger)
    for _ in range(3):
        lease = claimed(ledger, number)
        if lease.attempts < 3:
            lease.retry(HeadRejected("slow"), NOW, NOW)
    lease.save_reply(reply(), sweep, NOW)
    if saved:
        lease.save_review(reviewed(head(number)), sweep, NOW)
    lease.bury(HeadRejected("unreadable"), NOW)


def test_a_dead_head_is_due_at_once_with_all_attempts(ledger: Ledger, path: Path) -> None:
    dead(ledger, 1)
    assert ledger.due(REPOS, LATER, 10) == []
    assert revive(path, "pull-1", LATER) == (1,)
    found = row(path)
    assert (found["state"], found["attempts"], found["next_due_at"]) == ("due", 0, LATER)
    assert ledger.due(REPOS, LATER, 10) == [1]
    assert examined(path) == ()


def test_why_it_was_dead_stays_with_it(ledger: Ledger, path: Path) -> None:
    dead(ledger, 1)
    revive(path, "1", LATER)
    found = row(path)
    assert found["reason"] == "tried again by hand, was dead: unreadable"
    assert (found["error_class"], found["error"]) == ("HeadRejected", "unreadable")
    assert ledger.saved_reply(1, "find", "inputs-1") is not None, "paid once"


def test_a_saved_review_is_posted_and_not_paid_for_again(ledger: Ledger, path: Path) -> None:
    dead(ledger, 1, saved=True)
    assert revive(path, sha(1), LATER) == (1,)
    assert row(path)["state"] == "reviewed"
    assert ledger.load(1).review == reviewed(head()).review
    assert examined(path) == ()


def test_all_means_the_dead_and_no_other(ledger: Ledger, path: Path) -> None:
    dead(ledger, 1)
    dead(ledger, 2)
    enter(ledger, head(3), reason="draft")
    enter(ledger, head(4))
    before = [dict(row(path, number)) for number in (3, 4)]
    assert revive_all(path, LATER) == (1, 2)
    assert [dict(row(path, number)) for number in (3, 4)] == before
    assert revive_all(path, LATER) == ()


def test_what_is_not_there_or_not_dead_is_named(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    before = dict(row(path))
    with pytest.raises(UsageError, match="knows no head 'nobody'"):
        revive(path, "nobody", LATER)
    with pytest.raises(UsageError, match="pull-1 is due, not dead"):
        revive(path, "pull-1", LATER)
    assert dict(row(path)) == before


def test_a_new_commit_on_the_pull_request_of_a_dead_head_starts_fresh(
    ledger: Ledger, path: Path
) -> None:
    dead(ledger, 1)
    pushed = head(key=HeadKey("local", REPO, "pull-1", sha(2)))
    assert ledger.undecided([tip(pushed)], RULES) == [tip(pushed)]
    enter(ledger, pushed)
    assert ledger.due(REPOS, LATER, 10) == [2]
    lease = claimed(ledger, 2, LATER)
    assert lease.attempts == 1
    with reading(path) as records:
        assert [one.state for one in records.find("pull-1")] == [State.CLAIMED, State.DEAD]


def test_only_the_named_head_comes_back(ledger: Ledger, path: Path) -> None:
    dead(ledger, 1)
    dead(ledger, 2)
    assert revive(path, "pull-1", LATER) == (1,)
    assert [row(path, number)["state"] for number in (1, 2)] == ["due", "dead"]
