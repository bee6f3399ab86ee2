"""How the sweeps went, and what waits for a person; see `as_of` for what is read."""

from __future__ import annotations

from typing import Any, NamedTuple

from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.as_of import IN_SCOPE, rows
from reviewer_cli.ledger.store import Store

# Under the lock of the state directory one sweep runs at a time: only the newest may still run.
LATER = "EXISTS (SELECT 1 FROM sweeps AS later WHERE later.id > sweeps.id)"

SWEEPS = f"""
SELECT exit_code, ended_at IS NULL AND {LATER}, head_limit, due
FROM sweeps INDEXED BY sweeps_started
WHERE started_at >= :since AND started_at < :until ORDER BY id
"""  # noqa: S608 - our own words

RUNNING = """
SELECT count(*) FROM sweeps
WHERE id = (SELECT max(id) FROM sweeps) AND ended_at IS NULL AND started_at < :until
"""

OF_HEAD = IN_SCOPE.format(repo="(SELECT repo FROM heads WHERE heads.id = died.head_id)")

DEAD = f"""
SELECT count(DISTINCT head_id) FROM events AS died INDEXED BY events_at
WHERE kind = 'died' AND at < :until AND {OF_HEAD}
  AND NOT EXISTS (SELECT 1 FROM events AS later INDEXED BY events_head
    WHERE later.head_id = died.head_id
    AND later.id > died.id AND later.kind = 'revived' AND later.at < :until)
"""  # noqa: S608 - our own words


class Sweep(NamedTuple):
    """How a sweep went; `has_died` is one that never wrote its end.

    An older program did not record how many heads it took up, and how many it might.
    """

    exit_code: int | None
    has_died: int
    head_limit: int | None
    due: int | None

    @property
    def is_full(self) -> bool:
        """Whether it took up as many heads as it might; others may have waited, or none."""
        return 0 < (self.head_limit or 0) <= (self.due or 0)


def sweeps(store: Store, span: Span) -> list[Sweep]:
    """The sweeps that began in a span, in that order."""
    wanted = {"since": span.since, "until": span.until}
    return rows(store, SWEEPS, wanted, Sweep._make)


def is_running(store: Store, until: float) -> bool:
    """Whether a sweep that began before then has not ended yet."""
    (found,) = rows(store, RUNNING, {"until": until}, tuple)
    return bool(found[0])


def dead(store: Store, until: float, within: str) -> int:
    """How many heads had died by then, and had not been revived."""
    values: dict[str, Any] = {"until": until, "within": within}
    (found,) = rows(store, DEAD, values, tuple)
    return int(found[0])
