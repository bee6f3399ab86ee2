"""Opening the ledger file safely, and the one kind of transaction that changes it.

A rollback journal with synchronous=EXTRA instead of WAL: a commit survives power loss, and no
Python that links an old SQLite meets the WAL-reset bug (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import struct
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from reviewer_cli.errors import LedgerRefused, LedgerUnwritable
from reviewer_cli.ledger.integrity import SEAL_DRAFT, check, damaged, seal
from reviewer_cli.ledger.schema import APPLICATION_ID, VERSION, migrations
from reviewer_cli.scratch import remove_abandoned, temporary_directory

MAGIC = b"SQLite format 3\x00"
HEADER = struct.Struct(">16s44xI4xI")
"""Magic, user_version and application_id (https://sqlite.org/fileformat.html#the_database_header)."""
BUSY_TIMEOUT_S = 5.0
OLD_DRAFT_S = 3600.0
COPIED_TOGETHER = 2048
"""Pages (8 MB) of a copy during which nobody can commit."""
YIELDING_S = 120.0


class Store:
    """One connection to one ledger file, and the only words that write to it."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`; make it when nothing is there, upgrade it when it is old.

        Raises LedgerRefused for a file that is damaged, newer than this program or not a ledger;
        the file is left as it is. Raises LedgerUnwritable when it cannot be opened.
        """
        self.path = path
        if not path.exists():
            _create(path)
        with translated(path):
            _remove_old_drafts(path.parent)
            _refuse_foreign_file(path)
            self.db = connect(path)
            try:
                _check_version(self.db, path)
                self._checked_at = check(self.db, path)
                self._upgrade()
            except BaseException:
                self.db.close()
                raise
        self.db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    def seal(self) -> None:
        """Note how the file was left, after closing it; see `integrity`."""
        seal(self.path, self._checked_at)

    def _upgrade(self) -> None:
        """All missing migrations in one transaction, after a copy of the file as it was.

        Another process may be at it as well; the lock is held from the copy to the commit, so
        that the copy misses nothing.
        """
        if self._version() == VERSION:
            return
        with self.transaction():
            if (old := self._version()) < VERSION:
                keep_copy(self.path, self.path.with_name(f"{self.path.name}.v{old}-backup"))
                migrations.apply(Database(self.db))

    def _version(self) -> int:
        return int(self.db.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: BEGIN IMMEDIATE takes the write lock now, so the busy timeout applies.

        Raises LedgerUnwritable when the disk is full or failing; nothing of the change remains.
        """
        with translated(self.path):
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self.db.execute("ROLLBACK")
                raise

    def read(self, query: str, values: dict[str, Any]) -> list[sqlite3.Row]:
        """All rows of a query; raises LedgerUnwritable or LedgerRefused when they cannot be had."""
        with translated(self.path):
            return self.db.execute(query, values).fetchall()

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
    """Copy a ledger consistently, also while a sweep writes to it (SQLite's backup interface).

    A sweep may commit meanwhile, and the copy begins anew; at last the sweep has to wait for it.
    """
    with translated(source):
        _refuse_foreign_file(source)
    target.touch(mode=0o600)
    end = time.monotonic() + YIELDING_S

    def give_up_in_time(*_: int) -> None:
        if time.monotonic() > end:
            raise TimeoutError

    with translated(source), closing(connect(source)) as db, closing(connect(target)) as copy:
        try:
            db.backup(copy, pages=COPIED_TOGETHER, progress=give_up_in_time, sleep=0.05)
        except TimeoutError:
            db.backup(copy)


def keep_copy(source: Path, target: Path) -> None:
    """A consistent copy (0600) that is there whole or not at all; replaces an older one."""
    with draft_beside(target) as draft:
        copy_ledger(source, draft)
        draft.replace(target)
        sync_directory(target.parent)


@contextmanager
def draft_beside(path: Path) -> Iterator[Path]:
    """An empty private file on the same disk, removed afterwards unless it was renamed.

    One that a killed process leaves is removed, with its journal, by a later call.
    """
    with contextlib.ExitStack() as until_done:
        with translated(path):
            _remove_old_drafts(path.parent)
            draft = until_done.enter_context(temporary_directory(path.parent)) / path.name
            draft.touch(mode=0o600)
        yield draft


def sync_directory(directory: Path) -> None:
    """Make a new name in a directory survive power loss."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create(path: Path) -> None:
    """Build the ledger under another name, so that a killed start leaves no half-made one."""
    with translated(path), draft_beside(path) as draft:
        with closing(connect(draft)) as db:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(Database(db))
        # A second process may have made it meanwhile: link() never replaces what is there.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)


def _remove_old_drafts(directory: Path) -> None:
    """What killed processes left; a young seal may be of one that still writes it."""
    remove_abandoned(directory)
    with os.scandir(directory) as entries:
        left = [entry.path for entry in entries if entry.name.startswith(SEAL_DRAFT)]
    for path in map(Path, left):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > OLD_DRAFT_S:
                path.unlink()


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the settings that keep a commit; `Store` is what changes rows."""
    db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_S)
    try:
        if db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            _leave_wal(db, path)
        for setting in ("journal_mode = DELETE", "synchronous = EXTRA", "foreign_keys = ON"):
            db.execute(f"PRAGMA {setting}")
        for setting in ("trusted_schema = OFF", "cell_size_check = ON"):
            db.execute(f"PRAGMA {setting}")
    except BaseException:
        db.close()
        raise
    return db


def _leave_wal(db: sqlite3.Connection, path: Path) -> None:
    """Undo what another program set; SQLite refuses at once while that program has the file."""
    try:
        db.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise LedgerRefused(
            f"The ledger {path} is held open in WAL mode by another program; close that program."
        ) from error


def _refuse_foreign_file(path: Path) -> None:
    """Look at the header alone: opening a file of another program could already change it."""
    _refuse_planted(path)
    with path.open("rb") as file:
        header = file.read(HEADER.size)
    if len(header) < HEADER.size or not header.startswith(MAGIC):
        raise LedgerRefused(
            f"{path} is not a ledger or is damaged; it was left untouched. Restore a backup, "
            "or move it away to start an empty ledger (heads may then be reviewed again)."
        )
    _, version, application = HEADER.unpack(header)
    if application != APPLICATION_ID:
        raise LedgerRefused(f"{path} is a database of another program; point state_dir elsewhere.")
    _refuse_newer(version, path)


def _refuse_planted(path: Path) -> None:
    """What somebody else could have put there or can change: it says which reviews are posted."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise LedgerRefused(f"The ledger {path} is a link; point state_dir at the real directory.")
    if found.st_uid != os.geteuid():
        raise LedgerRefused(f"The ledger {path} belongs to another user; run as that user.")
    if found.st_mode & 0o022:
        raise LedgerRefused(f"The ledger {path} can be changed by others; run: chmod 600 {path}")


def _refuse_newer(version: int, path: Path) -> None:
    if version > VERSION:
        raise LedgerRefused(
            f"The ledger {path} has version {version}, this program knows {VERSION}; "
            "upgrade reviewer, or point state_dir elsewhere."
        )


def _check_version(db: sqlite3.Connection, path: Path) -> None:
    # Once more, now that SQLite has undone what a killed upgrade left half-done.
    _refuse_newer(db.execute("PRAGMA user_version").fetchone()[0], path)
    if db.execute("PRAGMA synchronous").fetchone()[0] != 3:
        raise LedgerRefused(f"SQLite does not keep the ledger {path} durable (synchronous=EXTRA).")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what SQLite and the system say of the ledger file in our own words."""
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
        raise LedgerRefused(damaged(path, error)) from error
    except OSError as error:
        raise LedgerUnwritable(
            f"The ledger {path} could not be opened ({error.strerror}); check the state directory."
        ) from error
