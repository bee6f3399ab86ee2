"""Deliveries of digests: a row for each digest and channel, and its way from waiting to delivered.

A row is `sending` from before the first byte goes out until it is known what became of it. Only
one process sends, the one that holds the lock: rows that another left there are of a dead one, and
may have arrived. Times are seconds since the epoch.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.ledger.digests import WHOLE_WEEK
from reviewer_cli.ledger.store import Store


class Stage(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    UNSURE = "unsure"
    """It went out, and nobody knows whether it came: a person decides what to do."""
    DROPPED = "dropped"
    """It is not worth sending any more; `error` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A digest on its way to a channel; `since` and `until` are those of the digest."""

    delivery_id: int
    digest_id: int
    channel: str
    state: Stage
    attempts: int
    next_due_at: float
    error: str
    since: float
    until: float
    scope: str
    zone: str


OF = """
SELECT deliveries.id AS delivery_id, digest_id, channel, state, attempts, next_due_at, error,
  since, until, scope, zone
FROM deliveries {index} JOIN digests ON digests.id = digest_id
"""

# SQLite uses the index of open rows only where a query says just this.
OPEN = f"""
{OF.format(index="INDEXED BY deliveries_open")}
WHERE state IN ('waiting', 'sending') ORDER BY since, until, scope, channel
"""

UNSETTLED = f"""
{OF.format(index="")}
WHERE state IN ('waiting', 'sending', 'unsure') ORDER BY since, until, scope, channel
"""

OF_DIGEST = f"{OF.format(index='')} WHERE digest_id = :digest_id ORDER BY channel"

QUEUE = """
INSERT OR IGNORE INTO deliveries (digest_id, channel, state, next_due_at, changed_at)
VALUES (:digest_id, :channel, 'waiting', :now, :now)
"""

# Only a week takes the place of what was before it: days that somebody asked for are no news.
OUTDATE = f"""
UPDATE deliveries SET state = 'dropped', changed_at = :now, error = 'a newer digest took its place'
WHERE channel = :channel AND state IN ('waiting', 'unsure') AND digest_id IN
  (SELECT older.id FROM digests AS older JOIN digests AS newer ON newer.id = :digest_id
   WHERE older.scope = newer.scope AND older.until < newer.until
     AND {WHOLE_WEEK.format("newer")})
"""  # noqa: S608 - our own words

NEWER = f"""
SELECT 1 FROM deliveries JOIN digests AS newer ON newer.id = digest_id
WHERE channel = :channel AND scope = :scope AND until > :until AND {WHOLE_WEEK.format("newer")}
LIMIT 1
"""  # noqa: S608 - our own words

SETTLE = """
UPDATE deliveries SET state = :state, attempts = attempts + 1, next_due_at = :next_due_at,
  changed_at = :now, error = :error
WHERE id = :delivery_id AND state IN ('waiting', 'sending')
"""

AGAIN = """
UPDATE deliveries SET state = 'waiting', next_due_at = :now, changed_at = :now
WHERE digest_id = :digest_id AND channel = :channel AND state <> 'sending'
"""

HASTEN = """
UPDATE deliveries SET next_due_at = :now
WHERE digest_id = :digest_id AND state = 'waiting' AND next_due_at > :now
"""


class Outbox:
    """The deliveries of one ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def queue(self, digest_id: int, channels: Iterable[str], now: float) -> int:
        """Let a digest wait for these channels, call it within a transaction; each once for ever.

        What waited for the same channel with an older digest of the same scope is dropped where
        this one is of a week; how much that is.
        """
        dropped = 0
        for channel in channels:
            row = {"digest_id": digest_id, "channel": channel, "now": now}
            self._store.db.execute(QUEUE, row)
            dropped += self._store.db.execute(OUTDATE, row).rowcount
        return dropped

    def again(self, digest_id: int, channel: str, now: float) -> bool:
        """Let it be sent once more, whatever became of it; False where it never was to be sent."""
        row = {"digest_id": digest_id, "channel": channel, "now": now}
        with self._store.transaction():
            return self._store.db.execute(AGAIN, row).rowcount > 0

    def hasten(self, digest_id: int, now: float) -> None:
        """Let what waits for another try be tried at once."""
        with self._store.transaction():
            self._store.db.execute(HASTEN, {"digest_id": digest_id, "now": now})

    def open(self) -> tuple[Delivery, ...]:
        """What waits, and what is being sent; one look at a small index where there is nothing."""
        return self._read(OPEN, {})

    def unsettled(self) -> tuple[Delivery, ...]:
        """The same, and what nobody knows whether it came."""
        return self._read(UNSETTLED, {})

    def of(self, digest_id: int) -> tuple[Delivery, ...]:
        """All deliveries of a digest."""
        return self._read(OF_DIGEST, {"digest_id": digest_id})

    def take(self, delivery_id: int, now: float) -> bool:
        """From now on it may have been sent; False where it does not wait any more."""
        with self._store.transaction():
            changed = self._store.db.execute(
                "UPDATE deliveries SET state = 'sending', changed_at = :now"
                " WHERE id = :delivery_id AND state = 'waiting'",
                {"delivery_id": delivery_id, "now": now},
            )
            return changed.rowcount == 1

    def delivered(self, delivery_id: int, now: float) -> None:
        """It came."""
        self._settle(delivery_id, Stage.DELIVERED, now, now, "")

    def put_off(self, delivery_id: int, next_due_at: float, now: float, error: str) -> None:
        """It did not come, and is tried again."""
        self._settle(delivery_id, Stage.WAITING, next_due_at, now, error)

    def unsure(self, delivery_id: int, now: float, error: str) -> None:
        """Nobody knows whether it came."""
        self._settle(delivery_id, Stage.UNSURE, now, now, error)

    def drop(self, delivery_id: int, now: float, error: str) -> None:
        """It is not sent any more."""
        self._settle(delivery_id, Stage.DROPPED, now, now, error)

    def is_outdated(self, one: Delivery) -> bool:
        """Whether the same channel has the digest of a newer week of the same scope."""
        wanted = {"channel": one.channel, "scope": one.scope, "until": one.until}
        return bool(self._store.read(NEWER, wanted))

    def _settle(
        self, delivery_id: int, state: Stage, next_due_at: float, now: float, error: str
    ) -> None:
        row = {"delivery_id": delivery_id, "state": state, "next_due_at": next_due_at}
        with self._store.transaction():
            self._store.db.execute(SETTLE, row | {"now": now, "error": error})

    def _read(self, query: str, values: dict[str, int]) -> tuple[Delivery, ...]:
        return tuple(map(_delivery, self._store.read(query, values)))


def _delivery(row: sqlite3.Row) -> Delivery:
    fields = {name: row[name] for name in Delivery.__dataclass_fields__}
    return Delivery(**fields | {"state": Stage(row["state"])})
