"""Stories of a sweep, told on a real ledger and real repositories with a scripted engine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import (
    AccessRefused,
    HeadRejected,
    HostUnavailable,
    InvalidReply,
    ProviderWait,
)
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ports.engine import Pass, ReviewRequest
from reviewer_cli.ports.host import RepositoryPoll
from reviewer_cli.telemetry import HeadEnded, Polled
from tests.fakes.engine import ScriptedEngine, found
from tests.fakes.stage import Stage


def with_branches(stage: Stage, *names: str) -> None:
    repo = stage.repo()
    for name in names:
        repo.commit({"a.py": f"a = 1\nb = '{name}'\n"}, branch=name, start="main")


def test_a_posted_head_is_never_reviewed_again(stage: Stage) -> None:
    with_branches(stage, "one", "two")
    engine = stage.engine = ScriptedEngine()
    first = stage.sweep()
    second = stage.sweep()
    assert first.counts.posted == 2
    assert second.counts.new == second.counts.posted == 0
    assert len(engine.asked) == 2
    assert second.exit_code == 0


def test_a_new_commit_makes_a_new_head_and_the_old_row_stays(stage: Stage) -> None:
    with_branches(stage, "one")
    stage.sweep()
    stage.repos[0].commit({"a.py": "a = 1\nb = 3\n"}, branch="one")
    stage.sweep()
    assert [row.state for row in stage.rows()] == [State.POSTED, State.POSTED]
    assert sorted(row.round for row in stage.rows()) == [1, 2]


def test_one_failing_head_does_not_disturb_the_others(stage: Stage) -> None:
    with_branches(stage, "bad", "good", "ugly")

    def answer(request: ReviewRequest) -> object:
        if request.head.key.pull == "bad":
            return HeadRejected("cannot be reviewed")
        if request.head.key.pull == "ugly":
            return RuntimeError("a defect of ours")
        return {"findings": []}

    stage.engine = ScriptedEngine(answer)
    report = stage.sweep()
    assert stage.states() == {"bad": State.DEAD, "good": State.POSTED, "ugly": State.DUE}
    assert report.exit_code == 3


def test_a_failed_head_waits_with_backoff_and_dies_after_its_attempts(stage: Stage) -> None:
    with_branches(stage, "one")
    stage.engine = ScriptedEngine(lambda request: {"findings": "none"})
    stage.sweep(max_attempts=2)
    (row,) = stage.rows()
    assert (row.state, row.attempts, row.error_class) == (State.DUE, 1, InvalidReply.__name__)
    assert row.next_due_at == stage.now + 225.0
    assert stage.sweep(max_attempts=2).counts.retried == 0, "it is not due yet"
    stage.now = row.next_due_at
    report = stage.sweep(max_attempts=2)
    (row,) = stage.rows()
    assert (row.state, row.attempts) == (State.DEAD, 2)
    assert report.exit_code == 3


@pytest.mark.parametrize("data", [None, "", {}, [], {"findings": None}, {"review": "LGTM"}])
def test_an_unreadable_reply_is_never_a_clean_review(stage: Stage, data: object) -> None:
    with_branches(stage, "one")
    stage.engine = ScriptedEngine(lambda request: data)
    stage.sweep()
    assert stage.states() == {"one": State.DUE}


def test_a_revoked_key_stops_the_sweep_and_burns_no_attempt(stage: Stage) -> None:
    with_branches(stage, "one", "two", "three", "four")
    engine = stage.engine = ScriptedEngine(lambda request: AccessRefused("the key is revoked"))
    report = stage.sweep(batch_size=1)
    assert report.exit_code == 77
    assert len(engine.asked) == 1
    assert {(row.state, row.attempts) for row in stage.rows()} == {(State.DUE, 0)}
    assert stage.sweep().exit_code == 77


def test_a_refusal_in_one_review_still_posts_what_is_saved(stage: Stage) -> None:
    with_branches(stage, "a-first", "b-second")
    answers = iter([{"findings": []}, AccessRefused("the key is revoked")])
    stage.engine = ScriptedEngine(lambda request: next(answers))
    report = stage.sweep(batch_size=1)
    assert report.exit_code == 77
    assert sorted(stage.states().values()) == [State.DUE, State.POSTED]


def test_a_request_to_wait_pauses_everybody_and_costs_no_attempt(stage: Stage) -> None:
    with_branches(stage, "one", "two", "three")
    refusals = iter([ProviderWait("slow down", retry_after=30.0)])
    stage.engine = ScriptedEngine(lambda request: next(refusals, {"findings": []}))
    report = stage.sweep(batch_size=1)
    assert report.counts.posted == 3
    assert stage.slept == [pytest.approx(30.5)]
    assert {row.attempts for row in stage.rows()} == {1}


def test_without_a_hint_the_pauses_double(stage: Stage) -> None:
    with_branches(stage, "one")
    refusals = iter([ProviderWait("slow down")] * 3)
    stage.engine = ScriptedEngine(lambda request: next(refusals, {"findings": []}))
    stage.sweep()
    assert stage.slept == [pytest.approx(3.75), pytest.approx(7.5), pytest.approx(15.0)]


def test_a_wait_longer_than_a_sweep_may_last_ends_it_with_everything_due(stage: Stage) -> None:
    with_branches(stage, "one", "two")
    stage.engine = ScriptedEngine(lambda request: ProviderWait("later", retry_after=3600.0))
    report = stage.sweep(longest_pause_s=600.0)
    assert report.exit_code == 75
    assert {(row.state, row.attempts) for row in stage.rows()} == {(State.DUE, 0)}


def test_ten_heads_never_exceed_the_batch_and_the_queue_drains(stage: Stage) -> None:
    with_branches(stage, *(f"branch-{number}" for number in range(10)))
    engine = stage.engine = ScriptedEngine(latency=lambda request: 0.1)
    report = stage.sweep(batch_size=3)
    assert engine.peak == 3
    assert report.counts.posted == 10
    polled = [event for event in stage.events if isinstance(event, Polled)]
    assert [event.due for event in polled] == [10]
    assert sum(isinstance(event, HeadEnded) for event in stage.events) == 10


def test_a_verified_review_drops_refuted_findings_but_records_them(stage: Stage) -> None:
    with_branches(stage, "one")

    def answer(request: ReviewRequest) -> object:
        if "verdicts" in request.brief.schema["properties"]:
            return {
                "verdicts": [
                    {"number": 1, "verdict": "confirmed", "reason": "true"},
                    {"number": 2, "verdict": "refuted", "reason": "b is never read"},
                ]
            }
        first = found("a.py", 2, "b = 'one'", title="First problem")
        return {"findings": [first, found("a.py", 1, "a = 1", title="Other thing")]}

    stage.engine = ScriptedEngine(answer, passes=(Pass.FIND, Pass.VERIFY))
    stage.sweep()
    history = stage.history("one")
    assert [one.disposition for one in history.findings] == ["kept", "refuted"]
    assert history.findings[1].reason == "b is never read"
    assert "Other thing" not in (history.body or "")
    assert [reply.step for reply in history.replies] == ["find", "verify"]


def test_an_answer_that_was_paid_for_is_not_asked_for_again(stage: Stage) -> None:
    with_branches(stage, "one")
    verdicts = iter(
        [{"verdicts": []}, {"verdicts": [{"number": 1, "verdict": "confirmed", "reason": "so"}]}]
    )

    def answer(request: ReviewRequest) -> object:
        if "verdicts" in request.brief.schema["properties"]:
            return next(verdicts)
        return {"findings": [found("a.py", 2, "b = 'one'")]}

    engine = stage.engine = ScriptedEngine(answer, passes=(Pass.FIND, Pass.VERIFY))
    stage.sweep()
    stage.now += 3600.0
    stage.sweep()
    assert stage.states() == {"one": State.POSTED}
    assert len(engine.asked) == 3, "find once, verify twice"


def test_a_repository_that_fails_does_not_disturb_the_others(stage: Stage) -> None:
    with_branches(stage, "one")
    (stage.root / "empty").mkdir()
    selectors = {"local": (str(stage.root / "empty"), str(stage.repos[0].path))}
    report = stage.sweep(selectors=selectors)
    assert report.counts.posted == 1
    assert [failure.repo for failure in report.failures] == [str(stage.root / "empty")]
    assert report.exit_code == 3


def test_a_host_that_is_down_does_not_disturb_the_others(stage: Stage) -> None:
    with_branches(stage, "one")

    class Down(LocalGit):
        def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
            raise HostUnavailable("github.example failed with 503.")

    stage.more_hosts = {"github.example": Down(stage.root / "elsewhere")}
    selectors = {"github.example": ("a/b",), "local": (str(stage.repos[0].path),)}
    report = stage.sweep(selectors=selectors)
    assert report.counts.posted == 1
    assert [failure.reason for failure in report.failures] == ["github.example failed with 503."]
    assert report.exit_code == 3
