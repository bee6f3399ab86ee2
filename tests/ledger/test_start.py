"""The ledger file comes into being whole or not at all, whoever else makes it too."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.errors import LedgerUnwritable
from reviewer_cli.ledger import store
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION
from reviewer_cli.ledger.store import Store
from tests.ledger.samples import NOW, count, files


def test_a_new_ledger_is_whole_private_and_alone(path: Path) -> None:
    os.umask(os.umask(0o022))
    with closing(Store(path)) as opened:
        tables = {row[0] for row in opened.db.execute("SELECT name FROM sqlite_schema")}
        assert {"heads", "reviews", "replies", "findings", "sweeps"} <= tables
        assert opened.db.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert opened.db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files(path.parent) == {"ledger.db"}


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
    assert len(files(path.parent)) == 1
    Store(path).close()
    assert files(path.parent) == {"ledger.db"}, "what killed starts leave does not pile up"


def test_seals_that_outlived_their_processes_are_removed_from_beside_a_ledger(path: Path) -> None:
    Store(path).close()
    an_hour_ago = time.time() - store.OLD_DRAFT_S - 1
    (path.parent / ".seal-Ab1").touch()
    os.utime(path.parent / ".seal-Ab1", (an_hour_ago, an_hour_ago))
    (path.parent / ".seal-young").touch()
    Store(path).close()
    assert files(path.parent) == {"ledger.db", ".seal-young"}


def test_a_seal_that_another_process_removes_meanwhile_is_gone_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(path).close()
    draft = path.parent / ".seal-Ab1"
    draft.touch()
    real = time.time

    def meanwhile() -> float:
        draft.unlink(missing_ok=True)
        return real()

    monkeypatch.setattr(store.time, "time", meanwhile)
    Store(path).close()
    assert files(path.parent) == {"ledger.db"}


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
