"""What is old goes; what forbids a second review stays for ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import Disposition, Outcome, State
from reviewer_cli.errors import HeadRejected
from reviewer_cli.ledger import retention
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.earlier import earlier
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.retention import INTERVAL_S, Keep, apply
from tests.ledger.samples import (
    LEASE_S,
    NOW,
    REPO,
    REPOS,
    RULES,
    begun,
    claimed,
    count,
    enter,
    head,
    leased,
    posted,
    pushed,
    remark,
    reply,
    reviewed,
    row,
    tip,
)

DAY_S = 86_400.0
KEEP = Keep(findings_s=10 * DAY_S, texts_s=5 * DAY_S)
TEXTS_OLD, ALL_OLD = NOW + 6 * DAY_S, NOW + 11 * DAY_S


def ended(ledger: Ledger, number: int, state: State) -> None:
    """A head with a description, a paid reply and a saved review that ended in a state at NOW."""
    enter(ledger, head(number, body="Why it is needed"))
    lease = claimed(ledger, number)
    sweep = begun(ledger)
    lease.save_reply(reply(), sweep, NOW)
    lease.save_review(reviewed(head(number)), sweep, NOW)
    if state is State.POSTED:
        lease.posted("review-1", NOW)
    elif state is State.SUPERSEDED:
        lease.supersede("closed", NOW)
    elif state is State.DEAD:
        lease.bury(HeadRejected("no"), NOW)
    else:
        lease.release(NOW)


def left(path: Path) -> dict[str, int]:
    """How many texts and findings there are."""
    questions = {
        "descriptions": "SELECT count(*) FROM heads WHERE body <> ''",
        "reviews": "SELECT count(*) FROM reviews WHERE payload <> ''",
        "replies": "SELECT count(*) FROM replies WHERE reply <> ''",
        "findings": "SELECT count(*) FROM findings",
    }
    with closing(sqlite3.connect(path)) as db:
        return {name: db.execute(query).fetchone()[0] for name, query in questions.items()}


def test_texts_go_and_then_findings_each_after_its_time(ledger: Ledger, path: Path) -> None:
    ended(ledger, 1, State.POSTED)
    whole = {"descriptions": 1, "reviews": 1, "replies": 1, "findings": 2}
    assert apply(ledger.store, KEEP, NOW + 5 * DAY_S) == 0
    assert left(path) == whole
    assert apply(ledger.store, KEEP, TEXTS_OLD) == 1
    assert left(path) == {"descriptions": 0, "reviews": 0, "replies": 0, "findings": 2}
    assert apply(ledger.store, KEEP, ALL_OLD) == 1
    assert left(path) == dict.fromkeys(whole, 0)
    assert examined(path) == ()


def test_a_posted_head_that_lost_its_texts_is_never_reviewed_again(
    ledger: Ledger, path: Path
) -> None:
    ended(ledger, 1, State.POSTED)
    before = dict(row(path))
    apply(ledger.store, KEEP, ALL_OLD)
    assert dict(row(path)) == before | {"body": ""}
    assert ledger.undecided([tip(head())], "other rules") == []
    ledger.admit([(head(), None)], "other rules", ALL_OLD)
    assert ledger.due(REPOS, ALL_OLD, 10) == []
    assert row(path)["state"] == "posted"
    assert ledger.claim(1, ALL_OLD, LEASE_S) is None


def test_what_a_review_cost_and_where_it_was_posted_stays(ledger: Ledger, path: Path) -> None:
    ended(ledger, 1, State.POSTED)
    apply(ledger.store, KEEP, ALL_OLD)
    with reading(path) as records:
        (found,) = records.find("1")
        told = records.history(found)
        assert records.status(NOW).usd_total == pytest.approx(0.25)
    assert (told.review_id, told.contract_hash) == ("review-1", "c0ffee")
    assert told.body is None
    assert set(told.head.removed) == {"findings", "texts"}
    assert told.head.lost_findings, "no finding left must not look like a clean review"
    assert told.head.title == head().title


def test_what_became_of_a_finding_goes_with_it_and_what_repeats_it_stays(
    ledger: Ledger, path: Path
) -> None:
    posted(ledger, head(), remark())
    repeated = remark(disposition=Disposition.REPEATED, repeats=1)
    posted(ledger, pushed(head(), 2), repeated, now=NOW + 5 * DAY_S)
    note(ledger.store, [Noted(finding_id=1, outcome=Outcome.FIXED, evidence="gone")], 1, NOW)
    assert apply(ledger.store, KEEP, ALL_OLD) == 3
    assert (count(path, "findings"), count(path, "outcomes")) == (1, 0)
    (left_over,) = earlier(ledger.store, head().key)
    assert (left_over.remark.disposition, left_over.remark.repeats) == ("repeated", None)
    assert examined(path) == ()


@pytest.mark.parametrize(
    "state", [State.DEAD, State.REVIEWED, State.POSTING, State.CLAIMED, State.DUE]
)
def test_what_is_not_finished_keeps_everything(ledger: Ledger, path: Path, state: State) -> None:
    if state in (State.POSTING, State.CLAIMED):
        leased(ledger, state)
    elif state is State.DUE:
        enter(ledger, head(body="Why"))
    else:
        ended(ledger, 1, state)
    before = left(path)
    assert apply(ledger.store, KEEP, ALL_OLD) == 0
    assert left(path) == before
    with reading(path) as records:
        assert records.find("1")[0].removed == ()


@pytest.mark.parametrize("keep", [KEEP, Keep(findings_s=5 * DAY_S, texts_s=10 * DAY_S)])
def test_a_superseded_head_that_opens_again_is_reviewed_anew(
    ledger: Ledger, path: Path, keep: Keep
) -> None:
    """Its review goes as a whole: half of one, without findings, would pass for a clean one."""
    ended(ledger, 1, State.SUPERSEDED)
    apply(ledger.store, keep, TEXTS_OLD)
    assert (count(path, "reviews"), count(path, "findings")) == (0, 0)
    ledger.admit([(head(body="New"), None)], RULES, ALL_OLD)
    assert (row(path)["state"], row(path)["body"]) == ("due", "New")
    lease = claimed(ledger, 1, ALL_OLD)
    assert lease.attempts == 1
    lease.save_review(reviewed(head()), ledger.begin_sweep([REPO], "scripted", ALL_OLD), ALL_OLD)
    lease.posted("review-2", ALL_OLD)
    assert examined(path) == ()
    with reading(path) as records:
        assert records.find("1")[0].removed == (), "what it has is newer"


def test_a_removed_reply_is_asked_for_anew(ledger: Ledger) -> None:
    ended(ledger, 1, State.SUPERSEDED)
    assert ledger.saved_reply(1, "find", "inputs-1") is not None
    apply(ledger.store, KEEP, TEXTS_OLD)
    assert ledger.saved_reply(1, "find", "inputs-1") is None


def test_a_superseded_head_that_opens_again_in_time_has_its_review(
    ledger: Ledger, path: Path
) -> None:
    ended(ledger, 1, State.SUPERSEDED)
    apply(ledger.store, KEEP, NOW + 4 * DAY_S)
    ledger.admit([(head(), None)], RULES, TEXTS_OLD)
    assert row(path)["state"] == "reviewed"
    assert apply(ledger.store, KEEP, ALL_OLD) == 0
    assert ledger.load(1).review is not None


def test_it_is_done_once_a_day_and_once_more_when_the_clock_was_ahead(ledger: Ledger) -> None:
    apply(ledger.store, KEEP, TEXTS_OLD)
    ended(ledger, 1, State.POSTED)
    changes = ledger.store.db.total_changes
    assert apply(ledger.store, KEEP, TEXTS_OLD + INTERVAL_S - 1) == 0
    assert ledger.store.db.total_changes == changes, "the second sweep of a day writes nothing"
    assert apply(ledger.store, KEEP, TEXTS_OLD + INTERVAL_S) == 1
    assert apply(ledger.store, KEEP, NOW) == 0
    assert apply(ledger.store, KEEP, NOW + INTERVAL_S) == 0
    assert apply(ledger.store, KEEP, ALL_OLD) == 1, "the findings, once the clock is right again"


def test_a_large_rest_comes_with_the_next_sweeps_in_small_transactions(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "TOGETHER", 2)
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 4)
    for number in range(1, 8):
        ended(ledger, number, State.POSTED)
    told: list[str] = []
    ledger.store.db.set_trace_callback(told.append)
    texts = Keep(findings_s=100 * DAY_S, texts_s=5 * DAY_S)
    assert apply(ledger.store, texts, TEXTS_OLD) == 4
    assert sum("UPDATE heads" in one for one in told) == 2, "two heads at a time"
    assert left(path)["descriptions"] == 3
    assert apply(ledger.store, texts, TEXTS_OLD + 60) == 3, "the day is not over before all is done"
    assert left(path)["descriptions"] == 0
    assert apply(ledger.store, texts, TEXTS_OLD + 120) == 0


def test_one_that_is_cut_off_goes_on_where_it_was(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "TOGETHER", 2)
    for number in range(1, 6):
        ended(ledger, number, State.POSTED)
    seen: list[str] = []

    def stop(statement: str) -> None:
        seen.append(statement)

    def cut() -> int:
        return sum("UPDATE replies" in one for one in seen) >= 2

    ledger.store.db.set_trace_callback(stop)
    ledger.store.db.set_progress_handler(cut, 1)
    with pytest.raises(Exception, match="interrupted"):
        apply(ledger.store, KEEP, TEXTS_OLD)
    ledger.store.db.set_progress_handler(None, 1)
    assert left(path)["descriptions"] == 3, "the transaction that was cut off is undone"
    assert left(path)["replies"] == 3
    assert apply(ledger.store, KEEP, TEXTS_OLD) == 3
    assert set(left(path).values()) == {0, 10}
