"""The ledger's tables as numbered migrations; `PRAGMA user_version` holds the newest number."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from reviewer_cli.core.select import departure, skip_class
from reviewer_cli.ledger import digest_tables, first_tables, round_tables

APPLICATION_ID = 0x52565752
"""“RVWR”: tells a ledger from any other SQLite file (https://sqlite.org/fileformat.html)."""

VERSION = 6

migrations = Migrations("reviewer")

FINISHED = "state IN ('posted', 'skipped', 'superseded')"
"""Heads that want nothing more; a dead one still waits for a person."""

FINISHED_INDEX = f"CREATE INDEX heads_finished ON heads (changed_at, id) WHERE {FINISHED}"

UNFINISHED = "state IN ('due', 'claimed', 'reviewed', 'posting')"
"""Heads that still want something; SQLite uses their index only where a query says just this."""

INDEXES = (
    # The queue stays small when the ledger is large.
    f"CREATE INDEX heads_waiting ON heads (next_due_at, id) WHERE {UNFINISHED}",
    "CREATE INDEX heads_dead ON heads (changed_at) WHERE state = 'dead'",
    "CREATE INDEX findings_fingerprint ON findings (fingerprint)",
    "CREATE INDEX replies_received ON replies (received_at)",
    "CREATE INDEX replies_sweep ON replies (sweep_id)",
)


@migrations()
def m001_heads_reviews_findings_sweeps(db: Database) -> None:
    """The first tables."""
    tables = (first_tables.SWEEPS, first_tables.HEADS, first_tables.REVIEWS)
    for statement in (*tables, first_tables.REPLIES, first_tables.FINDINGS, *INDEXES):
        db.conn.execute(statement)
    db.conn.execute("PRAGMA user_version = 1")


@migrations()
def m002_breakers(db: Database) -> None:
    """Which doors refused us, so that the next sweep knows it before it asks."""
    db.conn.execute(first_tables.BREAKERS)
    db.conn.execute("PRAGMA user_version = 2")


@migrations()
def m003_retention(db: Database) -> None:
    """How far the old texts have been removed, and the finished heads in the order of their age."""
    db.conn.execute(first_tables.RETENTION)
    db.conn.execute(FINISHED_INDEX)
    db.conn.execute("PRAGMA user_version = 3")


@migrations()
def m004_drafts(db: Database) -> None:
    """Since when a draft is at its host, so that it rests there once and not after each death."""
    db.conn.execute("ALTER TABLE reviews ADD COLUMN drafted_at REAL")
    db.conn.execute("PRAGMA user_version = 4")


@migrations()
def m005_rounds(db: Database) -> None:
    """What a later round needs: what was said before, what became of it, and what people asked."""
    changed = (*round_tables.HEADS, *round_tables.REVIEWS, *round_tables.FINDINGS)
    added = (*round_tables.PULLS, *round_tables.OUTCOMES, *round_tables.COMMANDS)
    for statement in (*changed, *added):
        db.conn.execute(statement)
    db.conn.execute("PRAGMA user_version = 5")


@migrations()
def m006_digest(db: Database) -> None:
    """What a digest reads: facts with the time at which they were learnt."""
    for told_by in (skip_class, departure):
        db.conn.create_function(told_by.__name__, 1, told_by, deterministic=True)
    for statement in (*digest_tables.CHANGED, *digest_tables.ADDED, *digest_tables.FILLED):
        db.conn.execute(statement)
    db.conn.execute("PRAGMA user_version = 6")
