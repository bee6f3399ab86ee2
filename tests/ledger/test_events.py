"""What happens to heads, doors and sweeps is remembered as it happened, once each time."""

from __future__ import annotations

from typing import Any

import pytest

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.models import State
from reviewer_cli.errors import HeadRejected, HostUnavailable, LeaseLost, ReviewTimeout
from reviewer_cli.ledger.breakers import Breakers, Failure
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.recovery import bury_deadly
from reviewer_cli.ledger.revival import revive_all
from reviewer_cli.ledger.rows import Met, SweepCounts, SweepLimits, Wish
from tests.ledger.samples import (
    LATER,
    NOW,
    REPO,
    REPOS,
    RULES,
    begun,
    claimed,
    enter,
    head,
    leased,
    posted,
    pushed,
    tip,
)


def happened(ledger: Ledger) -> list[tuple[Any, ...]]:
    """What happened since the ledger was made: when, what, and its other values that are there."""
    query = "SELECT at, kind, word, subject, seconds, head_id FROM events WHERE kind <> 'began'"
    rows = ledger.store.read(f"{query} ORDER BY id", {})
    return [tuple(value for value in row if value not in ("", None)) for row in rows]


def test_a_ledger_knows_since_when_it_remembers(ledger: Ledger) -> None:
    (row,) = ledger.store.read("SELECT * FROM events", {})
    assert row["kind"] == "began"
    assert row["at"] > 1_600_000_000.0


def test_a_skipped_head_is_told_with_the_kind_of_its_rule(ledger: Ledger) -> None:
    enter(ledger, head(), reason="author deps[bot] is a bot")
    enter(ledger, head(2))
    claimed(ledger, 2).skip("changes 9 files, more than 8", LATER)
    assert happened(ledger) == [(NOW, "skipped", "bot", 1), (LATER, "skipped", "size", 2)]


def test_one_that_is_skipped_again_for_the_same_is_no_news(ledger: Ledger) -> None:
    enter(ledger, head(), reason="draft")
    ledger.admit([(head(version="v2"), "draft")], RULES, NOW + 1.0)
    ledger.admit([(head(version="v3"), "label 'wip' matches 'w*'")], RULES, NOW + 2.0)
    ledger.admit([(head(version="v4"), None)], RULES, NOW + 3.0)
    claimed(ledger).skip("label 'x' matches 'x'", NOW + 4.0)
    ledger.admit([(head(version="v5"), "draft")], RULES, NOW + 5.0)
    found = [(NOW, "skipped", "draft", 1), (NOW + 2, "skipped", "label", 1)]
    assert happened(ledger) == [*found, (NOW + 5, "skipped", "draft", 1)]


def test_one_that_was_let_in_and_is_skipped_again_is_news(ledger: Ledger) -> None:
    """A draft that was ready for a while, and not long enough for a review."""
    for later, reason in enumerate(("draft", "draft", None, None, "draft", "draft")):
        ledger.admit([(head(version=f"v{later}"), reason)], f"rules {later}", NOW + later)
    assert happened(ledger) == [(NOW, "skipped", "draft", 1), (NOW + 4, "skipped", "draft", 1)]


def test_one_that_a_person_asked_for_is_not_skipped(ledger: Ledger) -> None:
    enter(ledger, head(), reason="draft")
    wish(ledger.store, head().key, Wish.REVIEW, NOW)
    ledger.admit([(head(), "label 'x' matches 'x'")], "other rules", LATER)
    assert happened(ledger) == [(NOW, "skipped", "draft", 1)]


def test_a_review_that_was_found_on_the_host_is_told_once(ledger: Ledger) -> None:
    enter(ledger, head(posted="review-1"))
    enter(ledger, head(2))
    ledger.admit([(head(posted="review-1"), None)], RULES, LATER)
    assert happened(ledger) == [(NOW, "found", 1)]


def test_one_that_this_ledger_posted_was_not_found(ledger: Ledger) -> None:
    """Another process may post it between the question and the answer."""
    posted(ledger, head())
    enter(ledger, head(posted="review-1"))
    assert happened(ledger) == []


def test_a_head_that_moved_or_ended_is_told_so(ledger: Ledger) -> None:
    enter(ledger, *map(head, range(1, 7)))
    claimed(ledger, 3)
    for number, reason in ((4, "moved to 99"), (5, "no longer open"), (6, "the commit is gone")):
        claimed(ledger, number).supersede(reason, NOW)
    ledger.retire(REPOS, [tip(pushed(head(1), 70))], LATER)
    assert happened(ledger) == [
        (NOW, "superseded", "moved", 4),
        (NOW, "superseded", "ended", 5),
        (NOW, "superseded", "gone", 6),
        (LATER, "superseded", "moved", 1),
        (LATER, "superseded", "ended", 2),
    ]


def test_errors_are_told_by_their_class(ledger: Ledger) -> None:
    enter(ledger, head())
    claimed(ledger).retry(ReviewTimeout("slow"), NOW, NOW)
    claimed(ledger).release(NOW + 1.0, HostUnavailable("down"))
    claimed(ledger).release(NOW + 2.0)
    claimed(ledger).bury(HeadRejected("no"), NOW + 3.0)
    revive_all(ledger.store.path, NOW + 4.0)
    assert happened(ledger) == [
        (NOW, "retried", "ReviewTimeout", 1),
        (NOW + 1, "put off", "HostUnavailable", 1),
        (NOW + 3, "died", "HeadRejected", 1),
        (NOW + 4, "revived", 1),
    ]


def test_what_a_dead_sweep_held_is_told_as_tried_and_the_deadly_head_as_dead(
    ledger: Ledger,
) -> None:
    enter(ledger, head(), head(2))
    claimed(ledger), claimed(ledger, 2)
    ledger.recover(NOW)
    claimed(ledger)
    bury_deadly(ledger.store, 2, LATER)
    assert happened(ledger) == [
        (NOW, "retried", "SweepDied", 1),
        (NOW, "retried", "SweepDied", 2),
        (LATER, "died", "SweepDied", 1),
    ]


def test_a_door_is_told_when_it_opens_and_when_it_closes(ledger: Ledger) -> None:
    breakers, door = Breakers(ledger.store), "host github.com"
    limit = Failure(kind=Kind.RATE_LIMIT, reason="slow down", until=NOW + 900)
    down = Failure(kind=Kind.DOWN, reason="502")
    for later, failed in ((0, limit), (60, limit), (120, down), (180, down)):
        breakers.settle({door: failed}, set(), NOW + later)
    breakers.settle({}, {door, "engine agent"}, NOW + 300)
    assert happened(ledger) == [
        (NOW, "opened", "rate limit", door),
        (NOW + 120, "opened", "down", door),
        (NOW + 300, "closed", "down", door, 180.0),
    ]


def test_a_clock_that_was_set_back_makes_no_outage_of_less_than_nothing(ledger: Ledger) -> None:
    breakers, door = Breakers(ledger.store), "host github.com"
    breakers.settle({door: Failure(kind=Kind.DOWN, reason="502")}, set(), NOW)
    breakers.settle({}, {door}, NOW - 60)
    assert happened(ledger)[-1][-1] == 0.0


def test_a_sweep_tells_what_it_might_do_and_what_it_met(ledger: Ledger) -> None:
    limits = SweepLimits(batch_size=4, head_limit=50, max_usd=2.5)
    sweep = ledger.begin_sweep([REPO], "scripted", NOW, limits)
    met = Met(due=7, unpolled=("o/a", "o/b"), paused_s=12.5, door="engine agent")
    ledger.end_sweep(SweepCounts(), sweep, LATER, 3, None, met)
    (row,) = ledger.store.read("SELECT batch_size, head_limit, max_usd, due FROM sweeps", {})
    assert tuple(row) == (4, 50, 2.5, 7)
    assert happened(ledger) == [
        (LATER, "unpolled", "o/a"),
        (LATER, "unpolled", "o/b"),
        (LATER, "paused", "engine agent", 12.5),
    ]


def test_a_sweep_that_met_nothing_leaves_nothing(ledger: Ledger) -> None:
    ledger.end_sweep(SweepCounts(), begun(ledger), LATER, 0, None, Met(due=0))
    (row,) = ledger.store.read("SELECT batch_size, due FROM sweeps", {})
    assert tuple(row) == (None, 0)
    assert happened(ledger) == []


@pytest.mark.parametrize("end", ["skip", "supersede"])
def test_who_has_lost_the_lease_tells_nothing(ledger: Ledger, end: str) -> None:
    lease = leased(ledger, State.CLAIMED)
    ledger.recover(NOW)
    with pytest.raises(LeaseLost):
        getattr(lease, end)("draft", LATER)
    assert happened(ledger) == [(NOW, "retried", "SweepDied", 1)]
