"""Breakers in the ledger, and the ledgers of a release that had none."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.models import State
from reviewer_cli.errors import LedgerUnwritable
from reviewer_cli.ledger import first_tables, store
from reviewer_cli.ledger.breakers import Breakers, Failure
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION, migrations
from tests.ledger.samples import NOW, count, enter, head, leased

TABLES = ("sweeps", "heads", "reviews", "replies", "findings")


def of_version_1(path: Path) -> Path:
    """A file as the first release left it, with rows in its tables."""
    present = path.with_name("present.db")
    with closing(Ledger(present)) as ledger:
        leased(ledger, State.POSTING)
        enter(ledger, *(head(number) for number in range(2, 30)))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrations.apply(Database(db), stop_before="m002_breakers")
        db.execute("ATTACH ? AS present", (str(present),))
        for table in TABLES:
            kept = columns_of_version_1(table)
            db.execute(f"INSERT INTO {table} SELECT {kept} FROM present.{table}")  # noqa: S608
    return path


def columns_of_version_1(table: str) -> str:
    first = Database(memory=True)
    migrations.apply(first, stop_before="m002_breakers")
    return ", ".join(column.name for column in first.table(table).columns)


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def contents(path: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return [
            db.execute(f"SELECT {columns_of_version_1(table)} FROM {table}").fetchall()  # noqa: S608
            for table in TABLES
        ]


def test_a_ledger_of_version_1_is_upgraded_with_all_its_rows(path: Path) -> None:
    before = contents(of_version_1(path))
    assert version(path) == 1
    with reading(path) as records:
        status = records.status(NOW)
    assert (version(path), status.breakers, status.due) == (VERSION, (), 28)
    assert contents(path) == before
    with closing(Ledger(path)) as ledger:
        assert ledger.recover(NOW) == 1, "what that release had claimed is found again"


def test_an_upgrade_that_fails_leaves_the_old_ledger_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(of_version_1(path))
    monkeypatch.setattr(
        first_tables, "BREAKERS", first_tables.BREAKERS.replace("TEXT PRIMARY KEY", "TEXT(")
    )
    with pytest.raises(LedgerUnwritable):
        store.Store(path)
    assert (version(path), contents(path)) == (1, before)
    monkeypatch.undo()
    store.Store(path).close()
    assert version(path) == VERSION


def test_a_program_that_meets_an_upgrade_at_work_waits_and_finds_it_done(path: Path) -> None:
    of_version_1(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db, ThreadPoolExecutor(1) as other:
        db.execute("BEGIN IMMEDIATE")
        opened = other.submit(lambda: store.Store(path).close())
        time.sleep(0.2)
        migrations.apply(Database(db))
        db.execute("COMMIT")
        opened.result()
    assert count(path, "_sqlite_migrations") == VERSION
    assert not list(path.parent.glob("*-backup")), "the one who upgrades makes the copy"


def refused(reason: str) -> Failure:
    return Failure(kind=Kind.AUTHENTICATION, reason=reason)


def test_a_breaker_remembers_its_first_refusal_and_its_last(ledger: Ledger) -> None:
    breakers = Breakers(ledger.store)
    breakers.settle({"engine agent": refused("no key")}, set(), NOW)
    breakers.settle({"engine agent": refused("revoked")}, {"host local"}, NOW + 60)
    (one,) = breakers.open()
    assert (one.door, one.kind, one.reason) == ("engine agent", "authentication", "revoked")
    assert (one.opened_at, one.last_failed_at, one.failures) == (NOW, NOW + 60, 2)
    assert one.until is None


def test_a_door_that_fails_in_another_way_is_counted_anew(ledger: Ledger) -> None:
    breakers = Breakers(ledger.store)
    limit = Failure(kind=Kind.RATE_LIMIT, reason="slow down", until=NOW + 900)
    for later, failure in ((0, refused("expired")), (60, limit), (120, limit)):
        breakers.settle({"host github.com": failure}, set(), NOW + later)
    (one,) = breakers.open()
    assert (one.kind, one.failures, one.reason) == (Kind.RATE_LIMIT, 2, "slow down")
    assert (one.opened_at, one.last_failed_at, one.until) == (NOW + 60, NOW + 120, NOW + 900)
    down = Failure(kind=Kind.DOWN, reason="502")
    breakers.settle({"host github.com": down}, set(), NOW + 180)
    (one,) = breakers.open()
    assert (one.kind, one.failures, one.opened_at, one.until) == (Kind.DOWN, 1, NOW + 180, None)


def test_a_door_that_let_us_in_is_closed_unless_it_refused_us_too(ledger: Ledger) -> None:
    breakers = Breakers(ledger.store)
    both = {"engine agent": refused("revoked"), "host github.com": refused("expired")}
    breakers.settle(both, set(), NOW)
    breakers.settle({"host github.com": refused("expired")}, set(both), NOW)
    assert [one.door for one in breakers.open()] == ["host github.com"]
    breakers.settle({}, set(both), NOW)
    assert breakers.open() == ()


def test_a_sweep_in_which_all_is_well_writes_nothing(ledger: Ledger) -> None:
    before = ledger.store.db.total_changes
    Breakers(ledger.store).settle({}, {"engine agent", "host local"}, NOW)
    assert ledger.store.db.total_changes == before
