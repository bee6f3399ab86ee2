"""Every request of a sweep to GitHub meets every way in which it can fail, a whole sweep long.

Each head is posted once and paid for once, however that sweep ended. MATRIX_EVERY=1 tries all
pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import State
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.hosts.github import installation
from reviewer_cli.ledger.revival import revive_all
from tests.fakes.github import faults, spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.matrix.credentials import (
    apps_token_that_ends,
    owners_repositories,
    tokens_repositories,
)
from tests.matrix.host_calls import (
    CALLS,
    FAULTS,
    MINT,
    Call,
    Trouble,
    after_a_lost_draft,
    nothing,
    with_a_refused_submission,
    with_check_runs,
)
from tests.matrix.sampling import sample
from tests.matrix.scene import MOVED
from tests.numbers import Record

pytestmark = spec.needs_graphql
STALE_IS_FOR_READING = (
    "mint",
    "mint while a draft rests",
    "create",
    "delete",
    "submit",
    "check run",
)
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
        monkeypatch.setattr(installation, "time", SimpleNamespace(time=lambda: made.now))
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
    """Once with each scene that does not replace another, then as an App."""
    with_check_runs(stage)
    for before in (after_a_lost_draft, with_a_refused_submission):
        before(stage)
    for before in (nothing, owners_repositories, tokens_repositories):
        before(stage)
        stage.sweep_until_quiet()
    check_the_end(stage, pulls)
    stage.check_run = False
    apps_token_that_ends(stage)
    pulls.append(stage.pull())
    stage.sweep_until_quiet()
    assert len(stage.posted(pulls[-1])) == 1
    met = {name: calls_of(call, stage) for name, call in CALLS.items()}
    assert [name for name, those in met.items() if not those] == []
    unknown = {id(one) for one in stage.hub.log}.difference(*met.values())
    assert not unknown, "a request that no fault of this matrix meets"


def calls_of(call: Call, stage: GitHubStage) -> set[int]:
    """The exchanges of a kind, by their ids."""
    seen = stage.hub.exchanges(call.method, call.path)
    return {id(one) for one in seen if call.is_it(one)}


def test_the_token_that_ends_does_so_while_a_draft_rests(
    stage: GitHubStage, pulls: list[Pull]
) -> None:
    """Or the faults of that request would meet a sweep that has done nothing yet."""
    apps_token_that_ends(stage)
    stage.hub.fail("POST", MINT, faults.revoked)
    stage.sweep()
    assert any(stage.pending(pull) for pull in pulls)
    assert not any(stage.posted(pull) for pull in pulls)
    stage.sweep_until_quiet()
    check_the_end(stage, pulls)


@pytest.mark.parametrize(("call", "fault"), sample(PAIRS, 24))
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
