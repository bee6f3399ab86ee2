"""Every request of a sweep to GitHub meets every way in which it can fail, a whole sweep long.

Each head is posted once and paid for once, however that sweep ended. MATRIX_EVERY=1 tries all
pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import State
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.ledger.revival import revive_all
from tests.fakes.github import spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.matrix.host_calls import CALLS, FAULTS, Trouble, with_check_runs
from tests.matrix.sampling import sample
from tests.matrix.scene import MOVED
from tests.numbers import Record

pytestmark = spec.needs_graphql
STALE_IS_FOR_READING = ("create", "delete", "submit", "check run")
REFUSED_FOR_GOOD = ("create", "422")
"""GitHub takes neither the review nor its plain body: dead, until a person has it tried again."""
PAIRS = [
    (call, fault)
    for call in CALLS
    for fault in FAULTS
    if fault != "stale" or call not in STALE_IS_FOR_READING
]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStage]:
    """One whose client and git are impatient."""
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    monkeypatch.setitem(Mirror.fetch.__kwdefaults__, "timeout_s", 1.0)
    with github_stage(tmp_path) as made:
        made.timeout_s, made.lists_lag_s = 1, 60.0
        yield made


@pytest.fixture
def pulls(stage: GitHubStage) -> list[Pull]:
    """Two open heads, one of them after our draft of an older one."""
    older = stage.pull()
    stage.debris(older)
    return [stage.pull(), stage.hub.world.push(older, MOVED)]


def check_the_end(stage: GitHubStage, pulls: list[Pull]) -> None:
    for pull in pulls:
        (posted,) = stage.own(pull)
        assert (posted.state, posted.commit_sha) == ("COMMENTED", pull.head_sha)
    assert sorted(stage.engine_asked()) == sorted(pull.head_sha for pull in pulls)
    assert {row.state for row in stage.rows()} == {State.POSTED}


def test_no_request_is_left_out(stage: GitHubStage, pulls: list[Pull]) -> None:
    with_check_runs(stage)
    for call in CALLS.values():
        if call.before is not with_check_runs:
            call.before(stage)
    stage.sweep_until_quiet()
    check_the_end(stage, pulls)
    kinds = {
        id(exchange): name
        for name, call in CALLS.items()
        for exchange in stage.hub.exchanges(call.method, call.path)
        if call.is_it(exchange)
    }
    assert set(kinds.values()) == set(CALLS)
    unknown = [one for one in stage.hub.log if id(one) not in kinds]
    assert not unknown, "a request that no fault of this matrix meets"


@pytest.mark.parametrize(("call", "fault"), sample(PAIRS, 10))
def test_any_request_may_fail_in_any_way(
    stage: GitHubStage, pulls: list[Pull], record: Record, call: str, fault: str
) -> None:
    CALLS[call].before(stage)
    trouble = Trouble(CALLS[call], FAULTS[fault])
    stage.hub.fail(CALLS[call].method, CALLS[call].path, trouble, times=10_000)
    stage.sweep()
    assert trouble.met
    for pull in pulls:
        assert len(stage.posted(pull)) <= 1
    trouble.is_over = True
    stage.sweep_until_quiet()
    if revive_all(stage.ledger_path, stage.now):
        assert (call, fault) == REFUSED_FOR_GOOD
        stage.sweep_until_quiet()
    check_the_end(stage, pulls)
    record("requests to GitHub x faults", 1)
