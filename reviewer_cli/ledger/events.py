"""What happens besides reviews, each inserted once and never changed.

Call these within the transaction that makes it happen. Times are seconds since the epoch.
"""

from __future__ import annotations

import sqlite3

from reviewer_cli.core.facts import EventKind

NOTE = """
INSERT INTO events (at, kind, word, subject, seconds, head_id)
VALUES (:at, :kind, :word, :subject, :seconds, :head_id)
"""


def note(
    db: sqlite3.Connection,
    kind: EventKind,
    at: float,
    *,
    word: str = "",
    subject: str = "",
    seconds: float | None = None,
    head_id: int | None = None,
) -> None:
    """Remember that it happened; `EventKind` says what the other values mean."""
    row = {"at": at, "kind": kind, "word": word, "subject": subject}
    db.execute(NOTE, row | {"seconds": seconds, "head_id": head_id})
