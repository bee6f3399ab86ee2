"""The queue: finding what is new, entering it, and handing out what is due.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import Head, HeadKey, Severity, State, Tip
from reviewer_cli.core.select import departure
from reviewer_cli.ledger import admission, events, recovery
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.pulls import HELD
from reviewer_cli.ledger.rows import (
    Entry,
    Met,
    SavedReply,
    SweepCounts,
    SweepLimits,
    Wish,
    Work,
    head_of,
    key_of,
    review_from_json,
    usage_of,
)
from reviewer_cli.ledger.schema import UNFINISHED
from reviewer_cli.ledger.store import Store

RETIRABLE = f"""
SELECT id, host, repo, pull, head_sha FROM heads INDEXED BY heads_waiting
WHERE {UNFINISHED} AND state = 'due' AND merged_at IS NULL
"""  # noqa: S608 - our own words

RETIRE = (
    "INSERT INTO events (at, kind, word, head_id)"
    " SELECT :now, 'superseded', :word, id FROM heads WHERE id = :head_id AND state = 'due'",
    "UPDATE heads SET state = 'superseded', reason = :reason, changed_at = :now"
    " WHERE id = :head_id AND state = 'due'",
)

DUE = f"""
SELECT id FROM heads INDEXED BY heads_waiting
WHERE {UNFINISHED} AND state <> 'claimed' AND next_due_at <= :now AND lease IS NULL
  AND (host, repo) IN
    (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:repos))
  AND (state <> 'due' OR NOT {HELD})
ORDER BY state = 'due', first_seen_at, from_fork DESC, changed_lines, id LIMIT :limit
"""  # noqa: S608 - our own words

# What a person names is kept back by an attempt that failed, but by no quiet time nor by people.
NAMED = f"""
SELECT id FROM heads INDEXED BY heads_waiting
WHERE {UNFINISHED} AND state <> 'claimed' AND lease IS NULL AND pull = :pull
  AND (next_due_at <= :now OR (state = 'due' AND attempts = 0))
  AND (host, repo) IN
    (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:repos))
ORDER BY state = 'due', first_seen_at, id LIMIT :limit
"""  # noqa: S608 - our own words

KEYS = """
SELECT host, repo, pull, head_sha FROM heads WHERE id IN (SELECT value FROM json_each(:ids))
"""

HEADS = """
SELECT heads.* FROM json_each(:ids) AS wanted CROSS JOIN heads ON heads.id = wanted.value
ORDER BY wanted.key
"""

CLAIM = """
UPDATE heads SET state = CASE state WHEN 'due' THEN 'claimed' ELSE state END,
  lease = :token, lease_expires_at = :expires, attempts = attempts + 1,
  claimed_at = :now, taken_at = coalesce(taken_at, :now), changed_at = :now
WHERE id = :head_id AND lease IS NULL AND state IN ('due', 'reviewed', 'posting')
RETURNING attempts
"""


class Ledger:
    """One open ledger file; use it from one thread."""

    def __init__(self, path: Path) -> None:
        """Open the file or make it; see `Store` for what is refused."""
        self.store = Store(path)

    def close(self) -> None:
        """Close the file and note how it was left."""
        self.store.close()
        self.store.seal()

    def begin_sweep(
        self, repos: Sequence[str], engine: str, now: float, limits: SweepLimits | None = None
    ) -> int:
        """Open the sweep's row and return its id."""
        row = {"started_at": now, "engine": engine, "repos": json.dumps(list(repos))}
        with self.store.transaction():
            return self.store.insert("sweeps", row | (asdict(limits) if limits else {}))

    def end_sweep(
        self,
        counts: SweepCounts,
        sweep_id: int,
        now: float,
        exit_code: int,
        error: str | None,
        met: Met | None = None,
    ) -> None:
        """Close the sweep's row with what it did, and remember what it met."""
        done = asdict(counts) | {"ended_at": now, "exit_code": exit_code, "error": error}
        met = met or Met()
        with self.store.transaction():
            db = self.store.db
            self.store.update("sweeps", done | {"due": met.due}, {"id": sweep_id})
            for name in met.unpolled:
                events.note(db, EventKind.UNPOLLED, now, subject=name)
            if met.paused_s > 0:
                events.note(db, EventKind.PAUSED, now, subject=met.door, seconds=met.paused_s)

    def spent(self, sweep_id: int) -> float:
        """USD that the replies of a sweep cost by the engine's estimate, refused ones included."""
        (row,) = self.store.read(
            "SELECT total(usd) FROM replies WHERE sweep_id = :sweep_id", {"sweep_id": sweep_id}
        )
        return float(row[0])

    def recover(self, now: float, longest_wait_s: float = math.inf) -> int:
        """Give back what a dead sweep had taken; see `recovery`, and call it under the lock."""
        return recovery.recover(self.store, now, longest_wait_s)

    def undecided(self, tips: Sequence[Tip], rules: str) -> list[Tip]:
        """The tips without a row, those that came back, and those skipped for what has changed.

        That is the rules, or the pull request itself: a draft is ready, a label is gone.

        A superseded head is open again after a reopening, or after a push that was taken back.
        """
        return admission.undecided(self.store, tips, rules)

    def admit(self, decided: Iterable[tuple[Head, str | None]], rules: str, now: float) -> None:
        """Enter heads as due at once, or as skipped where a reason stands beside them."""
        self.enter((Entry(head=head, reason=reason) for head, reason in decided), rules, now)

    def enter(self, entries: Iterable[Entry], rules: str, now: float) -> None:
        """Enter heads, each as due or skipped; see `admission`."""
        admission.admit(self.store, entries, rules, now)

    def retire(self, repos: Collection[tuple[str, str]], tips: Iterable[Tip], now: float) -> int:
        """Supersede waiting heads whose pull request moved on or is no longer open; count them.

        `repos` are the (host, repo) pairs whose tips are complete. A head whose review is saved
        is left to the posting, which looks at the host once more.
        """
        waiting = self.store.read(RETIRABLE, {})
        if not waiting:
            return 0
        current = {(tip.key.host, tip.key.repo, tip.key.pull): tip.key.sha for tip in tips}
        gone: list[dict[str, object]] = []
        for row in waiting:
            key = key_of(row)
            sha = current.get((key.host, key.repo, key.pull))
            if (key.host, key.repo) in repos and sha != key.sha:
                reason = f"moved to {sha}" if sha else "no longer open"
                wanted = {"head_id": row["id"], "now": now}
                gone.append(wanted | {"reason": reason, "word": departure(reason)})
        if gone:
            with self.store.transaction():
                for statement in RETIRE:
                    self.store.db.executemany(statement, gone)
        return len(gone)

    def due(
        self, repos: Collection[tuple[str, str]], now: float, limit: int, pull: str | None = None
    ) -> list[int]:
        """Ids of the rows that may be worked on now, fairly: no repository can starve another.

        Saved reviews first; then what waits longest; of what came in one sweep strangers' work
        from forks, and the small before the large. What people paused or told us to ignore waits,
        unless its review is saved or a command asks for it; so does what was pushed just now. A
        `pull` that is named waits for neither.
        """
        wanted = {"repos": json.dumps(sorted(repos)), "now": now, "limit": limit}
        if pull is not None:
            return [row[0] for row in self.store.read(NAMED, wanted | {"pull": pull})]
        return [row[0] for row in self.store.read(DUE, wanted)]

    def keys(self, head_ids: Sequence[int]) -> list[HeadKey]:
        """What these rows are about, in no order."""
        return [key_of(row) for row in self.store.read(KEYS, {"ids": json.dumps(head_ids)})]

    def heads(self, head_ids: Sequence[int]) -> list[Head]:
        """What these rows describe, in their order."""
        return [head_of(row) for row in self.store.read(HEADS, {"ids": json.dumps(head_ids)})]

    def load(self, head_id: int) -> Work:
        """One row as work, with the review that was saved for it."""
        wanted = {"head_id": head_id}
        (row,) = self.store.read(
            "SELECT heads.*, payload, draft_id, drafted_at FROM heads"
            " LEFT JOIN reviews ON head_id = heads.id WHERE heads.id = :head_id",
            wanted,
        )
        kept = self.store.read(
            "SELECT severity FROM findings WHERE head_id = :head_id AND disposition = 'kept'"
            " ORDER BY ordinal",
            wanted,
        )
        return Work(
            head_id=head_id,
            head=head_of(row),
            state=State(row["state"]),
            attempts=row["attempts"],
            next_due_at=row["next_due_at"],
            round=row["round"],
            review=review_from_json(row["payload"]) if row["payload"] else None,
            draft_id=row["draft_id"],
            drafted_at=row["drafted_at"],
            severities=tuple(Severity(found[0]) for found in kept),
            wish=Wish(row["wish"]),
            pushed_at=row["pushed_at"],
            merged_at=row["merged_at"],
        )

    def claim(self, head_id: int, now: float, lease_s: float) -> Lease | None:
        """Take a waiting row, one attempt dearer; None when another process was faster."""
        token = secrets.token_hex(8)
        wanted = {"head_id": head_id, "token": token, "now": now, "expires": now + lease_s}
        with self.store.transaction():
            row = self.store.db.execute(CLAIM, wanted).fetchone()
        if row is None:
            return None
        return Lease(store=self.store, head_id=head_id, token=token, attempts=row[0])

    def saved_reply(self, head_id: int, step: str, inputs_hash: str) -> SavedReply | None:
        """The answer of a pass that was paid for already with the same inputs."""
        rows = self.store.read(
            "SELECT * FROM replies WHERE head_id = :head_id AND step = :step"
            " AND inputs_hash = :inputs_hash AND reply <> ''",
            {"head_id": head_id, "step": step, "inputs_hash": inputs_hash},
        )
        for row in rows:
            return SavedReply(
                step=step,
                engine=row["engine"],
                model=row["model"],
                inputs_hash=inputs_hash,
                reply=row["reply"],
                usage=usage_of(row),
            )
        return None
