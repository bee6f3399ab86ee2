"""The pull requests whose people are listened to: which they are, and how they stand.

There is one row for each that was reviewed or asked about. Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.ledger import ends
from reviewer_cli.ledger.rows import Attention, key_of
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import PullRecord

STANDING = """
SELECT standing FROM pulls INDEXED BY pulls_held WHERE pulls.host = heads.host
  AND pulls.repo = heads.repo AND pulls.pull = heads.pull AND standing <> ''
"""

HELD = f"(wish = '' AND EXISTS ({STANDING}))"
"""Whether people paused a row of `heads` or told us to ignore it, and asked for nothing since."""

REOPEN = """
ON CONFLICT (host, repo, pull) DO UPDATE
SET head_sha = excluded.head_sha, state = CASE state WHEN 'merged' THEN state ELSE 'open' END,
  ended_at = CASE state WHEN 'merged' THEN ended_at END
WHERE excluded.state = 'open'
"""

WATCH = f"""
INSERT INTO pulls (host, repo, pull, head_sha) VALUES (:host, :repo, :pull, :head_sha) {REOPEN}
"""  # noqa: S608 - our own words

WATCH_POSTED = f"""
INSERT INTO pulls (host, repo, pull, head_sha, state, ended_at)
SELECT host, repo, pull, head_sha, CASE WHEN merged_at IS NULL THEN 'open' ELSE 'merged' END,
  merged_at
FROM heads WHERE id = :head_id {REOPEN}
"""  # noqa: S608 - our own words

GATHERED = """
INSERT INTO pulls (host, repo, pull, head_sha, state, version, gathered_at, ended_at, merged_as,
  looked_after_at)
VALUES (:host, :repo, :pull, :head_sha, :state, :version, :now, :ended_at, :merged_as,
  CASE WHEN :looked_after_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM heads JOIN findings ON head_id = heads.id
    WHERE host = :host AND repo = :repo AND pull = :pull AND disposition = 'kept')
  THEN :looked_after_at END)
ON CONFLICT (host, repo, pull) DO UPDATE
SET head_sha = excluded.head_sha, state = excluded.state, version = excluded.version,
  gathered_at = excluded.gathered_at, ended_at = excluded.ended_at,
  merged_as = excluded.merged_as, looked_after_at = excluded.looked_after_at
"""

ASKED = """
(host, repo) IN
  (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:repos))
"""

WATCHED = f"""
SELECT * FROM pulls INDEXED BY pulls_open
WHERE state = 'open' AND {ASKED} ORDER BY gathered_at, id
"""  # noqa: S608 - our own words

HEARD_OF = """
SELECT json_extract(asked.value, '$[0]') AS host, json_extract(asked.value, '$[1]') AS repo,
  (SELECT json_group_array(CASE WHEN gathered_at IS NULL THEN '' ELSE pull || ' ' || version END)
   FROM pulls INDEXED BY pulls_open WHERE state = 'open'
     AND host = json_extract(asked.value, '$[0]') AND repo = json_extract(asked.value, '$[1]')
  ) AS versions
FROM json_each(:repos) AS asked
"""
"""The versions of a whole repository in one value: most often nothing is new, and a row costs."""

VERSIONS = f"""
SELECT id, host, repo, pull, version, gathered_at FROM pulls INDEXED BY pulls_open
WHERE state = 'open' AND {ASKED}
"""  # noqa: S608 - our own words

THESE = """
SELECT * FROM pulls WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY gathered_at, id
"""

RESTED = f"""
SELECT * FROM pulls INDEXED BY pulls_open
WHERE state = 'open' AND {ASKED} AND gathered_at < :before ORDER BY gathered_at, id LIMIT :limit
"""  # noqa: S608 - our own words

LOOKED_AFTER = f"""
SELECT * FROM pulls INDEXED BY pulls_looked_after
WHERE looked_after_at > :now AND {ASKED} ORDER BY gathered_at, id
"""  # noqa: S608 - our own words

SAME_PULL = "host = :host AND repo = :repo AND pull = :pull"

WITHDRAW = f"""
UPDATE heads SET wish = '' WHERE {SAME_PULL} AND wish <> '' AND state = 'due'
"""  # noqa: S608 - our own words


def watched(store: Store, repos: Collection[tuple[str, str]]) -> tuple[PullRecord, ...]:
    """The pull requests of these (host, repo) whose end nobody has seen, the oldest news first.

    Each was reviewed, or was asked about in a command. One that the poll no longer brings has
    ended: it is here until it was `gathered` for the last time.
    """
    return _records(store, WATCHED, {"repos": json.dumps(sorted(repos))})


def unheard(
    store: Store, repos: Collection[tuple[str, str]], tips: Iterable[Tip]
) -> tuple[PullRecord, ...]:
    """Those of the `watched` that the poll says something new of, the oldest news first.

    They were never gathered, have another version than then, or are not among the `tips`, which
    are all that is open in these (host, repo).
    """
    open_now: dict[tuple[str, str], set[str]] = defaultdict(set)
    for tip in tips:
        open_now[tip.key.host, tip.key.repo].add(f"{tip.key.pull} {tip.version}")
    changed = [
        (row["host"], row["repo"])
        for row in store.read(HEARD_OF, {"repos": json.dumps(sorted(repos))})
        if not open_now[row["host"], row["repo"]].issuperset(json.loads(row["versions"]))
    ]
    if not changed:
        return ()
    ids = [
        row["id"]
        for row in store.read(VERSIONS, {"repos": json.dumps(changed)})
        if row["gathered_at"] is None
        or f"{row['pull']} {row['version']}" not in open_now[row["host"], row["repo"]]
    ]
    return _records(store, THESE, {"ids": json.dumps(ids)})


def rested(
    store: Store, repos: Collection[tuple[str, str]], before: float, limit: int
) -> tuple[PullRecord, ...]:
    """So many of the `watched` of which nothing was gathered since then, the oldest news first."""
    pairs = json.dumps(sorted(repos))
    return _records(store, RESTED, {"repos": pairs, "before": before, "limit": limit})


def looked_after(
    store: Store, repos: Collection[tuple[str, str]], now: float
) -> tuple[PullRecord, ...]:
    """Those that were merged, and whose lines are still watched; the oldest news first."""
    return _records(store, LOOKED_AFTER, {"repos": json.dumps(sorted(repos)), "now": now})


def known(store: Store, key: HeadKey) -> PullRecord | None:
    """How a head's pull request stands, None where it was never reviewed nor asked about."""
    query = f"SELECT * FROM pulls WHERE {SAME_PULL}"  # noqa: S608
    return next(iter(_records(store, query, of_pull(key))), None)


def gathered(
    store: Store,
    conversations: Iterable[Conversation],
    now: float,
    looked_after_s: float = 0.0,
) -> None:
    """Note how these pull requests stand, in one transaction, after all else was done with them.

    One that was merged is looked after for so many seconds from then on.
    """
    rows = [_columns(one, now, looked_after_s) for one in conversations]
    if rows:
        with store.transaction():
            store.db.executemany(GATHERED, rows)
            ends.note(store.db, [row for row in rows if row["state"] is not PullState.OPEN])


def stand(store: Store, key: HeadKey, attention: Attention) -> None:
    """Pause or ignore a head's pull request, or take that back; see `turn`."""
    with store.transaction():
        turn(store, key, attention)


def turn(store: Store, key: HeadKey, attention: Attention) -> None:
    """The same within a transaction. What was asked for before is not waited for any more."""
    pull = of_pull(key)
    store.db.execute(WATCH, pull | {"head_sha": key.sha})
    store.db.execute(
        f"UPDATE pulls SET standing = :standing WHERE {SAME_PULL}",  # noqa: S608 - our own words
        pull | {"standing": attention},
    )
    if attention is not Attention.ACTIVE:
        store.db.execute(WITHDRAW, pull)


def of_pull(key: HeadKey) -> dict[str, str]:
    """The columns that name a head's pull request, for a statement."""
    return {"host": key.host, "repo": key.repo, "pull": key.pull}


def _record(row: sqlite3.Row) -> PullRecord:
    return PullRecord(
        key=key_of(row),
        state=PullState(row["state"]),
        version=row["version"],
        gathered_at=row["gathered_at"],
        ended_at=row["ended_at"],
        merged_as=row["merged_as"],
        standing=Attention(row["standing"]),
        looked_after_at=row["looked_after_at"],
    )


def _records(store: Store, query: str, wanted: Mapping[str, object]) -> tuple[PullRecord, ...]:
    return tuple(_record(row) for row in store.read(query, dict(wanted)))


def _columns(told: Conversation, now: float, looked_after_s: float) -> dict[str, object]:
    """A host need not say when it ended: then it was by now at the latest."""
    is_open, is_merged = told.state is PullState.OPEN, told.state is PullState.MERGED
    ended_at = None if is_open else now if told.ended_at is None else told.ended_at
    until = None if ended_at is None else ended_at + looked_after_s
    return of_pull(told.key) | {
        "head_sha": told.key.sha,
        "state": told.state,
        "version": told.version,
        "now": now,
        "ended_at": ended_at,
        "merged_as": told.merged_as if is_merged else None,
        "looked_after_at": until if is_merged and looked_after_s else None,
    }
