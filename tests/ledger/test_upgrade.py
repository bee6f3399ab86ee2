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
from reviewer_cli.ledger.pulls import watched
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION, migrations
from reviewer_cli.ledger.store import Store
from reviewer_cli.scratch import PREFIX
from tests.ledger.samples import NOW, count, enter, head
from tests.numbers import Record

FIRST_UNKNOWN = {
    1: "m002_breakers",
    2: "m003_retention",
    3: "m004_drafts",
    4: "m005_rounds",
    5: "m006_digest",
}
HEADS = 60
WORK = (
    "INSERT INTO sweeps (started_at, engine, repos) VALUES (0, 'agent', '[]')",
    "INSERT INTO replies (head_id, sweep_id, step, engine, model, inputs_hash, reply, input_tokens,"
    " output_tokens, cache_read_tokens, cache_write_tokens, usd, turns, duration_s, received_at)"
    " VALUES (1, 1, 'find', 'agent', 'm', 'h', '{}', 1, 2, 3, 4, 0.5, 6, 7.5, 8)",
    "INSERT INTO reviews (head_id, sweep_id, engine, model, effort, contract_hash, merge_base,"
    " files, changed_lines, unreviewed, payload, body_sha256, draft_id, note, review_id,"
    " reviewed_at) VALUES (1, 1, 'agent', 'm', 'low', 'c', 'b', 1, 2, '[]', '', 'x', 'd', 'n',"
    " 'review-1', 9)",
    "INSERT INTO findings (id, head_id, ordinal, path, placement, side, line, start_line,"
    " claimed_line, note, severity, category, rule, title, body, quote, suggestion, confidence,"
    " disposition, reason, fingerprint, text_fingerprint) SELECT column1, 1, column1, 'a.py',"
    " 'line', 'RIGHT', 3, 2, 4, 'n', 'high', 'style', 'r', 't', 'b', 'q', 's', 0.25, column2,"
    " 'why', 'f' || column1, 't' || column1"
    " FROM (VALUES (3, 'kept'), (5, 'duplicate'), (9, 'refuted'))",
)
"""What an older program did with a head; the numbers of the findings have gaps."""


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
        for statement in WORK:
            db.execute(statement)


def contents(path: Path, named: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """The rows of these tables, by these columns."""
    with closing(sqlite3.connect(path)) as db:
        return {
            table: db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608
            for table, columns in named.items()
        }


def columns_of(path: Path) -> dict[str, list[str]]:
    """The columns of all tables."""
    with closing(sqlite3.connect(path)) as db:
        tables = [
            one[0]
            for one in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if "sqlite" not in one[0]
        ]
        return {
            table: [one[1] for one in db.execute(f"PRAGMA table_info({table})")] for table in tables
        }


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
    named = columns_of(path)
    before = contents(path, named)
    assert before["findings"]
    Store(path).close()
    assert version_of(path) == VERSION
    assert contents(path, named) == before
    assert contents(backup_of(path, version), named) == before
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
    assert any("DROP TABLE findings" in one for one in told)
    return len(told)


@pytest.mark.parametrize(
    ("version", "steps"), [(1, 0), (4, 7)], ids=["before each statement", "within"]
)
def test_an_upgrade_that_is_killed_leaves_the_old_or_the_new_version(
    tmp_path: Path, version: int, steps: int, record: Record
) -> None:
    """SIGKILL at each statement in turn; the next start upgrades what is left."""
    rehearsed = tmp_path / "rehearsed.db"
    old_ledger(rehearsed, version)
    template, named = rehearsed.read_bytes(), columns_of(rehearsed)
    before = contents(rehearsed, named)
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
        assert contents(path, named) == before | {"sweeps": contents(path, named)["sweeps"]}
        if version_of(path) == VERSION:
            assert version_of(backup_of(path, version)) == version
        with closing(Ledger(path)) as ledger:
            enter(ledger, head(HEADS + 1))
        assert count(path, "heads") == HEADS + 1
        assert examined(path) == ()
        assert version_of_backup(path, version) in (None, version)
    assert found == {version, VERSION}
    record("upgrades of a ledger, killed at each statement", killed)


def version_of_backup(path: Path, version: int) -> int | None:
    backup = backup_of(path, version)
    return version_of(backup) if backup.exists() else None


def test_pull_requests_reviewed_before_an_upgrade_are_watched_unless_that_was_long_ago(
    path: Path,
) -> None:
    old_ledger(path, 4)
    day_s = 86_400.0
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE heads SET changed_at = ? WHERE id > 3", (40 * day_s,))
        db.execute("UPDATE heads SET changed_at = ? WHERE id = 2", (11 * day_s,))
        db.execute("UPDATE heads SET state = 'superseded' WHERE id > 5")
    with closing(Ledger(path)) as ledger:
        found = watched(ledger.store, {("local", "/srv/repo")})
    assert [one.key.pull for one in found] == ["pull-1", "pull-3", "pull-4"]
    assert examined(path) == ()
