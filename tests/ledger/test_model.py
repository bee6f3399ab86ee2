"""The ledger against a plain model of it: whatever is called in whatever order, they agree."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reviewer_cli.core.models import Head, HeadKey, State
from reviewer_cli.errors import HeadRejected, LeaseLost, ReviewTimeout
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.ledger import Ledger
from tests.ledger.samples import LEASE_S, REPO, REPOS, head, reply, reviewed, sha, tip

HEADS = [
    head(key=HeadKey("local", REPO, f"pull-{pull}", sha(10 * pull + push)))
    for pull in (1, 2)
    for push in (1, 2)
]
STEPS = ["reply", "review", "posting", "posted", "skip", "supersede", "retry", "release", "bury"]
WAITING = (State.DUE, State.REVIEWED, State.POSTING)


@dataclass
class Row:
    """What the model remembers of one head."""

    state: State
    rules: str
    next_due_at: float
    first_seen_at: float
    attempts: int = 0
    saved: bool = False
    holder: Lease | None = None
    replies: set[str] = field(default_factory=set)


class LedgerAgainstModel(RuleBasedStateMachine):
    """Every rule does the same to the file and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "ledger.db"
        self.ledger = Ledger(self.path)
        # What a commit costs is not what this is about.
        self.ledger.store.db.execute("PRAGMA synchronous = OFF")
        self.rows: dict[int, Row] = {}
        self.ids: dict[Head, int] = {}
        self.leases: list[Lease] = []
        self.now = 1000.0

    def teardown(self) -> None:
        self.ledger.close()
        self.directory.cleanup()

    @initialize()
    def begin(self) -> None:
        self.ledger.begin_sweep([REPO], "model", self.now)

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        heads=st.lists(st.sampled_from(HEADS), unique=True),
        skip=st.booleans(),
        rules=st.sampled_from(["one", "two"]),
    )
    def poll(self, heads: list[Head], skip: bool, rules: str) -> None:
        """What is undecided is entered, as a sweep does it."""
        expected = [one for one in heads if self.is_undecided(one, rules)]
        undecided = self.ledger.undecided([tip(one) for one in heads], rules)
        assert undecided == [tip(one) for one in expected]
        self.ledger.admit([(one, "no" if skip else None) for one in expected], rules, self.now)
        for one in expected:
            known = self.rows.get(self.ids.setdefault(one, len(self.ids) + 1))
            state = State.SKIPPED if skip else State.DUE
            waits = known is not None and known.state is State.DUE
            if known is not None and known.saved and not skip:
                state = State.REVIEWED
            self.rows[self.ids[one]] = Row(
                state=state,
                rules=rules,
                next_due_at=known.next_due_at if known and waits else self.now,
                attempts=known.attempts if known and waits else 0,
                first_seen_at=known.first_seen_at if known else self.now,
                saved=known.saved if known else False,
                replies=known.replies if known else set(),
            )

    def is_undecided(self, one: Head, rules: str) -> bool:
        known = self.rows.get(self.ids.get(one, 0))
        return (
            known is None
            or known.state is State.SUPERSEDED
            or (known.state in (State.SKIPPED, State.DUE) and known.rules != rules)
        )

    @rule(open_heads=st.lists(st.sampled_from(HEADS), unique_by=lambda one: one.key.pull))
    def retire(self, open_heads: list[Head]) -> None:
        gone = [
            row
            for one, number in self.ids.items()
            if (row := self.rows[number]).state is State.DUE and one not in open_heads
        ]
        for row in gone:
            row.state = State.SUPERSEDED
        assert self.ledger.retire(REPOS, [tip(one) for one in open_heads], self.now) == len(gone)

    @rule()
    def recover(self) -> None:
        held = [row for row in self.rows.values() if row.holder is not None]
        for row in held:
            self.let_go(row)
        assert self.ledger.recover(self.now) == len(held)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.rows)))
        row = self.rows[number]
        lease = self.ledger.claim(number, self.now, LEASE_S)
        assert (lease is not None) == (row.holder is None and row.state in WAITING)
        if lease is None:
            return
        row.attempts += 1
        assert lease.attempts == row.attempts
        row.holder = lease
        row.state = State.CLAIMED if row.state is State.DUE else row.state
        self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(
        data=st.data(),
        step=st.sampled_from(STEPS),
    )
    def advance(self, data: st.DataObject, step: str) -> None:
        """Any lease ever given tries a step; only the holder's succeeds."""
        lease = data.draw(st.sampled_from(self.leases))
        row = self.rows[lease.head_id]
        if row.holder is lease and not self.is_sensible(step, row):
            return
        try:
            self.take(step, lease)
        except LeaseLost:
            assert row.holder is not lease
            return
        assert row.holder is lease
        self.follow(step, row)

    def is_sensible(self, step: str, row: Row) -> bool:
        """The steps that a sweep takes: posting only what is saved, saving a review once."""
        if step in ("posting", "posted"):
            return row.state is not State.CLAIMED
        return step not in ("review", "skip") or (row.state is State.CLAIMED and not row.saved)

    def take(self, step: str, lease: Lease) -> None:
        now = self.now
        match step:
            case "reply":
                lease.save_reply(reply(inputs_hash="kept"), 1, now)
            case "review":
                lease.save_review(reviewed(self.ledger.load(lease.head_id).head), 1, now)
            case "posting":
                lease.posting("draft", now)
            case "posted":
                lease.posted("review", now)
            case "skip":
                lease.skip("no", now)
            case "supersede":
                lease.supersede("moved", now)
            case "retry":
                lease.retry(ReviewTimeout("slow"), now + 100.0, now)
            case "release":
                lease.release(now)
            case "bury":
                lease.bury(HeadRejected("no"), now)

    def follow(self, step: str, row: Row) -> None:
        ends = {
            "posted": State.POSTED,
            "skip": State.SKIPPED,
            "supersede": State.SUPERSEDED,
            "bury": State.DEAD,
        }
        if step == "reply":
            row.replies.add("kept")
        elif step == "review":
            row.state, row.saved = State.REVIEWED, True
        elif step == "posting":
            row.state = State.POSTING
        elif step in ends:
            row.state, row.holder = ends[step], None
        else:
            self.let_go(row)
            if step == "release":
                row.attempts -= 1
            else:
                row.next_due_at = self.now + 100.0

    def let_go(self, row: Row) -> None:
        row.holder = None
        row.state = State.DUE if row.state is State.CLAIMED else row.state

    @rule()
    def reopen(self) -> None:
        """A new process sees the same."""
        self.ledger.close()
        self.ledger = Ledger(self.path)
        self.ledger.store.db.execute("PRAGMA synchronous = OFF")
        for row in self.rows.values():
            if row.holder is not None:
                self.let_go(row)
        self.ledger.recover(self.now)
        self.leases.clear()

    @invariant()
    def the_rows_agree(self) -> None:
        for number, row in self.rows.items():
            work = self.ledger.load(number)
            found = (work.state, work.attempts, work.next_due_at, work.review is not None)
            assert found == (row.state, row.attempts, row.next_due_at, row.saved)
            kept = self.ledger.saved_reply(number, "find", "kept") is not None
            assert kept == ("kept" in row.replies)

    @invariant()
    def what_is_due_agrees(self) -> None:
        due = [
            number
            for number, row in self.rows.items()
            if row.state in WAITING and row.holder is None and row.next_due_at <= self.now
        ]
        rows = self.rows
        due.sort(key=lambda one: (rows[one].state is State.DUE, rows[one].first_seen_at, one))
        assert self.ledger.due(REPOS, self.now, 100) == due

    @invariant()
    def no_head_is_lost(self) -> None:
        """Every head that was ever polled has exactly one row, in a state that has a way on."""
        total = self.ledger.store.db.execute("SELECT count(*) FROM heads").fetchone()[0]
        assert total == len(self.ids)


TestLedgerAgainstModel = LedgerAgainstModel.TestCase
TestLedgerAgainstModel.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
