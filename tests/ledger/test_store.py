"""The ledger file: made whole or not at all, durable, and never replaced when it is damaged."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
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
from reviewer_cli.ledger import integrity, store
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION
from reviewer_cli.ledger.store import Store, copy_ledger
from tests.ledger.samples import NOW, count, enter, head

PAGE = 4096


def files(directory: Path) -> set[str]:
    return {one.name for one in directory.iterdir()}


def filled(path: Path, heads: int = 60) -> None:
    """A ledger of some dozen pages."""
    with closing(Ledger(path)) as ledger:
        enter(ledger, *(head(number, body="x" * 900) for number in range(1, heads + 1)))


def test_a_new_ledger_is_whole_private_and_alone(path: Path) -> None:
    os.umask(os.umask(0o022))
    with closing(Store(path)) as opened:
        tables = {row[0] for row in opened.db.execute("SELECT name FROM sqlite_schema")}
        assert {"heads", "reviews", "replies", "findings", "sweeps"} <= tables
        assert opened.db.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert opened.db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files(path.parent) == {"ledger.db"}


def test_a_commit_survives_power_loss_as_far_as_sqlite_can_promise(path: Path) -> None:
    with closing(Store(path)) as opened:
        settings = {
            name: opened.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
    assert settings == {
        "journal_mode": "delete",
        "synchronous": 3,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }


def test_a_start_that_fails_while_making_the_ledger_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store.migrations, "apply", full)
        with pytest.raises(LedgerUnwritable, match="disk is full"):
            Store(path)
    assert files(path.parent) == set()
    Store(path).close()


KILLED_START = """
import os, signal, sys
from pathlib import Path
from reviewer_cli.ledger import integrity, store
real = store.migrations.apply
def killed(db):
    real(db)
    os.kill(os.getpid(), signal.SIGKILL)
store.migrations.apply = killed
store.Store(Path(sys.argv[1]))
"""


def test_a_start_that_is_killed_while_making_the_ledger_leaves_no_ledger(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_START, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    (draft,) = path.parent.glob(".ledger-*")
    an_hour_ago = time.time() - store.OLD_DRAFT_S - 1
    os.utime(draft, (an_hour_ago, an_hour_ago))
    Store(path).close()
    assert files(path.parent) == {"ledger.db"}, "what killed starts leave does not pile up"


def test_drafts_that_outlived_their_processes_are_removed_from_beside_a_ledger(path: Path) -> None:
    Store(path).close()
    an_hour_ago = time.time() - store.OLD_DRAFT_S - 1
    for name in (".ledger-Ab1", ".ledger-Ab1-journal", ".seal-Ab1"):
        (path.parent / name).touch()
        os.utime(path.parent / name, (an_hour_ago, an_hour_ago))
    (path.parent / ".seal-young").touch()
    Store(path).close()
    assert files(path.parent) == {"ledger.db", ".seal-young"}


def test_a_start_leaves_the_draft_of_another_that_runs_now(path: Path) -> None:
    (path.parent / ".ledger-other").write_bytes(b"")
    Store(path).close()
    assert files(path.parent) == {"ledger.db", ".ledger-other"}


def open_at(moment: float, path: Path) -> None:
    time.sleep(max(0.0, moment - time.time()))
    with closing(Ledger(path)) as ledger:
        ledger.begin_sweep([], f"process {os.getpid()}", NOW)


def test_processes_that_make_the_ledger_at_one_moment_share_it(path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    moment = time.time() + 0.2
    racers = [fork.Process(target=open_at, args=(moment, path)) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0, 0, 0]
    assert count(path, "sweeps") == 4
    assert files(path.parent) == {"ledger.db", "ledger.db.seal"}


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
        with pytest.raises(LedgerRefused, match="held open in WAL mode"):
            Store(path)
        assert path.read_bytes() == before
    with closing(Store(path)) as opened:
        assert opened.db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert opened.db.execute("SELECT DISTINCT title FROM heads").fetchone()[0] == "changed"


def test_damage_that_shows_only_while_a_sweep_reads_is_refused_in_our_words(path: Path) -> None:
    filled(path)
    with closing(Ledger(path)) as ledger, reading(path) as records:
        with path.open("r+b") as file:
            for page in range(2, path.stat().st_size // PAGE):
                file.seek(page * PAGE)
                file.write(b"\xa5" * PAGE)
            file.seek(24)
            file.write(b"\xff" * 4)  # the change counter: whoever has pages cached reads anew
        with pytest.raises(LedgerRefused, match="damaged"):
            ledger.load(40)
        with pytest.raises(LedgerRefused, match="damaged"):
            records.heads(None, None, 100)


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


def damage_a_page(path: Path) -> None:
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        file.seek((pages - 2) * PAGE)
        file.write(b"\xa5" * PAGE)


def test_a_ledger_that_is_not_as_we_left_it_is_checked(path: Path) -> None:
    filled(path)
    Ledger(path).close()
    damage_a_page(path)
    with pytest.raises(LedgerRefused, match="damaged"):
        Store(path)


@pytest.mark.parametrize("days", [1.01, -0.01])
def test_a_ledger_as_we_left_it_is_checked_once_a_day(path: Path, days: float) -> None:
    """Damage that leaves no trace in the file's dates, as a failing disk does it."""
    filled(path)
    Ledger(path).close()
    left = path.stat()
    damage_a_page(path)
    os.utime(path, ns=(left.st_atime_ns, left.st_mtime_ns))
    Store(path).close()
    note = path.with_name("ledger.db.seal")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    seal = json.loads(note.read_text())
    seal["checked_at"] -= days * integrity.CHECK_INTERVAL_S
    note.write_text(json.dumps(seal))
    with pytest.raises(LedgerRefused, match="damaged"):
        Store(path)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"size": 1}', "\xff"])
def test_a_seal_that_says_nothing_costs_one_check(path: Path, text: str) -> None:
    filled(path)
    path.with_name("ledger.db.seal").write_text(text, encoding="latin-1")
    damage_a_page(path)
    with pytest.raises(LedgerRefused, match="damaged"):
        Store(path)


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
