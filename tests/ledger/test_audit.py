"""ledger check: what is wrong is named, each fault by itself."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import Outcome, State
from reviewer_cli.ledger import audit
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.scratch import PREFIX
from tests.ledger.samples import (
    NOW,
    PAGE,
    count,
    enter,
    head,
    leased,
    rows_in_every_state,
    spoil,
)


def test_a_ledger_with_rows_in_every_state_is_sound(ledger: Ledger, path: Path) -> None:
    rows_in_every_state(ledger)
    assert examined(path) == ()
    assert not list(path.parent.glob(f"{PREFIX}*"))


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
        (
            "UPDATE reviews SET sweep_id = 99 WHERE head_id = 3",
            "row 3 of reviews belongs to a row of sweeps that is gone",
        ),
        (
            "DELETE FROM heads WHERE id = 3",
            "row 3 of reviews belongs to a row of heads that is gone",
        ),
        (
            "UPDATE reviews SET since_sha = (SELECT head_sha FROM heads WHERE id = head_id)"
            " WHERE head_id = 3",
            "head 3 was reviewed for what changed since itself",
        ),
        ("UPDATE findings SET repeats = 6 WHERE id = 2", "head 1 has a finding that repeats a"),
        ("UPDATE findings SET repeats = 99 WHERE id = 2", "row 2 of findings belongs to a row of"),
        ("DELETE FROM findings WHERE id = 1", "row 1 of outcomes belongs to a row of findings"),
        ("DELETE FROM told", "head 1 is posted, but what was told is not kept"),
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
    note(ledger.store, [Noted(finding_id=1, outcome=Outcome.FIXED, evidence="gone")], 1, NOW)
    ledger.close()
    spoil(path, statement)
    assert any(fault in one for one in examined(path)), examined(path)


def test_each_review_that_cannot_be_read_is_named(ledger: Ledger, path: Path) -> None:
    rows_in_every_state(ledger)
    ledger.close()
    spoil(path, "UPDATE reviews SET payload = '[]' WHERE head_id < 3")
    spoil(path, "UPDATE reviews SET body_sha256 = '' WHERE head_id = 3")
    assert examined(path) == (
        "the review of head 1 cannot be read",
        "the review of head 2 cannot be read",
        "the review of head 3 is not as it was saved",
    )


def test_damage_that_ends_even_the_check_is_told_in_its_words(ledger: Ledger, path: Path) -> None:
    """As a failing disk makes it, which leaves no trace in the file's dates."""
    rows_in_every_state(ledger)
    root = "SELECT rootpage FROM sqlite_schema WHERE name = 'findings'"
    ((number,),) = ledger.store.db.execute(root).fetchall()
    ledger.close()
    left = path.stat()
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(b"\xa5")  # no kind of page has this mark
    os.utime(path, ns=(left.st_atime_ns, left.st_mtime_ns))
    assert examined(path) == ("the file is damaged: database disk image is malformed",)


def test_an_examination_leaves_nothing_behind(
    ledger: Ledger, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert examined(path) == ()
    assert not list((tmp_path / "here").iterdir())
    assert [one.name for one in path.parent.glob("*ledger*")] == ["ledger.db"]


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


def test_a_lease_of_a_killed_sweep_is_no_fault(ledger: Ledger, path: Path) -> None:
    leased(ledger, State.POSTING)
    assert examined(path) == ()
