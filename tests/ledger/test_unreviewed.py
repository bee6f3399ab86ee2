"""What was merged before it was reviewed, as the ledger tells it afterwards."""

from __future__ import annotations

from dataclasses import replace

from reviewer_cli.core.models import Disposition, Head, Remark, Severity
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.rows import Entry
from reviewer_cli.ledger.unreviewed import MergedUnreviewed, found_in, repositories
from tests.ledger.samples import (
    NOW,
    REPO,
    RULES,
    begun,
    claimed,
    head,
    posted,
    pushed,
    remark,
    reviewed,
)

ELSEWHERE = "/srv/other"
UNREVIEWED = "merged unreviewed"


def merged(ledger: Ledger, of: Head, at: float) -> None:
    """Enter a head that was merged then and waits for its review."""
    entry = Entry(head=of, reason=None, due_at=at, pushed_at=at, merged_at=at)
    ledger.enter([entry], RULES, NOW)


def looked_at(ledger: Ledger, of: Head, at: float, *remarks: Remark) -> None:
    """The same, and its review stays here."""
    merged(ledger, of, at)
    repos = {(of.key.host, of.key.repo)}
    head_id = max(ledger.due(repos, NOW, 100))
    lease = claimed(ledger, head_id)
    lease.save_review(replace(reviewed(of), remarks=remarks), begun(ledger), NOW)
    lease.posted(UNREVIEWED, NOW)


def other(number: int) -> Head:
    return head(number, key=replace(head(number).key, repo=ELSEWHERE))


def test_repositories_are_told_where_something_merged_was_reviewed_since(ledger: Ledger) -> None:
    assert repositories(ledger.store, "local", {REPO, ELSEWHERE}) == ()
    posted(ledger, head(1), remark())
    merged(ledger, head(2), NOW)
    assert repositories(ledger.store, "local", {REPO}) == (), "reviewed in time, and waiting"
    looked_at(ledger, head(3), NOW)
    looked_at(ledger, head(4), NOW)
    looked_at(ledger, other(5), NOW)
    assert repositories(ledger.store, "local", {REPO, ELSEWHERE}) == (ELSEWHERE, REPO)
    assert repositories(ledger.store, "local", {REPO}) == (REPO,)
    assert repositories(ledger.store, "github", {REPO, ELSEWHERE}) == ()


def test_heads_are_told_newest_first_with_what_is_kept_of_their_reviews(ledger: Ledger) -> None:
    first = head(1, title="Sort the queue")
    refuted = replace(remark(), disposition=Disposition.REFUTED)
    found_there = (remark(), remark(Severity.LOW))
    looked_at(ledger, first, NOW - 20.0, *found_there, refuted)
    looked_at(ledger, head(2), NOW - 10.0, refuted)
    looked_at(ledger, pushed(head(2), 7), NOW - 10.0, remark())
    posted(ledger, head(4), remark())
    looked_at(ledger, other(5), NOW, remark())
    merged(ledger, head(3), NOW)
    found = found_in(ledger.store, "local", REPO, 0.0)
    assert [(one.pull, one.sha[-1], len(one.remarks)) for one in found] == [
        ("pull-2", "7", 1),
        ("pull-2", "2", 0),
        ("pull-1", "1", 2),
    ]
    assert found[-1] == MergedUnreviewed(
        pull="pull-1",
        sha=first.key.sha,
        title="Sort the queue",
        merged_at=NOW - 20.0,
        remarks=found_there,
    )


def test_only_what_was_merged_since_then_is_told(ledger: Ledger) -> None:
    looked_at(ledger, head(1), NOW - 20.0)
    looked_at(ledger, head(2), NOW - 10.0)
    assert len(found_in(ledger.store, "local", REPO, NOW - 20.0)) == 2
    (told,) = found_in(ledger.store, "local", REPO, NOW - 10.0)
    assert told.pull == "pull-2"
    assert found_in(ledger.store, "local", REPO, NOW) == ()
