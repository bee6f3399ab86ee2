"""Reading the ledger: what stands in it, for people and for other programs. Nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from reviewer_cli.core.models import HeadKey, Severity, State
from reviewer_cli.ledger.breakers import Breakers
from reviewer_cli.ledger.elsewhere import posted_elsewhere
from reviewer_cli.ledger.retention import REMOVED
from reviewer_cli.ledger.rows import SweepCounts
from reviewer_cli.ledger.store import Store, translated
from reviewer_cli.ledger.views import (
    FindingRecord,
    HeadHistory,
    HeadRecord,
    ReplyRecord,
    Status,
    SweepRecord,
)

DAY_S = 86_400.0


HEADS = f"""
SELECT heads.*,
  (SELECT group_concat(severity) FROM findings
   WHERE head_id = heads.id AND disposition = 'kept') AS severities,
  (SELECT total(usd) FROM replies WHERE head_id = heads.id) AS usd,
  ({REMOVED}) AS removed
FROM heads
"""  # noqa: S608 - our own words


class Records:
    """Questions to one ledger file."""

    def __init__(self, path: Path) -> None:
        """Open the ledger; see `Store` for what is refused."""
        self._store = Store(path)
        self._db = Database(self._store.db)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def status(self, now: float) -> Status:
        """Queue depth, what is in flight, what waits and why, what was spent."""
        counts = {
            row["state"]: row["n"]
            for row in self._query("SELECT state, count(*) AS n FROM heads GROUP BY state")
        }
        due = self._number(
            "SELECT count(*) FROM heads WHERE state = 'due' AND next_due_at <= ?", now
        )
        return Status(
            due=due,
            waiting=counts.get("due", 0) - due,
            in_flight=counts.get("claimed", 0),
            saved=counts.get("reviewed", 0) + counts.get("posting", 0),
            dead=counts.get("dead", 0),
            posted=counts.get("posted", 0),
            skipped=counts.get("skipped", 0),
            superseded=counts.get("superseded", 0),
            usd_day=self._number(
                "SELECT total(usd) FROM replies WHERE received_at > ?", now - DAY_S
            ),
            usd_total=self._number("SELECT total(usd) FROM replies"),
            last_sweeps=self.sweeps(5),
            unfinished=self._heads(
                "WHERE state IN ('due', 'claimed', 'reviewed', 'posting', 'dead')"
                " ORDER BY state = 'due' AND attempts = 0, changed_at DESC LIMIT 20"
            ),
            breakers=Breakers(self._store).open(),
        )

    def posted_elsewhere(self, since: float) -> tuple[HeadKey, ...]:
        """The heads whose review by our account this ledger did not post; see `elsewhere`."""
        return posted_elsewhere(self._store, since)

    def sweeps(self, limit: int) -> tuple[SweepRecord, ...]:
        """The newest sweeps, newest first."""
        rows = self._query("SELECT * FROM sweeps ORDER BY id DESC LIMIT ?", limit)
        names = SweepCounts.__dataclass_fields__
        return tuple(
            SweepRecord(
                sweep_id=row["id"],
                started_at=row["started_at"],
                ended_at=row["ended_at"],
                engine=row["engine"],
                counts=SweepCounts(**{name: row[name] for name in names}),
                exit_code=row["exit_code"],
                error=row["error"],
            )
            for row in rows
        )

    def heads(self, state: State | None, repo: str | None, limit: int) -> tuple[HeadRecord, ...]:
        """The newest heads, newest first, of one state or repository where that is asked."""
        return self._heads(
            "WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR instr(repo, ?2))"
            " ORDER BY changed_at DESC, id DESC LIMIT ?3",
            state,
            repo,
            limit,
        )

    def find(self, name: str) -> tuple[HeadRecord, ...]:
        """Heads by row id, by a SHA's first characters, or by pull request, newest first."""
        return self._heads(
            "WHERE id = ?1 OR (length(?1) >= 6 AND instr(head_sha, lower(?1)) = 1) OR pull = ?1"
            # As lists show it: with the whole repository's name, or with the last part of it.
            " OR instr(?1, '@') AND substr('/' || repo || '@' || pull, -length(?1) - 1) = '/' || ?1"
            " OR instr(?1, '#') AND substr('/' || repo || '#' || pull, -length(?1) - 1) = '/' || ?1"
            " ORDER BY id DESC LIMIT 50",
            name,
        )

    def posted_in(self, sweep_id: int) -> tuple[HeadHistory, ...]:
        """The reviews that a sweep made and posted, in the order of posting."""
        heads = self._heads(
            "JOIN reviews ON head_id = heads.id WHERE sweep_id = ? AND state = 'posted'"
            " ORDER BY posted_at, heads.id",
            sweep_id,
        )
        return tuple(self.history(head) for head in heads)

    def history(self, head: HeadRecord) -> HeadHistory:
        """All that belongs to a head."""
        review = next(
            iter(self._query("SELECT * FROM reviews WHERE head_id = ?", head.head_id)), None
        )
        return HeadHistory(
            head=head,
            findings=tuple(
                _finding(row)
                for row in self._query(
                    "SELECT * FROM findings WHERE head_id = ? ORDER BY ordinal", head.head_id
                )
            ),
            replies=tuple(
                ReplyRecord(**{name: row[name] for name in ReplyRecord.__dataclass_fields__})
                for row in self._query(
                    "SELECT * FROM replies WHERE head_id = ? ORDER BY id", head.head_id
                )
            ),
            unreviewed=tuple(map(tuple, json.loads(review["unreviewed"]))) if review else (),
            review_id=review["review_id"] if review else None,
            note=review["note"] if review else "",
            body=json.loads(review["payload"])["body"] if review and review["payload"] else None,
            engine=review["engine"] if review else None,
            contract_hash=review["contract_hash"] if review else None,
        )

    def _heads(self, rest: str, *parameters: object) -> tuple[HeadRecord, ...]:
        return tuple(_head(row) for row in self._query(HEADS + rest, *parameters))

    def _query(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        with translated(self._store.path):
            return list(self._db.query(sql, parameters))

    def _number(self, sql: str, *parameters: object) -> Any:
        return next(iter(next(iter(self._query(sql, *parameters))).values()))


@contextmanager
def reading(path: Path) -> Iterator[Records]:
    """The records of a ledger file, closed afterwards."""
    records = Records(path)
    try:
        yield records
    finally:
        records.close()


def _head(row: dict[str, Any]) -> HeadRecord:
    severities = sorted(
        (Severity(one) for one in (row["severities"] or "").split(",") if one),
        key=lambda severity: severity.rank,
    )
    return HeadRecord(
        head_id=row["id"],
        key=HeadKey(row["host"], row["repo"], row["pull"], row["head_sha"]),
        title=row["title"],
        author=row["author"],
        base_ref=row["base_ref"],
        state=State(row["state"]),
        reason=row["reason"],
        round=row["round"],
        attempts=row["attempts"],
        next_due_at=row["next_due_at"],
        first_seen_at=row["first_seen_at"],
        changed_at=row["changed_at"],
        posted_at=row["posted_at"],
        error_class=row["error_class"],
        error=row["error"],
        severities=tuple(severities),
        usd=row["usd"],
        removed=tuple(row["removed"].split(",")) if row["removed"] else (),
    )


def _finding(row: dict[str, Any]) -> FindingRecord:
    names = FindingRecord.__dataclass_fields__
    return FindingRecord(
        **{name: row[name] for name in names} | {"severity": Severity(row["severity"])}
    )
