"""Whole sweeps over a GitHub that fails: each head is posted once, paid once, and never lost."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import State
from tests.fakes.github import faults, reviews
from tests.fakes.github.faults import Fault
from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import GitHubStage, Trouble, github_stage
from tests.fakes.stage import START

REVIEWS = "/repos/*/*/pulls/*/reviews"
ELSEWHERE = "http://192.0.2.1/api/v3/elsewhere"
LATER = START + 7200.0
"""A reset that no sweep waits for."""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubStage]:
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    with github_stage(tmp_path) as made:
        yield made


CALLS = {
    "poll": ("POST", "/graphql", "query Tips"),
    "describe": ("POST", "/graphql", "query Heads"),
    "fetch refs": ("GET", "/*/*.git/info/refs", ""),
    "fetch": ("POST", "/*/*.git/git-upload-pack", ""),
    "who": ("POST", "/graphql", "query Viewer"),
    "create": ("POST", REVIEWS, ""),
    "list": ("GET", REVIEWS, ""),
    "delete": ("DELETE", f"{REVIEWS}/*", ""),
    "look": ("POST", "/graphql", "query Standing"),
    "submit": ("POST", f"{REVIEWS}/*/events", ""),
}
"""Every request of a sweep over two heads, one of which has our draft of an older commit."""

DECISIVE = ("create", "submit")
TOLD_BELOW = (
    "secondary limit with retry-after",
    "429 with retry-after",
    "primary limit, too long",
    "revoked",
    "redirect 301",
    "foreign link",
)
TYPICAL = ("dropped after", "HTML 200", "empty answer")

EVERYWHERE: dict[str, Fault] = {
    "502 before": faults.bad_gateway_before,
    "502 after": faults.bad_gateway_after,
    "dropped before": faults.dropped_before,
    "dropped after": faults.dropped_after,
    "HTML 200": faults.html(200),
    "HTML 502": faults.html(502),
    "404": faults.answer(404, {"message": "Not Found"}),
    "429": faults.answer(429, {"message": "Slow down."}),
    "429 with retry-after": faults.secondary_limit(30, 429),
    "403": faults.answer(403, {"message": "Resource not accessible"}),
    "secondary limit": faults.secondary_limit(),
    "secondary limit with retry-after": faults.secondary_limit(30),
    "primary limit": faults.primary_limit(START + 300.0),
    "primary limit, too long": faults.primary_limit(LATER),
    "points used up": faults.graphql_limited,
    "empty answer": faults.answer(200, {"data": None, "errors": [{"message": "Timed out."}]}),
    "revoked": faults.revoked,
    "redirect": faults.redirect(ELSEWHERE),
    "redirect 301": faults.redirect(ELSEWHERE, 301),
    "foreign link": faults.foreign_link(ELSEWHERE),
}


def two_heads(stage: GitHubStage) -> list[Pull]:
    second = stage.pull()
    stage.debris(second)
    second = stage.hub.world.push(second, {"a.py": text(_10="ten", _40="forty", _50="fifty")})
    return [stage.pull(), second]


def pass_time(stage: GitHubStage, seconds: float) -> None:
    stage.now += seconds
    stage.hub.world.now = max(stage.hub.world.now, stage.now)


def check_the_end(stage: GitHubStage, pulls: list[Pull]) -> None:
    for pull in pulls:
        (posted,) = stage.posted(pull)
        assert posted.commit_sha == pull.head_sha
        assert stage.pending(pull) == []
    asked = stage.engine_asked()
    assert set(asked) == {pull.head_sha for pull in pulls}
    assert len(asked) == len(pulls), "each answer is asked for once"
    assert {row.state for row in stage.rows()} == {State.POSTED}


def check_that_nobody_pays(stage: GitHubStage) -> None:
    """What concerns everybody burns no attempt of a head that waits now."""
    waiting = [row for row in stage.rows() if row.state is not State.POSTED]
    assert {row.state for row in waiting} <= {State.DUE, State.REVIEWED, State.POSTING}
    assert {row.attempts for row in waiting} <= {0}


def check_the_token_is_nowhere(
    stage: GitHubStage, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    shown = capfd.readouterr()
    said = [shown.out, shown.err, caplog.text, repr(stage.events)]
    said += [f"{row.error} {row.reason}" for row in stage.rows()]
    assert stage.token not in "\n".join(said)
    for file in stage.root.rglob("*"):
        if file.is_file():
            assert stage.token.encode() not in file.read_bytes(), file


def begin(stage: GitHubStage, call: str, fault: Fault, left: int) -> Trouble:
    method, path, word = CALLS[call]
    return stage.trouble(method, path, fault, word, left=left)


def matrix() -> list[object]:
    """Every pair when FULL_FAULT_MATRIX is set, else most for two writes and some for the rest."""
    pairs = [(call, name) for call in CALLS for name in EVERYWHERE]
    if not os.environ.get("FULL_FAULT_MATRIX"):
        most = [name for name in EVERYWHERE if name not in TOLD_BELOW]
        pairs = [
            (call, one) for call, one in pairs if one in (most if call in DECISIVE else TYPICAL)
        ]
    return [pytest.param(call, EVERYWHERE[name], id=f"{call}-{name}") for call, name in pairs]


@pytest.mark.parametrize(("call", "fault"), matrix())
def test_any_call_may_fail_in_any_way_for_a_whole_sweep(
    stage: GitHubStage,
    call: str,
    fault: Fault,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    pulls = two_heads(stage)
    trouble = begin(stage, call, fault, left=10_000)
    report = stage.sweep()
    assert trouble.met
    trouble.over()
    for pull in pulls:
        assert len(stage.posted(pull)) <= 1
    if report.exit_code:
        stage.sweep_until_quiet()
    else:
        assert stage.sweep().exit_code == 0
    check_the_end(stage, pulls)
    check_the_token_is_nowhere(stage, capfd, caplog)


@pytest.mark.parametrize("fault", [faults.hang_before, faults.hang_after])
@pytest.mark.parametrize("call", ["create", "submit"])
def test_a_server_that_does_not_answer_is_given_up_after_its_time(
    stage: GitHubStage, call: str, fault: Fault
) -> None:
    pulls = two_heads(stage)
    begin(stage, call, fault, left=1)
    stage.timeout_s = 1
    stage.sweep()
    stage.timeout_s = 10
    stage.sweep_until_quiet()
    check_the_end(stage, pulls)


def test_a_slow_answer_is_an_answer(stage: GitHubStage) -> None:
    pulls = two_heads(stage)
    for call in CALLS:
        begin(stage, call, faults.slow(0.05), left=1)
    assert stage.sweep().exit_code == 0
    check_the_end(stage, pulls)


@pytest.mark.parametrize("call", ["poll", "describe", "list", "look"])
def test_an_answer_from_the_past_posts_nothing_twice(stage: GitHubStage, call: str) -> None:
    pulls = two_heads(stage)
    trouble = begin(stage, call, faults.stale(3), left=10_000)
    stage.sweep()
    stage.sweep()
    assert trouble.met
    trouble.over()
    stage.sweep_until_quiet()
    check_the_end(stage, pulls)


def test_a_stale_look_after_a_lost_answer_submits_nothing_twice(stage: GitHubStage) -> None:
    """The submission took effect, its answer was lost, and the next look does not show it yet."""
    pull = stage.pull()
    begin(stage, "submit", faults.bad_gateway_after, left=1)
    assert stage.sweep().exit_code == 3
    begin(stage, "look", faults.stale(1), left=1)
    stage.sweep_until_quiet()
    check_the_end(stage, [pull])


def test_a_late_submission_and_two_stale_reads_submit_nothing_twice(stage: GitHubStage) -> None:
    """A submission that was given up lands just before it is repeated, and reads show the past."""
    pull = stage.pull()
    stage.hub.fail("POST", CALLS["submit"][1], faults.bad_gateway_before)
    assert stage.sweep().exit_code == 3
    (draft,) = stage.pending(pull)

    def lands() -> None:
        reviews.submit(stage.hub.world, draft, stage.bot, "COMMENT", None)
        begin(stage, "look", faults.stale(2), left=1)

    stage.hub.fail("POST", CALLS["submit"][1], faults.first(lands))
    stage.hub.fail("GET", f"{REVIEWS}/*", faults.stale(1))
    stage.now += 3600.0
    stage.sweep()
    stage.sweep_until_quiet()
    check_the_end(stage, [pull])


# A credential that is revoked

API_CALLS = tuple(call for call in CALLS if not call.startswith("fetch"))


@pytest.mark.threat("T37", layer="host")
@pytest.mark.parametrize("call", API_CALLS)
def test_a_revoked_token_ends_the_sweep_at_once_and_loses_nothing(
    stage: GitHubStage,
    call: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    pulls = two_heads(stage)
    revoke = faults.first(lambda: stage.hub.tokens.revoke(stage.token))
    begin(stage, call, revoke, left=1)
    report = stage.sweep(batch_size=2)
    assert report.exit_code == 77
    refused = [one for one in stage.hub.log if one.kind != "git" and one.status == 401]
    assert len(refused) == 1, "nothing more is asked with a credential that was refused"
    check_that_nobody_pays(stage)
    check_the_token_is_nowhere(stage, capfd, caplog)
    stage.token = stage.hub.tokens.fine_grained(
        stage.bot, stage.shop.owner, pull_requests="write", contents="read"
    )
    assert stage.sweep().exit_code == 0
    check_the_end(stage, pulls)


# Waits


@pytest.mark.parametrize("call", ["poll", "create", "look", "submit"])
def test_a_wait_that_github_asks_for_is_obeyed(stage: GitHubStage, call: str) -> None:
    pulls = two_heads(stage)
    begin(stage, call, faults.secondary_limit(30), left=1)
    assert stage.sweep().exit_code == 0
    assert stage.waited == [30.0]
    check_the_end(stage, pulls)


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (faults.secondary_limit(), 60.0),
        (faults.graphql_limited, 60.0),
        (faults.primary_limit(START + 300.0), 295.0),
        (faults.primary_limit(START + 300.0, 429), 295.0),
    ],
)
def test_a_wait_without_a_time_lasts_a_minute_and_a_reset_is_waited_for(
    stage: GitHubStage, fault: Fault, least: float
) -> None:
    pulls = two_heads(stage)
    begin(stage, "look", fault, left=1)
    assert stage.sweep().exit_code == 0
    (waited,) = stage.waited
    assert least <= waited <= max(2 * 60.0, 301.0)
    check_the_end(stage, pulls)


@pytest.mark.parametrize("call", API_CALLS)
def test_a_wait_that_is_too_long_leaves_everything_due(stage: GitHubStage, call: str) -> None:
    pulls = two_heads(stage)
    trouble = begin(stage, call, faults.primary_limit(LATER), left=10_000)
    assert stage.sweep().exit_code == 75
    assert (stage.waited, trouble.met) == ([], 1)
    check_that_nobody_pays(stage)
    trouble.over()
    asked = len(stage.hub.log)
    assert stage.sweep().exit_code == 75
    assert len(stage.hub.log) == asked, "nothing is asked before the time that GitHub named"
    pass_time(stage, LATER + 5.0 - stage.now)
    assert stage.sweep().exit_code == 0
    check_the_end(stage, pulls)


def test_short_waits_together_last_no_longer_than_the_longest_pause(stage: GitHubStage) -> None:
    pulls = two_heads(stage)
    trouble = begin(stage, "create", faults.secondary_limit(30), left=10_000)
    assert stage.sweep(longest_pause_s=100.0).exit_code == 75
    assert stage.waited == [30.0] * 3
    trouble.over()
    pass_time(stage, 31.0)
    assert stage.sweep().exit_code == 0
    check_the_end(stage, pulls)


@pytest.mark.parametrize("call", ["poll", "create"])
def test_a_signal_ends_a_wait_at_once(stage: GitHubStage, call: str) -> None:
    pulls = two_heads(stage)
    stage.real_waits = True
    trouble = begin(stage, call, faults.secondary_limit(300), left=1)

    async def stopped_while_it_waits() -> None:
        sweep = asyncio.create_task(stage.sweep_async())
        while not trouble.met:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        sweep.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sweep

    started = time.monotonic()
    asyncio.run(stopped_while_it_waits())  # also waits for the threads
    assert time.monotonic() - started < 4.0
    pass_time(stage, 301.0)
    assert stage.sweep().exit_code == 0
    check_the_end(stage, pulls)


# A ledger that is lost


def test_what_github_has_already_is_admitted_as_posted_after_the_ledger_was_lost(
    stage: GitHubStage,
) -> None:
    pulls = two_heads(stage)
    assert stage.sweep().exit_code == 0
    stage.ledger_path.unlink()
    fresh = stage.pull()
    assert stage.sweep().exit_code == 0
    check_the_end(stage, [*pulls, fresh])


@pytest.mark.threat("T28", layer="posting")
def test_a_draft_that_outlived_its_ledger_is_replaced_by_what_was_paid_last(
    stage: GitHubStage,
) -> None:
    pull = stage.pull()
    begin(stage, "submit", faults.bad_gateway_before, left=1)
    assert stage.sweep().exit_code == 3
    stage.ledger_path.unlink()
    assert stage.sweep().exit_code == 0
    (posted,) = stage.own(pull)
    assert posted.state == "COMMENTED"


def test_two_ledgers_post_once(stage: GitHubStage) -> None:
    """Two machines with one account: the second sees what the first posted."""
    pull = stage.pull()
    assert stage.sweep().exit_code == 0
    stage.ledger_path.rename(stage.root / "first.db")
    assert stage.sweep().exit_code == 0
    check_the_end(stage, [pull])
