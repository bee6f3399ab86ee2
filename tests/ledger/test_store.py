"""The ledger file: durable, changed as a whole or not at all, left alone when it is not ours."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.errors import LedgerRefused, LedgerUnwritable
from reviewer_cli.ledger import store
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.schema import VERSION
from reviewer_cli.ledger.store import Store, copy_ledger
from tests.ledger.samples import NOW, PAGE, count, files, filled, row


def test_a_commit_survives_power_loss_as_far_as_sqlite_can_promise(path: Path) -> None:
    with closing(Store(path)) as opened:
        settings = {
            name: opened.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "journal_mode", "synchronous", "foreign_keys", "trusted_schema", "cell_size_check"
            )
        }  # fmt: skip
    assert settings == {
        "journal_mode": "delete",
        "synchronous": 3,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
    }


def test_a_ledger_that_would_not_be_durable_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(path).close()

    def hasty(place: Path) -> sqlite3.Connection:
        db = sqlite3.connect(place, isolation_level=None)
        db.execute("PRAGMA synchronous = FULL")
        return db

    monkeypatch.setattr(store, "connect", hasty)
    with pytest.raises(LedgerRefused, match=r"ledger\.db durable"):
        Store(path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("Dear ledger,\n" * 100)


def magic_only(path: Path) -> None:
    path.write_bytes(store.MAGIC)


def other_program(path: Path, mode: str = "delete") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
        db.execute("CREATE TABLE bookmarks (url TEXT)")


def other_program_in_wal(path: Path) -> None:
    other_program(path, "wal")


def newer(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def newer_in_wal(path: Path) -> None:
    newer(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = wal")


def corrupted_page(path: Path) -> None:
    filled(path)
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        file.seek(pages // 2 * PAGE)
        file.write(b"\xa5" * PAGE)


def truncated(path: Path) -> None:
    filled(path)
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


def truncated_inside_a_page(path: Path) -> None:
    filled(path)
    os.truncate(path, PAGE + 100)


@pytest.mark.threat("T35", layer="ledger")
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (empty, "not a ledger"),
        (text, "not a ledger"),
        (magic_only, "not a ledger"),
        (other_program, "another program"),
        (other_program_in_wal, "another program"),
        (newer, "upgrade reviewer"),
        (newer_in_wal, "upgrade reviewer"),
        (corrupted_page, "damaged"),
        (truncated, "damaged"),
        (truncated_inside_a_page, "damaged"),
    ],
)
def test_a_file_that_is_no_sound_ledger_is_refused_and_left_as_it_is(
    path: Path, damage: Callable[[Path], None], says: str
) -> None:
    damage(path)
    before, beside = path.read_bytes(), files(path.parent)
    for opening in (Store, lambda one: copy_ledger(one, path.with_name("copy.db"))):
        if opening is not Store and damage in (newer, newer_in_wal, truncated, corrupted_page):
            continue  # a copy of these shows the same damage when it is opened
        with pytest.raises(LedgerRefused, match=says) as refusal:
            opening(path)
        assert refusal.value.exit_code == 78
        assert str(path) in str(refusal.value)
        assert path.read_bytes() == before
        path.with_name("copy.db").unlink(missing_ok=True)
        assert files(path.parent) == beside


def test_a_ledger_that_another_program_holds_in_wal_mode_is_refused(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = wal")
        other.execute("UPDATE heads SET title = 'changed'")
        before = path.read_bytes()
        with pytest.raises(LedgerRefused, match=r"ledger\.db is held open in WAL mode"):
            Store(path)
        assert path.read_bytes() == before
    with closing(Store(path)) as opened:
        assert opened.db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert opened.db.execute("SELECT DISTINCT title FROM heads").fetchone()[0] == "changed"


def test_a_directory_in_the_place_of_the_ledger_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LedgerUnwritable, match="check the state directory"):
        Store(path)


@pytest.mark.threat("T35", layer="ledger")
def test_a_link_to_nowhere_is_not_followed_into_a_new_ledger(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(LedgerRefused, match="is a link"):
        Store(path)
    assert not (tmp_path / "elsewhere.db").exists()


HALF_A_CHANGE = """
import os, signal, sys
from pathlib import Path
from reviewer_cli.ledger.store import Store
opened = Store(Path(sys.argv[1]))
opened.db.execute("PRAGMA cache_size = 1")
opened.db.execute("BEGIN IMMEDIATE")
opened.db.execute("UPDATE heads SET title = 'half', body = body || body")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_sweep_wrote_half_is_undone(path: Path) -> None:
    filled(path)
    before = path.read_bytes()
    subprocess.run([sys.executable, "-c", HALF_A_CHANGE, path], check=False)
    assert path.with_name("ledger.db-journal").stat().st_size > 0, "no hot journal: cache too big"
    assert path.read_bytes() != before
    with closing(Store(path)) as opened:
        assert (
            opened.db.execute("SELECT count(*) FROM heads WHERE title = 'half'").fetchone()[0] == 0
        )
        assert opened.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert files(path.parent) == {"ledger.db", "ledger.db.seal"}


@pytest.fixture
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Another connection in the middle of a change."""
    Store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_change_waits_until_another_program_is_done(path: Path, held: sqlite3.Connection) -> None:
    with closing(Ledger(path)) as ledger:
        threading.Timer(0.3, held.execute, ("COMMIT",)).start()
        started = time.monotonic()
        ledger.begin_sweep([], "scripted", NOW)
        assert time.monotonic() - started >= 0.25


def test_a_change_that_waited_too_long_is_undone_and_named(
    path: Path, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BUSY_TIMEOUT_S", 0.2)
    with closing(Ledger(path)) as ledger:
        with pytest.raises(LedgerUnwritable, match=r"locked.*nothing was lost"):
            ledger.begin_sweep([], "scripted", NOW)
        held.execute("COMMIT")
        assert ledger.begin_sweep([], "scripted", NOW) == 1


def test_a_reader_that_will_not_end_makes_the_commit_fail_and_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path)
    monkeypatch.setattr(store, "BUSY_TIMEOUT_S", 0.2)
    with closing(sqlite3.connect(path)) as reader, closing(Ledger(path)) as ledger:
        cursor = reader.execute("SELECT * FROM heads")
        cursor.fetchone()
        with pytest.raises(LedgerUnwritable, match="locked"):
            ledger.begin_sweep([], "scripted", NOW)
        cursor.close()
        assert ledger.begin_sweep([], "scripted", NOW) == 1


def test_an_error_inside_a_transaction_undoes_all_of_it(path: Path) -> None:
    with closing(Store(path)) as opened:
        with contextlib.suppress(ZeroDivisionError), opened.transaction():
            opened.insert("sweeps", {"started_at": NOW, "engine": "x", "repos": "[]"})
            raise ZeroDivisionError
        assert not opened.db.in_transaction
    assert count(path, "sweeps") == 0


def test_an_update_is_of_the_row_that_has_all_the_keys(path: Path) -> None:
    filled(path, heads=3)
    with closing(Store(path)) as opened, opened.transaction():
        opened.update("heads", {"title": "changed"}, {"id": 2, "state": "due"})
        opened.update("heads", {"title": "wrong"}, {"id": 3, "state": "dead"})
    assert [row(path, number)["title"] for number in (1, 2, 3)] == ["", "changed", ""]


def test_a_copy_made_during_a_change_is_whole_and_private(path: Path, tmp_path: Path) -> None:
    filled(path)
    target = tmp_path / "copy.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE heads SET title = 'half'")
        copy_ledger(path, target)
        other.execute("ROLLBACK")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with closing(Store(target)) as copied:
        found = copied.db.execute("SELECT count(*), max(title) FROM heads").fetchone()
        assert tuple(found) == (60, "")
