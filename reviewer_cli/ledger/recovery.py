"""What a sweep that died left in the ledger: put right by the first verb of the next.

All of it happens under the lock of the state directory. No lease in the file is alive then, so
none is asked when it would have ended: a clock that jumped changes nothing here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import HeadKey
from reviewer_cli.errors import SweepDied
from reviewer_cli.ledger import events
from reviewer_cli.ledger.lease import BACK_TO_DUE
from reviewer_cli.ledger.rows import key_of
from reviewer_cli.ledger.schema import UNFINISHED
from reviewer_cli.ledger.store import Store

IN_WORK = f"{UNFINISHED} AND state <> 'due' AND lease IS NOT NULL"

HELD = f"""
SELECT id, host, repo, pull, head_sha, attempts, error_class FROM heads INDEXED BY heads_waiting
WHERE {IN_WORK} LIMIT 2
"""  # noqa: S608 - our own words

GIVE_BACK = f"""
UPDATE heads INDEXED BY heads_waiting
SET {BACK_TO_DUE}, lease = NULL, lease_expires_at = NULL, changed_at = :now,
  next_due_at = min(next_due_at, :now),
  error_class = '{SweepDied.__name__}', error = '{SweepDied()}'
WHERE {IN_WORK} RETURNING id
"""  # noqa: S608 - our own words

ENTERED_LATER = "attempts = 0 AND error IS NULL AND changed_at > :now"
"""Never tried, and entered at a time that has not come yet.

One that waits for more pushes was entered before, one that met a door that was down has an error.
"""

HASTEN = f"""
UPDATE heads INDEXED BY heads_waiting
SET next_due_at = CASE WHEN {ENTERED_LATER} THEN :now ELSE min(next_due_at, :latest) END
WHERE {UNFINISHED} AND next_due_at > CASE WHEN {ENTERED_LATER} THEN :now ELSE :latest END
"""  # noqa: S608 - our own words

BURY = """
UPDATE heads SET state = 'dead', lease = NULL, lease_expires_at = NULL, changed_at = :now,
  error_class = :error_class, error = :error, reason = :error
WHERE id = :id
"""

SUSPECTS = f"""
SELECT heads.id, attempts FROM json_each(:ids) AS wanted JOIN heads ON heads.id = wanted.value
WHERE error_class = '{SweepDied.__name__}' ORDER BY wanted.key
"""  # noqa: S608 - our own words

BEFORE = "SELECT ended_at FROM sweeps WHERE id < :sweep_id ORDER BY id DESC LIMIT 1"


def recover(store: Store, now: float, longest_wait_s: float = math.inf) -> int:
    """Give back what a dead sweep had taken, with the attempt spent; returns how many rows.

    No head waits longer than `longest_wait_s` from now, and none that was entered later than now:
    it would be a wrong clock's doing.
    """
    with store.transaction():
        given_back = [row["id"] for row in store.db.execute(GIVE_BACK, {"now": now}).fetchall()]
        for head_id in given_back:
            word = SweepDied.__name__
            events.note(store.db, EventKind.RETRIED, now, word=word, head_id=head_id)
        if longest_wait_s < math.inf:
            store.db.execute(HASTEN, {"now": now, "latest": now + longest_wait_s})
    return len(given_back)


def bury_deadly(store: Store, max_attempts: int, now: float) -> HeadKey | None:
    """→ dead: the suspect that was alone in work when its sweep died, with no attempt left.

    Of several nobody can say which one it was; see `suspects`. Call it before `recover`.
    """
    held = store.read(HELD, {})
    if len(held) != 1:
        return None
    (row,) = held
    if row["error_class"] != SweepDied.__name__ or row["attempts"] < max_attempts:
        return None
    error = SweepDied(row["attempts"])
    written = {"now": now, "error_class": type(error).__name__, "error": str(error)}
    with store.transaction():
        store.db.execute(BURY, written | {"id": row["id"]})
        word = type(error).__name__
        events.note(store.db, EventKind.DIED, now, word=word, head_id=row["id"])
    return key_of(row)


def died_before(store: Store, sweep_id: int) -> bool:
    """Whether the sweep before this one never wrote its end."""
    rows = store.read(BEFORE, {"sweep_id": sweep_id})
    return bool(rows) and rows[0]["ended_at"] is None


def suspects(store: Store, ids: Sequence[int]) -> dict[int, int]:
    """Those of the rows that were in work when a sweep died, with the attempts they have used."""
    return {
        row["id"]: row["attempts"] for row in store.read(SUSPECTS, {"ids": json.dumps(list(ids))})
    }
