"""The right to change one row: one method for each state change, each one transaction.

Every write names the lease's token. When the row was taken over meanwhile, LeaseLost is raised
and nothing was written. Times are seconds since the epoch.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import Remark, State
from reviewer_cli.core.select import departure, skip_class
from reviewer_cli.errors import LeaseLost
from reviewer_cli.ledger import events
from reviewer_cli.ledger.pulls import WATCH_POSTED
from reviewer_cli.ledger.rows import Reviewed, SavedReply, review_to_json
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.told import tell

BACK_TO_DUE = "state = CASE state WHEN 'claimed' THEN 'due' ELSE state END"
"""A claimed row waits again from the start; a saved review waits where it is."""

SET_ASIDE = """
UPDATE replies SET inputs_hash = inputs_hash || ' replaced ' || id
WHERE head_id = :head_id AND step = :step AND inputs_hash = :inputs_hash
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A claimed row; `attempts` counts this one too."""

    store: Store
    head_id: int
    token: str
    attempts: int

    def save_reply(self, saved: SavedReply, sweep_id: int, now: float) -> None:
        """Keep one pass's answer before anything is done with it."""
        with self.store.transaction():
            self._advance(now)
            self._insert_reply(saved, sweep_id, now)

    def save_review(self, done: Reviewed, sweep_id: int, now: float) -> None:
        """claimed → reviewed: the review, its findings, its last answers, before the first post."""
        with self.store.transaction():
            self._advance(now, state=State.REVIEWED)
            for reply in done.replies:
                self._insert_reply(reply, sweep_id, now)
            self.store.insert(
                "reviews",
                {
                    "head_id": self.head_id,
                    "sweep_id": sweep_id,
                    "engine": done.engine,
                    "model": done.model,
                    "effort": done.effort,
                    "contract_hash": done.contract_hash,
                    "merge_base": done.merge_base,
                    "files": done.files,
                    "changed_lines": done.changed_lines,
                    "unreviewed": json.dumps([(one.path, one.reason) for one in done.unreviewed]),
                    "payload": review_to_json(done.review),
                    "body_sha256": hashlib.sha256(done.review.body.encode()).hexdigest(),
                    "reviewed_at": now,
                    "since_sha": done.since_sha,
                    "change": done.change,
                    "amends": done.amends,
                    "guided": done.guided,
                    "over_limits": done.over_limits,
                },
            )
            for ordinal, remark in enumerate(done.remarks, 1):
                self.store.insert("findings", _finding_columns(self.head_id, ordinal, remark))

    def posting(self, draft_id: str, now: float, note: str = "") -> None:
        """reviewed → posting: the host holds a draft that only we see.

        `note` says what of the review the host did not take as it was.
        """
        with self.store.transaction():
            self._advance(now, state=State.POSTING)
            drafted = {"draft_id": draft_id, "drafted_at": now, "note": note}
            self.store.update("reviews", drafted, {"head_id": self.head_id})

    def posted(self, review_id: str | None, now: float) -> None:
        """→ posted, after the host confirmed it; None where there was nothing to say to it.

        From now on what people do on its pull request is watched, and its review is kept as it is.
        """
        with self.store.transaction():
            self._finish(now, State.POSTED, posted_at=now, error=None, error_class=None)
            self.store.update("reviews", {"review_id": review_id}, {"head_id": self.head_id})
            self.store.db.execute(WATCH_POSTED, {"head_id": self.head_id})
            tell(self.store.db, self.head_id, now)

    def skip(self, reason: str, now: float) -> None:
        """→ skipped, for a reason that only the head's content shows."""
        with self.store.transaction():
            self._finish(now, State.SKIPPED, reason=reason)
            word = skip_class(reason)
            events.note_news(self.store.db, EventKind.SKIPPED, word, self.head_id, now)

    def supersede(self, reason: str, now: float) -> None:
        """→ superseded: the pull request moved on or is closed."""
        with self.store.transaction():
            self._finish(now, State.SUPERSEDED, reason=reason)
            self._note(EventKind.SUPERSEDED, departure(reason), now)

    def retry(self, error: Exception, next_due_at: float, now: float) -> None:
        """Let a later tick go on from where this one came to; a saved review stays saved."""
        with self.store.transaction():
            self._advance(
                now,
                requeue=BACK_TO_DUE,
                lease=None,
                lease_expires_at=None,
                next_due_at=next_due_at,
                error_class=type(error).__name__,
                error=str(error),
            )
            self._note(EventKind.RETRIED, type(error).__name__, now)

    def release(
        self, now: float, error: Exception | None = None, next_due_at: float | None = None
    ) -> None:
        """Give the row back with its attempt: what went wrong was not this head's fault.

        An error is noted with the row where only a person or time can mend it.
        """
        noted: dict[str, object] = {}
        if error is not None:
            noted |= {"error_class": type(error).__name__, "error": str(error)}
        if next_due_at is not None:
            noted["next_due_at"] = next_due_at
        with self.store.transaction():
            self._advance(
                now,
                requeue=f"{BACK_TO_DUE}, attempts = max(attempts - 1, 0)",
                lease=None,
                lease_expires_at=None,
                **noted,
            )
            if error is not None:
                self._note(EventKind.PUT_OFF, type(error).__name__, now)

    def bury(self, error: Exception, now: float) -> None:
        """→ dead, with its error, until a person looks at it."""
        with self.store.transaction():
            self._finish(
                now,
                State.DEAD,
                reason=str(error),
                error_class=type(error).__name__,
                error=str(error),
            )
            self._note(EventKind.DIED, type(error).__name__, now)

    def _note(self, kind: EventKind, word: str, now: float) -> None:
        events.note(self.store.db, kind, now, word=word, head_id=self.head_id)

    def _insert_reply(self, saved: SavedReply, sweep_id: int, now: float) -> None:
        """An answer that is paid again, because its text is gone, keeps the older one's bill."""
        self.store.db.execute(
            SET_ASIDE,
            {"head_id": self.head_id, "step": saved.step, "inputs_hash": saved.inputs_hash},
        )
        columns = {name: getattr(saved, name) for name in ("step", "engine", "model", "reply")}
        self.store.insert(
            "replies",
            columns
            | asdict(saved.usage)
            | {
                "head_id": self.head_id,
                "sweep_id": sweep_id,
                "inputs_hash": saved.inputs_hash,
                "received_at": now,
            },
        )

    def _finish(self, now: float, state: State, reason: str = "", **columns: Any) -> None:
        self._advance(now, state=state, reason=reason, lease=None, lease_expires_at=None, **columns)

    def _advance(self, now: float, *, requeue: str = "", **columns: Any) -> None:
        """The fence: every write passes here and fails without the lease."""
        sets = [f"{name} = :{name}" for name in ("changed_at", *columns)]
        if requeue:
            sets.append(requeue)
        cursor = self.store.db.execute(
            f"UPDATE heads SET {', '.join(sets)} WHERE id = :head_id AND lease = :token",  # noqa: S608 - our own names
            columns | {"changed_at": now, "head_id": self.head_id, "token": self.token},
        )
        if cursor.rowcount != 1:
            raise LeaseLost(f"Another process took head {self.head_id} over; leave it alone.")


def _finding_columns(head_id: int, ordinal: int, remark: Remark) -> dict[str, object]:
    finding, anchor = remark.finding, remark.anchor
    return {
        "head_id": head_id,
        "ordinal": ordinal,
        "path": anchor.path,
        "placement": anchor.placement,
        "side": anchor.side,
        "line": anchor.line,
        "start_line": anchor.start_line,
        "replaceable": anchor.replaceable,
        "claimed_line": finding.line,
        "note": anchor.note,
        "severity": finding.severity,
        "category": finding.category,
        "rule": finding.rule,
        "title": finding.title,
        "body": finding.body,
        "quote": finding.quote,
        "suggestion": finding.suggestion,
        "confidence": finding.confidence,
        "disposition": remark.disposition,
        "reason": remark.reason,
        "fingerprint": remark.fingerprint,
        "text_fingerprint": remark.text_fingerprint,
        "repeats": remark.repeats,
    }
