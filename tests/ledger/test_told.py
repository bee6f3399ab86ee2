"""A review as it was when it was told: written once for each time, and never changed afterwards."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from reviewer_cli.core.models import Anchor, Change, Disposition, Placement, Usage
from reviewer_cli.errors import LeaseLost, ReviewTimeout
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.rows import Entry, SavedReply, Wish
from reviewer_cli.ledger.told import UNSAID
from tests.ledger.samples import (
    NOW,
    REPO,
    REPOS,
    RULES,
    begun,
    claimed,
    enter,
    head,
    posted,
    pushed,
    remark,
    reply,
    reviewed,
)


def told(ledger: Ledger) -> list[dict[str, Any]]:
    """The rows of `told` without their ids."""
    rows = ledger.store.read("SELECT * FROM told ORDER BY id", {})
    return [{name: row[name] for name in row.keys() if name != "id"} for row in rows]  # noqa: SIM118


def answer(step: str, usd: float, inputs: str = "inputs-1") -> SavedReply:
    usage = Usage(
        input_tokens=1,
        output_tokens=20,
        cache_read_tokens=300,
        cache_write_tokens=4000,
        usd=usd,
        turns=2,
        duration_s=1.5,
    )
    return replace(reply(step, inputs), usage=usage)


def found() -> tuple[Any, ...]:
    """Remarks of every kind that is counted apart."""
    moved = Anchor(placement=Placement.LINE, path="a.py", line=3)
    lost = Anchor(placement=Placement.FILE, path="a.py")
    dropped = (
        Disposition.REFUTED,
        Disposition.REFUTED,
        Disposition.REPEATED,
        Disposition.DUPLICATE,
        Disposition.KNOWN,
        Disposition.UNCHANGED,
    )
    return (
        *(remark(), replace(remark(), anchor=moved), replace(remark(), anchor=lost)),
        *(remark(disposition=one) for one in dropped),
    )


def test_it_is_told_with_all_its_columns(ledger: Ledger) -> None:
    of = head()
    entry = Entry(head=of, due_at=NOW + 30.0, pushed_at=NOW - 5.0)
    ledger.enter([entry], RULES, NOW)
    lease = claimed(ledger, now=NOW + 40.0)
    sweep = begun(ledger)
    lease.save_reply(answer("find", 0.2500004), sweep, NOW + 50.0)
    lease.save_reply(answer("verify", 0.125), sweep, NOW + 60.0)
    done = replace(
        reviewed(of),
        remarks=found(),
        change=Change.PUSH,
        guided=True,
        over_limits=3,
        replies=(answer("gaps", 1.0),),
    )
    lease.save_review(done, sweep, NOW + 70.0)
    lease.posted("review-1", NOW + 80.0)
    assert told(ledger) == [
        {
            "head_id": 1,
            "told_at": NOW + 80.0,
            "host": "local",
            "repo": REPO,
            "pull": "pull-1",
            "head_sha": of.key.sha,
            "round": 1,
            "form": "review",
            "was_asked": 0,
            "merged_at": None,
            "pushed_at": NOW - 5.0,
            "entered_at": NOW,
            "ready_at": NOW + 30.0,
            "taken_at": NOW + 40.0,
            "reviewed_at": NOW + 70.0,
            "engine": "scripted",
            "model": "scripted-1",
            "effort": "standard",
            "contract_hash": "c0ffee",
            "change": "push",
            "guided": 1,
            "over_limits": 3,
            "is_verified": 1,
            "model_s": 4.5,
            "micro_usd": 1_375_000,
            "tokens": 3 * 4321,
            "kept": 3,
            "refuted": 2,
            "repeated": 1,
            "other": 3,
            "corrected": 1,
            "lost": 1,
        }
    ]


@pytest.mark.parametrize(
    ("review_id", "amends", "form"),
    [
        ("review-2", None, "review"),
        ("review-2", "review-1", "review"),
        ("review-1", "review-1", "note"),
        (UNSAID, None, "silent"),
        (None, None, "silent"),
    ],
)
def test_its_form_is_what_people_saw(
    ledger: Ledger, review_id: str | None, amends: str | None, form: str
) -> None:
    posted(ledger, head(), review_id=review_id, amends=amends)
    assert [one["form"] for one in told(ledger)] == [form]


def test_nothing_is_told_of_what_was_found_on_its_host(ledger: Ledger) -> None:
    enter(ledger, head(posted="review-9"))
    assert told(ledger) == []


def test_nothing_is_told_by_who_has_lost_the_lease(ledger: Ledger) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    lease.save_review(reviewed(head()), begun(ledger), NOW)
    ledger.recover(NOW)
    with pytest.raises(LeaseLost):
        lease.posted("review-1", NOW)
    assert told(ledger) == []


def test_the_first_try_after_it_became_due_is_when_it_was_taken(ledger: Ledger) -> None:
    enter(ledger, head())
    claimed(ledger, now=NOW + 10.0).retry(ReviewTimeout("slow"), NOW + 20.0, NOW + 15.0)
    lease = claimed(ledger, now=NOW + 20.0)
    lease.save_review(reviewed(head()), begun(ledger), NOW + 30.0)
    lease.posted("review-1", NOW + 40.0)
    assert [one["taken_at"] for one in told(ledger)] == [NOW + 10.0]


@pytest.mark.parametrize("before", ["skipped", "superseded"])
def test_one_that_comes_back_became_due_when_it_came_back(ledger: Ledger, before: str) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    lease.skip("draft", NOW) if before == "skipped" else lease.supersede("no longer open", NOW)
    entry = Entry(head=head(), due_at=NOW + 130.0)
    ledger.enter([entry], RULES, NOW + 100.0)
    again = claimed(ledger, now=NOW + 140.0)
    again.save_review(reviewed(head()), begun(ledger), NOW + 150.0)
    again.posted("review-1", NOW + 160.0)
    (one,) = told(ledger)
    times = (one["entered_at"], one["ready_at"], one["taken_at"])
    assert times == (NOW + 100.0, NOW + 130.0, NOW + 140.0)


def test_one_that_waits_keeps_the_time_since_which_it_does(ledger: Ledger) -> None:
    ledger.enter([Entry(head=head(), due_at=NOW + 30.0)], RULES, NOW)
    ledger.enter([Entry(head=head(), due_at=NOW + 90.0)], "other rules", NOW + 60.0)
    (row,) = ledger.store.read("SELECT entered_at, ready_at FROM heads", {})
    assert tuple(row) == (NOW, NOW + 30.0)


def silent_then_asked_for(ledger: Ledger) -> None:
    """A review that nobody was told of, and one that a person asked for an hour later."""
    enter(ledger, head())
    lease = claimed(ledger)
    sweep = begun(ledger)
    lease.save_reply(answer("find", 0.5), sweep, NOW)
    lease.save_review(replace(reviewed(head()), remarks=()), sweep, NOW)
    lease.posted(None, NOW)
    wish(ledger.store, head().key, Wish.FULL, NOW + 3600.0)
    again = claimed(ledger, now=NOW + 3610.0)
    again.save_reply(answer("find", 0.25, "others"), sweep, NOW + 3620.0)
    again.save_review(reviewed(head()), sweep, NOW + 3630.0)
    again.posted("review-1", NOW + 3640.0)


def test_who_asks_for_more_is_told_once_more_and_pays_only_for_that(ledger: Ledger) -> None:
    silent_then_asked_for(ledger)
    first, second = told(ledger)
    assert (first["form"], first["kept"], first["was_asked"]) == ("silent", 0, 0)
    assert (second["form"], second["kept"], second["was_asked"]) == ("review", 1, 1)
    for column, expected in (
        ("micro_usd", (500_000, 250_000)),
        ("tokens", (4321, 4321)),
        ("model_s", (1.5, 1.5)),
        ("entered_at", (NOW, NOW + 3600.0)),
        ("taken_at", (NOW, NOW + 3610.0)),
        ("told_at", (NOW, NOW + 3640.0)),
    ):
        assert (first[column], second[column]) == expected, column


def test_what_becomes_of_a_head_later_changes_nothing_that_was_told(ledger: Ledger) -> None:
    enter(ledger, head(2))
    posted(ledger, head(), now=NOW)
    before = told(ledger)
    ledger.retire(REPOS, [], NOW + 1.0)
    wish(ledger.store, head().key, Wish.REVIEW, NOW + 2.0)
    ledger.admit([(head(2), None), (pushed(head(), 7), "draft")], RULES, NOW + 3.0)
    ledger.recover(NOW + 4.0)
    assert told(ledger) == before
    silent = head(3)
    posted(ledger, silent, review_id=None, now=NOW + 5.0)
    before = told(ledger)
    wish(ledger.store, silent.key, Wish.REVIEW, NOW + 6.0)
    assert told(ledger) == before
    kept = "SELECT 1 FROM reviews JOIN heads ON id = head_id WHERE pull = 'pull-3'"
    assert not ledger.store.read(kept, {}), "the review itself is forgotten"


def test_an_answer_that_is_paid_again_keeps_the_older_bill(ledger: Ledger) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    sweep = begun(ledger)
    lease.save_reply(answer("find", 0.5), sweep, NOW)
    ledger.store.db.execute("UPDATE replies SET reply = ''")
    lease.save_reply(answer("find", 0.75), sweep, NOW + 1.0)
    bills = ledger.store.read("SELECT usd, received_at FROM replies ORDER BY id", {})
    assert [tuple(row) for row in bills] == [(0.5, NOW), (0.75, NOW + 1.0)]
    saved = ledger.saved_reply(1, "find", "inputs-1")
    assert saved is not None
    assert saved.usage.usd == 0.75
    lease.save_review(reviewed(head()), sweep, NOW + 2.0)
    lease.posted("review-1", NOW + 3.0)
    assert told(ledger)[0]["micro_usd"] == 1_250_000


def test_a_posting_that_fails_tells_nothing(ledger: Ledger) -> None:
    """Both are written, or neither is."""
    enter(ledger, head())
    lease = claimed(ledger)
    lease.save_review(reviewed(head()), begun(ledger), NOW)
    refuse = "CREATE TRIGGER no BEFORE INSERT ON told BEGIN SELECT raise(ABORT, 'no'); END"
    ledger.store.db.execute(refuse)
    with pytest.raises(sqlite3.IntegrityError):
        lease.posted("review-1", NOW)
    states = ledger.store.read("SELECT state FROM heads", {})
    assert [row["state"] for row in states] == ["reviewed"]
    assert told(ledger) == []
