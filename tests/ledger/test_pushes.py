"""How often a pull request was reviewed, and which pushes to it wait since."""

from __future__ import annotations

from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pushes import Pushes, pushes_before
from reviewer_cli.ledger.rows import Entry
from tests.ledger.samples import LATER, NOW, RULES, enter, head, posted, pushed

NEXT = pushed(head(), 20)


def entered(ledger: Ledger, sha: int, pushed_at: float | None, now: float = NOW) -> None:
    entry = Entry(head=pushed(head(), sha), reason=None, due_at=now, pushed_at=pushed_at)
    ledger.enter([entry], RULES, now)


def test_nothing_came_before_the_first_push(ledger: Ledger) -> None:
    enter(ledger, NEXT, head(2))
    assert pushes_before(ledger.store, NEXT.key) == Pushes(rounds=0, unreviewed=())


def test_pushes_are_told_in_their_order_and_by_when_they_were_first_seen(ledger: Ledger) -> None:
    entered(ledger, 11, NOW - 5.0)
    entered(ledger, 12, NOW - 9.0)
    entered(ledger, 13, None, NOW - 7.0)
    expected = Pushes(rounds=0, unreviewed=(NOW - 9.0, NOW - 7.0, NOW - 5.0))
    assert pushes_before(ledger.store, NEXT.key) == expected


def test_only_pushes_since_the_last_review_wait(ledger: Ledger) -> None:
    entered(ledger, 11, NOW - 5.0)
    posted(ledger, pushed(head(), 12), now=NOW)
    entered(ledger, 13, NOW)
    entered(ledger, 14, NOW + 1.0)
    posted(ledger, head(2), now=LATER)
    assert pushes_before(ledger.store, NEXT.key) == Pushes(rounds=1, unreviewed=(NOW + 1.0,))
    posted(ledger, pushed(head(), 15), now=LATER)
    assert pushes_before(ledger.store, NEXT.key) == Pushes(rounds=2, unreviewed=())
