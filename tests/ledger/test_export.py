"""ledger export: every row once, as JSON that other programs read, without secrets."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.cli.options import TableName
from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.models import Outcome, State
from reviewer_cli.core.signals import Signal, SignalKind
from reviewer_cli.errors import HeadRejected
from reviewer_cli.ledger import export, signals
from reviewer_cli.ledger.commands import Command, obey
from reviewer_cli.ledger.export import Table, rows
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.ledger.pulls import gathered
from reviewer_cli.ledger.retention import Keep, apply
from reviewer_cli.ledger.rows import Attention
from tests.ledger.samples import (
    NOW,
    claimed,
    conversation,
    count,
    enter,
    head,
    leased,
    posted,
    reply,
    review,
    row,
)

SHAPED = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"

MADE_BY_PEOPLE = (
    "INSERT INTO labels (finding_id, label, labelled_at) VALUES (1, 'right', 1)",
    "INSERT INTO digests (since, until, zone, program, made_at, numbers)"
    """ VALUES (1, 2, 'UTC', '1', 3, '{"reviewed": 1}')""",
    "INSERT INTO deliveries (digest_id, channel, state, next_due_at, changed_at)"
    " VALUES (1, 'file', 'waiting', 1, 1)",
)


def told(path: Path, table: Table) -> list[dict[str, Any]]:
    return [json.loads(line) for line in rows(path, table)]


def test_the_command_line_knows_the_same_tables() -> None:
    assert [*TableName] == [*Table]


def test_every_row_of_every_table_is_told_once(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "TOGETHER", 2)
    enter(ledger, *(head(number) for number in range(1, 6)))
    leased(ledger, State.POSTING).save_reply(reply(), 1, NOW)
    note(ledger.store, [Noted(finding_id=1, outcome=Outcome.FIXED, evidence="gone")], 1, NOW)
    asked = Command(
        key=head().key, comment_id="c1", author="ada", word="pause", said_at=NOW, answer="paused"
    )
    obey(ledger.store, asked, Attention.PAUSED, NOW)
    posted(ledger, head(9))
    gathered(ledger.store, [conversation(head(9), state=PullState.CLOSED)], NOW)
    signals.note(ledger.store, [(1, Signal(kind=SignalKind.UP, token="ada", counts=True))], NOW)
    for statement in MADE_BY_PEOPLE:
        ledger.store.db.execute(statement)
    for table in Table:
        found = told(path, table)
        assert len(found) == count(path, table) > 0, table
        assert len({json.dumps(one) for one in found}) == len(found)
    assert list(told(path, Table.HEADS)[0]) == row(path).keys()
    pulls = [one["pull"] for one in told(path, Table.HEADS)]
    assert pulls == [f"pull-{number}" for number in (1, 2, 3, 4, 5, 9)]
    assert told(path, Table.DIGESTS)[0]["numbers"] == {"reviewed": 1}


def test_a_line_is_plain_ascii_whatever_stands_in_the_row(ledger: Ledger, path: Path) -> None:
    enter(ledger, head(title="ß\u202e\x1b[31m\nnext", labels=("a", "ü")))
    (line,) = rows(path, Table.HEADS)
    assert line.isascii()
    assert line.isprintable()
    found = json.loads(line)
    assert (found["title"], found["labels"]) == ("ß\u202e\x1b[31m\nnext", ["a", "ü"])


def test_what_holds_json_is_told_as_json(ledger: Ledger, path: Path) -> None:
    lease = leased(ledger, State.POSTING)
    (found,) = told(path, Table.REVIEWS)
    assert found["payload"]["body"] == review(head()).body
    assert found["unreviewed"] == [["big.bin", "binary"]]
    lease.posted("review-1", NOW)
    apply(ledger.store, Keep(findings_s=1.0, texts_s=1.0), NOW + 10.0)
    assert told(path, Table.REVIEWS)[0]["payload"] is None, "removed for its age"


def test_no_secret_is_told(ledger: Ledger, path: Path) -> None:
    enter(ledger, head(title=f"Add {SHAPED}", body=f"x\n{SHAPED}\n", labels=(SHAPED,)))
    lease = claimed(ledger)
    lease.bury(HeadRejected(f"refused {SHAPED}"), NOW)
    (line,) = rows(path, Table.HEADS)
    assert SHAPED not in line
    assert json.loads(line)["title"].startswith("Add ")


def test_a_sweep_can_commit_between_the_rows(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "TOGETHER", 2)
    enter(ledger, *(head(number) for number in range(1, 4)))
    lines = rows(path, Table.HEADS)
    next(lines)
    enter(ledger, head(4))
    assert len(list(lines)) == 3


def test_memory_does_not_grow_with_the_ledger(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "TOGETHER", 50)
    monkeypatch.setattr(export.SECRETS, "redacted", str)  # which takes its time, and no memory
    enter(ledger, *(head(number, body="x" * 10_000) for number in range(1, 1001)))
    tracemalloc.start()
    assert sum(1 for _ in rows(path, Table.HEADS)) == 1000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000, f"{peak} bytes for 10 MB of rows"
