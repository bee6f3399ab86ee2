"""Opening the ledger file safely, and the one kind of transaction that changes it.

A rollback journal with synchronous=EXTRA instead of WAL: a commit survives power loss, and no
Python that links an old SQLite meets the WAL-reset bug (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from reviewer_cli.errors import LedgerRefused, LedgerUnwritable
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION, migrations

MAGIC = b"SQLite format 3\x00"
BUSY_TIMEOUT_S = 5.0
SMALL_FILE_BYTES = 32 << 20
"""Up to this size every opening checks the whole file; a larger one is checked once a day."""
CHECK_INTERVAL_S = 86_400.0


class Store:
    """One connection to one ledger file, and the only words that write to it."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`; make it when nothing is there.

        Raises LedgerRefused for a file that is damaged, newer than this program or not a ledger;
        the file is left as it is. Raises LedgerUnwritable when it cannot be opened.
        """
        self.path = path
        if not path.exists():
            _create(path)
        with _translated(path):
            _refuse_foreign_file(path)
            self.db = _connect(path)
            try:
                _check_version(self.db, path)
                _check_content(self.db, path)
            except BaseException:
                self.db.close()
                raise
        self.db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: BEGIN IMMEDIATE takes the write lock now, so the busy timeout applies.

        Raises LedgerUnwritable when the disk is full or failing; nothing of the change remains.
        """
        with _translated(self.path):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self.db.execute("ROLLBACK")
                raise

    def insert(self, table: str, values: dict[str, Any], conflict: str = "") -> int:
        """Insert a row and return its id; names of tables and columns are always our own."""
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        statement = f"INSERT {conflict} INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
        return int(self.db.execute(statement, values).lastrowid or 0)

    def update(self, table: str, values: dict[str, Any], keys: dict[str, Any]) -> None:
        """Change the rows whose key columns have these values."""
        sets = ", ".join(f"{name} = :{name}" for name in values)
        where = " AND ".join(f"{name} = :{name}" for name in keys)
        self.db.execute(f"UPDATE {table} SET {sets} WHERE {where}", values | keys)  # noqa: S608


def copy_ledger(source: Path, target: Path) -> None:
    """Copy a ledger consistently, also while a sweep writes to it (SQLite's backup interface)."""
    with _translated(source), closing(_connect(source)) as db, closing(_connect(target)) as copy:
        db.backup(copy)


def _create(path: Path) -> None:
    """Build the ledger under another name, so that a killed start leaves no half-made one."""
    with _translated(path):
        handle, name = tempfile.mkstemp(prefix=".ledger-", dir=path.parent)
        os.close(handle)
        draft = Path(name)
        try:
            with closing(_connect(draft)) as db:
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                migrations.apply(Database(db))
            # A second process may have made it meanwhile: link() never replaces what is there.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    mode = db.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        db.close()
        raise LedgerRefused(
            f"The ledger {path} is held open in {mode} mode by another program; close that program."
        )
    for setting in ("synchronous = EXTRA", "foreign_keys = ON", "trusted_schema = OFF"):
        db.execute(f"PRAGMA {setting}")
    db.execute("PRAGMA cell_size_check = ON")
    return db


def _refuse_foreign_file(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise LedgerRefused(
                f"{path} is not a ledger or is damaged; it was left untouched. Restore a backup, "
                "or move it away to start an empty ledger (heads may then be reviewed again)."
            )


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerRefused(f"{path} is a database of another program; point state_dir elsewhere.")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise LedgerRefused(
            f"The ledger {path} has version {version}, this program knows {VERSION}; "
            "upgrade reviewer, or point state_dir elsewhere."
        )
    if db.execute("PRAGMA synchronous").fetchone()[0] != 3:
        raise LedgerRefused(f"SQLite does not keep the ledger {path} durable (synchronous=EXTRA).")


def _check_content(db: sqlite3.Connection, path: Path) -> None:
    """Check the pages of a small ledger each time and of a large one daily.

    The day is kept as the modification time of a file beside it: losing it costs one check.
    """
    stamp = path.with_name(path.name + ".checked")
    if path.stat().st_size > SMALL_FILE_BYTES:
        with contextlib.suppress(FileNotFoundError):
            if 0 <= time.time() - stamp.stat().st_mtime < CHECK_INTERVAL_S:
                return
    problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise LedgerRefused(_damaged(path, problem))
    if path.stat().st_size > SMALL_FILE_BYTES:
        stamp.touch(mode=0o600)


def _damaged(path: Path, problem: object) -> str:
    return (
        f"The ledger {path} is damaged ({problem}); it was left untouched. Restore a backup, or "
        "move it away to start an empty ledger (heads may then be reviewed again)."
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise LedgerUnwritable(
            f"The ledger {path} could not be used ({error}); nothing was lost. Free some disk "
            "space or end the program that holds it, then sweep again."
        ) from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise LedgerRefused(_damaged(path, error)) from error
    except OSError as error:
        raise LedgerUnwritable(
            f"The ledger {path} could not be opened ({error.strerror}); check the state directory."
        ) from error
