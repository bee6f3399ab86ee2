"""The doors that refused us, remembered between sweeps: one row for each breaker that is open.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import BreakerRecord

AUTHENTICATION = "authentication"
"""The kind of a breaker that a refused credential opened."""

OPEN_OR_REFRESH = """
INSERT INTO breakers (door, kind, opened_at, last_failed_at, failures, reason)
VALUES (:door, :kind, :now, :now, 1, :reason)
ON CONFLICT (door) DO UPDATE SET kind = excluded.kind, last_failed_at = excluded.last_failed_at,
  failures = failures + 1, reason = excluded.reason
"""


class Breakers:
    """The breakers of one ledger file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self) -> tuple[BreakerRecord, ...]:
        """Those that are open, the oldest first."""
        rows = self._store.read("SELECT * FROM breakers ORDER BY opened_at, door", {})
        names = BreakerRecord.__dataclass_fields__
        return tuple(BreakerRecord(**{name: row[name] for name in names}) for row in rows)

    def settle(self, refused: Mapping[str, str], let_in: Collection[str], now: float) -> None:
        """Open or refresh the breakers of doors that refused us, with the reason they gave.

        Those of doors that let us in and refused nothing are closed. All in one transaction, and
        none where nothing changes.
        """
        closed = {one.door for one in self.open()} & set(let_in) - set(refused)
        if not refused and not closed:
            return
        with self._store.transaction():
            for door, reason in refused.items():
                wanted = {"door": door, "kind": AUTHENTICATION, "now": now, "reason": reason}
                self._store.db.execute(OPEN_OR_REFRESH, wanted)
            for door in closed:
                self._store.db.execute("DELETE FROM breakers WHERE door = ?", (door,))
