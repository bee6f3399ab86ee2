"""Every column goes in and comes out under its own name: nothing is dropped or mixed up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import (
    Disposition,
    Severity,
    State,
    Usage,
)
from reviewer_cli.errors import HeadRejected, HostUnavailable
from reviewer_cli.ledger.breakers import Breakers
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.rows import Entry, SavedReply, SweepCounts, Wish
from reviewer_cli.ledger.views import (
    FindingRecord,
    HeadHistory,
    HeadRecord,
    ReplyRecord,
    Status,
    SweepRecord,
)
from tests.ledger.samples import (
    LATER,
    NOW,
    REPO,
    RULES,
    begun,
    claimed,
    enter,
    head,
    leased,
    remark,
    reply,
    review,
    reviewed,
    row,
)

USAGE = Usage(
    input_tokens=1,
    output_tokens=2,
    cache_read_tokens=3,
    cache_write_tokens=4,
    usd=0.5,
    turns=6,
    duration_s=7.5,
)


def posted(ledger: Ledger) -> HeadRecord:
    """Head 1, reviewed with two findings, posted; as it should be told."""
    full = head(title="A title", author="anna", changed_lines=12, body="Why.", version="v1")
    enter(ledger, full)
    lease = claimed(ledger)
    sweep = begun(ledger)
    lease.save_reply(replace(reply(), usage=USAGE), sweep, NOW + 1.0)
    second = replace(reply("doubt"), model="m2", engine="e2")
    done = replace(reviewed(full), replies=(second,))
    lease.save_review(done, sweep, NOW + 2.0)
    lease.posting("draft-1", NOW + 3.0, "a note")
    lease.posted("review-1", LATER)
    return HeadRecord(
        head_id=1,
        key=full.key,
        title="A title",
        author="anna",
        base_ref="main",
        state=State.POSTED,
        reason="",
        round=1,
        attempts=1,
        next_due_at=NOW,
        first_seen_at=NOW,
        changed_at=LATER,
        posted_at=LATER,
        error_class=None,
        error=None,
        severities=(Severity.HIGH,),
        usd=0.75,
    )


def test_a_head_is_told_with_all_its_columns(ledger: Ledger, path: Path) -> None:
    expected = posted(ledger)
    with reading(path) as records:
        assert records.find("1") == (expected,)


def test_a_head_is_told_with_when_it_was_merged_and_what_was_wished(
    ledger: Ledger, path: Path
) -> None:
    ledger.enter([Entry(head=head(), due_at=NOW, merged_at=NOW - 5.0)], RULES, NOW)
    wish(ledger.store, head().key, Wish.FULL, LATER)
    with reading(path) as records:
        (found,) = records.find("1")
    assert (found.merged_at, found.wish) == (NOW - 5.0, Wish.FULL)


def test_a_dead_head_is_told_with_its_error(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    lease.bury(HeadRejected("unreadable"), LATER)
    with reading(path) as records:
        (found,) = records.find("1")
    assert (found.error_class, found.error, found.reason) == (
        "HeadRejected",
        "unreadable",
        "unreadable",
    )
    assert (found.posted_at, found.severities, found.usd) == (None, (), 0.0)


def test_a_history_is_told_with_all_its_columns(ledger: Ledger, path: Path) -> None:
    expected = posted(ledger)
    with reading(path) as records:
        told = records.history(expected)
    finding = FindingRecord(
        path="a.py",
        placement="line",
        side="RIGHT",
        line=2,
        start_line=None,
        claimed_line=2,
        note="",
        severity=Severity.HIGH,
        category="correctness",
        rule="",
        title="Wrong",
        body="It fails.",
        quote="b = 2",
        suggestion=None,
        confidence=remark().finding.confidence,
        disposition="kept",
        reason="",
        fingerprint="",
        id=1,
    )
    refuted = replace(
        finding, id=2, severity=Severity.LOW, disposition=Disposition.REFUTED, reason="b is read"
    )
    first = ReplyRecord(
        step="find",
        engine="scripted",
        model="scripted-1",
        input_tokens=1,
        output_tokens=2,
        usd=0.5,
        turns=6,
        duration_s=7.5,
        received_at=NOW + 1.0,
        reply='{"findings": []}',
    )
    second = replace(
        first,
        step="doubt",
        engine="e2",
        model="m2",
        input_tokens=100,
        output_tokens=10,
        usd=0.25,
        turns=2,
        duration_s=1.5,
        received_at=NOW + 2.0,
    )
    assert told == HeadHistory(
        head=expected,
        findings=(finding, refuted),
        replies=(first, second),
        unreviewed=(("big.bin", "binary"),),
        review_id="review-1",
        note="a note",
        body=review(head()).body,
        engine="scripted",
        contract_hash="c0ffee",
        change="whole",
    )


def test_the_history_of_a_head_without_a_review_says_nothing(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    with reading(path) as records:
        (found,) = records.find("1")
        told = records.history(found)
    assert told == HeadHistory(
        head=found,
        findings=(),
        replies=(),
        unreviewed=(),
        review_id=None,
        note="",
        body=None,
        engine=None,
        contract_hash=None,
    )


def test_an_empty_ledger_counts_nothing(ledger: Ledger, path: Path) -> None:
    with reading(path) as records:
        status = records.status(NOW)
    assert status == Status(
        due=0,
        waiting=0,
        in_flight=0,
        saved=0,
        dead=0,
        posted=0,
        skipped=0,
        superseded=0,
        usd_day=0.0,
        usd_total=0.0,
        last_sweeps=(),
        unfinished=(),
        breakers=(),
    )


def test_the_status_tells_of_sweeps_breakers_and_what_is_being_posted(
    ledger: Ledger, path: Path
) -> None:
    leased(ledger, State.POSTING)
    for number in range(6):
        ledger.begin_sweep([REPO], f"engine {number}", NOW)
    ledger.store.db.execute(
        "INSERT INTO breakers (door, kind, opened_at, last_failed_at, failures, reason)"
        " VALUES ('host a', 'authentication', 1, 2, 3, 'no')"
    )
    with reading(path) as records:
        status = records.status(NOW)
    assert (status.saved, status.in_flight) == (1, 0)
    assert [one.engine for one in status.last_sweeps] == [f"engine {n}" for n in (5, 4, 3, 2, 1)]
    assert [one.door for one in status.breakers] == ["host a"]
    assert status.breakers == Breakers(ledger.store).open()


def test_a_sweep_is_recorded_when_it_begins(ledger: Ledger) -> None:
    begun(ledger)
    (found,) = ledger.store.read("SELECT repos, ended_at FROM sweeps", {})
    assert tuple(found) == (f'["{REPO}"]', None)


def test_a_sweep_is_told_with_all_its_columns(ledger: Ledger, path: Path) -> None:
    counts = SweepCounts(
        polled=1, new=2, posted=3, skipped=4, superseded=5, retried=6, dead=7, usd=8.5
    )
    sweep = begun(ledger)
    ledger.end_sweep(counts, sweep, LATER, 3, "it was late")
    with reading(path) as records:
        (told,) = records.sweeps(5)
    assert told == SweepRecord(
        sweep_id=1,
        started_at=NOW,
        ended_at=LATER,
        engine="scripted",
        counts=counts,
        exit_code=3,
        error="it was late",
    )


def test_work_is_loaded_with_all_its_columns(ledger: Ledger) -> None:
    leased(ledger, State.POSTING)
    work = ledger.load(1)
    assert (work.head_id, work.state, work.attempts, work.round) == (1, State.POSTING, 1, 1)
    assert (work.draft_id, work.drafted_at) == ("draft-1", NOW)
    assert work.review == review(head())
    assert work.severities == (Severity.HIGH,), "what was refuted does not count"


def test_a_saved_review_tells_what_it_had_to_go_by(ledger: Ledger) -> None:
    """An older program said nothing of it."""
    for number, told in ((1, {"guided": True, "over_limits": 2}), (2, {"guided": False}), (3, {})):
        enter(ledger, head(number))
        done = replace(reviewed(head(number)), **told)
        claimed(ledger, number).save_review(done, begun(ledger), NOW)
    rows = ledger.store.read("SELECT guided, over_limits FROM reviews ORDER BY head_id", {})
    assert [tuple(row) for row in rows] == [(1, 2), (0, 0), (None, 0)]


def test_what_a_saved_review_amends_is_loaded_with_it(ledger: Ledger) -> None:
    enter(ledger, head())
    amending = replace(review(head()), amends="review-0")
    claimed(ledger).save_review(replace(reviewed(head()), review=amending), begun(ledger), NOW)
    assert ledger.load(1).review == amending


def test_a_saved_answer_is_loaded_as_it_was_saved(ledger: Ledger) -> None:
    lease = leased(ledger, State.CLAIMED)
    saved = SavedReply(
        step="find", engine="e", model="m", inputs_hash="h", reply="text", usage=USAGE
    )
    lease.save_reply(saved, begun(ledger), NOW)
    assert ledger.saved_reply(1, "find", "h") == saved
    again = replace(saved, reply="another")
    lease.save_reply(again, 1, NOW)
    assert ledger.saved_reply(1, "find", "h") == again, "the last one counts"


def test_a_row_given_back_notes_the_error_and_the_time_it_was_given(
    ledger: Ledger, path: Path
) -> None:
    lease = leased(ledger, State.CLAIMED)
    lease.release(LATER, HostUnavailable("it is down"), LATER + 30.0)
    found = row(path)
    assert (found["error_class"], found["error"]) == ("HostUnavailable", "it is down")
    assert (found["next_due_at"], found["attempts"], found["state"]) == (LATER + 30.0, 0, "due")


def test_a_row_given_back_without_an_error_keeps_the_last_one_and_its_time(
    ledger: Ledger, path: Path
) -> None:
    lease = leased(ledger, State.CLAIMED)
    lease.retry(HeadRejected("once"), NOW, NOW)
    again = claimed(ledger)
    again.release(LATER)
    found = row(path)
    assert (found["error_class"], found["error"]) == ("HeadRejected", "once")
    assert found["next_due_at"] == NOW


@pytest.mark.parametrize(("end", "state"), [("skip", "skipped"), ("supersede", "superseded")])
def test_an_end_keeps_its_reason(ledger: Ledger, path: Path, end: str, state: str) -> None:
    getattr(leased(ledger, State.CLAIMED), end)("a reason", LATER)
    assert (row(path)["state"], row(path)["reason"]) == (state, "a reason")


def test_a_draft_without_a_note_has_an_empty_one(ledger: Ledger) -> None:
    leased(ledger, State.POSTING)
    (found,) = ledger.store.read("SELECT note FROM reviews", {})
    assert found["note"] == ""


def test_a_posted_head_has_no_reason(ledger: Ledger, path: Path) -> None:
    leased(ledger, State.POSTING).posted("review-1", LATER)
    assert row(path)["reason"] == ""


def test_the_last_answers_of_a_review_are_paid_by_its_sweep(ledger: Ledger) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    sweep = begun(ledger)
    lease.save_review(replace(reviewed(head()), replies=(reply(usd=0.5),)), sweep, NOW)
    assert ledger.spent(sweep) == pytest.approx(0.5)
