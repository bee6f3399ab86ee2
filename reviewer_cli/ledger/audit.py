"""Looking through a whole ledger for what cannot be: damage, lost rows, states without their proof.

A copy is examined, never the file itself, because a reader of many seconds would keep a sweep from
committing.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database

from reviewer_cli.errors import LedgerRefused, LedgerUnwritable, UsageError
from reviewer_cli.ledger.elsewhere import FOUND
from reviewer_cli.ledger.rows import key_of, review_from_json
from reviewer_cli.ledger.schema import VERSION, migrations
from reviewer_cli.ledger.store import (
    Store,
    connect,
    copy_ledger,
    draft_beside,
    sync_directory,
    translated,
)

MOST_NAMED = 20
"""Faults of one kind that are named one by one."""

TAKEN = "{} exists already; name a file that does not."

UNTOLD = f"""
state = 'posted' AND reason <> '{FOUND}' AND EXISTS (SELECT 1 FROM reviews WHERE head_id = heads.id)
AND NOT EXISTS (SELECT 1 FROM told WHERE head_id = heads.id)
"""  # noqa: S608 - our own words

IMPOSSIBLE = {
    "is saved for posting, but its review is gone": (
        "state IN ('reviewed', 'posting') AND NOT EXISTS "
        "(SELECT 1 FROM reviews WHERE head_id = heads.id AND payload <> '')"
    ),
    "is being posted without a draft": (
        "state = 'posting' AND NOT EXISTS "
        "(SELECT 1 FROM reviews WHERE head_id = heads.id AND draft_id IS NOT NULL)"
    ),
    "is posted, but nobody knows when": "state = 'posted' AND posted_at IS NULL",
    "is posted, but what was told is not kept": UNTOLD,
    "is in review without a lease": "state = 'claimed' AND lease IS NULL",
    "is dead without a reason": "state = 'dead' AND reason = ''",
    "has attempts below zero": "attempts < 0",
    "has labels that cannot be read": "NOT json_valid(labels)",
    "was reviewed for what changed since itself": (
        "EXISTS (SELECT 1 FROM reviews WHERE head_id = heads.id AND since_sha = head_sha)"
    ),
    "has a finding that repeats a later one": (
        "EXISTS (SELECT 1 FROM findings WHERE head_id = heads.id AND repeats >= findings.id)"
    ),
}
"""What may be true of no row of `heads`, by what is then said of it."""

PAYLOADS = """
SELECT heads.id, host, repo, pull, head_sha, payload, body_sha256 FROM reviews
JOIN heads ON heads.id = head_id WHERE payload <> ''
"""


def examined(path: Path) -> tuple[str, ...]:
    """Every fault of a ledger, each as a sentence about it; empty when it is sound.

    Raises LedgerRefused for a file that cannot even be opened as a ledger.
    """
    with _copied(path, path) as copy:
        return _faults_of(copy)


def back_up(path: Path, target: Path) -> None:
    """Copy a ledger (0600), also while a sweep writes to it, and examine the copy.

    Raises UsageError where something lies already, LedgerRefused when the copy is not sound and
    LedgerUnwritable where it cannot be written; then nothing is left at `target`.
    """
    if target.exists() or target.is_symlink():
        raise UsageError(TAKEN.format(target))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UsageError(f"No file can be made in {target.parent}; name a directory of yours.")
    with _copied(path, target) as copy:
        if faults := _faults_of(copy):
            raise LedgerRefused(
                f"The ledger {path} is not sound ({faults[0]}), so no backup was made; keep the "
                "older ones and see reviewer ledger check."
            )
        _take_place(copy, target)


def _take_place(copy: Path, target: Path) -> None:
    """Rename, but only to a name that nobody has: a rename alone would replace what is there."""
    try:
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise UsageError(TAKEN.format(target)) from None
    try:
        copy.replace(target)
        sync_directory(target.parent)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise LedgerUnwritable(
            f"The backup {target} could not be written ({error.strerror}); choose another disk."
        ) from error


@contextmanager
def _copied(path: Path, place: Path) -> Iterator[Path]:
    """A copy beside `place`, of the ledger as this program's version has it."""
    Store(path).close()
    with draft_beside(place) as draft:
        copy_ledger(path, draft)
        yield draft


def _faults_of(copy: Path) -> tuple[str, ...]:
    with translated(copy), closing(connect(copy)) as db:
        db.row_factory = sqlite3.Row
        if damage := _damage(db):
            return damage
        return (*_schema(db), *_dangling(db), *_impossible(db), *_payloads(db))


def _damage(db: sqlite3.Connection) -> tuple[str, ...]:
    try:
        said = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({MOST_NAMED})")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    return () if said == ["ok"] else tuple(f"the file is damaged: {one}" for one in said)


def _schema(db: sqlite3.Connection) -> Iterator[str]:
    """Tables and indexes that are not as this program makes them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrations.apply(Database(fresh))
        wanted, found = _described(fresh), _described(db)
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} does not belong there"
        elif found[name] != wanted[name]:
            yield f"{name} is not as version {VERSION} has it"


def _described(db: sqlite3.Connection) -> dict[str, str]:
    rows = db.execute(
        "SELECT type || ' ' || name, sql FROM sqlite_schema "
        "WHERE sql IS NOT NULL AND name NOT LIKE '%_sqlite_migrations%'"
    )
    return {row[0]: row[1] for row in rows}


def _dangling(db: sqlite3.Connection) -> Iterator[str]:
    for row in db.execute("PRAGMA foreign_key_check").fetchmany(MOST_NAMED):
        yield f"row {row[1]} of {row[0]} belongs to a row of {row[2]} that is gone"


def _impossible(db: sqlite3.Connection) -> Iterator[str]:
    for said, condition in IMPOSSIBLE.items():
        rows = db.execute(f"SELECT id FROM heads WHERE {condition} LIMIT {MOST_NAMED}")  # noqa: S608
        yield from (f"head {row[0]} {said}" for row in rows)


def _payloads(db: sqlite3.Connection) -> Iterator[str]:
    for row in db.execute(PAYLOADS):
        try:
            review = review_from_json(row["payload"])
        except (ValueError, KeyError, TypeError):
            yield f"the review of head {row['id']} cannot be read"
            continue
        if review.key != key_of(row):
            yield f"the review of head {row['id']} is of another head"
        elif hashlib.sha256(review.body.encode()).hexdigest() != row["body_sha256"]:
            yield f"the review of head {row['id']} is not as it was saved"
