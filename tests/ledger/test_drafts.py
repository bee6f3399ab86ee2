"""Where a ledger is made or copied to at first: nothing of it stays, also of the killed."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.ledger import store
from reviewer_cli.ledger.audit import back_up
from reviewer_cli.ledger.store import Store, draft_beside
from tests.ledger.samples import files
from tests.ledger.test_upgrade import old_ledger

KILLED_COPY = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from reviewer_cli.ledger import audit, store
def killed(source, target):
    with closing(store.connect(target)) as db:
        db.execute("CREATE TABLE half (x)")
        db.execute("BEGIN IMMEDIATE")
        db.execute("PRAGMA cache_size = 1")
        db.executemany("INSERT INTO half VALUES (zeroblob(9999))", [()] * 9)
        os.kill(os.getpid(), signal.SIGKILL)
store.copy_ledger = audit.copy_ledger = killed
"""
COPIES = {
    "upgrade": "store.Store(Path(sys.argv[1]))",
    "check": "audit.examined(Path(sys.argv[1]))",
    "backup": "audit.back_up(Path(sys.argv[1]), Path(sys.argv[1]).with_name('copy.db'))",
}


@pytest.mark.parametrize("why", COPIES)
def test_the_copy_of_a_killed_process_is_removed_by_the_next_that_opens_the_ledger(
    path: Path, why: str
) -> None:
    old_ledger(path, 1)
    if why != "upgrade":
        Store(path).close()
    before = files(path.parent)
    done = subprocess.run([sys.executable, "-c", KILLED_COPY + COPIES[why], path], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = files(path.parent) - before - {f"{path.name}-journal"}
    assert len(files(path.parent / left)) == 2, "the copy and its journal"
    Store(path).close()
    assert files(path.parent) == {path.name, f"{path.name}.v1-backup"}


def test_the_backup_that_was_killed_in_another_directory_is_removed_by_the_next_one(
    path: Path, tmp_path: Path
) -> None:
    Store(path).close()
    aside = tmp_path / "backups"
    aside.mkdir()
    code = f"{KILLED_COPY}audit.back_up(Path(sys.argv[1]), Path({str(aside / 'copy.db')!r}))"
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert len(files(aside)) == 1
    back_up(path, aside / "copy.db")
    assert files(aside) == {"copy.db"}


def test_the_draft_of_a_living_process_is_left_alone_and_nobody_else_can_read_it(
    path: Path,
) -> None:
    with draft_beside(path) as draft:
        with closing(Store(path)), draft_beside(path) as other:
            assert other != draft
        assert draft.exists()
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
        assert files(path.parent) == {path.name, draft.parent.name}
    assert files(path.parent) == {path.name}


def test_a_copy_that_fails_leaves_no_draft(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(path).close()

    def broken(source: Path, target: Path) -> None:
        raise RuntimeError

    monkeypatch.setattr(store, "copy_ledger", broken)
    with pytest.raises(RuntimeError):
        store.keep_copy(path, path.with_name("copy.db"))
    assert files(path.parent) == {path.name}
