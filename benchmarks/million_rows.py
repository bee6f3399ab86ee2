"""What is due among 10,000 polled tips, in a ledger of 1,000,000 rows, over bare sqlite3.

The rows are of 500 repositories, mixed as time brings them: 96.4 % posted, 2 % superseded, 1 %
skipped, 0.5 % dead and 0.1 % due. The poll brings 100 tips of each of 100 repositories: 95 of them
known, 5 new; half of the due heads of these repositories have moved on. Ours are the questions of
`sweep.poll`: `Ledger.undecided`, `Ledger.retire`, `Ledger.due`. The other side answers the
same three with sqlite3 alone, over the same tables, indexes and settings; its way to look tips up,
200 at a time in a VALUES list, was the fastest of four that were tried (the others: a temporary
table, json_each, one SELECT for each tip). What was retired is made due again after each turn,
outside the measurement. The sides take turns, nine times; medians. Both must give equal answers.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.bar import Figure, Must, part, ratio, seconds, taking_turns
from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.schema import UNFINISHED

ROWS, REPOSITORIES, POLLED_REPOSITORIES, TIPS_EACH = 1_000_000, 500, 100, 100
TIMES, LIMIT, NOW, RULES = 9, 50, 2e6, "rules"
COLUMNS = (
    "host, repo, pull, head_sha, head_ref, base_ref, base_sha, title, body, author, author_is_bot, "
    "is_draft, from_fork, changed_lines, labels, version, state, rules, next_due_at, "
    "first_seen_at, changed_at"
)

Answer = tuple[list[Tip], int, list[int]]


def measure(place: Path) -> list[Figure]:
    """The bar on asking; its parts also say how long opening so large a ledger takes."""
    path = place / "ledger.db"
    building = seconds(lambda: build(path, ROWS))
    checked = seconds(lambda: Ledger(path).close())
    opening = seconds(lambda: Ledger(path).close())
    tips = _tips()
    answers: list[Answer] = []
    with closing(Ledger(path)) as ledger, _connected(path) as bare, _connected(path) as other:
        waiting = other.execute("SELECT id FROM heads WHERE state = 'due'").fetchall()
        ours, theirs = taking_turns(
            TIMES,
            lambda: answers.append(_ours(ledger, tips)),
            lambda: answers.append(_bare(bare, tips)),
            between=lambda: _make_due(other, waiting),
        )
        recovering = seconds(lambda: ledger.recover(NOW))
    assert all(answer == answers[0] for answer in answers)
    return [
        Figure(
            bar="due heads among 10,000 polled, 1,000,000 rows: ours ÷ bare sqlite3",
            measured=ratio(ours, theirs),
            must=Must.NOT_EXCEED,
            limit=1.5,
            parts=(
                part("ours", ours),
                part("sqlite3", theirs),
                part("recover", recovering),
                part("open", opening),
                part("open with the daily check", checked),
                part("build", building),
            ),
        )
    ]


def _ours(ledger: Ledger, tips: list[Tip]) -> Answer:
    repos = {(tip.key.host, tip.key.repo) for tip in tips}
    undecided = ledger.undecided(tips, RULES)
    retired = ledger.retire(repos, tips, NOW)
    return undecided, retired, ledger.due(repos, NOW, LIMIT)


def _bare(db: sqlite3.Connection, tips: list[Tip]) -> Answer:
    repos = {(tip.key.host, tip.key.repo) for tip in tips}
    undecided = [
        tip for at in range(0, len(tips), 200) for tip in _unknown(db, tips[at : at + 200])
    ]
    return undecided, _retire(db, tips, repos), _due(db, repos)


def _unknown(db: sqlite3.Connection, tips: list[Tip]) -> list[Tip]:
    marks = ",".join(["(?,?,?,?,?)"] * len(tips))
    values: list[object] = []
    for number, tip in enumerate(tips):
        key = tip.key
        values += (number, key.host, key.repo, key.pull, key.sha)
    found = db.execute(
        f"WITH tip (n, h, r, p, s) AS (VALUES {marks}) SELECT n FROM tip LEFT JOIN heads "  # noqa: S608
        "ON host = h AND repo = r AND pull = p AND head_sha = s WHERE id IS NULL "
        "OR state = 'superseded' OR (state = 'skipped' AND rules <> ?)",
        [*values, RULES],
    )
    return [tips[number] for (number,) in found]


def _retire(db: sqlite3.Connection, tips: list[Tip], repos: set[tuple[str, str]]) -> int:
    open_now = {(tip.key.host, tip.key.repo, tip.key.pull): tip.key.sha for tip in tips}
    gone = []
    for row, host, repo, pull, sha in db.execute(
        f"SELECT id, host, repo, pull, head_sha FROM heads WHERE {UNFINISHED} AND state = 'due'"  # noqa: S608
    ):
        current = open_now.get((host, repo, pull))
        if current != sha and (host, repo) in repos:
            gone.append((f"moved to {current}" if current else "no longer open", NOW, row))
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "UPDATE heads SET state = 'superseded', reason = ?, changed_at = ? WHERE id = ?", gone
        )
    return len(gone)


def _due(db: sqlite3.Connection, repos: set[tuple[str, str]]) -> list[int]:
    """In the order of the queue, cut to the limit here: the queue is short."""
    waiting = db.execute(
        "SELECT state = 'due', first_seen_at, -from_fork, changed_lines, id, host, repo "  # noqa: S608
        f"FROM heads WHERE {UNFINISHED} AND state <> 'claimed' AND next_due_at <= ? "
        "AND lease IS NULL",
        (NOW,),
    )
    return [row[4] for row in sorted(row for row in waiting if row[5:] in repos)[:LIMIT]]


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = EXTRA")
        yield db


def _make_due(db: sqlite3.Connection, waiting: list[tuple[int]]) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("UPDATE heads SET state = 'due', reason = '' WHERE id = ?", waiting)


def build(path: Path, rows: int) -> None:
    """Make a ledger with so many heads."""
    Ledger(path).close()
    marks = ",".join("?" * len(COLUMNS.split(",")))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # Only while building: half a file that a crash leaves behind is thrown away anyhow.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
            db.execute(f"PRAGMA {setting}")
        db.execute("BEGIN")
        db.executemany(f"INSERT INTO heads ({COLUMNS}) VALUES ({marks})", _rows(rows))  # noqa: S608
        db.execute("COMMIT")


def _rows(count: int) -> Iterator[tuple[object, ...]]:
    dice = random.Random(1)
    for number in range(count):
        key, state = _key(number), _state(dice.random())
        yield (
            *(key.host, key.repo, key.pull, key.sha, f"work-{key.pull}", "main", "0" * 40),
            *(f"Change {number}", "Why it is needed. " * 6, "ada", 0, 0, 0, 10, "[]", ""),
            *(state, RULES, 0.0, float(number), float(number)),
        )


def _key(number: int) -> HeadKey:
    """Repositories take turns; two heads in a row of one repository are of one pull request."""
    repo, turn = number % REPOSITORIES, number // REPOSITORIES
    sha = hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()
    return HeadKey("github", f"org/repo-{repo:03}", str(turn // 2), sha)


def _state(chance: float) -> str:
    for state, below in (
        ("due", 0.001),
        ("superseded", 0.021),
        ("skipped", 0.031),
        ("dead", 0.036),
    ):
        if chance < below:
            return state
    return "posted"


def _tips() -> list[Tip]:
    """The newest head of the newest pull requests of each polled repository, some of them new."""
    turns = ROWS // REPOSITORIES
    tips = []
    for repo in range(POLLED_REPOSITORIES):
        for turn in range(turns - 2 * TIPS_EACH + 1, turns, 2):
            key = _key(turn * REPOSITORIES + repo)
            if turn // 2 % 20 == 0:
                key = replace(key, sha=key.sha[::-1])
            tips.append(Tip(key=key, head_ref="work", base_ref="main", base_sha="0" * 40))
    return tips
