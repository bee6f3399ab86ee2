"""Rows of a ledger as plain tuples, and putting them into a file of the real schema, fast.

Each class is a table; its fields are columns. What a digest never looks at has a plain value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from reviewer_cli.ledger.ledger import Ledger


class Heads(NamedTuple):
    id: int
    repo: str
    pull: str
    head_sha: str
    state: str
    round: int
    first_seen_at: float
    changed_at: float
    pushed_at: float | None
    posted_at: float | None = None
    merged_at: float | None = None
    host: str = "github"
    head_ref: str = "work"
    base_ref: str = "main"
    base_sha: str = "0" * 40
    title: str = "A change"
    body: str = ""
    author: str = "ada"
    author_is_bot: int = 0
    is_draft: int = 0
    from_fork: int = 0
    changed_lines: int = 10
    labels: str = "[]"
    rules: str = "rules"
    version: str = ""
    next_due_at: float = 0.0


class Told(NamedTuple):
    head_id: int
    told_at: float
    repo: str
    pull: str
    head_sha: str
    round: int
    form: str
    merged_at: float | None
    pushed_at: float | None
    entered_at: float
    ready_at: float
    taken_at: float
    reviewed_at: float
    model: str
    contract_hash: str
    guided: int
    is_verified: int
    model_s: float
    micro_usd: int
    tokens: int
    kept: int
    refuted: int
    repeated: int
    other: int
    corrected: int
    lost: int
    was_asked: int = 0
    engine: str = "agent"
    host: str = "github"
    effort: str = "high"
    change: str = "whole"
    over_limits: int = 0


class Reviews(NamedTuple):
    head_id: int
    review_id: str | None
    reviewed_at: float
    model: str
    contract_hash: str
    amends: str | None = None
    engine: str = "agent"
    effort: str = "high"
    merge_base: str = "0" * 40
    files: int = 2
    changed_lines: int = 10
    unreviewed: str = "[]"
    payload: str = ""
    body_sha256: str = "0" * 64


class Findings(NamedTuple):
    id: int
    head_id: int
    ordinal: int
    path: str
    placement: str
    line: int | None
    claimed_line: int
    severity: str
    category: str
    rule: str
    title: str
    body: str
    disposition: str
    fingerprint: str
    side: str = "RIGHT"
    note: str = ""
    quote: str = "x = 1"
    confidence: float = 0.9
    reason: str = ""
    text_fingerprint: str = ""


class Replies(NamedTuple):
    id: int
    head_id: int
    sweep_id: int | None
    step: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    usd: float
    duration_s: float
    received_at: float
    inputs_hash: str
    reply: str = "{}"
    turns: int = 3
    engine: str = "agent"
    model: str = "model-large-5"


class Sweeps(NamedTuple):
    id: int
    started_at: float
    ended_at: float | None
    exit_code: int | None
    due: int
    batch_size: int = 8
    head_limit: int = 50
    max_usd: float = 2.0
    engine: str = "agent"
    repos: str = "[]"


class Outcomes(NamedTuple):
    id: int
    finding_id: int
    outcome: str
    noted_at: float
    evidence: str = "The flagged lines changed in 0123456789ab."


class Ends(NamedTuple):
    id: int
    noted_at: float
    repo: str
    pull: str
    head_sha: str
    state: str
    ended_at: float
    host: str = "github"


class Events(NamedTuple):
    id: int
    at: float
    kind: str
    word: str = ""
    subject: str = ""
    seconds: float | None = None
    head_id: int | None = None


class Signals(NamedTuple):
    finding_id: int
    kind: str
    token: str
    counts: int
    noted_at: float


class Labels(NamedTuple):
    id: int
    finding_id: int
    label: str
    labelled_at: float


Row = (
    Heads
    | Told
    | Reviews
    | Findings
    | Replies
    | Sweeps
    | Outcomes
    | Ends
    | Events
    | Signals
    | Labels
)


def fill(path: Path, batches: Iterable[Iterable[Iterable[Row]]]) -> None:
    """Put rows into a new ledger at `path`: batches of tables of rows.

    What it noted of its own making is removed: a made ledger tells itself when it began.
    """
    Ledger(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # Half a file that a crash leaves behind is thrown away anyhow.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            db.execute(f"PRAGMA {setting}")
        db.execute("BEGIN")
        db.execute("DELETE FROM events")
        for tables in batches:
            for rows in tables:
                _enter(db, iter(rows))
        db.execute("COMMIT")


def _enter(db: sqlite3.Connection, rows: Iterator[Row]) -> None:
    for first in rows:
        names, marks = ", ".join(first._fields), ", ".join("?" * len(first))
        statement = f"INSERT INTO {type(first).__name__} ({names}) VALUES ({marks})"  # noqa: S608
        db.executemany(statement, chain((first,), rows))
