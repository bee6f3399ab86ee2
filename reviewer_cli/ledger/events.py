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

NEWEST = "SELECT {} FROM events WHERE head_id = heads.id ORDER BY id DESC LIMIT 1"

NOTE_OF_HEADS = f"""
INSERT INTO events (at, kind, word, head_id)
SELECT :now, :kind, :word, id FROM heads WHERE {{heads}}
  AND (({NEWEST.format("kind || ' ' || word")}) IS NOT :kind || ' ' || :word{{unless}})
"""  # noqa: S608 - our own words

NOTE_OF_HEAD = NOTE_OF_HEADS.format(heads="id = :head_id", unless="")

NOTE_OF_SETTLED = NOTE_OF_HEADS.format(
    heads="host = :host AND repo = :repo AND pull = :pull AND head_sha = :head_sha"
    " AND state = :state AND reason = :reason",
    unless=f" OR entered_at > ({NEWEST.format('at')})",
)
"""Of the head with this key, where it has come to this state for this reason.

It has so again where it was due in between: a draft was ready for a while.
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


def note_news(db: sqlite3.Connection, kind: EventKind, word: str, head_id: int, now: float) -> None:
    """Remember that it happened to a head, unless it is what last happened to it already."""
    db.execute(NOTE_OF_HEAD, {"kind": kind, "word": word, "head_id": head_id, "now": now})
