"""ledger check and ledger backup: what is wrong is named, and a backup is whole or not there."""

from __future__ import annotations

import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import HeadRejected, LedgerRefused, LedgerUnwritable, UsageError
from reviewer_cli.ledger import audit, store
from reviewer_cli.ledger.audit import back_up, examined
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.store import DRAFT
from tests.ledger.samples import LEASE_S, NOW, REPO, count, enter, head, leased, reviewed, row


def rows_in_every_state(ledger: Ledger) -> None:
    """1 posted, 2 being posted, 3 saved, 4 in review, 5 dead, 6 skipped, 7 due."""
    enter(ledger, *(head(number) for number in range(1, 6)))
    enter(ledger, head(6), reason="draft")
    enter(ledger, head(7))
    sweep = ledger.begin_sweep([REPO], "scripted", NOW)
    for number in range(1, 6):
        lease = ledger.claim(number, NOW, LEASE_S)
        assert lease is not None
        if number <= 3:
            lease.save_review(reviewed(head(number)), sweep, NOW)
        if number <= 2:
            lease.posting("draft-1", NOW)
        if number == 1:
            lease.posted("review-1", NOW)
        if number == 5:
            lease.bury(HeadRejected("unreadable"), NOW)


def spoil(path: Path, statement: str) -> None:
    """What another program, or a defect, did to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute(statement)


def test_a_ledger_with_rows_in_every_state_is_sound(ledger: Ledger, path: Path) -> None:
    rows_in_every_state(ledger)
    assert examined(path) == ()
    assert not list(path.parent.glob(f"{DRAFT}*"))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM reviews WHERE head_id = 3", "head 3 is saved for posting, but its review"),
        ("UPDATE reviews SET payload = '' WHERE head_id = 2", "head 2 is saved for posting, but"),
        ("UPDATE reviews SET draft_id = NULL", "head 2 is being posted without a draft"),
        ("UPDATE heads SET posted_at = NULL", "head 1 is posted, but nobody knows when"),
        (
            "UPDATE heads SET lease = NULL, lease_expires_at = NULL WHERE id = 4",
            "head 4 is in review without a lease",
        ),
        ("UPDATE heads SET reason = ''", "head 5 is dead without a reason"),
        ("UPDATE heads SET attempts = -1 WHERE id = 7", "head 7 has attempts below zero"),
        ("UPDATE heads SET labels = '[' WHERE id = 7", "head 7 has labels that cannot be read"),
        ("UPDATE reviews SET payload = '[]' WHERE head_id = 1", "of head 1 cannot be read"),
        (
            "UPDATE reviews SET payload = replace(payload, 'Findings', 'Nothing')"
            " WHERE head_id = 1",
            "the review of head 1 is not as it was saved",
        ),
        (
            "UPDATE reviews SET payload = replace(payload, 'pull-1', 'pull-2') WHERE head_id = 1",
            "the review of head 1 is of another head",
        ),
        ("UPDATE reviews SET sweep_id = 99 WHERE head_id = 1", "belongs to a row of sweeps"),
        ("DELETE FROM heads WHERE id = 1", "belongs to a row of heads that is gone"),
        ("DROP INDEX heads_waiting", "index heads_waiting is missing"),
        ("DROP TABLE breakers", "table breakers is missing"),
        ("ALTER TABLE sweeps ADD COLUMN mood TEXT", "table sweeps is not as version"),
        (
            "CREATE TRIGGER planted AFTER UPDATE ON heads BEGIN DELETE FROM heads; END",
            "trigger planted does not belong there",
        ),
    ],
)
def test_what_cannot_be_is_named(ledger: Ledger, path: Path, statement: str, fault: str) -> None:
    rows_in_every_state(ledger)
    ledger.close()
    spoil(path, statement)
    assert any(fault in one for one in examined(path)), examined(path)


def test_an_index_that_lost_an_entry_is_damage(ledger: Ledger, path: Path) -> None:
    """Which the daily check of a sweep does not see."""
    rows_in_every_state(ledger)
    ledger.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        known = "SELECT sql FROM sqlite_schema WHERE name = 'heads_dead'"
        (right,) = db.execute(known).fetchone()
        for sql, moved in ((right.replace("'dead'", "'never'"), 1), (right, 0)):
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'heads_dead'", (sql,))
            db.execute("PRAGMA writable_schema = RESET")
            db.execute("UPDATE heads SET changed_at = changed_at + 1 WHERE id = 5 AND ?", (moved,))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
    assert any("damaged: row 5 missing from index" in one for one in examined(path))


def test_a_check_never_keeps_a_sweep_from_committing(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_in_every_state(ledger)
    real = audit._faults_of

    def slowly(copy: Path) -> tuple[str, ...]:
        enter(ledger, head(8))
        return real(copy)

    monkeypatch.setattr(audit, "_faults_of", slowly)
    assert examined(path) == ()
    assert count(path, "heads") == 8


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
                lease = ledger.claim(number, NOW, LEASE_S)
                assert lease is not None
                lease.save_review(reviewed(head(number)), 1, NOW)
                time.sleep(0.02)  # no sweep commits without pause, which would lock readers out
            enter(ledger, head(number + 1))

    with closing(Ledger(path)) as ledger:
        ledger.begin_sweep([REPO], "scripted", NOW)
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
    assert len(titles) <= 2 + store.YIELDING_S / 10


def test_a_backup_replaces_nothing(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    for taken in (tmp_path / "file", tmp_path / "link", tmp_path):
        if taken.name == "file":
            taken.write_text("mine")
        elif taken.name == "link":
            taken.symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match="exists already"):
            back_up(path, taken)
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(UsageError, match="No file can be made in"):
        back_up(path, tmp_path / "missing" / "copy.db")


def test_a_name_that_is_taken_meanwhile_is_left_alone(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"

    def taken(_: Path) -> tuple[str, ...]:
        target.write_text("another's")
        return ()

    monkeypatch.setattr(audit, "_faults_of", taken)
    with pytest.raises(UsageError, match="exists already"):
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
    assert not list(tmp_path.glob(f"{DRAFT}*"))


def test_a_disk_that_fails_at_the_end_is_named(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(LedgerUnwritable, match="Input/output error"):
        back_up(path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists(), "no empty file passes for a backup"


def test_a_lease_of_a_killed_sweep_is_no_fault(ledger: Ledger, path: Path) -> None:
    leased(ledger, State.POSTING)
    assert examined(path) == ()
