"""Reading the ledger as it was at a moment: what a digest of the time before it is made of.

Each question here and in the `figures_…` modules reads only what was inserted before `until`, or
what is never changed once it is there, so that a past week stays as it is. Times are seconds since
the epoch. `within` are the repositories that are told of, as `within` gives them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from reviewer_cli.core.facts import End, Event, EventKind, Told
from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.store import Store, translated

Row = TypeVar("Row")

MOST_NAMED = 3
"""Repositories that a digest of several names."""

EVERYWHERE = ""
"""All repositories."""

IN_SCOPE = "(:within = '' OR {repo} IN (SELECT value FROM json_each(:within)))"

# From one entry of the index to the next name: a repository may have thousands of heads.
REPOSITORIES = """
WITH RECURSIVE known (host, repo) AS (
  VALUES ('', '')
  UNION ALL
  SELECT
    (SELECT host FROM heads WHERE (host, repo) > (known.host, known.repo)
     ORDER BY host, repo LIMIT 1),
    (SELECT repo FROM heads WHERE (host, repo) > (known.host, known.repo)
     ORDER BY host, repo LIMIT 1)
  FROM known WHERE known.repo IS NOT NULL)
SELECT DISTINCT repo FROM known WHERE repo <> '' AND instr(repo, :scope) AND EXISTS (
  SELECT 1 FROM heads
  WHERE heads.host = known.host AND heads.repo = known.repo AND first_seen_at < :until)
ORDER BY repo
"""

TOLD = f"""
SELECT head_id, told_at, repo, pull, round, form, was_asked, merged_at, pushed_at, entered_at,
  ready_at, taken_at, reviewed_at, engine, model, contract_hash, guided, over_limits, is_verified,
  model_s, micro_usd, tokens, kept, refuted, repeated, other, corrected, lost,
  EXISTS (SELECT 1 FROM events INDEXED BY events_head WHERE events.head_id = told.head_id
    AND kind IN ('skipped', 'superseded') AND at <= entered_at) AS came_back
FROM told INDEXED BY told_at
WHERE told_at >= :since AND told_at < :until AND {IN_SCOPE.format(repo="repo")} ORDER BY id
"""  # noqa: S608 - our own words

SAME_PULL = "{0}.host = {1}.host AND {0}.repo = {1}.repo AND {0}.pull = {1}.pull"

# How much of a pull request had a review of ours before its end: 2 for its last commit, 1 for
# another one, else 0. Those found at the host are few, and told of by nothing but their event.
TOLD_OF = f"""
coalesce((SELECT max(1 + (told.head_sha = ends.head_sha)) FROM told
  WHERE {SAME_PULL.format("told", "ends")}
  AND merged_at IS NULL AND told_at <= ended_at AND told_at < :until), 0)
"""  # noqa: S608 - our own words

FOUND = f"""
coalesce((SELECT max(1 + (heads.head_sha = here.head_sha)) FROM heads
  CROSS JOIN events INDEXED BY events_head ON events.head_id = heads.id
  WHERE {SAME_PULL.format("heads", "here")} AND kind = 'found' AND at < :until), 0)
"""  # noqa: S608 - our own words

NEWEST_HEAD = f"""
SELECT max(id) FROM heads WHERE {SAME_PULL.format("heads", "ended")} AND first_seen_at < :until
"""  # noqa: S608 - our own words

WHY = f"""
coalesce(
  (SELECT word FROM events INDEXED BY events_head WHERE head_id = ({NEWEST_HEAD})
     AND kind IN ('skipped', 'retried', 'put off', 'died') AND at < :until
   ORDER BY id DESC LIMIT 1),
  (SELECT 'merged before its review' WHERE ({NEWEST_HEAD}) IS NOT NULL),
  'never seen open')
"""  # noqa: S608 - our own words

# Materialized, or SQLite would look for the reviews again for each column.
ENDS = f"""
WITH here AS MATERIALIZED (
  SELECT *, {TOLD_OF} AS reviewed FROM ends INDEXED BY ends_noted
  WHERE noted_at >= :since AND noted_at < :until AND {IN_SCOPE.format(repo="repo")}),
ended AS MATERIALIZED (
  SELECT id, noted_at, host, repo, pull, state, ended_at,
    CASE reviewed WHEN 2 THEN 2 ELSE max(reviewed, {FOUND}) END AS reviewed FROM here)
SELECT noted_at, repo, pull, state, ended_at, reviewed > 0, reviewed > 1,
  CASE WHEN reviewed THEN '' ELSE ({WHY}) END
FROM ended ORDER BY id
"""  # noqa: S608 - our own words

OF_REPOSITORY = IN_SCOPE.format(
    repo="(CASE WHEN head_id IS NULL THEN subject"
    " ELSE (SELECT repo FROM heads WHERE heads.id = head_id) END)"
)

EVENTS = f"""
SELECT at, kind, word, subject, seconds, head_id FROM events INDEXED BY events_at
WHERE kind IN (SELECT value FROM json_each(:kinds)) AND at >= :since AND at < :until
  AND (kind IN ('began', 'opened', 'closed', 'paused', 'counted', 'uncounted')
    OR {OF_REPOSITORY}) ORDER BY id
"""  # noqa: S608 - our own words

COUNTED_FROM = """
SELECT max(first_at) FROM (SELECT min(at) AS first_at FROM events INDEXED BY events_at
  WHERE kind = 'counted' AND at < :until GROUP BY subject)
"""


def rows(
    store: Store, query: str, values: dict[str, Any], make: Callable[[Sequence[Any]], Row]
) -> list[Row]:
    """What a question finds, each row made of its bare values; raises what `Store.read` does."""
    with translated(store.path):
        cursor = store.db.cursor()
        cursor.row_factory = None
        return [make(row) for row in cursor.execute(query, values)]


def bounds(span: Span, within: str) -> dict[str, Any]:
    """What these questions are about, as values by name."""
    return {"since": span.since, "until": span.until, "within": within}


def within(store: Store, scope: str, until: float) -> str:
    """The repositories that a name means, of those that were known then; empty for an empty name.

    That is the one of just this name, or else all with it somewhere in theirs.
    """
    if not scope:
        return EVERYWHERE
    known = store.read(REPOSITORIES, {"scope": scope, "until": until})
    names = [row["repo"] for row in known]
    return json.dumps([scope] if scope in names else names)


def named(within: str) -> str:
    """The repositories as a digest names them: all but a few are counted, and all of all are ""."""
    names = json.loads(within) if within else []
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def told(store: Store, span: Span, within: str) -> list[Told]:
    """The reviews that came to their end, in the order in which they did."""
    return rows(store, TOLD, bounds(span, within), Told._make)


def ends(store: Store, span: Span, within: str) -> list[End]:
    """The pull requests of whose end the ledger learnt, in that order."""
    return rows(store, ENDS, bounds(span, within), End._make)


def events(store: Store, kinds: Sequence[EventKind], span: Span, within: str) -> list[Event]:
    """What happened of these kinds, in that order, and what is of no one repository."""
    return rows(store, EVENTS, bounds(span, within) | {"kinds": json.dumps(kinds)}, Event._make)


def removed_until(store: Store) -> float:
    """Findings of heads that finished until then were removed for their age; 0 where none was."""
    query = "SELECT changed_at FROM retention WHERE kind = 'findings' AND head_id > 0"
    return next((float(row[0]) for row in store.read(query, {})), 0.0)


def counted_from(store: Store, until: float) -> float:
    """When the last of all hosts first told what was merged there, infinity where none did yet."""
    (found,) = rows(store, COUNTED_FROM, {"until": until}, tuple)
    return math.inf if found[0] is None else float(found[0])


def recorded_since(store: Store) -> float:
    """From when on everything is recorded, 0 where the ledger does not say."""
    found = store.read("SELECT min(at) FROM events WHERE kind = 'began'", {})
    return float(found[0][0] or 0.0)
