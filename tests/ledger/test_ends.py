"""Pull requests that ended: each end is there once, whoever tells of it and how often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reviewer_cli.core.conversation import PullState
from reviewer_cli.ledger import ends
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import gathered
from reviewer_cli.ledger.rows import Wish
from tests.ledger.samples import LATER, NOW, conversation, head, posted, pushed, sha, tip


def ended(ledger: Ledger) -> list[tuple[Any, ...]]:
    """The pull requests that ended: the last head, how, when, and when that was learnt."""
    query = "SELECT pull, head_sha, state, ended_at, noted_at FROM ends ORDER BY id"
    return [tuple(row) for row in ledger.store.read(query, {})]


def test_an_open_one_has_not_ended(ledger: Ledger) -> None:
    gathered(ledger.store, [conversation(head())], NOW)
    assert ended(ledger) == []


def test_one_that_was_heard_to_end_is_noted_with_its_last_head(ledger: Ledger) -> None:
    posted(ledger, head())
    merged = conversation(pushed(head(), 7), state=PullState.MERGED, ended_at=NOW + 5.0)
    gathered(ledger.store, [merged, conversation(head(2), state=PullState.CLOSED)], LATER)
    assert ended(ledger) == [
        ("pull-1", sha(7), "merged", NOW + 5.0, LATER),
        ("pull-2", sha(2), "closed", LATER, LATER),
    ]


def test_what_is_heard_twice_or_counted_as_well_ended_once(ledger: Ledger) -> None:
    merged = conversation(head(), state=PullState.MERGED, ended_at=NOW)
    closed = conversation(head(2), state=PullState.CLOSED)
    gathered(ledger.store, [merged, closed], NOW)
    ends.count(ledger.store, "local", [replace(tip(head()), ended_at=NOW - 1.0)], NOW + 1.0)
    wish(ledger.store, head(2).key, Wish.REVIEW, NOW)
    gathered(ledger.store, [merged, closed], LATER)
    assert [row[:4] for row in ended(ledger)] == [
        ("pull-1", sha(1), "merged", NOW),
        ("pull-2", sha(2), "closed", NOW),
    ]


def test_one_that_was_opened_again_may_end_again(ledger: Ledger) -> None:
    of = head()
    for told, now in (
        (conversation(of, state=PullState.CLOSED, ended_at=NOW), NOW),
        (conversation(of), NOW + 1.0),
        (conversation(pushed(of, 7), state=PullState.CLOSED, ended_at=NOW + 2.0), NOW + 2.0),
        (conversation(pushed(of, 7)), NOW + 3.0),
        (conversation(pushed(of, 7), state=PullState.MERGED, ended_at=NOW + 4.0), NOW + 4.0),
    ):
        gathered(ledger.store, [told], now)
    assert [(row[1], row[2]) for row in ended(ledger)] == [
        (sha(1), "closed"),
        (sha(7), "closed"),
        (sha(7), "merged"),
    ]


def test_a_host_is_counted_with_all_that_was_merged_there(ledger: Ledger) -> None:
    assert ends.counted_at(ledger.store, "local", LATER) is None
    merged = [replace(tip(head(1)), ended_at=NOW), replace(tip(head(2)), ended_at=None)]
    ends.count(ledger.store, "local", merged, LATER)
    assert ended(ledger) == [
        ("pull-1", sha(1), "merged", NOW, LATER),
        ("pull-2", sha(2), "merged", LATER, LATER),
    ]
    assert ends.counted_at(ledger.store, "local", LATER) == LATER
    assert ends.counted_at(ledger.store, "github.com", LATER) is None
    assert ends.counted_at(ledger.store, "local", NOW) is None, "the clock was set back"


def test_a_host_that_could_not_tell_all_is_counted_as_far_as_before(ledger: Ledger) -> None:
    for now in (NOW, NOW + 1.0):
        ends.count_in_part(ledger.store, "local", [replace(tip(head()), ended_at=NOW)], now)
        assert ends.asked_at(ledger.store, "local", now) == now
        assert ends.counted_at(ledger.store, "local", now) == NOW, "when it was first asked"
    assert len(ended(ledger)) == 1
    ends.count(ledger.store, "local", [], NOW + 2.0)
    ends.count_in_part(ledger.store, "local", [], NOW + 3.0)
    assert ends.asked_at(ledger.store, "local", LATER) == NOW + 3.0
    assert ends.counted_at(ledger.store, "local", LATER) == NOW + 2.0


def test_a_merge_is_noted_after_what_became_of_its_findings(ledger: Ledger) -> None:
    """The count may learn of it before those who listen there do."""
    posted(ledger, head())
    merged = replace(tip(head()), ended_at=NOW)
    ends.count(ledger.store, "local", [merged], LATER)
    assert ended(ledger) == []
    told = conversation(head(), state=PullState.MERGED, ended_at=NOW)
    gathered(ledger.store, [told], LATER + 1.0)
    assert ended(ledger) == [("pull-1", sha(1), "merged", NOW, LATER + 1.0)]


def test_a_merge_of_which_nobody_could_hear_for_a_day_is_counted(ledger: Ledger) -> None:
    posted(ledger, head())
    merged = replace(tip(head()), ended_at=NOW)
    for now in (NOW + ends.HEARD_OF_S - 1.0, NOW + ends.HEARD_OF_S):
        ends.count(ledger.store, "local", [merged], now)
    assert ended(ledger) == [("pull-1", sha(1), "merged", NOW, NOW + ends.HEARD_OF_S)]
