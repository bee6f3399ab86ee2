"""Pull requests that ended, also ones that nobody reviewed: each is inserted once, never changed.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import Tip
from reviewer_cli.ledger import events
from reviewer_cli.ledger.store import Store

# A host may not say when one was closed; looked at twice it was closed once.
NOTE = """
INSERT INTO ends (noted_at, host, repo, pull, head_sha, state, ended_at)
SELECT :now, :host, :repo, :pull, :head_sha, :state, :ended_at
WHERE NOT EXISTS (SELECT 1 FROM ends
  WHERE host = :host AND repo = :repo AND pull = :pull AND state = :state
    AND (state = 'merged' OR head_sha = :head_sha))
ON CONFLICT DO NOTHING
"""

ASKED = """
SELECT max(at) FROM events
WHERE kind IN (SELECT value FROM json_each(:kinds)) AND at <= :now AND subject = :host
"""


def note(db: sqlite3.Connection, ended: Iterable[Mapping[str, object]]) -> None:
    """Note these pull requests, within a transaction; each has the columns of `ends`, and `now`."""
    db.executemany(NOTE, ended)


def asked_at(store: Store, host: str, now: float) -> float | None:
    """When a host was asked for the last time what was merged there, also where it did not tell."""
    return _asked_at(store, (EventKind.COUNTED, EventKind.UNCOUNTED), host, now)


def counted_at(store: Store, host: str, now: float) -> float | None:
    """When it told so for the last time, None where it never did."""
    return _asked_at(store, (EventKind.COUNTED,), host, now)


def count(store: Store, host: str, merged: Iterable[Tip], now: float) -> None:
    """Note all that a host says was merged, and that it was asked, in one transaction."""
    rows = [_columns(tip, now) for tip in merged]
    with store.transaction():
        note(store.db, rows)
        events.note(store.db, EventKind.COUNTED, now, subject=host)


def not_counted(store: Store, host: str, now: float) -> None:
    """Note that a host was asked in vain."""
    with store.transaction():
        events.note(store.db, EventKind.UNCOUNTED, now, subject=host)


def _asked_at(store: Store, kinds: Sequence[str], host: str, now: float) -> float | None:
    found = store.read(ASKED, {"kinds": json.dumps(kinds), "host": host, "now": now})
    at: float | None = found[0][0]
    return at


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
