"""A digest of a past week stays the same to the byte, whatever the ledger learns afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as some

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.digest_json import to_json
from reviewer_cli.core.models import HeadKey, Outcome
from reviewer_cli.core.periods import week
from reviewer_cli.digest.digest import digest_of
from reviewer_cli.ledger import outcomes, retention
from reviewer_cli.ledger.breakers import Breakers, Failure
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.rows import SweepCounts, Wish
from reviewer_cli.ledger.store import Store
from tests.digest.rows import Events, Replies
from tests.digest.year import DAY_S, ZONE, World, setting, write

LATER = 1.9e9
KEPT_S = 300 * DAY_S
"""Findings are kept for 400 days, and the trend of a digest is of 13 weeks."""
SPAN = week("2026-W47", ZONE)
"""Two weeks of the ledger come after it already."""

AGAIN = "OR IGNORE"
"""What happens twice is one fact."""

Operation = Callable[[Ledger, int, float], None]
"""What happens to the ledger at a time after the week; the number says to which row."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ledger of ten weeks."""
    made = setting(10, repos=5, pulls=12.0)
    world = World(made)
    for at in range(len(made.weeks)):
        world.week(at)
    path = tmp_path_factory.mktemp("as-of") / "ledger.db"
    rows = world.take()
    told = {one.head_id for one in rows.told}
    for number, head in enumerate(one for one in rows.heads if one.id not in told):
        paid, at = (9, 9, 9, 9), SPAN.since + number
        rows.replies.append(
            Replies(90_000 + number, head.id, None, "review", *paid, 0.1, 30.0, at, "untold")
        )
        if number % 2:
            died = max(head.first_seen_at + 60, SPAN.since - 60)
            rows.events.append(Events(0, died, "died", "HostUnavailable", "", None, head.id))
    write(path, rows.in_order())
    return path


def bytes_of(store: Store) -> tuple[str, str]:
    """The digest of everything, and of one repository."""
    return tuple(to_json(digest_of(store, SPAN, ZONE, one, LATER)) for one in ("", "repo-00"))


def chosen(ledger: Ledger, query: str, number: int) -> sqlite3.Row:
    """One of the rows that a question finds."""
    found = ledger.store.read(query, {})
    return found[number % len(found)]


def became(ledger: Ledger, number: int, now: float) -> None:
    finding = chosen(ledger, "SELECT id FROM findings WHERE disposition = 'kept'", number)["id"]
    outcome = list(Outcome)[number % len(Outcome)]
    noted = outcomes.Noted(finding_id=finding, outcome=outcome, evidence="later")
    outcomes.note(ledger.store, [noted], None, now)


def wished(ledger: Ledger, number: int, now: float) -> None:
    """What a note or a silent review had found is forgotten."""
    head = chosen(ledger, "SELECT * FROM heads WHERE merged_at IS NULL", number)
    key = HeadKey(head["host"], head["repo"], head["pull"], head["head_sha"])
    wish(ledger.store, key, Wish.FULL, now)


UNREVIEWED = "SELECT id FROM heads WHERE id NOT IN (SELECT head_id FROM told)"


def told_again(ledger: Ledger, number: int, now: float) -> None:
    """A head's review comes to a second end, or to its first, and its pull request to another."""
    db = ledger.store.db
    row = dict(chosen(ledger, "SELECT * FROM told", number)) | {"told_at": now, "kept": 3}
    del row["id"]
    untold = chosen(ledger, UNREVIEWED, number)["id"]
    for head in (row["head_id"], untold):
        ledger.store.insert("told", row | {"head_id": head})
    ledger.store.insert(
        "ends",
        {"noted_at": now, "host": row["host"], "repo": row["repo"], "pull": f"new-{number}"}
        | {"head_sha": row["head_sha"], "state": "merged", "ended_at": SPAN.since + 5},
        AGAIN,
    )
    db.execute("UPDATE heads SET posted_at = ?, round = 9 WHERE id = ?", (now, row["head_id"]))


def happened(ledger: Ledger, number: int, now: float) -> None:
    """Events of all kinds; a closing tells of an opening long before."""
    heads = [chosen(ledger, query, number)["id"] for query in ("SELECT id FROM heads", UNREVIEWED)]
    kinds = ("skipped", "superseded", "found", "retried", "put off", "died", "revived")
    for head in heads:
        event = {"at": now, "kind": kinds[number // 3 % 7], "word": "later", "head_id": head}
        ledger.store.insert("events", event)
    closed = {"at": now, "kind": "closed", "word": "down", "subject": "host github"}
    ledger.store.insert("events", closed | {"seconds": 30 * DAY_S})
    ledger.store.insert("events", {"at": now, "kind": "counted", "subject": "elsewhere"})


def moved(ledger: Ledger, number: int, now: float) -> None:
    """A head becomes another one in all that may change of it."""
    head = chosen(ledger, "SELECT id FROM heads", number)["id"]
    ledger.store.db.execute(
        "UPDATE heads SET state = 'superseded', reason = 'moved', changed_at = ?, posted_at = NULL,"
        " entered_at = ?, ready_at = ?, taken_at = NULL, pushed_at = ?, attempts = 3,"
        " error_class = 'Later', title = 'Later', body = '' WHERE id = ?",
        (now, now, now, now, head),
    )


def spoken(ledger: Ledger, number: int, now: float) -> None:
    finding = chosen(ledger, "SELECT id FROM findings WHERE disposition = 'kept'", number)["id"]
    row = {"finding_id": finding, "noted_at": now, "token": f"later-{number}", "counts": 1}
    ledger.store.insert("signals", row | {"kind": ("up", "down", "reply")[number % 3]}, AGAIN)
    label = ("right", "wrong", "unsure")[number % 3]
    ledger.store.insert("labels", {"finding_id": finding, "label": label, "labelled_at": now})


def paid(ledger: Ledger, number: int, now: float) -> None:
    row = dict(chosen(ledger, "SELECT * FROM replies", number))
    del row["id"]
    ledger.store.insert("replies", row | {"received_at": now, "inputs_hash": f"later-{now}"}, AGAIN)


def swept(ledger: Ledger, number: int, now: float) -> None:
    """A sweep in which a door opens or closes, one that dies, and retention."""
    doors = Breakers(ledger.store)
    failure = Failure(kind=Kind.DOWN, reason="later")
    doors.settle({"host github": failure} if number % 2 else {}, ["host github"], now)
    sweep = ledger.begin_sweep([], "agent", now)
    if number % 3:
        counts = SweepCounts(
            **dict.fromkeys(SweepCounts.__dataclass_fields__, 1)  # type: ignore[arg-type]
        )
        ledger.end_sweep(counts, sweep, now + 5, 1, "later")
    retention.apply(ledger.store, retention.Keep(), now)


def entered(ledger: Ledger, number: int, now: float) -> None:
    """Heads of pull requests and repositories that were not known then."""
    head = dict(chosen(ledger, "SELECT * FROM heads", number))
    del head["id"]
    for pull, repo in ((head["pull"], head["repo"]), ("1", "repo-00"), ("1", f"later/repo-{now}")):
        seen = {"first_seen_at": now, "changed_at": now, "head_sha": f"{number:040x}"}
        ledger.store.insert("heads", head | seen | {"pull": pull, "repo": repo}, AGAIN)


OPERATIONS: tuple[Operation, ...] = (
    *(became, wished, told_again, happened, moved, spoken, paid, swept, entered),
)


@pytest.fixture
def copies(base: Path, tmp_path: Path) -> Callable[[], Path]:
    """A fresh copy of the ledger for each call."""

    def copy() -> Path:
        return Path(shutil.copy(base, tmp_path / "ledger.db"))

    return copy


# A failure is told as it was found: making it smaller would take minutes.
@settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([(one, number, 0.0) for number in range(60) for one in OPERATIONS])
@given(
    some.lists(
        some.tuples(some.sampled_from(OPERATIONS), some.integers(0, 2_000), some.floats(0, KEPT_S)),
        min_size=20,
        max_size=60,
    )
)
def test_a_past_week_stays_as_it_is(
    copies: Callable[[], Path], later: list[tuple[Operation, int, float]]
) -> None:
    with closing(Ledger(copies())) as ledger:
        before = bytes_of(ledger.store)
        for operation, number, after in sorted(later, key=lambda one: one[2]):
            operation(ledger, number, SPAN.until + after)
        for now, then in zip(bytes_of(ledger.store), before, strict=True):
            assert now.splitlines() == then.splitlines()


def test_a_running_sweep_keeps_a_week_from_being_final(base: Path, tmp_path: Path) -> None:
    with closing(Ledger(Path(shutil.copy(base, tmp_path / "ledger.db")))) as ledger:
        ledger.begin_sweep([], "agent", SPAN.until - 60)

        def is_final() -> bool:
            return digest_of(ledger.store, SPAN, ZONE, "", LATER).period.is_final

        assert not is_final()
        ledger.begin_sweep([], "agent", SPAN.until + 60)
        assert is_final()
        assert digest_of(ledger.store, SPAN, ZONE, "", SPAN.until - 1).period.is_final is False


TABLES = ("findings", "outcomes", "heads", "told", "replies", "events", "ends", "signals")


@pytest.fixture
def asked(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that a digest sends to the ledger."""
    statements: list[str] = []
    with closing(Store(base)) as store:
        store.db.set_trace_callback(statements.append)
        for scope in ("", "repo-00"):
            digest_of(store, SPAN, ZONE, scope, LATER)
        store.db.set_trace_callback(None)
        yield [f"{one}\n{_plan(store, one)}" for one in dict.fromkeys(statements)]


def _plan(store: Store, statement: str) -> str:
    rows = store.db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return "\n".join(row["detail"] for row in rows)


def test_no_question_reads_a_whole_table(asked: list[str]) -> None:
    """However large a ledger is: statistics of SQLite's own are never made here."""
    assert len(asked) > 30
    for one in asked:
        for table in TABLES:
            assert f"\nSCAN {table}" not in one, one
