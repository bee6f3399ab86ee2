"""What the ledger tells people: the queue, the sweeps, and all that is known of a head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import HeadKey, Outcome, Severity, State
from reviewer_cli.errors import HeadRejected, ReviewTimeout
from reviewer_cli.ledger.commands import Command, obey, obeyed
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.ledger.pulls import known
from reviewer_cli.ledger.records import DAY_S, Records, reading
from reviewer_cli.ledger.rows import Attention, SweepCounts
from reviewer_cli.ledger.standing import baseline
from tests.ledger.samples import (
    LATER,
    LEASE_S,
    NOW,
    REPO,
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
    sha,
)


def told(path: Path, name: str) -> list[int]:
    with reading(path) as records:
        return [one.head_id for one in records.find(name)]


@pytest.fixture
def full(ledger: Ledger) -> Ledger:
    """One head in each state, by number: 1 due, 2 waiting, 3 claimed, 4 saved, 5 posted, 6 dead,
    7 skipped, 8 superseded."""
    sweep = begun(ledger)
    enter(ledger, *(head(number) for number in range(1, 7)))
    enter(ledger, head(7), reason="draft")
    enter(ledger, head(8))
    leases = {number: ledger.claim(number, NOW, LEASE_S) for number in range(2, 7)}
    for number, lease in leases.items():
        assert lease is not None
        lease.save_reply(reply(), sweep, NOW - DAY_S if number == 2 else NOW)
        if number in (4, 5):
            lease.save_review(reviewed(head(number)), sweep, NOW)
        if number == 2:
            lease.retry(ReviewTimeout("slow"), NOW + 300.0, LATER)
        if number == 5:
            lease.posted("review-5", LATER)
        if number == 6:
            lease.bury(HeadRejected("unreadable"), LATER)
    tips = [head(number) for number in range(1, 8)]
    ledger.retire({("local", REPO)}, tips, LATER)
    return ledger


def test_the_status_counts_each_head_once(full: Ledger, path: Path) -> None:
    with reading(path) as records:
        status = records.status(LATER)
    numbers = {
        name: getattr(status, name)
        for name in (
            "due", "waiting", "in_flight", "saved", "posted", "dead", "skipped", "superseded"
        )
    }  # fmt: skip
    assert numbers == dict.fromkeys(numbers, 1)
    assert status.usd_total == pytest.approx(5 * 0.25)
    assert status.usd_day == pytest.approx(4 * 0.25), "one was paid more than a day ago"
    assert {one.head_id for one in status.unfinished} == {1, 2, 3, 4, 6}


def test_the_status_names_first_what_was_tried_already(ledger: Ledger, path: Path) -> None:
    """Else new heads, which come by the hundred, would hide what fails."""
    enter(ledger, *(head(number) for number in range(1, 31)))
    ledger.admit([(head(31), None)], RULES, LATER)
    lease = claimed(ledger)
    lease.retry(ReviewTimeout("slow"), LATER, NOW)
    with reading(path) as records:
        assert [one.head_id for one in records.status(LATER).unfinished[:2]] == [1, 31]


def test_heads_are_listed_by_state_and_repository_the_last_changed_first(
    full: Ledger, path: Path
) -> None:
    with reading(path) as records:
        everything = records.heads(None, None, 100)
        assert [one.head_id for one in everything[:4]] == [8, 6, 5, 2]
        assert [one.head_id for one in records.heads(State.DEAD, None, 100)] == [6]
        assert len(records.heads(None, "repo", 100)) == 8
        assert records.heads(None, "other", 100) == ()
        assert len(records.heads(None, None, 3)) == 3


@pytest.mark.parametrize("name", ["5", "pull-5", f"{REPO}@pull-5", sha(5)])
def test_a_head_is_found_by_its_names(full: Ledger, path: Path, name: str) -> None:
    assert told(path, name) == [5]


def test_a_head_is_found_by_the_beginning_of_its_sha_and_by_its_number(
    ledger: Ledger, path: Path
) -> None:
    fifth = head(key=HeadKey("github", "octo/repo", "42", "abcdef" + "0" * 34))
    enter(ledger, fifth)
    assert told(path, "abcdef") == told(path, "octo/repo#42") == told(path, "42") == [1]
    assert told(path, "abcde") == told(path, "abcde*") == told(path, "*") == told(path, "") == []


def test_the_history_of_a_head_tells_everything(full: Ledger, path: Path) -> None:
    with reading(path) as records:
        history = records.history(records.find("pull-5")[0])
    assert history.head.severities == (Severity.HIGH,)
    assert history.head.usd == pytest.approx(0.25)
    assert [one.disposition for one in history.findings] == ["kept", "refuted"]
    assert history.findings[0].place == "a.py:2"
    assert [one.step for one in history.replies] == ["find"]
    assert history.unreviewed == (("big.bin", "binary"),)
    assert history.review_id == "review-5"
    assert history.body == reviewed(head(5)).review.body
    assert history.contract_hash == "c0ffee"


def test_the_history_of_a_head_that_nobody_reviewed_is_empty(full: Ledger, path: Path) -> None:
    with reading(path) as records:
        history = records.history(records.find("pull-1")[0])
    assert (history.findings, history.replies, history.unreviewed) == ((), (), ())
    assert (history.body, history.engine, history.review_id) == (None, None, None)


def test_the_reviews_of_a_sweep_are_those_it_made_and_posted(full: Ledger, path: Path) -> None:
    with reading(path) as records:
        assert [one.head.head_id for one in records.posted_in(1)] == [5]
        assert records.posted_in(2) == ()


def test_the_last_sweeps_are_told_newest_first_also_the_killed_ones(
    full: Ledger, path: Path
) -> None:
    second = full.begin_sweep([REPO], "scripted", LATER)
    full.end_sweep(SweepCounts(posted=2), second, LATER, 0, None)
    with reading(path) as records:
        newest, killed = records.sweeps(5)
        assert len(records.sweeps(1)) == 1
    assert (newest.sweep_id, newest.counts.posted, newest.exit_code) == (2, 2, 0)
    assert (killed.ended_at, killed.exit_code) == (None, None)


def test_reading_changes_nothing(full: Ledger, path: Path) -> None:
    before = path.read_bytes()
    with reading(path) as records:
        records.status(LATER)
        records.history(records.find("pull-5")[0])
        records.posted_in(1)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["ledger.db"]


def test_reading_beside_a_sweep_that_is_changing_rows_sees_whole_changes(
    full: Ledger, path: Path
) -> None:
    with full.store.transaction():
        full.store.update("heads", {"state": State.DEAD}, {"id": 1})
        records = Records(path)
        assert records.status(LATER).dead == 1
        records.close()


def test_severities_are_told_the_worst_first(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    found = (remark(Severity.LOW), remark(Severity.CRITICAL), remark(Severity.MEDIUM))
    lease.save_review(replace(reviewed(head()), remarks=found), begun(ledger), NOW)
    with reading(path) as records:
        (told,) = records.find("1")
    assert told.severities == (Severity.CRITICAL, Severity.MEDIUM, Severity.LOW)


def test_a_review_found_after_a_whole_sweep_was_posted_elsewhere(
    ledger: Ledger, path: Path
) -> None:
    enter(ledger, head(posted="review-1"))
    ledger.end_sweep(SweepCounts(), begun(ledger), NOW, 0, None)
    ledger.admit([(head(2, posted="review-2"), None)], RULES, LATER)
    ledger.admit([(head(3), None)], RULES, LATER)
    with reading(path) as records:
        assert records.posted_elsewhere(NOW) == (head(2).key,)
        assert records.posted_elsewhere(LATER) == (head(2).key,)
        assert records.posted_elsewhere(LATER + 1.0) == ()


def test_a_story_tells_all_heads_of_a_pull_request_and_what_people_asked_for(
    ledger: Ledger, path: Path
) -> None:
    enter(ledger, head(2), pushed(head(), 8))
    posted(ledger, head())
    asked = Command(
        key=head().key,
        comment_id="c-1",
        author="ada",
        word="pause",
        said_at=NOW,
        answer="paused",
    )
    obey(ledger.store, asked, Attention.PAUSED, LATER)
    with reading(path) as records:
        (story,) = records.stories("pull-1")
        (unheard,) = records.stories(f"{REPO}@pull-2")
        heads = {one.key.sha: records.history(one) for one in records.heads(None, None, 10)}
        assert story.heads == (heads[sha(8)], heads[sha(1)])
        assert records.stories("pull-3") == ()
    assert story.pull == known(ledger.store, head().key)
    assert story.pull is not None
    assert (story.pull.standing, story.commands) == (
        Attention.PAUSED,
        obeyed(ledger.store, head().key),
    )
    assert len(story.commands) == 1
    assert (unheard.pull, len(unheard.heads), unheard.commands) == (None, 1, ())


def test_of_several_pull_requests_with_one_name_the_newest_comes_first(
    ledger: Ledger, path: Path
) -> None:
    names = ("octo/b", "octo/a", "octo/c")
    for number, repo in enumerate(names, 1):
        enter(ledger, head(key=HeadKey("github", repo, "42", sha(number))))
    enter(ledger, head(key=HeadKey("github", "octo/a", "42", sha(9))))
    with reading(path) as records:
        told = records.stories("42")
        (one,) = records.stories("octo/a#42")
    assert [each.heads[0].head.key.repo for each in told] == ["octo/a", "octo/c", "octo/b"]
    assert [each.head.key.sha for each in one.heads] == [sha(2), sha(9)]


def test_proposals_and_a_baseline_are_told_as_the_ledger_has_them(
    ledger: Ledger, path: Path
) -> None:
    for number in (1, 2, 3):
        prints = {"fingerprint": f"{number:016x}", "text_fingerprint": f"{number + 99:016x}"}
        logged = replace(remark().finding, title="Password is logged")
        posted(ledger, head(number), replace(remark(**prints), finding=logged))
    noted = [
        Noted(finding_id=one, outcome=Outcome.DISMISSED, evidence="ada declined it.")
        for one in (1, 2, 3)
    ]
    note(ledger.store, noted, None, NOW)
    with reading(path) as records:
        (found,) = records.proposals()
        assert records.proposals(REPO) == (found,)
        assert records.proposals("/srv/other") == ()
        assert records.status(NOW).proposals == 1
        told = records.baseline(REPO)
        assert told is not None
        assert told == baseline(ledger.store, REPO)
        assert records.baseline("/srv/other") is None
