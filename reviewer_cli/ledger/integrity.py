"""Whether the ledger's pages are whole, without reading all of them at every idle tick.

The file is checked when it is not as we left it, and once a day in any case. How we left it is
kept in a file beside it; losing that costs one check.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from reviewer_cli.errors import LedgerRefused

CHECK_INTERVAL_S = 86_400.0
SEAL_DRAFT = ".seal-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How we left the file, and when its pages were last checked (seconds since the epoch)."""

    size: int
    mtime_ns: int
    checked_at: float


def check(db: sqlite3.Connection, path: Path) -> float:
    """When the pages were last checked, which is now unless the seal still holds.

    Raises LedgerRefused when they are not whole; nothing is repaired.
    """
    now = time.time()
    seal = _read_seal(path)
    found = path.stat()
    if (
        seal is not None
        and (seal.size, seal.mtime_ns) == (found.st_size, found.st_mtime_ns)
        and 0 <= now - seal.checked_at < CHECK_INTERVAL_S
    ):
        return seal.checked_at
    problem = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise LedgerRefused(damaged(path, problem))
    return now


def seal(path: Path, checked_at: float) -> None:
    """Note how the closed file was left; a note that cannot be written costs one check."""
    with suppress(OSError):
        left = path.stat()
        note = Seal(size=left.st_size, mtime_ns=left.st_mtime_ns, checked_at=checked_at)
        handle, name = tempfile.mkstemp(prefix=SEAL_DRAFT, dir=path.parent)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump(asdict(note), file)
        Path(name).replace(_seal_of(path))


def damaged(path: Path, problem: object) -> str:
    """What to do about a file that is not whole."""
    return (
        f"The ledger {path} is damaged ({problem}); it was left untouched. Restore a backup, or "
        "move it away to start an empty ledger (heads may then be reviewed again)."
    )


def _seal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.seal")


def _read_seal(path: Path) -> Seal | None:
    try:
        return Seal(**json.loads(_seal_of(path).read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None
