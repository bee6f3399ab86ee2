"""What people did about findings, each once: what is taken back later stays counted as given.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

from collections.abc import Iterable

from reviewer_cli.core.signals import Signal
from reviewer_cli.ledger.store import Store

NOTE = """
INSERT INTO signals (finding_id, kind, token, counts, noted_at)
SELECT id, :kind, :token, :counts, :now FROM findings WHERE id = :finding_id
ON CONFLICT DO NOTHING
"""


def note(store: Store, noted: Iterable[tuple[int, Signal]], now: float) -> None:
    """Note what is new about findings, by their ids, in one transaction.

    A finding that was removed for its age has none.
    """
    rows = [
        {
            "finding_id": finding_id,
            "kind": one.kind,
            "token": one.token,
            "counts": one.counts,
            "now": now,
        }
        for finding_id, one in noted
    ]
    if rows:
        with store.transaction():
            store.db.executemany(NOTE, rows)
