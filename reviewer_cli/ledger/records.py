"""Reading the ledger: what stands in it, for people and for other programs. Nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from reviewer_cli.core.declared import Baseline
from reviewer_cli.core.models import HeadKey, Severity, State
from reviewer_cli.ledger.breakers import Breakers
from reviewer_cli.ledger.commands import obeyed
from reviewer_cli.ledger.elsewhere import posted_elsewhere
from reviewer_cli.ledger.outbox import Delivery, Outbox
from reviewer_cli.ledger.outcomes import outcome_of
from reviewer_cli.ledger.pulls import HELD, STANDING, known
from reviewer_cli.ledger.retention import REMOVED
from reviewer_cli.ledger.rows import Attention, SweepCounts, key_of
from reviewer_cli.ledger.standing import Proposed, baseline, proposals
from reviewer_cli.ledger.store import Store, translated
from reviewer_cli.ledger.views import (
    FindingRecord,
    HeadHistory,
    HeadRecord,
    PullHistory,
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
  ({REMOVED}) AS removed,
  ({STANDING}) AS standing
FROM heads
"""  # noqa: S608 - our own words

DUE = f"SELECT count(*) FROM heads WHERE state = 'due' AND next_due_at <= ? AND NOT {HELD}"  # noqa: S608

OF_PULL = """
(pull = ?1 OR instr(?1, '@') AND substr('/' || repo || '@' || pull, -length(?1) - 1) = '/' || ?1
  OR instr(?1, '#') AND substr('/' || repo || '#' || pull, -length(?1) - 1) = '/' || ?1)
"""
"""A pull request as lists show it: with the whole repository's name, or with the last of it."""

FINDINGS = """
SELECT findings.*, outcomes.id AS outcome_id, outcome, evidence, noted_at, outcomes.sweep_id
FROM findings LEFT JOIN outcomes ON finding_id = findings.id
WHERE head_id = ? ORDER BY ordinal, outcomes.id
"""


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
        due = self._number(DUE, now)
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
            proposals=len(self.proposals()),
            deliveries=self.deliveries(),
        )

    def deliveries(self) -> tuple[Delivery, ...]:
        """The digests that did not reach everybody yet, or perhaps not."""
        return Outbox(self._store).unsettled()

    def proposals(self, repo: str | None = None) -> tuple[Proposed, ...]:
        """See `standing.proposals`."""
        return proposals(self._store, repo)

    def baseline(self, repo: str) -> tuple[Baseline, ...] | None:
        """See `standing.baseline`."""
        return baseline(self._store, repo)

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
            "WHERE id = ?1 OR (length(?1) >= 6 AND instr(head_sha, lower(?1)) = 1)"
            f" OR {OF_PULL} ORDER BY id DESC LIMIT 50",
            name,
        )

    def stories(self, name: str) -> tuple[PullHistory, ...]:
        """All that belongs to the pull requests of this name, the newest pull request first."""
        query = f"SELECT host, repo, pull, head_sha, max(id) FROM heads WHERE {OF_PULL}"  # noqa: S608
        rows = self._query(f"{query} GROUP BY host, repo, pull ORDER BY max(id) DESC", name)
        return tuple(self._story(key_of(row)) for row in rows)

    def _story(self, key: HeadKey) -> PullHistory:
        heads = self._heads(
            "WHERE host = ? AND repo = ? AND pull = ? ORDER BY id", key.host, key.repo, key.pull
        )
        return PullHistory(
            pull=known(self._store, key),
            heads=tuple(map(self.history, heads)),
            commands=obeyed(self._store, key),
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
                _finding(list(rows))
                for _, rows in groupby(self._query(FINDINGS, head.head_id), itemgetter("id"))
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
            since_sha=review["since_sha"] if review else "",
            change=review["change"] if review else "",
            amends=review["amends"] if review else None,
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
        key=key_of(row),
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
        standing=Attention(row["standing"] or ""),
        wish=row["wish"],
        merged_at=row["merged_at"],
    )


def _finding(rows: Sequence[dict[str, Any]]) -> FindingRecord:
    """A finding from one row for each of its outcomes, or from one without any."""
    first = rows[0]
    names = FindingRecord.__dataclass_fields__.keys() - {"severity", "outcomes"}
    return FindingRecord(
        **{name: first[name] for name in names},
        severity=Severity(first["severity"]),
        outcomes=tuple(outcome_of(row) for row in rows if row["outcome_id"] is not None),
    )
