"""An older ledger: upgraded as a whole or not at all, with a copy of what it was before."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from reviewer_cli.errors import LedgerUnwritable
from reviewer_cli.ledger import store
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION, migrations
from reviewer_cli.ledger.store import Store
from reviewer_cli.scratch import PREFIX
from tests.ledger.samples import NOW, count, enter, head
from tests.numbers import Record

FIRST_UNKNOWN = {1: "m002_breakers", 2: "m003_retention", 3: "m004_drafts"}
HEADS = 60


def old_ledger(path: Path, version: int) -> None:
    """A ledger with some heads, as an older program left it."""
    with closing(store.connect(path)) as db:
        path.chmod(0o600)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrations.apply(Database(db), stop_before=FIRST_UNKNOWN[version])
        columns = (
            "host, repo, pull, head_sha, head_ref, base_ref, base_sha, title, body, author, "
            "author_is_bot, is_draft, from_fork, changed_lines, labels, state, rules, version, "
            "next_due_at, first_seen_at, changed_at, posted_at"
        )
        db.executemany(
            f"INSERT INTO heads ({columns}) VALUES ('local', '/srv/repo', ?, ?, 'a', 'b', 'c', "  # noqa: S608
            "'', ?, 'ada', 0, 0, 0, 1, '[]', 'posted', 'r', '', 0, 0, 0, 1)",
            [(f"pull-{one}", f"{one:040x}", "x" * 900) for one in range(HEADS)],
        )


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("SELECT count(*) FROM heads").fetchone()[0] == HEADS
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def backup_of(path: Path, version: int) -> Path:
    return path.with_name(f"{path.name}.v{version}-backup")


def test_each_migration_makes_one_version() -> None:
    assert set(FIRST_UNKNOWN) == set(range(1, VERSION))


@pytest.mark.parametrize("version", FIRST_UNKNOWN)
def test_an_upgrade_leaves_a_private_copy_of_the_older_ledger(path: Path, version: int) -> None:
    old_ledger(path, version)
    Store(path).close()
    assert version_of(path) == VERSION
    assert version_of(backup_of(path, version)) == version
    assert stat.S_IMODE(backup_of(path, version).stat().st_mode) == 0o600
    assert examined(path) == (), "an upgraded ledger is as a new one"
    assert not list(path.parent.glob(f"{PREFIX}*"))


def test_a_ledger_that_is_new_or_up_to_date_is_not_copied(path: Path) -> None:
    Ledger(path).close()
    Ledger(path).close()
    assert not list(path.parent.glob("*-backup"))


def test_a_copy_of_an_earlier_upgrade_gives_way_to_the_newest(path: Path) -> None:
    """As after going back to an older program, which went on writing."""
    old_ledger(path, 1)
    backup_of(path, 1).write_bytes(b"older")
    Store(path).close()
    assert version_of(backup_of(path, 1)) == 1


def test_what_another_process_writes_before_the_upgrade_is_in_the_copy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is made under the lock of the upgrade: nobody writes between the two."""
    old_ledger(path, 1)
    real = store.copy_ledger

    def meanwhile(source: Path, target: Path) -> None:
        with (
            closing(sqlite3.connect(path, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("UPDATE heads SET title = 'late'")
        real(source, target)

    monkeypatch.setattr(store, "copy_ledger", meanwhile)
    Store(path).close()
    assert version_of(path) == VERSION


def test_without_a_copy_there_is_no_upgrade(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_ledger(path, 1)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "copy_ledger", full)
        with pytest.raises(LedgerUnwritable, match="disk is full"):
            Store(path)
    assert version_of(path) == 1
    assert not list(path.parent.glob(f"{PREFIX}*"))


def upgrade_hooked(path: Path, hook: Callable[[sqlite3.Connection], None]) -> None:
    """Open the ledger with a hook on each of its connections."""
    real = store.connect

    def connected(place: Path) -> sqlite3.Connection:
        db = real(place)
        hook(db)
        return db

    store.connect = connected
    try:
        with closing(Ledger(path)) as ledger:
            ledger.begin_sweep([], "after the upgrade", NOW)
    finally:
        store.connect = real


def die_at(path: Path, statement: int, steps: int) -> None:
    """End this process by SIGKILL at a statement; with steps, in the midst of a later one."""
    left = [statement, steps]

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def before(_: str) -> None:
        left[0] -= 1
        if left[0] < 0 and not steps:
            die()

    def within() -> int:
        if left[0] < 0:
            left[1] -= 1
            if left[1] < 0:
                die()
        return 0

    def hook(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the commit
        db.set_trace_callback(before)
        db.set_progress_handler(within, 1)

    upgrade_hooked(path, hook)


def statements_of_an_upgrade(path: Path) -> int:
    told: list[str] = []
    upgrade_hooked(path, lambda db: db.set_trace_callback(told.append))
    assert any("CREATE TABLE breakers" in one for one in told)
    return len(told)


@pytest.mark.parametrize("steps", [0, 7], ids=["before each statement", "within"])
def test_an_upgrade_that_is_killed_leaves_the_old_or_the_new_version(
    tmp_path: Path, steps: int, record: Record
) -> None:
    """SIGKILL at each statement in turn; the next start upgrades what is left."""
    rehearsed = tmp_path / "rehearsed.db"
    old_ledger(rehearsed, 1)
    template = rehearsed.read_bytes()
    found: set[int] = set()
    fork = multiprocessing.get_context("fork")
    killed = 0
    for statement in range(statements_of_an_upgrade(rehearsed)):
        path = tmp_path / f"killed-{statement}" / "ledger.db"
        path.parent.mkdir()
        path.touch(mode=0o600)
        path.write_bytes(template)
        child = fork.Process(target=die_at, args=(path, statement, steps))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL or (steps and child.exitcode == 0), statement
        killed += child.exitcode == -signal.SIGKILL
        found.add(version_of(path))
        if version_of(path) == VERSION:
            assert version_of(backup_of(path, 1)) == 1
        with closing(Ledger(path)) as ledger:
            enter(ledger, head(HEADS + 1))
        assert count(path, "heads") == HEADS + 1
        assert examined(path) == ()
        assert version_of_backup(path) in (None, 1)
    assert found == {1, VERSION}
    record("upgrades of a ledger, killed at each statement", killed)


def version_of_backup(path: Path) -> int | None:
    backup = backup_of(path, 1)
    return version_of(backup) if backup.exists() else None
