"""What is new, what is entered, what is retired, and what is handed out in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import Head, HeadKey, State
from reviewer_cli.errors import HeadRejected, ReviewTimeout
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.elsewhere import FOUND
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import watched
from reviewer_cli.ledger.rows import Entry
from tests.ledger.samples import (
    LATER,
    NOW,
    REPO,
    REPOS,
    RULES,
    claimed,
    enter,
    head,
    leased,
    pushed,
    review,
    reviewed,
    row,
    sha,
    tip,
)


def ids(ledger: Ledger, now: float = NOW, limit: int = 10, pull: str | None = None) -> list[int]:
    return ledger.due(REPOS, now, limit, pull)


def test_what_has_no_row_is_undecided_in_the_order_of_the_poll(ledger: Ledger) -> None:
    enter(ledger, head(2))
    tips = [tip(head(number)) for number in (3, 2, 1)]
    assert ledger.undecided(tips, RULES) == [tips[0], tips[2]]
    assert ledger.undecided([], RULES) == []


@pytest.mark.parametrize("part", ["host", "repo", "pull", "sha"])
def test_each_part_of_the_key_makes_another_head(ledger: Ledger, part: str) -> None:
    enter(ledger, head())
    words = {"host": "local", "repo": REPO, "pull": "pull-1", "sha": sha(1)}
    other = tip(head(key=HeadKey(**words | {part: "else"})))
    assert ledger.undecided([tip(head()), other], RULES) == [other]


def test_other_rules_decide_skipped_and_waiting_heads_anew_and_no_others(
    ledger: Ledger, path: Path
) -> None:
    enter(ledger, head(1), reason="draft")
    enter(ledger, head(2))
    enter(ledger, head(3))
    dead = claimed(ledger, 3)
    dead.bury(HeadRejected("no"), NOW)
    tips = [tip(head(number)) for number in (1, 2, 3)]
    assert ledger.undecided(tips, RULES) == []
    assert ledger.undecided(tips, "rules-2") == tips[:2]
    enter(ledger, head(1, title="now ready"), rules="rules-2")
    enter(ledger, head(2), rules="rules-2", reason="unwanted")
    assert ledger.undecided(tips, "rules-2") == []
    assert row(path, 2)["state"] == "skipped"
    assert (row(path)["state"], row(path)["reason"], row(path)["title"]) == ("due", "", "now ready")


@pytest.mark.parametrize("state", [State.CLAIMED, State.POSTED, State.DEAD])
def test_entering_a_head_again_leaves_what_it_has_come_to(
    ledger: Ledger, path: Path, state: State
) -> None:
    lease = leased(ledger, State.CLAIMED if state is State.CLAIMED else State.REVIEWED)
    if state is State.POSTED:
        lease.posted("review-1", NOW)
    if state is State.DEAD:
        lease.bury(HeadRejected("no"), NOW)
    before = tuple(row(path))
    ledger.admit([(head(title="other"), "draft")], "rules-2", LATER)
    assert tuple(row(path)) == before


def test_a_pull_request_that_is_open_again_is_not_lost(ledger: Ledger, path: Path) -> None:
    """Closed and reopened, or a push that was taken back: the same head, superseded before."""
    enter(ledger, head())
    assert ledger.retire(REPOS, [], NOW) == 1
    assert ids(ledger) == []
    assert ledger.undecided([tip(head())], RULES) == [tip(head())]
    ledger.admit([(head(), None)], RULES, LATER)
    assert ids(ledger, LATER) == [1]
    assert (row(path)["reason"], row(path)["attempts"]) == ("", 0)


def test_a_review_saved_before_its_pull_request_closed_is_posted_when_it_is_open_again(
    ledger: Ledger,
) -> None:
    leased(ledger, State.POSTING).supersede("no longer open", NOW)
    ledger.admit([(head(), None)], RULES, LATER)
    work = ledger.load(1)
    assert work.state is State.REVIEWED
    assert work.review == review(head())


def test_the_round_counts_the_reviews_posted_on_the_pull_request(ledger: Ledger) -> None:
    leased(ledger, State.REVIEWED).posted("review-1", NOW)
    moved = head(key=HeadKey("local", REPO, "pull-1", sha(7)))
    enter(ledger, moved, head(2))
    assert [ledger.load(number).round for number in (1, 2, 3)] == [1, 2, 1]


def test_heads_are_told_in_the_order_in_which_they_are_asked_for(ledger: Ledger) -> None:
    enter(ledger, head(1), head(2), head(3))
    assert ledger.heads([3, 1]) == [head(3), head(1)]
    assert {one.pull for one in ledger.keys([3, 1])} == {"pull-1", "pull-3"}


def test_a_due_head_that_moved_or_closed_is_retired_with_the_reason(
    ledger: Ledger, path: Path
) -> None:
    enter(ledger, head(1), head(2), head(3))
    moved = tip(head(key=HeadKey("local", REPO, "pull-1", sha(9))))
    assert ledger.retire(REPOS, [moved, tip(head(3))], LATER) == 2
    assert [row(path, number)["state"] for number in (1, 2, 3)] == ["superseded"] * 2 + ["due"]
    assert (row(path)["reason"], row(path)["changed_at"]) == (f"moved to {sha(9)}", LATER)
    assert row(path, 2)["reason"] == "no longer open"


def test_a_repository_that_did_not_answer_retires_nothing(ledger: Ledger) -> None:
    enter(ledger, head())
    assert ledger.retire({("local", "/srv/other")}, [], LATER) == 0
    assert ids(ledger) == [1]


@pytest.mark.parametrize("state", [State.CLAIMED, State.REVIEWED, State.POSTING])
def test_what_is_in_work_or_saved_is_not_retired(ledger: Ledger, path: Path, state: State) -> None:
    leased(ledger, state)
    assert ledger.retire(REPOS, [], LATER) == 0
    assert row(path)["state"] == state


def test_saved_reviews_come_first_then_the_oldest(ledger: Ledger) -> None:
    ledger.admit([(head(5), None)], RULES, LATER)
    ledger.admit([(head(4), None), (head(3), None)], RULES, NOW)
    ledger.admit([(head(2), None)], RULES, LATER)
    lease = claimed(ledger, 4, LATER)
    lease.save_review(reviewed(head(2)), ledger.begin_sweep([], "x", NOW), NOW)
    assert ids(ledger, LATER) == [2, 3, 1], "number 4 is in work"
    lease.retry(ReviewTimeout("slow"), LATER, LATER)
    assert ids(ledger, LATER) == [4, 2, 3, 1]
    assert ids(ledger, LATER, limit=2) == [4, 2]


def test_what_is_named_waits_for_no_quiet_but_for_what_failed(ledger: Ledger) -> None:
    ledger.enter([Entry(head=head(1), reason=None, due_at=LATER)], RULES, NOW)
    assert (ids(ledger), ids(ledger, pull="pull-1")) == ([], [1])
    claimed(ledger, 1, NOW).retry(ReviewTimeout("slow"), LATER, NOW)
    assert ids(ledger, pull="pull-1") == []
    assert ids(ledger, LATER, pull="pull-1") == [1]


def test_only_what_was_asked_for_is_handed_out(ledger: Ledger) -> None:
    elsewhere = head(key=HeadKey("local", "/srv/other", "pull-1", sha(1)))
    enter(ledger, head(1), head(2), elsewhere)
    assert ids(ledger) == [1, 2]
    assert ids(ledger, pull="pull-2") == [2]
    assert ids(ledger, pull="pull-3") == []
    assert ledger.due({("local", REPO), ("local", "/srv/other")}, NOW, 10) == [1, 2, 3]
    assert ledger.due({("github", REPO)}, NOW, 10) == []
    assert ledger.due(set(), NOW, 10) == []


def test_what_rows_are_about_is_told_by_their_ids(ledger: Ledger) -> None:
    enter(ledger, head(1), head(2), head(3))
    told = ledger.keys([3, 1, 99])
    assert (len(told), set(told)) == (2, {head(1).key, head(3).key})
    assert ledger.keys([]) == []


def test_a_head_is_not_due_before_its_time(ledger: Ledger) -> None:
    enter(ledger, head())
    lease = claimed(ledger)
    lease.retry(ReviewTimeout("slow"), NOW + 300.0, NOW)
    assert ids(ledger, NOW + 299.9) == []
    assert ids(ledger, NOW + 300.0) == [1]


def test_a_head_that_settles_is_not_due_before_its_time_and_its_successor_settles_anew(
    ledger: Ledger, path: Path
) -> None:
    ledger.enter([Entry(head=head(), due_at=LATER)], RULES, NOW)
    assert (ids(ledger, LATER - 0.1), ids(ledger, LATER)) == ([], [1])
    ledger.enter([Entry(head=head(), due_at=LATER + 60.0)], "rules-2", NOW)
    assert ids(ledger, LATER) == [1], "what waits already does not begin to wait anew"
    assert ledger.retire(REPOS, [tip(pushed(head(), 2))], NOW) == 1
    ledger.enter([Entry(head=pushed(head(), 2), due_at=LATER + 30.0)], RULES, NOW)
    assert (ids(ledger, LATER), ids(ledger, LATER + 30.0)) == ([], [2])


def test_a_head_knows_when_it_was_pushed_and_merged(ledger: Ledger, path: Path) -> None:
    merged = Entry(head=head(), pushed_at=NOW - 9.0, merged_at=NOW - 5.0)
    ledger.enter([merged], RULES, NOW)
    work = ledger.load(1)
    assert (work.pushed_at, work.merged_at) == (NOW - 9.0, NOW - 5.0)


def test_what_was_merged_unreviewed_is_not_retired_although_nobody_polls_it(
    ledger: Ledger,
) -> None:
    enter(ledger, head())
    ledger.retire(REPOS, [], NOW)
    assert ledger.undecided([tip(head())], RULES) == [tip(head())]
    ledger.enter([Entry(head=head(), merged_at=NOW)], RULES, LATER)
    assert ledger.retire(REPOS, [], LATER) == 0
    assert ids(ledger, LATER) == [1]
    lease = claimed(ledger, 1, LATER)
    lease.save_review(reviewed(head()), ledger.begin_sweep([], "x", NOW), NOW)
    lease.posted(None, LATER)
    assert watched(ledger.store, REPOS) == (), "there is nothing to wait for"


def test_a_skipped_head_that_the_host_shows_as_posted_is_sound(ledger: Ledger, path: Path) -> None:
    enter(ledger, head(), reason="draft")
    enter(ledger, head(posted="review-9"), rules="rules-2")
    assert (row(path)["state"], row(path)["posted_at"]) == ("posted", NOW)
    assert examined(path) == ()


def test_a_head_comes_back_from_the_file_as_it_went_in(ledger: Ledger) -> None:
    strange = Head(
        key=HeadKey("local", REPO, "feature/ü'\"; DROP TABLE heads", sha(1)),
        head_ref="feature",
        base_ref="main",
        base_sha=sha(2),
        title="汉\u202e\n",
        body="x" * 100_000,
        author="a b",
        author_is_bot=True,
        is_draft=True,
        from_fork=True,
        changed_lines=12,
        labels=("one, two", '"'),
    )
    enter(ledger, strange)
    work = ledger.load(1)
    assert (work.head, work.next_due_at) == (strange, NOW)


def test_a_skipped_head_whose_pull_request_changed_is_undecided_again(ledger: Ledger) -> None:
    """Its version tells: a draft is ready, a label is gone."""
    enter(ledger, replace(head(), version="one"), replace(head(2), version="one"), reason="draft")
    tips = [replace(tip(head()), version="two"), replace(tip(head(2)), version="one")]
    assert ledger.undecided(tips, RULES) == tips[:1]


def test_a_head_found_posted_says_so(ledger: Ledger, path: Path) -> None:
    enter(ledger, head(posted="review-9"))
    found = row(path)
    assert (found["state"], found["reason"], found["posted_at"]) == ("posted", FOUND, NOW)
