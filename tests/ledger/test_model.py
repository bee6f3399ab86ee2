"""The ledger against a plain model of it: whatever is called in whatever order, they agree."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import Head, HeadKey, Severity, State
from reviewer_cli.errors import HeadRejected, LeaseLost, ReviewTimeout, SweepDied
from reviewer_cli.ledger import retention
from reviewer_cli.ledger.breakers import Breakers, Failure
from reviewer_cli.ledger.commands import wish
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import stand, watched
from reviewer_cli.ledger.recovery import bury_deadly
from reviewer_cli.ledger.retention import INTERVAL_S, KINDS, Keep
from reviewer_cli.ledger.revival import revive_all
from reviewer_cli.ledger.rows import Attention, Entry, Wish
from tests.ledger.samples import LEASE_S, REPO, REPOS, head, reply, reviewed, sha, tip

HEADS = [
    head(key=HeadKey("local", REPO, f"pull-{pull}", sha(10 * pull + push)))
    for pull in (1, 2)
    for push in (1, 2)
]
STEPS = [
    "reply",
    "review",
    "posting",
    "posted",
    "silent",
    "skip",
    "supersede",
    "retry",
    "release",
    "bury",
]
STORIES = (
    ("reply", "review", "posting", "posted"),
    ("review", "silent"),
    ("review",),
    ("review", "posting"),
    ("review", "retry"),
    ("reply", "review", "supersede"),
    ("reply", "retry"),
    ("review", "bury"),
    ("bury",),
)
WAITING = (State.DUE, State.REVIEWED, State.POSTING)
FINISHED = (State.POSTED, State.SKIPPED, State.SUPERSEDED)
MAX_ATTEMPTS = 2
KEPT_S = (100.0, 1.5 * INTERVAL_S)


@dataclass
class Row:
    """What the model remembers of one head."""

    state: State
    rules: str
    next_due_at: float
    first_seen_at: float
    attempts: int = 0
    saved: bool = False
    has_findings: bool = False
    holder: Lease | None = None
    error: str | None = None
    replies: set[str] = field(default_factory=set)
    finished_at: float = 0.0
    removed: set[str] = field(default_factory=set)
    wish: Wish = Wish.NONE
    is_said: bool = False

    def finish(self, state: State, now: float) -> None:
        self.state, self.holder = state, None
        self.finished_at, self.removed = now, set()


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
        self.standing: dict[str, Attention] = {}
        self.heard: set[str] = set()
        self.told = 0
        self.happened: Counter[str] = Counter()
        self.is_down = False
        self.inserted: dict[str, list[tuple[object, ...]]] = {"told": [], "events": []}
        self.now = 1000.0

    def teardown(self) -> None:
        self.ledger.close()
        self.directory.cleanup()

    @initialize()
    def begin(self) -> None:
        self.ledger.begin_sweep([REPO], "model", self.now)
        for number, one in enumerate(HEADS, 1):
            self.ledger.admit([(one, None)], "one", self.now)
            self.ids[one] = number
            self.rows[number] = Row(
                state=State.DUE, rules="one", next_due_at=self.now, first_seen_at=self.now
            )

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        heads=st.lists(st.sampled_from(HEADS), unique=True),
        skip=st.booleans(),
        rules=st.sampled_from(["one", "two"]),
        settle_s=st.sampled_from([0.0, 60.0]),
    )
    def poll(self, heads: list[Head], skip: bool, rules: str, settle_s: float) -> None:
        """What is undecided is entered, as a sweep does it."""
        expected = [one for one in heads if self.is_undecided(one, rules)]
        undecided = self.ledger.undecided([tip(one) for one in heads], rules)
        assert undecided == [tip(one) for one in expected]
        due_at, reason = self.now + settle_s, "no" if skip else None
        entries = [Entry(head=one, reason=reason, due_at=due_at) for one in expected]
        self.ledger.enter(entries, rules, self.now)
        self.heard |= {one.key.pull for one in expected if skip}
        for one in expected:
            known = self.rows.get(self.ids.setdefault(one, len(self.ids) + 1))
            wished = known.wish if known else Wish.NONE
            state = State.SKIPPED if skip and not wished else State.DUE
            waits = known is not None and known.state is State.DUE
            if known is not None and known.saved and state is State.DUE:
                state = State.REVIEWED
            self.rows[self.ids[one]] = Row(
                state=state,
                rules=rules,
                next_due_at=known.next_due_at if known and waits else due_at,
                attempts=known.attempts if known and waits else 0,
                first_seen_at=known.first_seen_at if known else self.now,
                saved=known.saved if known else False,
                has_findings=known.has_findings if known else False,
                error=known.error if known else None,
                replies=known.replies if known else set(),
                finished_at=self.now,
                wish=wished,
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
            row.finish(State.SUPERSEDED, self.now)
        self.happened[EventKind.SUPERSEDED] += len(gone)
        assert self.ledger.retire(REPOS, [tip(one) for one in open_heads], self.now) == len(gone)

    @rule(longest_wait_s=st.sampled_from([math.inf, 50.0]))
    def recover(self, longest_wait_s: float) -> None:
        held = self.held()
        assert self.ledger.recover(self.now, longest_wait_s) == len(held)
        self.died_with(held)
        if longest_wait_s == math.inf:
            return
        for row in self.rows.values():
            if row.state in WAITING:
                row.next_due_at = min(row.next_due_at, self.now + longest_wait_s)

    @rule()
    def bury_deadly(self) -> None:
        """What alone was in work in two deaths, the last time with its last attempt, is dead."""
        held = self.held()
        deadly = len(held) == 1 and held[0].error == SweepDied.__name__
        deadly = deadly and held[0].attempts >= MAX_ATTEMPTS
        key = bury_deadly(self.ledger.store, MAX_ATTEMPTS, self.now)
        assert (key is not None) == deadly
        if deadly:
            held[0].state, held[0].holder = State.DEAD, None
            self.happened[EventKind.DIED] += 1

    @rule()
    def revive(self) -> None:
        """A person wants all that is dead tried again, while the sweep has the ledger open."""
        dead = {number for number, row in self.rows.items() if row.state is State.DEAD}
        assert set(revive_all(self.path, self.now)) == dead
        self.happened[EventKind.REVIVED] += len(dead)
        for row in map(self.rows.__getitem__, dead):
            row.state = State.REVIEWED if row.saved else State.DUE
            row.attempts, row.next_due_at = 0, self.now

    @rule(fails=st.booleans())
    def settle(self, fails: bool) -> None:
        """A door fails, or answers; what is already known of it happens no second time."""
        failed = {"host x": Failure(kind=Kind.DOWN, reason="502")} if fails else {}
        Breakers(self.ledger.store).settle(failed, {"host x"}, self.now)
        if fails != self.is_down:
            self.happened[EventKind.OPENED if fails else EventKind.CLOSED] += 1
        self.is_down = fails

    @rule(one=st.sampled_from(HEADS), attention=st.sampled_from(list(Attention)))
    def stand(self, one: Head, attention: Attention) -> None:
        """People pause a pull request, ignore it or resume; what was wished before is over then."""
        stand(self.ledger.store, one.key, attention)
        self.standing[one.key.pull] = attention
        self.heard.add(one.key.pull)
        for other, number in self.ids.items():
            if attention and other.key.pull == one.key.pull:
                row = self.rows[number]
                row.wish = Wish.NONE if row.state is State.DUE else row.wish

    @rule(one=st.sampled_from(HEADS), asked=st.sampled_from([Wish.REVIEW, Wish.FULL]))
    def wish(self, one: Head, asked: Wish) -> None:
        """What was said is never said again; what was skipped, or left unsaid, comes back."""
        row = self.rows[self.ids[one]]
        self.heard.add(one.key.pull)
        is_final = row.is_said or row.state in (State.DEAD, State.SUPERSEDED)
        if not is_final:
            if row.state is State.POSTED:
                row.saved = row.has_findings = False
            if row.state in FINISHED:
                row.state, row.attempts = State.REVIEWED if row.saved else State.DUE, 0
            row.wish, row.next_due_at = asked, min(row.next_due_at, self.now)
        assert wish(self.ledger.store, one.key, asked, self.now) is row.state

    @rule(findings_s=st.sampled_from(KEPT_S), texts_s=st.sampled_from(KEPT_S))
    def retain(self, findings_s: float, texts_s: float) -> None:
        """A day later what is old goes."""
        self.now += INTERVAL_S
        keep = Keep(findings_s=findings_s, texts_s=texts_s)
        expected = sum(
            self.remove(row, kind, self.now - kept_s)
            for kind, kept_s in zip(KINDS, (findings_s, texts_s), strict=True)
            for row in self.rows.values()
        )
        assert retention.apply(self.ledger.store, keep, self.now) == expected
        assert retention.apply(self.ledger.store, keep, self.now) == 0, "once a day"

    def remove(self, row: Row, kind: str, before: float) -> bool:
        if row.state not in FINISHED or kind in row.removed or row.finished_at >= before:
            return False
        row.removed.add(kind)
        if row.state is not State.POSTED:
            row.saved = row.has_findings = False
        if kind == "findings":
            row.has_findings = False
        else:
            row.saved = False
            row.replies.clear()
        return True

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

    @precondition(lambda self: self.free())
    @rule(data=st.data(), steps=st.sampled_from(STORIES))
    def review(self, data: st.DataObject, steps: tuple[str, ...]) -> None:
        """A head is claimed and taken so far at once; single steps seldom lead there."""
        number = data.draw(st.sampled_from(self.free()))
        row = self.rows[number]
        row.holder = self.ledger.claim(number, self.now, LEASE_S)
        assert row.holder is not None
        row.attempts += 1
        row.state = State.CLAIMED if row.state is State.DUE else row.state
        self.leases.append(row.holder)
        for step in steps:
            if row.holder is not None and self.is_sensible(step, row):
                self.take(step, row.holder)
                self.follow(step, row)

    def free(self) -> list[int]:
        rows = self.rows.items()
        return [number for number, row in rows if row.holder is None and row.state in WAITING]

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
        if step in ("posting", "posted", "silent"):
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
            case "silent":
                lease.posted(None, now)
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
            "silent": State.POSTED,
            "skip": State.SKIPPED,
            "supersede": State.SUPERSEDED,
            "bury": State.DEAD,
        }
        errors = {
            "posted": None,
            "silent": None,
            "bury": HeadRejected.__name__,
            "retry": ReviewTimeout.__name__,
        }
        row.error = errors.get(step, row.error)
        kinds = {
            "supersede": EventKind.SUPERSEDED,
            "retry": EventKind.RETRIED,
            "bury": EventKind.DIED,
        }
        if step in kinds:
            self.happened[kinds[step]] += 1
        if step in ("posted", "silent"):
            self.told += 1
            row.is_said = step == "posted"
            self.heard.add(self.pull_of(row))
        if step == "reply":
            row.replies.add("kept")
        elif step == "review":
            row.state, row.saved, row.has_findings = State.REVIEWED, True, True
        elif step == "posting":
            row.state = State.POSTING
        elif step in ends:
            row.finish(ends[step], self.now)
        else:
            self.let_go(row)
            if step == "release":
                row.attempts -= 1
            else:
                row.next_due_at = self.now + 100.0

    def pull_of(self, row: Row) -> str:
        return next(one.key.pull for one, number in self.ids.items() if self.rows[number] is row)

    def held(self) -> list[Row]:
        return [row for row in self.rows.values() if row.holder is not None]

    def died_with(self, held: list[Row]) -> None:
        self.happened[EventKind.RETRIED] += len(held)
        for row in held:
            self.let_go(row)
            row.error = SweepDied.__name__
            row.next_due_at = min(row.next_due_at, self.now)

    def let_go(self, row: Row) -> None:
        row.holder = None
        row.state = State.DUE if row.state is State.CLAIMED else row.state

    @rule()
    def reopen(self) -> None:
        """A new process sees the same."""
        self.ledger.close()
        self.ledger = Ledger(self.path)
        self.ledger.store.db.execute("PRAGMA synchronous = OFF")
        self.ledger.recover(self.now)
        self.died_with(self.held())
        self.leases.clear()

    @invariant()
    def the_rows_agree(self) -> None:
        for number, row in self.rows.items():
            work = self.ledger.load(number)
            found = (work.state, work.attempts, work.next_due_at, work.review is not None)
            assert found == (row.state, row.attempts, row.next_due_at, row.saved)
            assert work.wish == row.wish
            assert work.severities == ((Severity.HIGH,) if row.has_findings else ())
            kept = self.ledger.saved_reply(number, "find", "kept") is not None
            assert kept == ("kept" in row.replies)

    @invariant()
    def what_is_due_agrees(self) -> None:
        due = [
            number
            for number, row in self.rows.items()
            if row.state in WAITING and row.holder is None and row.next_due_at <= self.now
            if row.state is not State.DUE or row.wish or not self.standing.get(self.pull_of(row))
        ]
        rows = self.rows
        due.sort(key=lambda one: (rows[one].state is State.DUE, rows[one].first_seen_at, one))
        assert self.ledger.due(REPOS, self.now, 100) == due

    @invariant()
    def what_is_watched_agrees(self) -> None:
        assert {one.key.pull for one in watched(self.ledger.store, REPOS)} == self.heard

    @invariant()
    def what_a_digest_reads_is_inserted_once_and_stays(self) -> None:
        """Whatever becomes of a head later: each posting told it, each change of state is there."""
        db = self.ledger.store.db
        for table, before in self.inserted.items():
            rows = [tuple(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY id")]  # noqa: S608
            assert rows[: len(before)] == before
            self.inserted[table] = rows
        assert len(self.inserted["told"]) == self.told
        counts = "SELECT kind, count(*) FROM events WHERE kind NOT IN (?, ?) GROUP BY kind"
        found = db.execute(counts, (EventKind.BEGAN, EventKind.SKIPPED)).fetchall()
        assert {row[0]: row[1] for row in found} == {k: n for k, n in self.happened.items() if n}

    @invariant()
    def each_answer_is_paid_for_in_one_review(self) -> None:
        told, paid = (
            "SELECT coalesce(sum(micro_usd), 0) FROM told WHERE head_id = ?",
            "SELECT coalesce(sum(CAST(round(usd * 1000000) AS INTEGER)), 0) FROM replies"
            " WHERE head_id = ?",
        )
        db = self.ledger.store.db
        for number, row in self.rows.items():
            counted, spent = (db.execute(one, (number,)).fetchone()[0] for one in (told, paid))
            assert counted == spent if row.state is State.POSTED else counted <= spent

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
