"""What people did about a finding is noted once, and goes with it."""

from __future__ import annotations

from typing import Any

from reviewer_cli.core.signals import Signal, SignalKind
from reviewer_cli.ledger import signals
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.retention import Keep, apply
from tests.ledger.samples import LATER, NOW, head, posted, remark

UP = Signal(kind=SignalKind.UP, token="ada", counts=True)
DOWN = Signal(kind=SignalKind.DOWN, token="ada", counts=False)
REPLY = Signal(kind=SignalKind.REPLY, token="ada", counts=True)
DAY_S = 86_400.0


def noted(ledger: Ledger) -> list[tuple[Any, ...]]:
    query = "SELECT finding_id, kind, token, counts, noted_at FROM signals ORDER BY id"
    return [tuple(row) for row in ledger.store.read(query, {})]


def test_each_is_noted_when_it_is_seen_first(ledger: Ledger) -> None:
    posted(ledger, head(), remark(), remark())
    signals.note(ledger.store, [(1, UP), (1, DOWN), (2, UP)], NOW)
    signals.note(ledger.store, [(1, UP), (1, REPLY), (2, UP)], LATER)
    assert noted(ledger) == [
        (1, "up", "ada", 1, NOW),
        (1, "down", "ada", 0, NOW),
        (2, "up", "ada", 1, NOW),
        (1, "reply", "ada", 1, LATER),
    ]


def test_seeing_nothing_new_writes_nothing(ledger: Ledger) -> None:
    posted(ledger, head(), remark())
    signals.note(ledger.store, [(1, UP)], NOW)
    before = ledger.store.db.total_changes
    signals.note(ledger.store, [(1, UP)], LATER)
    signals.note(ledger.store, [], LATER)
    assert ledger.store.db.total_changes == before


def test_a_finding_that_is_gone_has_none(ledger: Ledger) -> None:
    signals.note(ledger.store, [(99, UP)], NOW)
    assert noted(ledger) == []


def test_they_and_the_labels_go_with_the_finding_and_what_was_told_stays(ledger: Ledger) -> None:
    posted(ledger, head(), remark())
    signals.note(ledger.store, [(1, UP)], NOW)
    db = ledger.store.db
    db.execute("INSERT INTO labels (finding_id, label, labelled_at) VALUES (1, 'right', 1)")
    kept = ("told", "events", "ends")
    before = [db.execute(f"SELECT * FROM {table}").fetchall() for table in kept]  # noqa: S608
    assert apply(ledger.store, Keep(findings_s=DAY_S, texts_s=DAY_S), NOW + 2 * DAY_S) == 2
    for table in ("findings", "signals", "labels"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0  # noqa: S608
    after = [db.execute(f"SELECT * FROM {table}").fetchall() for table in kept]  # noqa: S608
    assert after == before
    assert before[0]
