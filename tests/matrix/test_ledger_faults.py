"""Each write of the ledger meets a full disk, an I/O error and both kinds of lock.

From that write on they all fail, until the sweep has ended. The next sweeps post each head once
and pay for no answer that was saved. MATRIX_EVERY=1 tries every write with every fault.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import State
from reviewer_cli.errors import LedgerUnwritable
from tests.fakes.github import spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.matrix.ledger_trouble import FAULTS, Fault, Trouble
from tests.matrix.paid import Paid
from tests.matrix.sampling import sample
from tests.matrix.scene import MOVED, Bill
from tests.numbers import Record

pytestmark = [spec.needs_graphql, pytest.mark.timeout(600)]


@dataclass
class Story:
    """Two open heads, one of them after our draft of an older one, and what is paid for them."""

    stage: GitHubStage
    pulls: list[Pull] = field(default_factory=list)
    bill: Bill = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.stage.lists_lag_s = 60.0
        older = self.stage.pull()
        self.stage.debris(older)
        self.pulls += [self.stage.pull(), self.stage.hub.world.push(older, MOVED)]
        self.stage.engine = Paid(lambda sha, step: self.bill.update([(sha, str(step))]))

    def saved(self) -> set[tuple[str, str]]:
        """The passes whose answers the ledger has; it must be sound."""
        with closing(sqlite3.connect(self.stage.ledger_path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            answered = "SELECT head_sha, step FROM replies JOIN heads ON heads.id = head_id"
            return set(db.execute(answered))

    def check_the_end(self) -> None:
        """Each head is posted once."""
        for pull in self.pulls:
            (posted,) = self.stage.own(pull)
            assert (posted.state, posted.commit_sha) == ("COMMENTED", pull.head_sha)
        assert {row.state for row in self.stage.rows()} == {State.POSTED}


@contextmanager
def story(root: Path) -> Iterator[Story]:
    root.mkdir()
    with github_stage(root) as stage:
        yield Story(stage)


def writes_of_a_sweep(root: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often an undisturbed sweep writes to its ledger."""
    trouble = Trouble(Fault(), float("inf"))
    with story(root) as told, monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", trouble.connect)
        assert told.stage.sweep().exit_code == 0
        told.check_the_end()
        assert sorted(told.bill.values()) == [1] * 4
    return trouble.writes


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_any_write_may_fail_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Record, fault: Fault
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    writes = writes_of_a_sweep(tmp_path / "undisturbed", monkeypatch)
    assert writes > 10
    chosen = sample(range(writes), 16)
    for first in chosen:
        with story(tmp_path / str(first)) as told:
            check_from(told, Trouble(fault, first), monkeypatch)
    record("ledger writes x faults", len(chosen))


def check_from(told: Story, trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sweep in trouble, and those after it."""
    where = f"from write {trouble.first} on"
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", trouble.connect)
        try:
            error = told.stage.sweep().error
        except LedgerUnwritable as raised:
            error = raised
    assert trouble.met, where
    assert isinstance(error, LedgerUnwritable), f"{where}: {error}"
    assert "nothing was lost" in str(error)
    before, saved = told.bill.copy(), told.saved()
    told.stage.sweep_until_quiet()
    told.check_the_end()
    again = told.bill - before
    assert not saved & set(again), f"{where}: what was saved was asked for again"
    assert told.stage.sweep().exit_code == 0
    assert max(told.bill.values()) <= 2, f"{where}: {told.bill}"
    assert told.bill - before == again, f"{where}: something was left to do"
