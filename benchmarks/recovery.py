"""Recovery of a ledger of 100,000 rows after a killed sweep, over one bare scan of the same file.

The rows are those of `million_rows`; beside them 64 heads, the largest batch there is, are in
review, and 64 are being posted. Ours is what the next sweep does before it asks any host: opening
the file, which a killed sweep did not leave in order so that its pages are checked, and giving back
what had been taken. The other side reads each row of `heads` once with sqlite3 alone. Before each
turn the heads are taken again and the note of how the file was left is removed, outside the
measurement. The sides take turns, nine times; medians.
"""

from __future__ import annotations

import sqlite3
import statistics
from contextlib import closing
from pathlib import Path

from benchmarks import million_rows
from benchmarks.bar import Figure, Must, part, ratio, taking_turns
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.recovery import recover

ROWS, TAKEN, TIMES, NOW = 100_000, 64, 9, 2e6


def measure(place: Path) -> list[Figure]:
    """The promise in seconds, and the same as a ratio that does not depend on the machine."""
    path = place / "ledger.db"
    million_rows.build(path, ROWS)
    _kill_a_sweep(path)
    ours, theirs = taking_turns(
        TIMES,
        lambda: _recovered(path),
        lambda: _scanned(path),
        between=lambda: _kill_a_sweep(path),
    )
    parts = (part("ours", ours), part("scan", theirs))
    return [
        Figure(
            bar="recovery of 100,000 rows: seconds",
            measured=statistics.median(ours),
            must=Must.NOT_EXCEED,
            limit=1.0,
            unit="s",
            parts=parts,
        ),
        Figure(
            bar="the same: opening, check and recovery ÷ one scan by bare sqlite3",
            measured=ratio(ours, theirs),
            must=Must.NOT_EXCEED,
            limit=2.0,
        ),
    ]


def _recovered(path: Path) -> None:
    with closing(Ledger(path)) as ledger:
        assert recover(ledger.store, NOW) == 2 * TAKEN


def _scanned(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        assert sum(1 for _ in db.execute("SELECT * FROM heads")) == ROWS


def _kill_a_sweep(path: Path) -> None:
    path.with_name(f"{path.name}.seal").unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for state, remainder in (("claimed", 0), ("posting", 1)):
            db.execute(
                "UPDATE heads SET state = ?, lease = 'killed', lease_expires_at = ? WHERE id IN "
                "(SELECT id FROM heads WHERE id % 1000 = ? LIMIT ?)",
                (state, NOW, remainder, TAKEN),
            )
