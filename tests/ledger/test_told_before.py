"""What an upgrade makes of an older ledger: all that it knew already, and since when more is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.elsewhere import FOUND
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.told import UNSAID
from tests.ledger.test_upgrade import old_ledger

REVIEWED = """
INSERT INTO reviews SELECT :to, sweep_id, engine, model, effort, contract_hash, merge_base, files,
  changed_lines, unreviewed, payload, body_sha256, draft_id, note, review_id, reviewed_at,
  drafted_at, since_sha, change, amends
FROM reviews WHERE head_id = 1
"""


@pytest.fixture
def old(path: Path) -> Path:
    """A ledger of the version before: head 1 posted, 2 found at its host, 3 silent, 4 skipped."""
    old_ledger(path, 5)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for head_id in (2, 3, 4):
            db.execute(REVIEWED, {"to": head_id})
        for statement in (
            "UPDATE heads SET first_seen_at = 3, claimed_at = 5, posted_at = 30 WHERE id = 1",
            f"UPDATE heads SET reason = '{FOUND}' WHERE id = 2",  # noqa: S608
            f"UPDATE reviews SET review_id = '{UNSAID}' WHERE head_id = 3",  # noqa: S608
            "UPDATE heads SET state = 'skipped', reason = 'draft' WHERE id = 4",
        ):
            db.execute(statement)
        db.executemany(
            "INSERT INTO pulls (host, repo, pull, head_sha, state, gathered_at, ended_at)"
            " VALUES ('local', '/srv/repo', ?, 'a', ?, ?, ?)",
            [("a", "open", 1, None), ("b", "merged", 50, 40), ("c", "closed", None, 60)],
        )
    return path


def test_each_review_that_was_posted_is_told(old: Path) -> None:
    Store(old).close()
    with closing(sqlite3.connect(old)) as db:
        names = "head_id, told_at, form, entered_at, ready_at, taken_at, reviewed_at"
        told = db.execute(f"SELECT {names} FROM told ORDER BY id").fetchall()  # noqa: S608
        assert told == [(1, 30, "review", 3, 3, 5, 9), (3, 1, "silent", 0, 0, 9, 9)]
        names = "guided, over_limits, is_verified, model_s, micro_usd, tokens"
        sums = db.execute(f"SELECT {names} FROM told WHERE head_id = 1").fetchone()  # noqa: S608
        assert sums == (None, None, 0, 7.5, 500_000, 10)
        names = "kept, refuted, repeated, other, corrected, lost"
        counts = db.execute(f"SELECT {names} FROM told WHERE head_id = 1").fetchone()  # noqa: S608
        assert counts == (1, 1, 0, 1, 1, 0)
    assert examined(old) == ()


def test_each_pull_request_that_was_heard_to_end_has_ended(old: Path) -> None:
    Store(old).close()
    with closing(sqlite3.connect(old)) as db:
        names = "pull, state, ended_at, noted_at"
        ended = db.execute(f"SELECT {names} FROM ends ORDER BY id").fetchall()  # noqa: S608
    assert ended == [("b", "merged", 40, 50), ("c", "closed", 60, 60)]


def test_everything_is_recorded_from_the_upgrade_on(old: Path) -> None:
    before = time.time()
    Store(old).close()
    with closing(sqlite3.connect(old)) as db:
        ((at, kind, head_id),) = db.execute("SELECT at, kind, head_id FROM events").fetchall()
    assert before - 1.0 <= at <= time.time() + 1.0
    assert (kind, head_id) == ("began", None)
