"""Which pull requests people are listened to on, and what pausing one does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.models import Disposition, State
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import gathered, known, looked_after, rested, stand, unheard, watched
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.rows import Attention, Wish
from tests.ledger.samples import (
    LATER,
    NOW,
    REPOS,
    conversation,
    enter,
    head,
    leased,
    posted,
    pushed,
    remark,
    row,
    sha,
    tip,
)

HELD = [Attention.PAUSED, Attention.IGNORED]


def names(ledger: Ledger) -> list[str]:
    return [one.key.pull for one in watched(ledger.store, REPOS)]


def test_a_pull_request_is_watched_once_it_was_reviewed(ledger: Ledger) -> None:
    enter(ledger, head(1), head(2), head(3, posted="review-3"))
    assert names(ledger) == ["pull-3"], "found reviewed"
    posted(ledger, head(1))
    assert names(ledger) == ["pull-3", "pull-1"]
    assert watched(ledger.store, {("github", "o/r")}) == ()


def test_a_pull_request_is_watched_that_a_rule_skips(ledger: Ledger) -> None:
    """Somebody may ask for a review of it."""
    enter(ledger, head(), reason="draft")
    assert names(ledger) == ["pull-1"]


def test_a_watched_one_is_told_with_the_newest_head_that_was_posted_or_heard_of(
    ledger: Ledger,
) -> None:
    posted(ledger, head())
    posted(ledger, pushed(head(), 7))
    (told,) = watched(ledger.store, REPOS)
    assert told.key == pushed(head(), 7).key
    assert (told.version, told.gathered_at, told.state) == ("", None, PullState.OPEN)
    gathered(ledger.store, [conversation(pushed(head(), 8), version="v2")], LATER)
    (told,) = watched(ledger.store, REPOS)
    assert (told.key.sha, told.version, told.gathered_at) == (sha(8), "v2", LATER)
    wish(ledger.store, pushed(head(), 9).key, Wish.REVIEW, LATER)
    (told,) = watched(ledger.store, REPOS)
    assert told.key.sha == sha(9)


def test_what_was_not_heard_of_for_long_comes_a_few_at_a_time(ledger: Ledger) -> None:
    for number in (1, 2, 3, 4):
        posted(ledger, head(number))
    for number in (1, 2, 3):
        gathered(ledger.store, [conversation(head(number))], NOW - number)
    found = rested(ledger.store, REPOS, NOW - 1.0, 10)
    assert [one.key.pull for one in found] == ["pull-3", "pull-2"], "4 was never"
    assert [one.key.pull for one in rested(ledger.store, REPOS, NOW, 1)] == ["pull-3"]


def test_what_was_gathered_longest_ago_comes_first_and_what_never_was_before_it(
    ledger: Ledger,
) -> None:
    for number in (1, 2, 3):
        posted(ledger, head(number))
    gathered(ledger.store, [conversation(head(1))], LATER)
    gathered(ledger.store, [conversation(head(2))], NOW)
    assert names(ledger) == ["pull-3", "pull-2", "pull-1"]


def test_only_what_the_poll_says_something_new_of_is_to_be_heard(ledger: Ledger) -> None:
    for number in range(1, 6):
        posted(ledger, head(number))
    told = [conversation(head(number), version="v1") for number in (1, 2, 3, 4)]
    gathered(ledger.store, told[2:], NOW)
    gathered(ledger.store, told[:2], LATER)
    polled = [(1, "v1"), (2, "v2"), (3, "v1"), (5, "")]
    tips = [replace(tip(head(number)), version=version) for number, version in polled]
    found = [one.key.pull for one in unheard(ledger.store, REPOS, tips)]
    assert found == ["pull-5", "pull-4", "pull-2"], "never, ended, changed"
    assert unheard(ledger.store, {("github", "o/r")}, tips) == ()


def test_what_is_new_in_one_repository_is_no_news_of_another(ledger: Ledger) -> None:
    """Pull requests of both have one name, and versions that were told of the other."""
    here, there = head(), head(key=replace(head().key, repo="/srv/other"))
    for one, version in ((here, "v1"), (there, "v2")):
        posted(ledger, one)
        gathered(ledger.store, [conversation(one, version=version)], NOW)

    def new(*versions: str) -> list[str]:
        tips = [
            replace(tip(one), version=version)
            for one, version in zip((here, there), versions, strict=True)
        ]
        repos = {(one.key.host, one.key.repo) for one in tips}
        return [one.key.repo for one in unheard(ledger.store, repos, tips)]

    assert new("v1", "v2") == []
    assert new("v1", "v1") == ["/srv/other"]
    assert new("v2", "v2") == [here.key.repo]
    assert new("v2", "v1") == [here.key.repo, "/srv/other"]


def test_where_there_is_nothing_new_one_small_question_is_asked(ledger: Ledger) -> None:
    posted(ledger, head())
    gathered(ledger.store, [conversation(head(), version="v1")], NOW)
    told: list[str] = []
    ledger.store.db.set_trace_callback(told.append)
    assert unheard(ledger.store, REPOS, [replace(tip(head()), version="v1")]) == ()
    ledger.store.db.set_trace_callback(None)
    (query,) = told
    plan = [one[3] for one in ledger.store.db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("pulls USING COVERING INDEX pulls_open" in one for one in plan), plan


@pytest.mark.parametrize("state", [PullState.MERGED, PullState.CLOSED])
def test_an_end_is_gathered_once(ledger: Ledger, path: Path, state: PullState) -> None:
    posted(ledger, head())
    merged_as = sha(9) if state is PullState.MERGED else None
    told = conversation(head(), state=state, ended_at=NOW + 5.0, merged_as=merged_as)
    gathered(ledger.store, [told], LATER)
    assert names(ledger) == []
    found = known(ledger.store, head().key)
    assert found is not None
    assert (found.state, found.ended_at, found.merged_as) == (state, NOW + 5.0, merged_as)
    assert examined(path) == ()


@pytest.mark.parametrize("state", [PullState.OPEN, PullState.CLOSED])
def test_what_was_not_merged_has_no_commit_that_brought_it_into_its_base(
    ledger: Ledger, state: PullState
) -> None:
    """Also where a host names the commit of a merge that it only tried."""
    posted(ledger, head())
    gathered(ledger.store, [conversation(head(), state=state, merged_as=sha(9))], NOW)
    found = known(ledger.store, head().key)
    assert found is not None
    assert found.merged_as is None


def test_a_host_that_does_not_say_when_it_ended_says_so_at_the_latest_now(ledger: Ledger) -> None:
    posted(ledger, head(), remark())
    gathered(ledger.store, [conversation(head(), state=PullState.MERGED)], LATER, 100.0)
    found = known(ledger.store, head().key)
    assert found is not None
    assert (found.ended_at, found.looked_after_at) == (LATER, LATER + 100.0)


def test_what_was_merged_is_looked_after_until_its_time(ledger: Ledger) -> None:
    merged = {"state": PullState.MERGED, "ended_at": NOW}
    for number in (1, 2, 3, 4):
        posted(ledger, head(number), remark())
    gathered(ledger.store, [conversation(head(1), **merged)], NOW, 100.0)
    gathered(ledger.store, [conversation(head(2), **merged)], NOW)
    closed = conversation(head(3), state=PullState.CLOSED, ended_at=NOW)
    gathered(ledger.store, [closed, conversation(head(4))], NOW, 100.0)
    found = looked_after(ledger.store, REPOS, NOW + 99.9)
    assert [one.key.pull for one in found] == ["pull-1"]
    assert looked_after(ledger.store, REPOS, NOW + 100.0) == ()
    assert looked_after(ledger.store, {("github", "o/r")}, NOW) == ()
    others = [known(ledger.store, head(number).key) for number in (2, 3, 4)]
    assert [one.looked_after_at for one in others if one] == [None, None, None]


def test_what_was_merged_without_a_finding_needs_no_looking_after(ledger: Ledger) -> None:
    posted(ledger, head(1))
    posted(ledger, head(2), remark(disposition=Disposition.REFUTED))
    merged = {"state": PullState.MERGED, "ended_at": NOW}
    told = [conversation(head(number), **merged) for number in (1, 2, 3)]
    gathered(ledger.store, told, NOW, 100.0)
    assert looked_after(ledger.store, REPOS, NOW) == ()


def test_a_closed_one_that_opens_again_and_is_reviewed_is_watched_again(ledger: Ledger) -> None:
    posted(ledger, head())
    gathered(ledger.store, [conversation(head(), state=PullState.CLOSED, ended_at=NOW)], NOW)
    posted(ledger, pushed(head(), 2), now=LATER)
    assert names(ledger) == ["pull-1"]
    found = known(ledger.store, head().key)
    assert found is not None
    assert found.ended_at is None


def test_gathering_nothing_writes_nothing(ledger: Ledger) -> None:
    told: list[str] = []
    ledger.store.db.set_trace_callback(told.append)
    gathered(ledger.store, [], NOW)
    assert told == []


@pytest.mark.parametrize("attention", HELD)
def test_a_due_head_of_a_pull_request_that_people_paused_waits_and_says_why(
    ledger: Ledger, path: Path, attention: Attention
) -> None:
    enter(ledger, head(1), head(2))
    stand(ledger.store, head(1).key, attention)
    assert ledger.due(REPOS, NOW, 10) == [2]
    assert row(path)["state"] == "due"
    with reading(path) as records:
        status = records.status(NOW)
    assert (status.due, status.waiting) == (1, 1)
    assert {one.head_id: one.standing for one in status.unfinished} == {1: attention, 2: ""}
    enter(ledger, pushed(head(1), 9))
    assert ledger.due(REPOS, NOW, 10) == [2], "a new push does not end it"
    stand(ledger.store, head(1).key, Attention.ACTIVE)
    assert ledger.due(REPOS, NOW, 10) == [1, 2, 3]


def test_a_person_at_the_terminal_gets_a_paused_one_reviewed(ledger: Ledger) -> None:
    enter(ledger, head())
    stand(ledger.store, head().key, Attention.PAUSED)
    assert ledger.due(REPOS, NOW, 10, "pull-1") == [1]


def test_a_saved_review_is_not_held_back_for_it_was_in_work_before(ledger: Ledger) -> None:
    leased(ledger, State.REVIEWED).release(NOW)
    stand(ledger.store, head().key, Attention.PAUSED)
    assert ledger.due(REPOS, NOW, 10) == [1]


def test_whoever_pauses_takes_back_what_was_asked_for_before_and_can_ask_again(
    ledger: Ledger,
) -> None:
    enter(ledger, head())
    wish(ledger.store, head().key, Wish.REVIEW, NOW)
    stand(ledger.store, head().key, Attention.PAUSED)
    assert ledger.due(REPOS, NOW, 10) == []
    wish(ledger.store, head().key, Wish.REVIEW, NOW)
    assert ledger.due(REPOS, NOW, 10) == [1]


def test_news_do_not_end_a_pause(ledger: Ledger) -> None:
    posted(ledger, head())
    stand(ledger.store, head().key, Attention.PAUSED)
    gathered(ledger.store, [conversation(head())], LATER)
    posted(ledger, pushed(head(), 2))
    found = known(ledger.store, head().key)
    assert found is not None
    assert found.standing is Attention.PAUSED


def test_what_is_paused_is_asked_by_its_small_index(ledger: Ledger) -> None:
    told: list[str] = []
    ledger.store.db.set_trace_callback(told.append)
    ledger.due(REPOS, NOW, 10)
    ledger.store.db.set_trace_callback(None)
    (query,) = told
    plan = [one[3] for one in ledger.store.db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("heads USING INDEX heads_waiting" in one for one in plan), plan
    assert any("pulls USING" in one and "pulls_held" in one for one in plan), plan
    assert not any("SCAN pulls" in one for one in plan), plan
