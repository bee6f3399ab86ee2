"""Every request of a later round meets every way in which it can fail, a whole sweep long.

There is one review, which tells of both heads; each round was paid for once, the mended finding is
settled once, and the command obeyed once. MATRIX_EVERY=1 tries all pairs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import State
from reviewer_cli.ledger.revival import revive_all
from tests.fakes.github import spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.matrix.host_calls import FAULTS, Trouble
from tests.matrix.later_calls import (
    LATER_CALLS,
    STALE_IS_FOR_READING,
    mended_and_asked_about,
)
from tests.matrix.sampling import sample
from tests.numbers import Record
from tests.sweep.conversing import Watchful

pytestmark = spec.needs_graphql

PAIRS = [
    (call, fault)
    for call in LATER_CALLS
    for fault in FAULTS
    if fault != "stale" or call not in STALE_IS_FOR_READING
]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStage]:
    """One whose client is impatient."""
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    with github_stage(tmp_path) as made:
        made.timeout_s, made.engine = 1, Watchful()
        yield made


def check_the_end(stage: GitHubStage, pull: Pull) -> None:
    (review,) = stage.own(pull)
    assert review.body.count(f"sha={pull.head_sha}") == 1
    assert review.body.count("Also checked at") == 1
    ten, forty = sorted(stage.hub.world.tables.comments_of(review), key=lambda one: one.id)
    assert (ten.body.count("Fixed in"), forty.body.count("Fixed in")) == (0, 1)
    assert forty.minimized
    assert len(stage.engine_asked()) == 2
    assert {row.state for row in stage.rows()} == {State.POSTED}
    with closing(sqlite3.connect(stage.ledger_path)) as ledger:
        assert ledger.execute("SELECT count(*) FROM commands").fetchone() == (1,)


def test_a_later_round_makes_each_of_these_requests(stage: GitHubStage) -> None:
    pull = mended_and_asked_about(stage)
    stage.sweep_until_quiet()
    stage.sweep_until_quiet()
    check_the_end(stage, pull)
    for name, call in LATER_CALLS.items():
        sent = [one for one in stage.hub.exchanges(call.method, call.path) if call.is_it(one)]
        assert sent, name


@pytest.mark.parametrize(("call", "fault"), sample(PAIRS, 4))
def test_any_request_of_a_later_round_may_fail_in_any_way(
    stage: GitHubStage, record: Record, call: str, fault: str
) -> None:
    pull = mended_and_asked_about(stage)
    trouble = Trouble(LATER_CALLS[call], FAULTS[fault])
    stage.hub.fail(LATER_CALLS[call].method, LATER_CALLS[call].path, trouble, times=10_000)
    stage.sweep()
    assert trouble.met
    trouble.is_over = True
    stage.sweep_until_quiet()
    if revive_all(stage.ledger_path, stage.now):
        stage.sweep_until_quiet()
    stage.sweep_until_quiet()
    check_the_end(stage, pull)
    record("requests of a later round x faults", 1)
