"""A GitHub that limits, fails or is gone: the next sweep knows, asks once, and nobody pays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.models import State
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.views import BreakerRecord
from tests.building import Repo
from tests.fakes.github import faults, spec
from tests.fakes.github.faults import Fault
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.fakes.host import reviews_on
from tests.fakes.stage import START

pytestmark = spec.needs_graphql

REVIEWS = "/repos/*/*/pulls/*/reviews"
EVENTS = f"{REVIEWS}/*/events"
AN_HOUR = 3600.0


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStage]:
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    with github_stage(tmp_path) as made:
        yield made


def breakers(stage: GitHubStage) -> tuple[BreakerRecord, ...]:
    with reading(stage.ledger_path) as records:
        return records.status(stage.now).breakers


def pass_time(stage: GitHubStage, seconds: float) -> None:
    stage.now += seconds
    stage.hub.world.now = max(stage.hub.world.now, stage.now)


def asked(stage: GitHubStage, method: str, path: str) -> int:
    return len(stage.hub.exchanges(method, path))


def attempts(stage: GitHubStage) -> list[int]:
    return sorted(row.attempts for row in stage.rows() if row.state is not State.POSTED)


def all_is_well(stage: GitHubStage, pulls: list[Pull]) -> None:
    assert [len(stage.posted(pull)) for pull in pulls] == [1] * len(pulls)
    assert sorted(stage.engine_asked()) == sorted(pull.head_sha for pull in pulls)
    assert breakers(stage) == ()


LIMITS = {
    "429 with retry-after": (faults.secondary_limit(3600, 429), 3600.0, 3601.0),
    "429 without": (faults.answer(429, {"message": "Slow down."}), 300.0, 600.0),
    "403 secondary": (faults.secondary_limit(), 300.0, 600.0),
    "403 primary": (faults.primary_limit(START + 7200.0), 7100.0, 7202.0),
}
"""The least and the most seconds for which GitHub is left alone after the sweep."""


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    ("method", "path", "word"),
    [("POST", "/graphql", "query Tips"), ("POST", REVIEWS, "")],
    ids=["poll", "post"],
)
def test_a_limit_is_remembered_and_nothing_is_asked_before_its_end(
    stage: GitHubStage, name: str, method: str, path: str, word: str
) -> None:
    fault, least, most = LIMITS[name]
    pulls = [stage.pull(), stage.pull()]
    trouble = stage.trouble(method, path, fault, word)
    report = stage.sweep(longest_pause_s=600.0)
    assert report.exit_code == 75
    assert sum(stage.waited) <= 600.0
    (one,) = report.breakers
    assert (one.door, one.kind) == (f"host {stage.server.name}", Kind.RATE_LIMIT)
    assert one.until is not None
    assert least <= one.until - stage.now <= most
    trouble.over()
    before = len(stage.hub.log)
    again = stage.sweep()
    assert (again.exit_code, again.breakers) == (75, (one,))
    assert len(stage.hub.log) == before
    assert set(attempts(stage)) <= {0}
    pass_time(stage, one.until - stage.now)
    assert stage.sweep_until_quiet().exit_code == 0
    all_is_well(stage, pulls)


def test_a_limit_that_never_ends_is_asked_ever_more_rarely(stage: GitHubStage) -> None:
    stage.pull()
    stage.trouble("POST", "/graphql", faults.secondary_limit(), "query Tips")
    waits = []
    for _ in range(7):
        stage.sweep(longest_pause_s=0.0)
        (one,) = breakers(stage)
        assert one.until is not None
        waits.append(one.until - stage.now)
        pass_time(stage, one.until - stage.now)
    assert len(stage.hub.log) == 7, "one request for each sweep"
    assert waits == sorted(waits)
    assert waits[-1] > 20 * waits[0]
    assert max(waits) <= stage.plan.longest_retry_s


STORMS: dict[str, tuple[str, str, Fault]] = {
    "502 before create": ("POST", REVIEWS, faults.bad_gateway_before),
    "502 after create": ("POST", REVIEWS, faults.bad_gateway_after),
    "dropped after create": ("POST", REVIEWS, faults.dropped_after),
    "502 before submit": ("POST", EVENTS, faults.bad_gateway_before),
    "dropped before submit": ("POST", EVENTS, faults.dropped_before),
    "502 to git": ("POST", "/*/*.git/git-upload-pack", faults.bad_gateway_before),
    "dropped to git": ("POST", "/*/*.git/git-upload-pack", faults.dropped_before),
}


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_costs_two_attempts_and_then_one_head_asks_for_all(
    stage: GitHubStage, name: str
) -> None:
    method, path, fault = STORMS[name]
    pulls = [stage.pull() for _ in range(6)]
    trouble = stage.trouble(method, path, fault)
    report = stage.sweep(batch_size=1)
    assert (report.exit_code, report.breakers[0].kind) == (75, Kind.DOWN)
    spent = sum(attempts(stage))
    assert spent <= 2
    for _ in range(4):
        pass_time(stage, 60.0)
        before = trouble.met
        assert stage.sweep(batch_size=4).exit_code == 75
        assert 1 <= trouble.met - before <= (2 if "git" in name else 1), "curl may ask twice"
    assert sum(attempts(stage)) == spent, "an outage costs no attempt"
    assert all(len(stage.posted(pull)) <= 1 for pull in pulls)
    trouble.over()
    stage.sweep_until_quiet()
    all_is_well(stage, pulls)


def test_a_hub_that_is_gone_and_comes_back(stage: GitHubStage) -> None:
    pulls = [stage.pull() for _ in range(3)]
    trouble = stage.trouble("*", "/**", faults.dropped_before)
    for failures in range(1, 5):
        report = stage.sweep()
        assert report.exit_code == 75
        (one,) = report.breakers
        assert (one.kind, one.failures, one.opened_at) == (Kind.DOWN, failures, START)
        assert "could not be reached" in one.reason
        pass_time(stage, AN_HOUR)
    trouble.over()
    assert stage.sweep().exit_code == 0
    all_is_well(stage, pulls)


def test_a_hub_that_is_gone_keeps_no_other_host_back(stage: GitHubStage) -> None:
    local = Repo(stage.root / "local")
    local.commit({"a.py": "a = 1\n"}, branch="main")
    stage.more_hosts = {"local": LocalGit(stage.root / "reviews")}
    both = {stage.server.name: (stage.shop.full_name,), "local": (str(local.path),)}
    pulls = [stage.pull(), stage.pull()]
    trouble = stage.trouble("*", "/**", faults.dropped_before)
    shas = []
    for number in range(3):
        shas.append(local.commit({"a.py": f"a = 1{number}\n"}, branch=f"b{number}", start="main"))
        report = stage.sweep(selectors=both)
        assert (report.exit_code, report.counts.posted) == (3, 1)
        assert [one.repo for one in report.failures] == [stage.server.name]
        assert [one.kind for one in report.breakers] == [Kind.DOWN]
    trouble.over()
    assert stage.sweep(selectors=both).exit_code == 0
    assert [reviews_on(local, sha) for sha in shas] == [1, 1, 1]
    assert [len(stage.posted(pull)) for pull in pulls] == [1, 1]
