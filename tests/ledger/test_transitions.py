"""The row is the state machine: what each method may do, from where, and who is fenced off."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import HeadRejected, InvalidReply, LeaseLost, ReviewTimeout
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from tests.ledger.samples import (
    LATER,
    LEASE_S,
    NOW,
    REPOS,
    claimed,
    count,
    enter,
    head,
    leased,
    reply,
    review,
    reviewed,
    row,
)

LEASED = (State.CLAIMED, State.REVIEWED, State.POSTING)
OTHERS = (State.DUE, State.POSTED, State.SKIPPED, State.SUPERSEDED, State.DEAD)

Step = Callable[[Lease], None]
STEPS: dict[str, Step] = {
    "save_reply": lambda lease: lease.save_reply(reply(), 1, LATER),
    "save_review": lambda lease: lease.save_review(reviewed(head()), 1, LATER),
    "posting": lambda lease: lease.posting("draft-2", LATER),
    "posted": lambda lease: lease.posted("review-1", LATER),
    "skip": lambda lease: lease.skip("changes nothing", LATER),
    "supersede": lambda lease: lease.supersede("moved to x", LATER),
    "retry": lambda lease: lease.retry(ReviewTimeout("too slow"), LATER + 300.0, LATER),
    "release": lambda lease: lease.release(LATER),
    "bury": lambda lease: lease.bury(HeadRejected("cannot be read"), LATER),
}

TABLE = [
    ("save_reply", State.CLAIMED, State.CLAIMED),
    ("save_reply", State.REVIEWED, State.REVIEWED),
    ("save_reply", State.POSTING, State.POSTING),
    ("save_review", State.CLAIMED, State.REVIEWED),
    ("posting", State.REVIEWED, State.POSTING),
    ("posting", State.POSTING, State.POSTING),
    ("posted", State.REVIEWED, State.POSTED),
    ("posted", State.POSTING, State.POSTED),
    ("skip", State.CLAIMED, State.SKIPPED),
    *(("supersede", state, State.SUPERSEDED) for state in LEASED),
    *(("bury", state, State.DEAD) for state in LEASED),
    ("retry", State.CLAIMED, State.DUE),
    ("retry", State.REVIEWED, State.REVIEWED),
    ("retry", State.POSTING, State.POSTING),
    ("release", State.CLAIMED, State.DUE),
    ("release", State.REVIEWED, State.REVIEWED),
    ("release", State.POSTING, State.POSTING),
]


@pytest.fixture(autouse=True)
def _a_sweep(ledger: Ledger) -> None:
    ledger.begin_sweep([], "scripted", NOW)


@pytest.mark.parametrize(("step", "state", "then"), TABLE)
def test_a_legal_step(ledger: Ledger, path: Path, step: str, state: State, then: State) -> None:
    lease = leased(ledger, state)
    STEPS[step](lease)
    after = row(path)
    assert after["state"] == then
    assert after["changed_at"] == LATER
    keeps = step in ("save_reply", "save_review", "posting")
    assert (after["lease"] == lease.token) == keeps
    assert (after["lease_expires_at"] is None) == (not keeps)


@pytest.mark.parametrize("state", [State.REVIEWED, State.POSTING])
def test_a_review_is_saved_once(ledger: Ledger, path: Path, state: State) -> None:
    """A second one would be a defect of ours: nothing of it may remain."""
    lease = leased(ledger, state)
    with pytest.raises(sqlite3.IntegrityError):
        lease.save_review(reviewed(head()), 1, LATER)
    assert row(path)["state"] == state
    assert count(path, "findings") == 2


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", LEASED)
def test_whoever_was_taken_over_changes_nothing(
    ledger: Ledger, path: Path, step: str, state: State
) -> None:
    late = leased(ledger, state)
    ledger.recover(NOW + 1)
    winner = ledger.claim(1, NOW + 2, LEASE_S)
    assert winner is not None
    before = list(ledger.store.db.iterdump())
    with pytest.raises(LeaseLost, match="leave it alone"):
        STEPS[step](late)
    assert list(ledger.store.db.iterdump()) == before
    winner.bury(HeadRejected("by the winner"), LATER)
    assert row(path)["state"] == State.DEAD


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("end", ["posted", "skip", "supersede", "retry", "release", "bury"])
def test_a_lease_that_ended_changes_nothing_any_more(ledger: Ledger, step: str, end: str) -> None:
    lease = leased(ledger, State.CLAIMED if end == "skip" else State.REVIEWED)
    STEPS[end](lease)
    before = list(ledger.store.db.iterdump())
    with pytest.raises(LeaseLost):
        STEPS[step](lease)
    assert list(ledger.store.db.iterdump()) == before


@pytest.mark.parametrize("state", [state for state in OTHERS if state is not State.DUE])
def test_a_head_that_is_done_cannot_be_claimed(ledger: Ledger, path: Path, state: State) -> None:
    enter(ledger, head())
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE heads SET state = ?", (state,))
    assert ledger.claim(1, NOW, LEASE_S) is None
    assert ledger.due(REPOS, NOW, 10) == []
    assert row(path)["attempts"] == 0


def test_one_of_two_wins_a_row(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    with closing(Ledger(path)) as other:
        first, second = ledger.claim(1, NOW, LEASE_S), other.claim(1, NOW, LEASE_S)
    assert first is not None
    assert second is None
    assert row(path)["attempts"] == 1


def test_a_claim_says_which_attempt_it_is_and_until_when(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    for attempt in (1, 2, 3):
        lease = claimed(ledger)
        assert lease.attempts == attempt
        assert row(path)["lease_expires_at"] == NOW + LEASE_S
        assert row(path)["claimed_at"] == NOW
        lease.retry(ReviewTimeout("slow"), NOW, NOW)


@pytest.mark.parametrize("state", LEASED)
def test_releasing_gives_the_attempt_back_and_retrying_does_not(
    ledger: Ledger, path: Path, state: State
) -> None:
    leased(ledger, state).release(LATER)
    assert row(path)["attempts"] == 0
    again = claimed(ledger, 1, LATER)
    again.retry(ReviewTimeout("slow"), LATER + 300.0, LATER)
    after = row(path)
    assert (after["attempts"], after["next_due_at"]) == (1, LATER + 300.0)
    assert (after["error_class"], after["error"]) == ("ReviewTimeout", "slow")


def test_attempts_never_fall_below_none(ledger: Ledger, path: Path) -> None:
    lease = leased(ledger, State.CLAIMED)
    ledger.store.db.execute("UPDATE heads SET attempts = 0")
    lease.release(LATER)
    assert row(path)["attempts"] == 0


def test_posting_forgets_the_errors_that_came_before(ledger: Ledger, path: Path) -> None:
    lease = leased(ledger, State.REVIEWED)
    lease.retry(InvalidReply("unreadable"), NOW, NOW)
    again = claimed(ledger)
    again.posted("review-1", LATER)
    after = row(path)
    assert (after["error"], after["error_class"], after["posted_at"]) == (None, None, LATER)


def test_a_burial_keeps_its_reason_and_what_was_saved(ledger: Ledger, path: Path) -> None:
    lease = leased(ledger, State.POSTING)
    lease.bury(HeadRejected("cannot be posted"), LATER)
    assert row(path)["reason"] == row(path)["error"] == "cannot be posted"
    assert ledger.load(1).review == review(head())


@pytest.mark.parametrize("state", LEASED)
def test_what_a_killed_sweep_held_waits_again_with_all_that_was_saved(
    ledger: Ledger, path: Path, state: State
) -> None:
    lease = leased(ledger, state)
    lease.save_reply(reply(), 1, NOW)
    assert ledger.recover(LATER) == 1
    after = row(path)
    assert after["state"] == (State.DUE if state is State.CLAIMED else state)
    assert after["lease"] is None
    assert ledger.due(REPOS, NOW, 10) == [1]
    work = ledger.load(1)
    assert work.review == (None if state is State.CLAIMED else review(head()))
    assert work.draft_id == ("draft-1" if state is State.POSTING else None)
    assert ledger.saved_reply(1, "find", "inputs-1") == reply()
    assert ledger.recover(LATER) == 0


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "lease = 'x'",
        "lease_expires_at = 1",
        *(f"state = '{state}', lease = 'x', lease_expires_at = 1" for state in OTHERS),
    ],
)
def test_the_file_itself_refuses_a_row_that_cannot_be(ledger: Ledger, change: str) -> None:
    enter(ledger, head())
    with pytest.raises(sqlite3.IntegrityError):
        ledger.store.db.execute(f"UPDATE heads SET {change}")  # noqa: S608


def test_the_file_itself_refuses_a_second_row_for_a_head(ledger: Ledger) -> None:
    enter(ledger, head())
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        ledger.store.db.execute(
            "INSERT INTO heads SELECT id + 1, host, repo, pull, head_sha, head_ref, base_ref,"
            " base_sha, title, body, author, author_is_bot, is_draft, from_fork, changed_lines,"
            " labels, state, reason, rules, version, round, attempts, next_due_at, lease,"
            " lease_expires_at, error_class, error, first_seen_at, claimed_at, changed_at,"
            " posted_at, wish, pushed_at, merged_at, entered_at, ready_at, taken_at FROM heads"
        )


def test_the_file_itself_refuses_a_reply_of_a_sweep_that_never_was(ledger: Ledger) -> None:
    lease = leased(ledger, State.CLAIMED)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        lease.save_reply(reply(), 99, NOW)


def test_a_paid_reply_outlives_the_attempt_and_is_found_by_its_inputs_only(
    ledger: Ledger, path: Path
) -> None:
    lease = leased(ledger, State.CLAIMED)
    lease.save_reply(reply(), 1, NOW)
    lease.retry(ReviewTimeout("slow"), NOW, NOW)
    assert ledger.saved_reply(1, "find", "inputs-1") == reply()
    assert ledger.saved_reply(1, "find", "inputs-2") is None
    assert ledger.saved_reply(1, "verify", "inputs-1") is None
    assert ledger.saved_reply(2, "find", "inputs-1") is None
    assert ledger.spent(1) == pytest.approx(0.25)
    with reading(path) as records:
        assert records.status(NOW).usd_total == pytest.approx(0.25)
