"""Posting through a host that fails anywhere: each head is posted once and paid for once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import AccessRefused, HeadError, LedgerUnwritable, ProviderWait
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.ports.host import Draft
from tests.fakes.engine import ScriptedEngine
from tests.fakes.host import POSTING_CALLS, FaultyHost, drafts_in, reviews_on
from tests.fakes.stage import Stage
from tests.fakes.steps import Steps, fill_the_disk, tell_of_ledger_writes

AN_HOUR = 3600.0
ONE_HEAD_STEPS = 30
"""At least as many as a sweep of one head has; the test fails when that is no longer so."""

Act = Callable[[Stage], object]


def with_heads(stage: Stage, *names: str) -> list[str]:
    repo = stage.repo()
    return [
        repo.commit({"a.py": f"a = 1\nb = '{name}'\n"}, branch=name, start="main") for name in names
    ]


def faulty(stage: Stage, step: Callable[[str], None]) -> FaultyHost:
    host = stage.host = FaultyHost(stage.root / "reviews", step)
    return host


def sweep_until_quiet(stage: Stage, **changes: object) -> None:
    for _ in range(6):
        stage.now += AN_HOUR
        if stage.sweep(**changes).exit_code == 0:
            return
    raise AssertionError("it never came to an end")


class FailsOnce:
    """The n-th time that a step is heard of, it fails."""

    def __init__(self, step: str, error: Exception, nth: int = 1) -> None:
        self._step, self._error, self._left = step, error, nth

    def __call__(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                raise self._error


ERRORS = [
    HeadError("the connection broke"),
    AccessRefused("the token was revoked"),
    RuntimeError("a defect"),
    OSError(28, "No space left on device"),
    ProviderWait("secondary rate limit"),
]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        *((call, error) for call in ("prepare", "look") for error in ERRORS[:2]),
        *(("submit", error) for error in ERRORS),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else one,
)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_call_that_fails_or_whose_answer_is_lost_posts_once_and_is_paid_once(
    stage: Stage, call: str, moment: str, error: Exception
) -> None:
    shas = with_heads(stage, "one", "two")
    engine = ScriptedEngine()
    stage.engine = engine
    host = faulty(stage, FailsOnce(f"{call} {moment}", error))
    report = stage.sweep(batch_size=1)
    assert report.exit_code == getattr(error, "exit_code", 3) if report.error else 3
    sweep_until_quiet(stage)
    assert [reviews_on(stage.repos[0], sha) for sha in shas] == [1, 1]
    assert len(engine.asked) - engine.cancelled == 2, "each answer is asked for once"
    assert set(stage.states().values()) == {State.POSTED}
    assert drafts_in(host.reviews_dir) == []


def test_what_concerns_every_head_burns_no_attempt_of_any(stage: Stage) -> None:
    """Also not of the reviews that are saved and wait for their posting."""
    with_heads(stage, "one", "two", "three")
    faulty(stage, FailsOnce("submit before", AccessRefused("revoked")))
    assert stage.sweep(batch_size=3).exit_code == 77
    assert {row.attempts for row in stage.rows()} == {0}
    assert {row.state for row in stage.rows()} <= {State.DUE, State.REVIEWED, State.POSTING}


class DiesInSubmit(LocalGit):
    """The note is written, and then the process dies before the Markdown file has its name."""

    def submit(self, draft: Draft) -> str:
        hidden = Path(draft.draft_id)
        text = hidden.read_text()
        LocalGit.submit(self, draft)
        hidden.write_text(text)
        raise ConnectionResetError


def test_the_draft_of_a_posting_that_was_cut_short_is_taken_back(stage: Stage) -> None:
    (sha,) = with_heads(stage, "one")
    stage.host = DiesInSubmit(stage.root / "reviews")
    stage.sweep()
    assert len(drafts_in(stage.root / "reviews")) == 1
    stage.host = None
    sweep_until_quiet(stage)
    assert reviews_on(stage.repos[0], sha) == 1
    assert drafts_in(stage.root / "reviews") == []


def moves(stage: Stage) -> None:
    stage.repos[0].commit({"a.py": "a = 2\n"}, branch="one")


def is_deleted(stage: Stage) -> None:
    stage.repos[0].git("update-ref", "-d", "refs/heads/one")


@pytest.mark.threat("T21", layer="posting")
@pytest.mark.parametrize("step", ["prepare before", "prepare after", "look before"])
@pytest.mark.parametrize(("act", "reason"), [(moves, "moved to"), (is_deleted, "no longer open")])
def test_a_head_that_is_gone_between_review_and_posting_is_not_posted(
    stage: Stage, act: Act, reason: str, step: str
) -> None:
    (sha,) = with_heads(stage, "one")
    acts = iter([act])
    host = faulty(stage, lambda name: next(acts, lambda _: None)(stage) if name == step else None)
    report = stage.sweep()
    (row,) = stage.rows()
    assert row.state is State.SUPERSEDED
    assert row.reason.startswith(reason)
    assert report.exit_code == 0
    assert reviews_on(stage.repos[0], sha) == 0
    assert drafts_in(host.reviews_dir) == []


@pytest.mark.parametrize("moment", ["before", "after"])
def test_taking_back_a_draft_may_fail_too(stage: Stage, moment: str) -> None:
    (sha,) = with_heads(stage, "one")
    acts = iter([moves])
    fails = FailsOnce(f"discard {moment}", HeadError("the connection broke"))

    def step(name: str) -> None:
        if name == "look before":
            next(acts, lambda _: None)(stage)
        fails(name)

    host = faulty(stage, step)
    assert stage.sweep().exit_code == 3
    sweep_until_quiet(stage)
    assert reviews_on(stage.repos[0], sha) == 0
    assert reviews_on(stage.repos[0], stage.repos[0].tip("one")) == 1
    assert drafts_in(host.reviews_dir) == []
    assert {row.state for row in stage.rows()} == {State.SUPERSEDED, State.POSTED}


def test_a_push_that_is_taken_back_is_reviewed_after_all(stage: Stage) -> None:
    """The first head was superseded unreviewed; now it is open again and must not be lost."""
    (sha,) = with_heads(stage, "one")
    stage.engine = ScriptedEngine(lambda request: HeadError("try later"))
    stage.sweep()
    moves(stage)
    stage.sweep()
    stage.repos[0].git("update-ref", "refs/heads/one", sha)
    engine = stage.engine = ScriptedEngine()
    stage.now += AN_HOUR
    stage.sweep()
    assert reviews_on(stage.repos[0], sha) == 1
    assert [one.head.key.sha for one in engine.asked] == [sha]


def test_a_saved_review_of_a_push_that_is_taken_back_is_posted_without_paying_again(
    stage: Stage,
) -> None:
    (sha,) = with_heads(stage, "one")
    acts = iter([moves])
    faulty(
        stage,
        lambda name: next(acts, lambda _: None)(stage) if name == "look before" else None,
    )
    engine = stage.engine = ScriptedEngine()
    stage.sweep()
    stage.repos[0].git("update-ref", "refs/heads/one", sha)
    stage.sweep()
    assert reviews_on(stage.repos[0], sha) == 1
    assert len(engine.asked) == 1


def test_a_review_posted_by_a_sweep_that_lost_its_ledger_is_not_posted_again(stage: Stage) -> None:
    (sha,) = with_heads(stage, "one")
    stage.sweep()
    stage.ledger_path.unlink()
    stage.sweep()
    assert reviews_on(stage.repos[0], sha) == 1
    assert stage.states() == {"one": State.POSTED}


def asked(stage: Stage) -> int:
    """How often the engine was asked, by processes that are dead now too."""
    path = stage.root / "asked"
    return len(path.read_text().splitlines()) if path.exists() else 0


def counted(stage: Stage) -> ScriptedEngine:
    def answer(request: ReviewRequest) -> object:
        with (stage.root / "asked").open("a") as file:
            file.write(f"{request.head.key.sha}\n")
        return {"findings": []}

    return ScriptedEngine(answer)


def die_at(stage: Stage, number: int) -> None:
    """One sweep in a process of its own that dies at a step as SIGKILL would end it."""

    def child() -> None:
        steps = Steps(number, lambda name: os._exit(137))
        patch = pytest.MonkeyPatch()
        tell_of_ledger_writes(patch, steps)
        stage.host = FaultyHost(stage.root / "reviews", steps)
        stage.sweep()
        (stage.root / "steps").write_text("\n".join(steps.names))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode in (0, 137)


def test_the_steps_of_a_sweep_are_those_that_are_killed_below(stage: Stage) -> None:
    with_heads(stage, "one")
    die_at(stage, -1)
    names = (stage.root / "steps").read_text().splitlines()
    assert {name.split()[0] for name in names} == {
        "begin_sweep", "recover", "admit", "claim", "save_review", "prepare", "look",
        "posting", "submit", "posted", "gathered", "end_sweep", "_apply",
    }  # fmt: skip
    assert len(names) <= ONE_HEAD_STEPS


BEFORE_REPLY_IS_SAVED = 8
"""Behind two steps each of begin_sweep, recover, admit and claim."""


@pytest.mark.parametrize("number", range(ONE_HEAD_STEPS))
def test_a_sweep_that_dies_at_any_step_is_finished_by_the_next(stage: Stage, number: int) -> None:
    (sha,) = with_heads(stage, "one")
    stage.engine = counted(stage)
    die_at(stage, number)
    paid_before = asked(stage)
    stage.now += 1.0
    assert stage.sweep().exit_code == 0
    assert reviews_on(stage.repos[0], sha) == 1
    assert stage.states() == {"one": State.POSTED}
    assert drafts_in(stage.root / "reviews") == []
    assert len(stage.history("one").replies) == 1
    assert asked(stage) - paid_before <= 1
    if asked(stage) == 2:
        assert number == BEFORE_REPLY_IS_SAVED, "a saved answer is never asked for again"


def test_deaths_in_a_row_are_survived_too(stage: Stage) -> None:
    shas = with_heads(stage, "one", "two")
    stage.engine = counted(stage)
    # With fewer attempts than deaths a head that was alone in work is buried, as it should be.
    stage.plan = replace(stage.plan, max_attempts=9)
    for number in (9, 14, 17, 12, 21):
        die_at(stage, number)
        stage.now += 1.0
    sweep_until_quiet(stage)
    assert [reviews_on(stage.repos[0], sha) for sha in shas] == [1, 1]
    assert drafts_in(stage.root / "reviews") == []


TWO_HEAD_WRITES = 15
"""At least as many ledger writes as a sweep of two heads makes."""


@pytest.mark.parametrize("first", range(TWO_HEAD_WRITES))
def test_a_disk_that_is_full_from_any_ledger_write_on_loses_nothing(
    stage: Stage, first: int
) -> None:
    shas = with_heads(stage, "one", "two")
    engine = stage.engine = ScriptedEngine()
    with pytest.MonkeyPatch.context() as patch:
        names = fill_the_disk(patch, first)
        with suppress(LedgerUnwritable):
            stage.sweep(batch_size=1)
    assert len(names) <= TWO_HEAD_WRITES, names
    stage.now += 1.0
    assert stage.sweep().exit_code == 0
    assert [reviews_on(stage.repos[0], sha) for sha in shas] == [1, 1]
    assert drafts_in(stage.root / "reviews") == []
    unsaved = sum(name in ("save_review", "save_reply") for name in names[first:])
    answered = len(engine.asked) - engine.cancelled
    assert answered == 2 + unsaved, "only an answer that could not be saved is paid again"


def test_a_full_disk_is_named_in_one_sentence_with_what_to_do(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_heads(stage, "one")
    fill_the_disk(monkeypatch, 0)
    with pytest.raises(
        LedgerUnwritable, match=r"nothing was lost\. Free some disk space"
    ) as raised:
        stage.sweep()
    assert raised.value.exit_code == 1


def test_all_calls_of_posting_are_among_those_that_fail(tmp_path: Path) -> None:
    host = FaultyHost(tmp_path, lambda name: None)
    assert all(type(host).__dict__[name] for name in POSTING_CALLS)
