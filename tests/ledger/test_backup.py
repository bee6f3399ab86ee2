"""ledger backup: a copy that is whole or not there, and replaces nothing."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import LedgerRefused, LedgerUnwritable, UsageError
from reviewer_cli.ledger import audit, store
from reviewer_cli.ledger.audit import back_up
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.scratch import PREFIX
from tests.ledger.samples import (
    NOW,
    begun,
    claimed,
    count,
    enter,
    head,
    reviewed,
    row,
    rows_in_every_state,
    spoil,
)


def test_a_backup_is_whole_and_private_and_can_take_the_ledgers_place(
    ledger: Ledger, path: Path, tmp_path: Path
) -> None:
    rows_in_every_state(ledger)
    target = tmp_path / "backups" / "monday.db"
    target.parent.mkdir()
    back_up(path, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [one.name for one in target.parent.iterdir()] == ["monday.db"]
    assert dict(row(target, 5)) == dict(row(path, 5))
    with closing(Ledger(target)) as restored:
        assert restored.load(2).state is State.POSTING
        assert restored.load(2).draft_id == "draft-1"


def test_backups_during_a_sweeps_writes_are_each_consistent(path: Path, tmp_path: Path) -> None:
    """A head and its claim are two commits; a backup has the head with or without its claim."""
    done = threading.Event()

    def sweeping() -> None:
        with closing(Ledger(path)) as ledger:
            number = 0
            while not done.is_set():
                number += 1
                enter(ledger, head(number))
                lease = claimed(ledger, number)
                lease.save_review(reviewed(head(number)), 1, NOW)
                time.sleep(0.02)  # no sweep commits without pause, which would lock readers out
            enter(ledger, head(number + 1))

    with closing(Ledger(path)) as ledger:
        begun(ledger)
    thread = threading.Thread(target=sweeping)
    thread.start()
    try:
        while thread.is_alive() and not count(path, "heads"):
            time.sleep(0.01)
        sizes = []
        for number in range(3):
            back_up(path, tmp_path / f"{number}.db")
            sizes.append(count(tmp_path / f"{number}.db", "heads"))
    finally:
        done.set()
        thread.join()
    assert 0 < sizes[0] <= sizes[1] <= sizes[2] < count(path, "heads")


@pytest.mark.parametrize("commits", [1, 1000], ids=["once", "all the time"])
def test_a_sweep_commits_while_its_ledger_is_copied(
    ledger: Ledger, path: Path, tmp_path: Path, commits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy begins anew, and has to make the sweep wait only where that has no end."""
    enter(ledger, *(head(number, body="x" * 4000) for number in range(1, 100)))
    titles: list[str] = []

    def between_steps() -> float:
        """Ten seconds pass, and a connection that waits for nobody commits."""
        if titles and len(titles) <= commits:
            sweep.execute("UPDATE heads SET title = ? WHERE id = 1", [f"Commit {len(titles)}"])
        titles.append(f"Commit {len(titles)}")
        return 10.0 * len(titles)

    monkeypatch.setattr(store, "COPIED_TOGETHER", 20)
    monkeypatch.setattr(store.time, "monotonic", between_steps)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as sweep:
        store.copy_ledger(path, tmp_path / "copy")
    assert count(tmp_path / "copy", "heads") == 99
    assert row(tmp_path / "copy", 1)["title"] == titles[min(commits, len(titles) - 1)]
    most = 2 + int(store.YIELDING_S / 10)
    assert min(commits, most) <= len(titles) <= most


def test_a_backup_replaces_nothing(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    for taken in (tmp_path / "file", tmp_path / "link", tmp_path):
        if taken.name == "file":
            taken.write_text("mine")
        elif taken.name == "link":
            taken.symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match=f"{taken.name} exists already"):
            back_up(path, taken)
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(UsageError, match="No file can be made in"):
        back_up(path, tmp_path / "missing" / "copy.db")


def test_a_directory_in_which_we_may_not_write_is_named(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root, as whom tests may run, may write in any."""
    monkeypatch.setattr(audit.os, "access", lambda _, asked: not asked & os.W_OK)
    with pytest.raises(UsageError, match=f"No file can be made in {tmp_path}"):
        back_up(path, tmp_path / "copy.db")


def test_a_name_that_is_taken_meanwhile_is_left_alone(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"

    def taken(_: Path) -> tuple[str, ...]:
        target.write_text("another's")
        return ()

    monkeypatch.setattr(audit, "_faults_of", taken)
    with pytest.raises(UsageError, match=r"copy\.db exists already"):
        back_up(path, target)
    assert target.read_text() == "another's"


def test_a_ledger_that_is_not_sound_gives_no_backup(
    ledger: Ledger, path: Path, tmp_path: Path
) -> None:
    rows_in_every_state(ledger)
    ledger.close()
    spoil(path, "DELETE FROM reviews WHERE head_id = 3")
    with pytest.raises(LedgerRefused, match="head 3 is saved for posting") as refusal:
        back_up(path, tmp_path / "copy.db")
    assert refusal.value.exit_code == 78
    assert not (tmp_path / "copy.db").exists()
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_a_disk_that_fails_at_the_end_is_named(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(LedgerUnwritable, match="Input/output error"):
        back_up(path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists(), "no empty file passes for a backup"
