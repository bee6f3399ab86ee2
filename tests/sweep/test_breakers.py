"""Doors that ask to wait or are down: remembered, probed once, and no head pays for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.health import green, red
from reviewer_cli.core.models import Head, HeadKey, State, Tip
from reviewer_cli.errors import (
    AccessRefused,
    HostUnavailable,
    ProviderDown,
    ProviderUnavailable,
    ProviderWait,
    ReviewerError,
)
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ledger.breakers import Breakers
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.ports.host import Remote, RepositoryPoll, Standing
from reviewer_cli.sweep.report import Report
from reviewer_cli.telemetry import BreakerOpen
from tests.building import Repo
from tests.fakes.engine import ScriptedEngine
from tests.fakes.host import FaultyHost, reviews_on
from tests.fakes.stage import START, Stage

ENGINE = "engine scripted"
FAR = "far"
LIMIT = ProviderWait("The model provider's rate limit is reached.", retry_after=3600.0)
OVERLOADED = ProviderUnavailable("The model provider is overloaded.")


def with_heads(stage: Stage, count: int) -> Repo:
    repo = stage.repo()
    for number in range(count):
        content = {"a.py": f"a = 1\nb = {number}\n"}
        repo.commit(content, branch=f"branch-{number:02}", start="main")
    return repo


def failing(error: ReviewerError) -> ScriptedEngine:
    return ScriptedEngine(lambda request: error)


def the_breaker(stage: Stage) -> BreakerRecord:
    with closing(Ledger(stage.ledger_path)) as ledger:
        (one,) = Breakers(ledger.store).open()
    return one


def attempts(stage: Stage) -> set[int]:
    return {row.attempts for row in stage.rows() if row.state is not State.POSTED}


# The model asks to wait


def test_a_model_that_asked_to_wait_is_not_asked_before_its_time(stage: Stage) -> None:
    with_heads(stage, 4)
    stage.engine = failing(LIMIT)
    report = stage.sweep(batch_size=2)
    assert (report.exit_code, report.error) == (75, LIMIT)
    (one,) = report.breakers
    assert (one.door, one.kind, one.until) == (ENGINE, Kind.RATE_LIMIT, START + 3600.5)

    engine = stage.engine = ScriptedEngine(latency=lambda request: 0.01)
    for later in (1.0, 3600.0):
        stage.now = START + later
        stage.events.clear()
        report = stage.sweep(batch_size=2)
        assert (report.exit_code, engine.asked) == (75, [])
        assert isinstance(report.error, ProviderWait)
        assert "is not asked before" in str(report.error)
        assert not report.is_quiet
        said = stage.events[0]
        assert isinstance(said, BreakerOpen)
        assert (said.kind, said.until) == (Kind.RATE_LIMIT, one.until)
        assert report.breakers == (one,), "a sweep that asks nothing learns nothing"
    assert attempts(stage) == {0}

    stage.now = START + 3601.0
    report = stage.sweep(batch_size=2)
    assert (report.exit_code, report.counts.posted, report.breakers) == (0, 4, ())


def test_after_its_time_a_single_head_asks_first(stage: Stage) -> None:
    with_heads(stage, 5)
    stage.engine = failing(LIMIT)
    stage.sweep()
    stage.now += 3601.0
    begun_with: list[int] = []

    def answer(request: ReviewRequest) -> object:
        begun_with.append(len(engine.asked))
        return {"findings": []}

    # Long enough for another head to be prepared meanwhile, also on a busy machine.
    engine = stage.engine = ScriptedEngine(answer, latency=lambda request: 0.5)
    assert stage.sweep(batch_size=4).counts.posted == 5
    assert begun_with[0] == 1
    assert engine.peak > 1


def test_a_limit_that_goes_on_is_asked_once_and_ever_more_rarely(stage: Stage) -> None:
    with_heads(stage, 5)
    waits = []
    for _ in range(8):
        engine = stage.engine = failing(ProviderWait("slow down", retry_after=1000.0))
        assert stage.sweep(batch_size=4).exit_code == 75
        one = the_breaker(stage)
        assert one.until is not None
        waits.append(one.until - stage.now)
        if len(waits) > 1:
            assert len(engine.asked) == 1
        stage.now = one.until
    longest = stage.plan.longest_retry_s
    assert waits[0] == 1000.5
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(0.75 * longest), "half of it is fixed, half is chance"
    assert (one.failures, one.opened_at) == (8, START)
    assert attempts(stage) == {0}


def test_saved_reviews_are_posted_while_the_model_is_left_alone(stage: Stage) -> None:
    repo = with_heads(stage, 2)
    stage.host = FaultyHost(stage.root / "reviews", raising("submit before", AccessRefused("no")))
    # Long enough for both to be in review before the first is posted.
    stage.engine = ScriptedEngine(latency=lambda request: 0.5)
    stage.sweep(batch_size=2)
    assert State.DUE not in stage.states().values()
    stage.host = None
    repo.commit({"a.py": "a = 7\n"}, branch="later", start="main")
    stage.engine = failing(LIMIT)
    assert stage.sweep().counts.posted == 2
    repo.commit({"a.py": "a = 8\n"}, branch="latest", start="main")
    engine = stage.engine = ScriptedEngine()
    assert (stage.sweep().exit_code, engine.asked) == (75, [])


@pytest.mark.parametrize("jump", [-3600.0, 3600.0, -365 * 86_400.0])
def test_a_clock_that_jumps_keeps_no_door_shut(stage: Stage, jump: float) -> None:
    with_heads(stage, 2)
    stage.engine = failing(LIMIT)
    stage.sweep()
    stage.now += jump + 1.0
    stage.engine = ScriptedEngine()
    assert stage.sweep().exit_code == 0


def test_a_time_far_ahead_is_not_believed(stage: Stage) -> None:
    """As a ledger has it that was written while the clock was wrong."""
    with_heads(stage, 1)
    stage.engine = failing(LIMIT)
    stage.sweep()
    with closing(Ledger(stage.ledger_path)) as ledger, ledger.store.transaction():
        ledger.store.db.execute("UPDATE breakers SET until = until + 1e9")
    stage.engine = ScriptedEngine()
    assert stage.sweep().exit_code == 75
    stage.now += stage.plan.longest_retry_s
    assert stage.sweep().exit_code == 0


# The model is down


def test_a_model_that_fails_three_heads_in_a_row_is_down_for_all(stage: Stage) -> None:
    with_heads(stage, 9)
    engine = stage.engine = failing(OVERLOADED)
    report = stage.sweep(batch_size=1)
    assert (report.exit_code, len(engine.asked)) == (75, 3)
    assert isinstance(report.error, ProviderDown)
    assert "The model provider is overloaded" in str(report.error)
    (one,) = report.breakers
    assert (one.door, one.kind, one.until) == (ENGINE, Kind.DOWN, None)
    assert one.reason == str(report.error)
    assert sorted(row.attempts for row in stage.rows()) == [0] * 7 + [1, 1]


def test_failures_between_answers_are_the_affair_of_their_heads(stage: Stage) -> None:
    with_heads(stage, 6)
    answers = iter([OVERLOADED, OVERLOADED, {"findings": []}] * 2)
    stage.engine = ScriptedEngine(lambda request: next(answers))
    report = stage.sweep(batch_size=1)
    assert (report.exit_code, report.error, report.breakers) == (3, None, ())
    assert report.counts.posted == 2
    assert attempts(stage) == {1}


def test_a_model_that_stays_down_is_probed_by_another_head_each_time(stage: Stage) -> None:
    with_heads(stage, 6)
    stage.engine = failing(OVERLOADED)
    stage.sweep(batch_size=1)
    spent = sum(row.attempts for row in stage.rows())
    probes = []
    for _ in range(4):
        stage.now += 60.0
        engine = stage.engine = failing(OVERLOADED)
        report = stage.sweep(batch_size=4)
        assert report.exit_code == 75
        assert [one.state for one in report.ended] == [State.DUE]
        (request,) = engine.asked
        probes.append(request.head.key)
    assert len(set(probes)) >= 3, "a head that is the reason itself does not keep the others back"
    assert sum(row.attempts for row in stage.rows()) == spent, "an outage costs no attempt"
    assert the_breaker(stage).failures == 5
    stage.now += stage.plan.longest_retry_s
    stage.engine = ScriptedEngine()
    report = stage.sweep(batch_size=4)
    assert (report.exit_code, report.counts.posted, report.breakers) == (0, 6, ())


def test_an_outage_never_kills_a_head_that_is_alone(stage: Stage) -> None:
    with_heads(stage, 1)
    stage.engine = failing(OVERLOADED)
    assert stage.sweep().exit_code == 3, "it may still be the head's own trouble"
    assert the_breaker(stage).kind == Kind.DOWN
    stage.engine.health = red("model", "it does not answer")
    for _ in range(20):
        stage.now += 600.0
        assert stage.sweep().exit_code == 75
    assert attempts(stage) == {1}
    stage.now += stage.plan.longest_retry_s
    stage.engine = ScriptedEngine()
    assert stage.sweep().exit_code == 0


def test_a_head_at_which_only_the_model_fails_is_buried_in_the_end(stage: Stage) -> None:
    with_heads(stage, 4)

    def answer(request: ReviewRequest) -> object:
        return OVERLOADED if request.head.key.pull == "branch-00" else {"findings": []}

    stage.engine = ScriptedEngine(answer)
    for _ in range(stage.plan.max_attempts):
        report = stage.sweep(batch_size=1)
        stage.repos[0].commit({"a.py": f"a = {stage.now}\n"}, branch="branch-03")
        stage.now += stage.plan.longest_retry_s
    assert stage.states()["branch-00"] is State.DEAD
    assert report.breakers == ()


def test_an_idle_sweep_tells_of_a_model_that_is_down_until_it_is_not(stage: Stage) -> None:
    repo = with_heads(stage, 1)
    stage.engine = failing(OVERLOADED)
    stage.sweep()
    repo.git("update-ref", "-d", "refs/heads/branch-00")
    stage.engine.health = red("model", "it does not answer")
    report = stage.sweep()
    assert (report.exit_code, report.is_quiet) == (75, False)
    assert "failed in an earlier sweep" in str(report.error)
    stage.engine.health = green("model", "it answers")
    report = stage.sweep()
    assert (report.exit_code, report.breakers) == (0, ())


# Hosts


def raising(step: str, error: ReviewerError) -> Callable[[str], None]:
    def told(name: str) -> None:
        if name == step:
            raise error

    return told


class Unwell(LocalGit):
    """A host that raises `error` when it is polled, or when git asks it, while there is one."""

    name = FAR

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.root / "far reviews")
        self.error: ReviewerError | None = None
        self.git_error: ReviewerError | None = None
        self.look_error: ReviewerError | None = None
        self.polls = 0
        self.remotes = 0

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        self.polls += 1
        if self.error is not None:
            raise self.error
        return [
            replace(
                one, tips=tuple(replace(tip, key=replace(tip.key, host=FAR)) for tip in one.tips)
            )
            for one in super().open_tips(repos)
        ]

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        near = [replace(tip, key=replace(tip.key, host="local")) for tip in tips]
        return [replace(one, key=replace(one.key, host=FAR)) for one in super().describe(near)]

    def look(self, key: HeadKey) -> Standing:
        if self.look_error is not None:
            raise self.look_error
        return super().look(replace(key, host="local"))

    def remote(self, repo: str) -> Remote:
        self.remotes += 1
        if self.git_error is not None:
            raise self.git_error
        return super().remote(repo)


class Two:
    """A stage with a far host that can be unwell, and the local one, each with some heads."""

    def __init__(self, stage: Stage, heads: int = 4) -> None:
        self.stage = stage
        self.far = Unwell(stage)
        self.far_repo, self.near_repo = self._repo("far", heads), self._repo("near", 2)
        stage.more_hosts = {"far": self.far}
        self.selectors = {"far": (str(self.far_repo.path),), "local": (str(self.near_repo.path),)}

    def _repo(self, name: str, heads: int) -> Repo:
        made = Repo(self.stage.root / name)
        made.commit({"a.py": "a = 1\n"}, branch="main")
        for number in range(heads):
            self.push(made, number)
        return made

    def push(self, repo: Repo, number: int) -> None:
        content = {"a.py": f"a = 1\nc = {number}\n"}
        repo.commit(content, branch=f"{repo.path.name}-{number}", start="main")

    def sweep(self, batch_size: int = 2) -> Report:
        return self.stage.sweep(selectors=self.selectors, batch_size=batch_size)

    def posted(self, repo: Repo) -> int:
        listed = repo.git("for-each-ref", "--format=%(objectname)", "refs/heads").splitlines()
        return sum(reviews_on(repo, sha) for sha in listed)


DOWN = HostUnavailable("far failed with 503.")
WAIT = ProviderWait("far asked to wait.", retry_after=3600.0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(DOWN, Kind.DOWN), (WAIT, Kind.RATE_LIMIT), (AccessRefused("no"), Kind.AUTHENTICATION)],
)
@pytest.mark.parametrize("moment", ["poll", "fetch", "post"])
def test_one_host_that_fails_keeps_no_other_host_back(
    stage: Stage, error: ReviewerError, kind: Kind, moment: str
) -> None:
    two = Two(stage)
    two.far.error = error if moment == "poll" else None
    two.far.git_error = error if moment == "fetch" else None
    two.far.look_error = error if moment == "post" else None
    report = two.sweep(batch_size=1)
    assert (two.posted(two.near_repo), two.posted(two.far_repo)) == (2, 0)
    assert report.exit_code == (77 if kind is Kind.AUTHENTICATION else 3)
    (one,) = report.breakers
    assert (one.door, one.kind) == ("host far", kind)
    assert two.far.remotes <= (4 if moment == "post" else 3)
    two.far.error = two.far.git_error = two.far.look_error = None
    stage.now += stage.plan.longest_retry_s
    report = two.sweep()
    assert (report.exit_code, two.posted(two.far_repo), report.breakers) == (0, 4, ())


def test_a_host_that_asked_to_wait_is_not_even_polled_before_its_time(stage: Stage) -> None:
    two = Two(stage)
    two.far.error = WAIT
    two.sweep()
    two.far.error = None
    two.push(two.near_repo, 7)
    stage.now += 3600.0
    report = two.sweep()
    assert (report.exit_code, two.far.polls, two.posted(two.near_repo)) == (3, 1, 3)
    assert ["is not asked before" in one.reason for one in report.failures] == [True]
    stage.now += 1.0
    assert (two.sweep().exit_code, two.far.polls, two.posted(two.far_repo)) == (0, 2, 4)


def test_a_host_alone_that_asked_to_wait_ends_the_sweep_with_75(stage: Stage) -> None:
    two = Two(stage)
    two.far.error = WAIT
    alone = {"far": two.selectors["far"]}
    assert stage.sweep(selectors=alone).error is WAIT
    for _ in range(2):
        report = stage.sweep(selectors=alone)
        assert (report.exit_code, two.far.polls) == (75, 1)
        assert "host far asked to wait, and is not asked before" in str(report.error)


def test_a_host_that_is_down_is_probed_by_its_poll(stage: Stage) -> None:
    two = Two(stage)
    two.far.error = DOWN
    alone = {"far": two.selectors["far"]}
    for failures in (1, 2, 3):
        report = stage.sweep(selectors=alone)
        assert (report.exit_code, report.error, two.far.polls) == (75, DOWN, failures)
        assert (report.breakers[0].failures, report.breakers[0].until) == (failures, None)
    two.far.error = None
    report = stage.sweep(selectors=alone)
    assert (report.exit_code, report.counts.posted, report.breakers) == (0, 4, ())


class TakesNoPost(FaultyHost):
    """Everything else goes well; `tries` counts the posts that it was asked for."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.root / "reviews", self._fail)
        self.is_down = True
        self.tries = 0

    def _fail(self, step: str) -> None:
        if step == "prepare before" and self.is_down:
            self.tries += 1
            raise HostUnavailable("the host failed with 502.")


def test_a_host_that_takes_no_post_is_tried_by_one_saved_review_each_sweep(stage: Stage) -> None:
    """Its lists are well: the poll alone would let every sweep pay for reviews in vain."""
    with_heads(stage, 8)
    host = stage.host = TakesNoPost(stage)
    engine = stage.engine = ScriptedEngine(latency=lambda request: 0.02)
    report = stage.sweep(batch_size=1)
    assert (report.exit_code, host.tries) == (75, 3)
    paid, spent = len(engine.asked), sum(row.attempts for row in stage.rows())
    assert (paid <= 5, spent) == (True, 2)
    for sweep in range(1, 7):
        stage.now += 60.0
        assert stage.sweep(batch_size=4).exit_code == 75
        assert host.tries == 3 + sweep
        assert len(engine.asked) <= paid + sweep, "at most one is paid for what cannot be posted"
    assert sum(row.attempts for row in stage.rows()) == spent, "an outage costs no attempt"
    host.is_down = False
    stage.now += stage.plan.longest_retry_s
    report = stage.sweep(batch_size=4)
    assert (report.exit_code, report.counts.posted, report.breakers) == (0, 8, ())
    assert len(engine.asked) == 8, "nothing was paid twice"


def test_a_head_whose_post_alone_fails_is_buried_in_the_end(stage: Stage) -> None:
    with_heads(stage, 2)

    class OneBad(LocalGit):
        def prepare(self, review: object) -> object:  # type: ignore[override]
            if review.key.pull == "branch-00":  # type: ignore[attr-defined]
                raise HostUnavailable("the host failed with 502.")
            return super().prepare(review)  # type: ignore[arg-type]

    stage.host = OneBad(stage.root / "reviews")
    for _ in range(20):
        stage.sweep()
        stage.now += stage.plan.first_retry_s
    assert stage.states() == {"branch-00": State.DEAD, "branch-01": State.POSTED}
