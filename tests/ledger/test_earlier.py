"""What a later round is told of the earlier ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.models import (
    Anchor,
    Change,
    Disposition,
    Earlier,
    HeadKey,
    Outcome,
    Placement,
    Severity,
    Side,
)
from reviewer_cli.core.stacked import Elsewhere
from reviewer_cli.ledger.earlier import (
    LastReviewed,
    all_of,
    attach_comments,
    earlier,
    found_on,
    last_reviewed,
    said_before,
    said_elsewhere,
)
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.ledger.pulls import gathered
from reviewer_cli.ledger.records import reading
from tests.ledger.samples import (
    LATER,
    NOW,
    REPO,
    claimed,
    conversation,
    enter,
    head,
    posted,
    pushed,
    remark,
    reviewed,
    sha,
)

FIRST, SECOND, THIRD = head(), pushed(head(), 2), pushed(head(), 3)


def test_a_finding_comes_back_as_it_was_said(ledger: Ledger) -> None:
    strange = remark(Severity.CRITICAL)
    finding = replace(
        strange.finding,
        path="ä b.py",
        line=7,
        side=Side.LEFT,
        suggestion="x = 1\n",
        confidence=0.25,
        rule="own/rule",
        title="\x00 “T”",
    )
    anchor = Anchor(
        placement=Placement.LINE,
        path="ä b.py",
        line=9,
        start_line=8,
        side=Side.LEFT,
        note="moved",
        replaceable=True,
    )
    said = replace(strange, finding=finding, anchor=anchor, fingerprint="f1", text_fingerprint="t1")
    posted(ledger, FIRST, said)
    assert earlier(ledger.store, SECOND.key) == (Earlier(id=1, sha=sha(1), round=1, remark=said),)


def test_all_other_rounds_are_told_the_oldest_first_and_never_the_head_itself(
    ledger: Ledger,
) -> None:
    posted(ledger, FIRST, remark(fingerprint="a"), remark(fingerprint="b"))
    again = remark(disposition=Disposition.REPEATED, repeats=1, fingerprint="a")
    posted(ledger, SECOND, again, remark(fingerprint="c"), now=LATER)
    posted(ledger, head(5), remark(fingerprint="of another pull request"))
    enter(ledger, THIRD)
    told = earlier(ledger.store, THIRD.key)
    assert [(one.sha, one.round, one.remark.fingerprint) for one in told] == [
        (sha(1), 1, "a"),
        (sha(1), 1, "b"),
        (sha(2), 2, "a"),
        (sha(2), 2, "c"),
    ]
    assert told[2].remark.repeats == 1
    assert [one.sha for one in earlier(ledger.store, SECOND.key)] == [sha(1), sha(1)]
    assert all_of(ledger.store, SECOND.key) == told


def test_only_what_was_posted_on_another_head_of_a_pull_request_was_said_before(
    ledger: Ledger,
) -> None:
    other, silent, unposted = head(5), head(6), head(7)
    posted(ledger, FIRST, remark())
    posted(ledger, other, remark())
    posted(ledger, silent, remark(disposition=Disposition.REPEATED))
    enter(ledger, unposted)
    claimed(ledger, 4).save_review(reviewed(unposted), 1, NOW)
    moved = [pushed(one, 9).key for one in (other, silent, unposted)]
    wanted = [SECOND.key, FIRST.key, other.key, *moved]
    assert said_before(ledger.store, wanted) == {SECOND.key, moved[0]}
    assert said_before(ledger.store, []) == frozenset()


def test_only_what_was_said_or_left_unsaid_for_it_is_told(ledger: Ledger) -> None:
    posted(ledger, FIRST, *(remark(disposition=one) for one in Disposition))
    assert {one.remark.disposition for one in earlier(ledger.store, SECOND.key)} == {
        Disposition.KEPT,
        Disposition.REPEATED,
        Disposition.DISMISSED,
    }


def test_what_was_reviewed_but_not_posted_was_not_said(ledger: Ledger) -> None:
    enter(ledger, FIRST)
    lease = claimed(ledger)
    lease.save_review(reviewed(FIRST), ledger.begin_sweep([REPO], "x", NOW), NOW)
    lease.supersede("moved", NOW)
    assert earlier(ledger.store, SECOND.key) == ()
    assert last_reviewed(ledger.store, SECOND.key) is None


def test_the_newest_outcome_is_told_with_its_evidence_and_the_comment(ledger: Ledger) -> None:
    posted(ledger, FIRST, remark(), remark())
    for outcome, evidence in ((Outcome.IGNORED, "closed"), (Outcome.FIXED, "changed in abc")):
        note(ledger.store, [Noted(finding_id=2, outcome=outcome, evidence=evidence)], 1, NOW)
    attach_comments(ledger.store, {2: "c-2"})
    first, second = earlier(ledger.store, SECOND.key)
    assert (first.outcome, first.evidence, first.comment_id) == (None, "", None)
    assert (second.outcome, second.evidence, second.comment_id) == (
        Outcome.FIXED,
        "changed in abc",
        "c-2",
    )


def test_the_newest_other_posted_head_is_the_last_reviewed(ledger: Ledger) -> None:
    posted(ledger, FIRST)
    posted(ledger, replace(SECOND, base_sha=sha(50)), now=LATER, merge_base=sha(40))
    enter(ledger, THIRD)
    assert last_reviewed(ledger.store, THIRD.key) == LastReviewed(
        sha=sha(2), base_sha=sha(50), merge_base=sha(40), round=2, review_id="review-2"
    )
    told = last_reviewed(ledger.store, SECOND.key)
    assert told is not None
    assert (told.sha, told.review_id) == (sha(1), "review-1")
    assert last_reviewed(ledger.store, head(5).key) is None


@pytest.mark.parametrize(
    "quiet", [{"review_id": None}, {"review_id": "review-1", "amends": "review-1"}]
)
def test_our_newest_submitted_review_may_be_of_an_older_round(
    ledger: Ledger, quiet: dict[str, str | None]
) -> None:
    posted(ledger, FIRST)
    posted(ledger, SECOND, now=LATER, **quiet)
    told = last_reviewed(ledger.store, THIRD.key)
    assert told is not None
    assert (told.sha, told.review_id) == (sha(2), "review-1")


def test_what_was_to_be_added_to_a_review_that_is_gone_was_submitted_itself(
    ledger: Ledger,
) -> None:
    posted(ledger, FIRST)
    posted(ledger, SECOND, now=LATER, amends="review-1", review_id="review-2")
    told = last_reviewed(ledger.store, THIRD.key)
    assert told is not None
    assert told.review_id == "review-2"


def test_where_all_were_silent_there_is_no_review(ledger: Ledger) -> None:
    posted(ledger, FIRST, review_id=None)
    told = last_reviewed(ledger.store, SECOND.key)
    assert told is not None
    assert told.review_id is None


def test_a_head_found_posted_is_the_last_reviewed_from_its_base_on(ledger: Ledger) -> None:
    enter(ledger, replace(FIRST, posted="review-9", base_sha=sha(60)))
    told = last_reviewed(ledger.store, SECOND.key)
    assert told == LastReviewed(sha=sha(1), base_sha=sha(60), merge_base=sha(60), round=1)


def test_what_is_said_on_another_open_pull_request_is_found(ledger: Ledger) -> None:
    other = head(key=HeadKey("local", "/srv/other", "pull-7", sha(7)))
    leases = {}
    enter(ledger, head(1), head(2), other, head(3))
    sweep = ledger.begin_sweep([REPO], "x", NOW)
    for number, of in ((1, head(1)), (2, head(2)), (3, other), (4, head(3))):
        leases[number] = claimed(ledger, number)
        refuted = remark(fingerprint="no", disposition=Disposition.REFUTED)
        found = tuple(
            replace(one, text_fingerprint="words")
            for one in (remark(fingerprint="same"), remark(fingerprint=f"own-{number}"), refuted)
        )
        leases[number].save_review(replace(reviewed(of), remarks=found), sweep, NOW)
    leases[4].supersede("closed", NOW)
    wanted = ["same", "own-1", "own-2", "no"]

    def told() -> list[Elsewhere]:
        return list(said_elsewhere(ledger.store, head(1).key, wanted))

    assert told() == [], "who is never posted, because the head moved on, says nothing"
    leases[2].posting("draft", NOW)
    assert len(told()) == 2, "in a minute"
    for number in (1, 2, 3):
        leases[number].posted("review", NOW)
    two, one = told()
    assert (one.key, one.base) == (head(2).key, reviewed(head(2)).merge_base)
    assert one.anchor == remark().anchor
    assert (one.id, one.fingerprint, one.text_fingerprint) == (4, "same", "words")
    assert (two.id, two.fingerprint) == (5, "own-2")
    assert said_elsewhere(ledger.store, head(1).key, []) == ()
    gathered(ledger.store, [conversation(head(2), state=PullState.CLOSED)], NOW)
    assert told() == [], "nobody looks there any more"
    posted(ledger, pushed(head(2), 9))
    assert len(told()) == 2
    ledger.store.db.execute("UPDATE heads SET merged_at = ? WHERE pull = 'pull-2'", (NOW,))
    assert told() == []


def test_all_that_a_head_s_review_found_is_told(ledger: Ledger) -> None:
    found = tuple(
        remark(fingerprint=str(one), disposition=one, reason=f"why it is {one}")
        for one in Disposition
    )
    posted(ledger, FIRST, *found)
    posted(ledger, SECOND, remark(), now=LATER)
    assert found_on(ledger.store, FIRST.key) == found
    assert found_on(ledger.store, THIRD.key) == ()


def test_a_comment_is_attached_once_and_nothing_is_written_for_none(ledger: Ledger) -> None:
    posted(ledger, FIRST, remark())
    told: list[str] = []
    ledger.store.db.set_trace_callback(told.append)
    attach_comments(ledger.store, {})
    assert told == []
    attach_comments(ledger.store, {1: "c-1", 99: "of a finding that is gone"})
    changes = ledger.store.db.total_changes
    attach_comments(ledger.store, {1: "c-1"})
    assert ledger.store.db.total_changes == changes


def test_how_a_round_came_about_is_told(ledger: Ledger, path: Path) -> None:
    posted(
        ledger, FIRST, since_sha=sha(9), change=Change.FORCE_PUSH, amends="review-0", review_id=None
    )
    with reading(path) as records:
        told = records.history(records.find("1")[0])
    assert (told.since_sha, told.change, told.amends) == (sha(9), "force-push", "review-0")


def test_whoever_removes_a_finding_finds_what_repeats_it_by_index(ledger: Ledger) -> None:
    """Else the removal of old findings, and an upgrade, would look at all of them for each."""
    query = "EXPLAIN QUERY PLAN UPDATE findings SET repeats = NULL WHERE repeats = 1"
    (plan,) = (one[3] for one in ledger.store.db.execute(query))
    assert "INDEX findings_repeats (repeats=?)" in plan
