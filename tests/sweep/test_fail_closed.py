"""A key or token that is refused: nothing is posted or lost, and the next sweep says so at once."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.health import amber, green, red
from reviewer_cli.core.models import State
from reviewer_cli.errors import AccessRefused, ConfigurationError, HeadError
from reviewer_cli.ledger.breakers import Breakers
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.ports.engine import Reply, ReviewRequest
from reviewer_cli.telemetry import BreakerOpen, HeadEnded, Polled
from tests.building import Repo
from tests.fakes.engine import ScriptedEngine
from tests.fakes.github import faults, spec
from tests.fakes.github.rows import Pull
from tests.fakes.github_stage import FILE, CountingEngine, GitHubStage, github_stage
from tests.fakes.host import FaultyHost, Step, reviews_on
from tests.fakes.stage import Stage

REVOKED = AccessRefused("The provider refused the key; set a valid one.")
AN_HOUR = 3600.0
ENGINE = "engine scripted"


@dataclass
class Key:
    """Answers as a provider does: from answer number `until` on, counted from 0, it refuses."""

    until: int = 0
    answers: int = 0
    asked_before_refusal: int | None = None
    engine: ScriptedEngine = field(init=False)

    def __call__(self, request: ReviewRequest) -> object:
        self.answers += 1
        if self.answers <= self.until:
            return {"findings": []}
        if self.asked_before_refusal is None:
            self.asked_before_refusal = len(self.engine.asked)
        return REVOKED

    def asked_after_refusal(self) -> int:
        """How many requests began although one had been refused."""
        return len(self.engine.asked) - (self.asked_before_refusal or 0)


def with_heads(stage: Stage, count: int) -> Repo:
    repo = stage.repo()
    for number in range(count):
        content = {"a.py": f"a = 1\nb = {number}\n"}
        repo.commit(content, branch=f"branch-{number:02}", start="main")
    return repo


def with_key(stage: Stage, until: int = 0) -> Key:
    key = Key(until)
    # Every second review is slower, so that refusals meet reviews in flight.
    slowly = iter([0.0, 0.02] * 100)
    key.engine = stage.engine = ScriptedEngine(key, latency=lambda request: next(slowly))
    return key


def open_breakers(stage: Stage) -> tuple[BreakerRecord, ...]:
    with closing(Ledger(stage.ledger_path)) as ledger:
        return Breakers(ledger.store).open()


def doors(stage: Stage) -> list[str]:
    return [one.door for one in open_breakers(stage)]


def nobody_pays(stage: Stage) -> bool:
    """Whether no waiting head has lost an attempt, and none counts as done."""
    waiting = [row for row in stage.rows() if row.state is not State.POSTED]
    return {row.attempts for row in waiting} <= {0} and {row.state for row in waiting} <= {
        State.DUE,
        State.REVIEWED,
        State.POSTING,
    }


@pytest.mark.threat("T37", layer="ledger")
@pytest.mark.parametrize("until", [0, 1, 5])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_revoked_key_ends_the_sweep_whenever_it_is_revoked(
    stage: Stage, until: int, batch_size: int
) -> None:
    with_heads(stage, 12)
    key = with_key(stage, until)
    report = stage.sweep(batch_size=batch_size)
    assert (report.exit_code, report.error) == (77, REVOKED)
    assert key.asked_after_refusal() <= 1
    assert report.counts.posted <= until
    assert sum(state is State.POSTED for state in stage.states().values()) == report.counts.posted
    assert nobody_pays(stage)
    (one,) = report.breakers
    assert (one.door, one.failures, one.opened_at) == (ENGINE, 1, stage.now)
    assert one.reason == str(REVOKED)


@pytest.mark.threat("T37", layer="ledger")
def test_the_next_sweep_says_so_at_once_and_asks_a_single_time(stage: Stage) -> None:
    with_heads(stage, 9)
    with_key(stage)
    stage.sweep()
    since = stage.now
    for failures in (2, 3):
        stage.now += AN_HOUR
        stage.events.clear()
        key = with_key(stage)
        report = stage.sweep(batch_size=4)
        assert report.exit_code == 77
        assert len(key.engine.asked) == 1
        assert stage.events[0] == BreakerOpen(door=ENGINE, since=since, reason=str(REVOKED))
        (one,) = report.breakers
        assert (one.opened_at, one.last_failed_at, one.failures) == (since, stage.now, failures)
        assert not report.is_quiet
        assert nobody_pays(stage)


@pytest.mark.threat("T37", layer="ledger")
def test_what_the_ledger_remembers_of_a_refusal_holds_no_secret(stage: Stage) -> None:
    with_heads(stage, 1)
    letters = random.Random(3).choices(string.ascii_letters + string.digits, k=36)  # noqa: S311
    token = "ghp_" + "".join(letters)
    stage.engine = ScriptedEngine(lambda request: AccessRefused(f"refused\x1b[31m {token}"))
    (one,) = stage.sweep().breakers
    assert token not in one.reason
    assert "\x1b" not in one.reason
    assert token.encode() not in stage.ledger_path.read_bytes()


def test_a_mended_key_is_tried_by_one_head_and_then_all_are_reviewed(stage: Stage) -> None:
    with_heads(stage, 9)
    with_key(stage)
    stage.sweep()
    begun_with: list[int] = []

    def answer(request: ReviewRequest) -> object:
        begun_with.append(len(engine.asked))
        return {"findings": []}

    engine = stage.engine = ScriptedEngine(answer, latency=lambda request: 0.3)
    report = stage.sweep(batch_size=4)
    assert begun_with[0] == 1, "while the first review ran there was no other"
    assert engine.peak > 1
    assert (report.exit_code, report.counts.posted, report.breakers) == (0, 9, ())
    assert doors(stage) == []
    stage.events.clear()
    assert stage.sweep().is_quiet
    assert not any(isinstance(event, BreakerOpen) for event in stage.events)


@pytest.mark.threat("T37", layer="ledger")
def test_a_probe_that_brings_no_answer_is_the_only_one_of_its_sweep(stage: Stage) -> None:
    with_heads(stage, 5)
    with_key(stage)
    stage.sweep()
    engine = stage.engine = ScriptedEngine(lambda request: HeadError("a timeout"))
    report = stage.sweep(batch_size=4)
    assert len(engine.asked) == 1
    assert report.exit_code == 77
    assert str(REVOKED) in str(report.error)
    assert doors(stage) == [ENGINE]
    good = stage.engine = ScriptedEngine()
    assert stage.sweep(batch_size=4).counts.posted == 4
    assert good.asked[0].head.key != engine.asked[0].head.key, "another head probes now"


def test_saved_reviews_are_posted_while_the_engine_is_refused(stage: Stage) -> None:
    repo = with_heads(stage, 3)
    stage.host = FaultyHost(stage.root / "reviews", refusing("submit before"))
    stage.sweep(batch_size=3)
    saved = {pull for pull, state in stage.states().items() if state is not State.DUE}
    assert saved
    stage.host = None
    repo.commit({"a.py": "a = 7\n"}, branch="later", start="main")
    key = with_key(stage)
    stage.sweep()
    assert stage.sweep().exit_code == 77
    assert len(key.engine.asked) == 2
    assert {pull for pull, state in stage.states().items() if state is State.POSTED} == saved
    assert stage.states()["later"] is State.DUE


@pytest.mark.parametrize("error", [REVOKED, ConfigurationError("The sandbox is broken.")])
@pytest.mark.parametrize("is_evidence", [False, True])
def test_an_idle_sweep_ends_as_a_busy_one_would(
    stage: Stage, error: AccessRefused | ConfigurationError, is_evidence: bool
) -> None:
    """A missing key or a broken sandbox shows before the night in which it is needed."""
    stage.repo()
    unready = ScriptedEngine()
    unready.unready = error
    if is_evidence:
        stage.evidence = unready
    else:
        stage.engine = unready
    report = stage.sweep()
    assert (report.error, report.exit_code) == (error, error.exit_code)
    assert not any(isinstance(event, Polled) for event in stage.events), "nobody was asked"
    assert doors(stage) == [], "each sweep finds this by itself"
    unready.unready = None
    assert stage.sweep().exit_code == 0


def test_an_engine_that_nothing_has_tried_again_is_not_taken_for_mended(stage: Stage) -> None:
    repo = with_heads(stage, 1)
    with_key(stage)
    stage.sweep()
    repo.git("update-ref", "-d", "refs/heads/branch-00")
    stage.engine.health = amber("model", "whether it takes the key will show", "nothing")
    report = stage.sweep()
    assert (report.counts.polled, report.exit_code, report.is_quiet) == (0, 77, False)
    assert str(REVOKED) in str(report.error)
    other = stage.engine = ScriptedEngine()
    other.name = "another"
    assert stage.sweep().exit_code == 0, "this sweep does not go through that door"


def test_a_mended_key_is_noticed_without_a_head(stage: Stage) -> None:
    """Else every idle sweep would complain until somebody opens a pull request."""
    repo = with_heads(stage, 1)
    with_key(stage)
    stage.sweep()
    repo.git("update-ref", "-d", "refs/heads/branch-00")
    stage.engine.health = red("model", "it refuses the key")
    assert stage.sweep().exit_code == 77
    stage.engine.health = green("model", "it takes the key")
    report = stage.sweep()
    assert (report.exit_code, report.breakers) == (0, ())
    assert len(stage.engine.asked) == 1, "by the head that met the refusal"


# Hosts


def refusing(step: str) -> Step:
    """A host that refuses its credential at a step."""

    def told(name: str) -> None:
        if name == step:
            raise AccessRefused("The host refused the token; make a new one.")

    return told


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStage]:
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    with github_stage(tmp_path) as made:
        yield made


def new_token(github: GitHubStage) -> None:
    rights = {"pull_requests": "write", "contents": "read", "checks": "write"}
    github.token = github.hub.tokens.fine_grained(github.bot, github.shop.owner, **rights)


def revoke(github: GitHubStage) -> None:
    with suppress(KeyError):
        github.hub.tokens.revoke(github.token)


def unauthorised(github: GitHubStage) -> int:
    return sum(one.status == 401 for one in github.hub.log)


def all_posted_and_paid_once(github: GitHubStage, pulls: list[Pull]) -> bool:
    once = all(len(github.posted(pull)) == 1 for pull in pulls)
    return once and sorted(github.engine_asked()) == sorted(pull.head_sha for pull in pulls)


REVIEWS = "/repos/*/*/pulls/*/reviews"


@pytest.mark.threat("T37", layer="host")
@spec.needs_graphql
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_token_that_is_revoked_at_the_second_post_is_used_no_more(
    github: GitHubStage, batch_size: int
) -> None:
    pulls = [github.pull() for _ in range(5)]
    github.hub.fail("POST", REVIEWS, faults.slow(0.0))
    github.hub.fail("POST", REVIEWS, faults.first(lambda: revoke(github)))
    report = github.sweep(batch_size=batch_size)
    assert report.exit_code == 77
    assert unauthorised(github) == 1
    assert github.hub.log[-1].status == 401, "nothing was asked for the later pull requests"
    assert sum(len(github.posted(pull)) for pull in pulls) == report.counts.posted == 1
    assert nobody_pays(github)
    paid = len(github.engine_asked())
    assert doors(github) == [f"host {github.server.name}"]

    asked = len(github.hub.log)
    again = github.sweep(batch_size=batch_size)
    assert (again.exit_code, len(github.hub.log) - asked) == (77, 1)
    assert len(github.engine_asked()) == paid, "no money for what cannot be posted"
    assert again.breakers[0].failures == 2

    new_token(github)
    assert github.sweep_until_quiet().exit_code == 0
    assert all_posted_and_paid_once(github, pulls)
    assert doors(github) == []


@pytest.mark.threat("T37", layer="host")
@spec.needs_graphql
def test_a_token_that_is_revoked_between_poll_and_fetch_is_used_once_by_git(
    github: GitHubStage,
) -> None:
    pulls = [github.pull() for _ in range(5)]
    revoked = faults.then(lambda: revoke(github))
    github.trouble("POST", "/graphql", revoked, "query Conversations", left=1)
    report = github.sweep(batch_size=4)
    assert report.exit_code == 77
    assert "git fetch was refused the credential" in str(report.error)
    assert github.token not in str(report.error)
    assert unauthorised(github) == 1
    assert {(row.state, row.attempts) for row in github.rows()} == {(State.DUE, 0)}
    assert github.engine_asked() == []
    assert doors(github) == [f"host {github.server.name}"]
    new_token(github)
    github.sweep_until_quiet()
    assert all_posted_and_paid_once(github, pulls)


@pytest.mark.threat("T37", layer="host")
@spec.needs_graphql
@pytest.mark.parametrize("moment", ["query Tips", "query Heads", "query Standing"])
def test_a_host_that_refuses_us_keeps_no_other_host_back(github: GitHubStage, moment: str) -> None:
    local = Repo(github.root / "local")
    local.commit({"a.py": "a = 1\n"}, branch="main")
    shas = [local.commit({"a.py": f"a = {n}\n"}, branch=f"b{n}", start="main") for n in range(2, 5)]
    github.more_hosts = {"local": FaultyHost(github.root / "reviews", lambda step: None)}
    fork = github.hub.world.fork(github.shop, github.hub.world.account("ada"))
    pulls = [github.pull(source=fork), github.pull(source=fork)]  # forks come first in the queue
    both = {github.server.name: (github.shop.full_name,), "local": (str(local.path),)}
    github.trouble("POST", "/graphql", faults.first(lambda: revoke(github)), moment, left=1)
    report = github.sweep(selectors=both, batch_size=1)
    assert (report.exit_code, report.counts.posted) == (77, 3)
    assert [reviews_on(local, sha) for sha in shas] == [1, 1, 1]
    assert unauthorised(github) == 1
    assert nobody_pays(github)
    assert doors(github) == [f"host {github.server.name}"]
    new_token(github)
    assert github.sweep(selectors=both).exit_code == 0
    for pull in pulls:
        assert len(github.posted(pull)) == 1


FORBIDDEN = faults.answer(403, {"message": "Resource not accessible by personal access token"})


@spec.needs_graphql
class WaitsForTheFirstEnding(CountingEngine):
    """Answers the first head at once, and the others only when something became of a head."""

    def __init__(self, github: GitHubStage) -> None:
        super().__init__()
        self._github = github

    async def review(self, request: ReviewRequest) -> Reply:
        while self.answered and not any(isinstance(e, HeadEnded) for e in self._github.events):
            await asyncio.sleep(0.005)
        return await super().review(request)


def test_a_repository_that_takes_no_review_is_its_own_affair(github: GitHubStage) -> None:
    closed = [github.pull() for _ in range(3)]
    shop = github.shop
    other = github.hub.world.repo("acme/other", FILE)
    good = github.hub.world.pull(other, {"a.py": "x = 1\n"})
    trouble = github.trouble("POST", f"/repos/{shop.full_name}/pulls/*/reviews", FORBIDDEN)
    both = {github.server.name: (shop.full_name, other.full_name)}
    github.engine = WaitsForTheFirstEnding(github)
    report = github.sweep(selectors=both, batch_size=1)
    assert (report.exit_code, report.error, report.counts.posted) == (3, None, 1)
    assert len(github.posted(good)) == 1
    assert len(github.hub.exchanges("POST", f"/repos/{shop.full_name}/pulls/*/reviews")) == 1
    assert len(github.engine_asked()) <= 3, "at most one began before the refusal was known"
    waiting = [row for row in github.rows() if row.state is not State.POSTED]
    assert nobody_pays(github)
    (told,) = [row.error for row in waiting if row.error]
    assert told.startswith(f"Nothing can be posted to {shop.full_name}: ")
    assert doors(github) == []
    for _ in range(5):
        asked = len(github.hub.exchanges("POST", REVIEWS))
        report = github.sweep(selectors=both, batch_size=1)
        assert report.exit_code == 77, "nothing could be posted, and only for that reason"
        assert len(github.hub.exchanges("POST", REVIEWS)) - asked == 1
    assert nobody_pays(github), "it waits for a person, however long"
    trouble.over()
    assert github.sweep(selectors=both).exit_code == 0
    assert all_posted_and_paid_once(github, [*closed, good])
