"""The ledger for other programs: each row as one JSON object, without secrets.

Rows are read some hundred at a time, so that memory stays flat and a sweep can commit in between:
each row is whole, the rows together are no snapshot (a backup is one).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from reviewer_cli.ledger.store import Store
from reviewer_cli.telemetry import SECRETS

TOGETHER = 500
STRUCTURED = ("labels", "unreviewed", "payload", "repos", "numbers")
"""Columns that hold JSON; a text that was removed because of its age is null."""


class Table(StrEnum):
    """What can be exported."""

    HEADS = "heads"
    REVIEWS = "reviews"
    FINDINGS = "findings"
    REPLIES = "replies"
    SWEEPS = "sweeps"
    PULLS = "pulls"
    OUTCOMES = "outcomes"
    COMMANDS = "commands"
    TOLD = "told"
    EVENTS = "events"
    ENDS = "ends"
    SIGNALS = "signals"
    LABELS = "labels"
    DIGESTS = "digests"
    DELIVERIES = "deliveries"


def rows(path: Path, table: Table) -> Iterator[str]:
    """The rows of a table as lines of ASCII JSON, in the order in which they were made."""
    query = f"SELECT rowid AS at, * FROM {table} WHERE rowid > :at ORDER BY rowid LIMIT :limit"  # noqa: S608
    with closing(Store(path)) as store:
        at = -1
        while found := store.read(query, {"at": at, "limit": TOGETHER}):
            yield from (_line(row) for row in found)
            at = found[-1]["at"]


def _line(row: sqlite3.Row) -> str:
    told = {name: _value(name, row[name]) for name in row.keys() if name != "at"}  # noqa: SIM118
    return json.dumps(told, ensure_ascii=True)


def _value(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name in STRUCTURED:
        return _redacted(json.loads(value)) if value else None
    return SECRETS.redacted(value)


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return SECRETS.redacted(value)
    if isinstance(value, list):
        return [_redacted(one) for one in value]
    if isinstance(value, dict):
        return {name: _redacted(one) for name, one in value.items()}
    return value
