"""Pull requests that ended, also ones that nobody reviewed: each is inserted once, never changed.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import Tip
from reviewer_cli.ledger import events
from reviewer_cli.ledger.store import Store

HEARD_OF_S = 86_400.0
"""So long a merge is left to those who listen there: what became of findings is judged first."""

# A host may not say when one was closed; looked at twice it was closed once.
NOTED = """
INSERT INTO ends (noted_at, host, repo, pull, head_sha, state, ended_at)
SELECT :now, :host, :repo, :pull, :head_sha, :state, :ended_at
WHERE NOT EXISTS (SELECT 1 FROM ends
  WHERE host = :host AND repo = :repo AND pull = :pull AND state = :state
    AND (state = 'merged' OR head_sha = :head_sha)) {unless}
ON CONFLICT DO NOTHING
"""

NOTE = NOTED.format(unless="")

STILL_HEARD = f"""
AND NOT EXISTS (SELECT 1 FROM pulls
  WHERE host = :host AND repo = :repo AND pull = :pull AND state = 'open'
    AND :ended_at > :now - {HEARD_OF_S})
"""  # noqa: S608 - our own number

NOTE_COUNTED = NOTED.format(unless=STILL_HEARD)

ASKED = """
SELECT max(at), coalesce(max(at) FILTER (WHERE kind = 'counted'), min(at)) FROM events
WHERE kind IN ('counted', 'uncounted') AND at <= :now AND subject = :host
"""


def note(db: sqlite3.Connection, ended: Iterable[Mapping[str, object]]) -> None:
    """Note these pull requests, within a transaction; each has the columns of `ends`, and `now`."""
    db.executemany(NOTE, ended)


def asked_at(store: Store, host: str, now: float) -> float | None:
    """When a host was asked for the last time what was merged there, also where it did not tell."""
    return _asked(store, host, now)[0]


def counted_at(store: Store, host: str, now: float) -> float | None:
    """When it told all of that for the last time; before it ever did, when it was first asked."""
    return _asked(store, host, now)[1]


def count(store: Store, host: str, merged: Iterable[Tip], now: float) -> None:
    """Note what a host says was merged, and that it told all of that, in one transaction.

    What is still listened to is left for `gathered` to note; for a day, lest it be never.
    """
    _count(store, EventKind.COUNTED, host, merged, now)


def count_in_part(store: Store, host: str, merged: Iterable[Tip], now: float) -> None:
    """The same where some of its repositories, or all, could not tell."""
    _count(store, EventKind.UNCOUNTED, host, merged, now)


def _count(store: Store, kind: EventKind, host: str, merged: Iterable[Tip], now: float) -> None:
    rows = [_columns(tip, now) for tip in merged]
    with store.transaction():
        store.db.executemany(NOTE_COUNTED, rows)
        events.note(store.db, kind, now, subject=host)


def _asked(store: Store, host: str, now: float) -> tuple[float | None, float | None]:
    last, complete = store.read(ASKED, {"host": host, "now": now})[0]
    return last, complete


def _columns(tip: Tip, now: float) -> dict[str, object]:
    return {
        "host": tip.key.host,
        "repo": tip.key.repo,
        "pull": tip.key.pull,
        "head_sha": tip.key.sha,
        "state": "merged",
        "ended_at": now if tip.ended_at is None else tip.ended_at,
        "now": now,
    }
