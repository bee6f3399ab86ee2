"""The doors that failed us, remembered between sweeps: one row for each breaker that is open.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.facts import EventKind
from reviewer_cli.ledger import events
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import BreakerRecord

OPEN_OR_REFRESH = """
INSERT INTO breakers (door, kind, opened_at, last_failed_at, failures, until, reason)
VALUES (:door, :kind, :now, :now, 1, :until, :reason)
ON CONFLICT (door) DO UPDATE SET kind = excluded.kind, last_failed_at = excluded.last_failed_at,
  until = excluded.until, reason = excluded.reason,
  opened_at = CASE kind WHEN excluded.kind THEN opened_at ELSE excluded.opened_at END,
  failures = CASE kind WHEN excluded.kind THEN failures + 1 ELSE 1 END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a sweep met at a door; `until` is when it may be asked again, None at any time."""

    kind: Kind
    reason: str
    until: float | None = None


class Breakers:
    """The breakers of one ledger file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self) -> tuple[BreakerRecord, ...]:
        """Those that are open, the oldest first."""
        rows = self._store.read("SELECT * FROM breakers ORDER BY opened_at, door", {})
        names = BreakerRecord.__dataclass_fields__
        return tuple(BreakerRecord(**{name: row[name] for name in names}) for row in rows)

    def settle(self, failed: Mapping[str, Failure], answered: Collection[str], now: float) -> None:
        """Open or refresh the breakers of doors that failed; a new kind counts from now on.

        Those of doors that answered and did not fail are closed. All in one transaction, and none
        where nothing changes.
        """
        before = {one.door: one for one in self.open()}
        closed = before.keys() & set(answered) - set(failed)
        if not failed and not closed:
            return
        with self._store.transaction():
            db = self._store.db
            for door, failure in failed.items():
                db.execute(OPEN_OR_REFRESH, {**asdict(failure), "door": door, "now": now})
                if door not in before or before[door].kind != failure.kind:
                    events.note(db, EventKind.OPENED, now, word=failure.kind, subject=door)
            for door in sorted(closed):
                db.execute("DELETE FROM breakers WHERE door = ?", (door,))
                word, open_s = before[door].kind, max(now - before[door].opened_at, 0.0)
                events.note(db, EventKind.CLOSED, now, word=word, subject=door, seconds=open_s)
