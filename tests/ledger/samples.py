"""Values that fill a ledger, and a ledger that has come to a given state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import (
    Anchor,
    Comment,
    Disposition,
    Finding,
    Head,
    HeadKey,
    Placement,
    Remark,
    Review,
    Severity,
    Side,
    State,
    Tip,
    Unreviewed,
    Usage,
)
from reviewer_cli.errors import HeadRejected
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.rows import Reviewed, SavedReply

REPO = "/srv/repo"
NOW = 1_800_000_000.0
LATER = NOW + 60.0
LEASE_S = 900.0
REPOS = {("local", REPO)}
RULES = "rules-1"
PAGE = 4096
"""Bytes of an SQLite page, as it makes them by itself."""


def sha(number: int) -> str:
    """A full SHA that shows its number."""
    return f"{number:040x}"


def head(number: int = 1, **other: Any) -> Head:
    """The head of branch `pull-{number}`."""
    key = HeadKey("local", REPO, f"pull-{number}", sha(number))
    fields = {"key": key, "head_ref": key.pull, "base_ref": "main", "base_sha": sha(0)} | other
    return Head(**fields)


def tip(of: Head) -> Tip:
    """What the poll tells of a head."""
    return Tip(key=of.key, head_ref=of.head_ref, base_ref=of.base_ref, base_sha=of.base_sha)


def review(of: Head) -> Review:
    """An outgoing review with text that is hard to store."""
    return Review(
        key=of.key,
        body='Findings: "ß", \u2028, 汉字, \x00\n<!-- marker -->',
        marker="<!-- marker -->",
        comments=(Comment(path="ä.py", line=3, side=Side.LEFT, body="no", start_line=2),),
    )


def remark(severity: Severity = Severity.HIGH, **other: Any) -> Remark:
    """One remark on a.py:2."""
    finding = Finding(
        path="a.py",
        line=2,
        severity=severity,
        category="correctness",
        title="Wrong",
        body="It fails.",
        quote="b = 2",
    )
    anchor = Anchor(placement=Placement.LINE, path="a.py", line=2)
    return Remark(finding=finding, anchor=anchor, **other)


def reviewed(of: Head) -> Reviewed:
    """A finished review with a kept and a refuted remark."""
    refuted = remark(Severity.LOW, disposition=Disposition.REFUTED, reason="b is read")
    return Reviewed(
        review=review(of),
        remarks=(remark(), refuted),
        engine="scripted",
        model="scripted-1",
        effort="standard",
        contract_hash="c0ffee",
        merge_base=sha(0),
        files=1,
        changed_lines=2,
        unreviewed=(Unreviewed(path="big.bin", reason="binary"),),
    )


def reply(step: str = "find", inputs_hash: str = "inputs-1", usd: float = 0.25) -> SavedReply:
    """One paid answer."""
    usage = Usage(input_tokens=100, output_tokens=10, usd=usd, turns=2, duration_s=1.5)
    return SavedReply(
        step=step,
        engine="scripted",
        model="scripted-1",
        inputs_hash=inputs_hash,
        reply='{"findings": []}',
        usage=usage,
    )


def conversation(of: Head, **other: Any) -> Conversation:
    """An open pull request on which nobody said anything."""
    return Conversation(**{"key": of.key, "state": PullState.OPEN} | other)


def pushed(to: Head, sha_number: int, **other: Any) -> Head:
    """The next head of the same pull request."""
    return replace(to, key=replace(to.key, sha=sha(sha_number)), **other)


def posted(ledger: Ledger, of: Head, *remarks: Remark, now: float = NOW, **fields: Any) -> int:
    """The id of a head that was entered, reviewed with these remarks and posted by a new sweep."""
    ledger.admit([(of, None)], RULES, now)
    (head_id,) = (
        row[0]
        for row in ledger.store.read(
            "SELECT id FROM heads WHERE repo = :repo AND pull = :pull AND head_sha = :sha",
            {"repo": of.key.repo, "pull": of.key.pull, "sha": of.key.sha},
        )
    )
    review_id = fields.pop("review_id", f"review-{head_id}")
    lease = claimed(ledger, head_id, now)
    done = replace(reviewed(of), remarks=remarks, **fields)
    lease.save_review(done, ledger.begin_sweep([of.key.repo], "scripted", now), now)
    lease.posted(review_id, now)
    return int(head_id)


def enter(ledger: Ledger, *heads: Head, reason: str | None = None, rules: str = RULES) -> None:
    """Enter heads as due, or as skipped with the reason."""
    ledger.admit([(one, reason) for one in heads], rules, NOW)


def begun(ledger: Ledger) -> int:
    """The id of a sweep that has just begun."""
    return ledger.begin_sweep([REPO], "scripted", NOW)


def claimed(ledger: Ledger, head_id: int = 1, now: float = NOW) -> Lease:
    """The lease of a row that is free."""
    lease = ledger.claim(head_id, now, LEASE_S)
    assert lease is not None
    return lease


def leased(ledger: Ledger, state: State) -> Lease:
    """Head 1 under a lease in one of the three states that can have one."""
    enter(ledger, head())
    lease = claimed(ledger)
    if state is not State.CLAIMED:
        lease.save_review(reviewed(head()), begun(ledger), NOW)
    if state is State.POSTING:
        lease.posting("draft-1", NOW)
    return lease


def row(path: Path, head_id: int = 1) -> sqlite3.Row:
    """A row of `heads` as another program reads it."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        found: sqlite3.Row = db.execute("SELECT * FROM heads WHERE id = ?", (head_id,)).fetchone()
    return found


def count(path: Path, table: str) -> int:
    """How many rows a table has."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def rows_in_every_state(ledger: Ledger) -> None:
    """1 posted, 2 being posted, 3 saved, 4 in review, 5 dead, 6 skipped, 7 due."""
    enter(ledger, *(head(number) for number in range(1, 6)))
    enter(ledger, head(6), reason="draft")
    enter(ledger, head(7))
    sweep = begun(ledger)
    for number in range(1, 6):
        lease = claimed(ledger, number)
        if number <= 3:
            lease.save_review(reviewed(head(number)), sweep, NOW)
        if number <= 2:
            lease.posting("draft-1", NOW)
        if number == 1:
            lease.posted("review-1", NOW)
        if number == 5:
            lease.bury(HeadRejected("unreadable"), NOW)


def spoil(path: Path, statement: str) -> None:
    """What another program, or a defect, did to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute(statement)


def files(directory: Path) -> set[str]:
    """The names of what lies in a directory."""
    return {one.name for one in directory.iterdir()}


def filled(path: Path, heads: int = 60) -> None:
    """A ledger of some dozen pages."""
    with closing(Ledger(path)) as ledger:
        enter(ledger, *(head(number, body="x" * 900) for number in range(1, heads + 1)))
