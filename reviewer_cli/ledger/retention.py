"""Removing what old finished heads no longer need; what forbids a second review stays for ever.

A row keeps its key, state, reason, round and times, and what it cost; what a digest counts stays as
well, but for the signals and labels of a finding that goes. Heads are taken in the order
in which they finished, and how far it went is noted in the same transaction: nothing is looked at
twice, and a killed sweep goes on where it was. Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from reviewer_cli.ledger.schema import FINISHED
from reviewer_cli.ledger.store import Store

INTERVAL_S = 86_400.0
TOGETHER = 500
"""Heads of one transaction, which then takes some milliseconds."""
MOST_AT_ONCE = 5_000
"""Heads of one sweep; the rest of a large ledger comes with the next sweeps."""

NEXT = f"""
SELECT id, changed_at FROM heads INDEXED BY heads_finished
WHERE {FINISHED} AND (changed_at, id) > (:changed_at, :head_id) AND changed_at < :before
ORDER BY changed_at, id LIMIT :limit
"""  # noqa: S608 - our own words

THESE = "(SELECT value FROM json_each(:ids))"
REMOVED = f"""
SELECT group_concat(kind) FROM retention
WHERE {FINISHED} AND (retention.changed_at, retention.head_id) >= (heads.changed_at, heads.id)
"""  # noqa: S608 - our own words
"""What a row of `heads` has lost because of its age, such as "findings,texts"."""

UNPOSTED = f"(SELECT id FROM heads WHERE id IN {THESE} AND state <> 'posted')"  # noqa: S608

# A head that was never posted may be open again one day. Then it is posted from its saved review or
# reviewed anew: half a review, without its findings or without its text, would be posted wrongly.
UNPOSTED_REVIEWS = (
    f"DELETE FROM findings WHERE head_id IN {UNPOSTED}",  # noqa: S608
    f"DELETE FROM reviews WHERE head_id IN {UNPOSTED}",  # noqa: S608
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long (seconds) the findings of finished heads are kept, and their texts.

    The texts are the pull request's description, the review as it was posted and the replies.
    """

    findings_s: float = 400 * 86_400.0
    texts_s: float = 400 * 86_400.0


KINDS = {
    "findings": (*UNPOSTED_REVIEWS, f"DELETE FROM findings WHERE head_id IN {THESE}"),  # noqa: S608
    "texts": (
        *UNPOSTED_REVIEWS,
        f"UPDATE heads SET body = '' WHERE id IN {THESE}",  # noqa: S608
        f"UPDATE reviews SET payload = '' WHERE head_id IN {THESE}",  # noqa: S608
        f"UPDATE replies SET reply = '' WHERE head_id IN {THESE}",  # noqa: S608
    ),
}


def apply(store: Store, keep: Keep, now: float) -> int:
    """Remove what is older than it may be, at most once a day; return how many heads it was of.

    A head counts once for its findings and once for its texts.
    """
    return sum(
        _apply(store, kind, now - keep_s, now)
        for kind, keep_s in (("findings", keep.findings_s), ("texts", keep.texts_s))
    )


def _apply(store: Store, kind: str, before: float, now: float) -> int:
    noted = store.read("SELECT * FROM retention WHERE kind = :kind", {"kind": kind})
    if noted and 0 <= now - noted[0]["applied_at"] < INTERVAL_S:
        return 0
    at = {"changed_at": 0.0, "head_id": 0}
    if noted:
        at = {name: noted[0][name] for name in at}
    done = 0
    while done < MOST_AT_ONCE:
        with store.transaction():
            found = _next(store, at, before)
            if found:
                ids = {"ids": json.dumps([row["id"] for row in found])}
                for statement in KINDS[kind]:
                    store.db.execute(statement, ids)
                at = {"changed_at": found[-1]["changed_at"], "head_id": found[-1]["id"]}
            is_last = len(found) < TOGETHER
            # Until all is done the day is not over: the next sweep goes on.
            note = {"kind": kind, "applied_at": now if is_last else 0.0} | at
            store.insert("retention", note, conflict="OR REPLACE")
        done += len(found)
        if is_last:
            break
    return done


def _next(store: Store, at: dict[str, float], before: float) -> list[sqlite3.Row]:
    wanted = at | {"before": before, "limit": TOGETHER}
    return store.db.execute(NEXT, wanted).fetchall()
