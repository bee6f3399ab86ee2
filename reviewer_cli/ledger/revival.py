"""Dead heads that a person wants tried again.

One transaction suffices, also while a sweep runs: a dead row has no lease, and no sweep writes to
it. A head whose review is saved is posted from it. The reason of the death stays with the row, as
does its last error.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import State
from reviewer_cli.errors import UsageError
from reviewer_cli.ledger import events
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading

REVIVE = """
UPDATE heads SET
  state = CASE WHEN EXISTS (SELECT 1 FROM reviews WHERE head_id = heads.id)
    THEN 'reviewed' ELSE 'due' END,
  reason = 'tried again by hand, was dead: ' || reason,
  attempts = 0, next_due_at = :now, changed_at = :now
WHERE state = 'dead' AND (:ids IS NULL OR id IN (SELECT value FROM json_each(:ids)))
RETURNING id
"""


def revive(path: Path, name: str, now: float) -> tuple[int, ...]:
    """Make the dead heads of this name due at once, with all attempts, and return their ids.

    Raises UsageError when there is no such head, or none of them is dead.
    """
    with reading(path) as records:
        found = records.find(name)
    if not found:
        raise UsageError(f"The ledger knows no head {name!r}; see reviewer ledger list.")
    dead = [head.head_id for head in found if head.state is State.DEAD]
    if not dead:
        raise UsageError(f"{name} is {found[0].state}, not dead; there is nothing to try again.")
    return _revive(path, dead, now)


def revive_all(path: Path, now: float) -> tuple[int, ...]:
    """The same for every dead head."""
    return _revive(path, None, now)


def _revive(path: Path, head_ids: Collection[int] | None, now: float) -> tuple[int, ...]:
    wanted = {"ids": None if head_ids is None else json.dumps(list(head_ids)), "now": now}
    with closing(Ledger(path)) as ledger, ledger.store.transaction():
        db = ledger.store.db
        revived = tuple(row[0] for row in db.execute(REVIVE, wanted).fetchall())
        for head_id in revived:
            events.note(db, EventKind.REVIVED, now, head_id=head_id)
    return revived
