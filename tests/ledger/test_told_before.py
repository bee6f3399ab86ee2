"""What an upgrade makes of an older ledger: all that it knew already, and since when more is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.periods import Span
from reviewer_cli.digest.latency import waited
from reviewer_cli.ledger.as_of import EVERYWHERE, told
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.elsewhere import FOUND
from reviewer_cli.ledger.figures_trouble import dead
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.told import UNSAID
from tests.ledger.samples import LATER, NOW, claimed
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
        at, kind, head_id = db.execute(
            "SELECT at, kind, head_id FROM events ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert before - 1.0 <= at <= time.time() + 1.0
    assert (kind, head_id) == ("began", None)


def test_each_head_that_came_to_rest_is_told_with_how_it_did(old: Path) -> None:
    rested = (
        (5, "skipped", "author deps[bot] is a bot"),
        (6, "skipped", "a rule of long ago"),
        (7, "superseded", "moved to 99"),
        (8, "superseded", "no longer open"),
        (9, "superseded", "the commit is gone"),
        (10, "dead", "it was slow"),
        (11, "due", ""),
    )
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        for head_id, state, reason in rested:
            db.execute(
                "UPDATE heads SET state = ?, reason = ?, changed_at = ?, error_class = ?"
                " WHERE id = ?",
                (state, reason, 200.0 - head_id, "ReviewTimeout", head_id),
            )
    Store(old).close()
    with closing(sqlite3.connect(old)) as db:
        query = "SELECT head_id, at, kind, word FROM events WHERE kind <> 'began' ORDER BY id"
        assert db.execute(query).fetchall() == [
            (2, 0, "found", ""),
            (4, 0, "skipped", "draft"),
            (10, 190, "died", "ReviewTimeout"),
            (9, 191, "superseded", "gone"),
            (8, 192, "superseded", "ended"),
            (7, 193, "superseded", "moved"),
            (6, 194, "skipped", "other"),
            (5, 195, "skipped", "bot"),
        ]


def test_what_rested_before_the_upgrade_is_dead_and_comes_back_after_it(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.execute("UPDATE heads SET pushed_at = 1, version = 'v1' WHERE id = 4")
        db.execute("UPDATE heads SET state = 'dead', reason = 'it was slow' WHERE id = 5")
    with closing(Ledger(old)) as ledger:
        assert dead(ledger.store, NOW, EVERYWHERE) == 1
        (draft,) = ledger.heads([4])
        ledger.admit([(replace(draft, version="v2"), None)], "r", NOW)
        claimed(ledger, 4).posted("review-4", LATER)
        (one,) = told(ledger.store, Span(NOW, LATER + 1.0), EVERYWHERE)
        assert waited(one) == LATER - NOW
