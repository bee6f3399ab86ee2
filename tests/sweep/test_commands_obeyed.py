"""What people ask for in comments is done once, for those who may write, and for nobody else."""

from __future__ import annotations

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import Outcome, State
from reviewer_cli.hosts.github.host import GitHub
from tests.fakes.github import faults
from tests.fakes.github.scene import text
from tests.fakes.github_stage import GitHubStage
from tests.sweep.conversing import (
    answer,
    asked,
    commands,
    comments,
    eyes,
    github,
    later,
    outcomes,
    say,
    stranger,
    wait,
    writer,
)

__all__ = ["github"]

MORE = {"a.py": text(_10="ten", _40="forty", _50="fifty")}


def test_review_asks_for_a_round_beyond_max_rounds(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    later(github, max_rounds=1)
    assert asked(github) == 1
    say(github, pull, writer(github), "@sweeper review")
    later(github, max_rounds=1)
    assert asked(github) == 2
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    later(github, max_rounds=1)
    assert (asked(github), eyes(github)) == (2, 1)
    assert len(commands(github)) == 1


def test_full_review_looks_at_all_of_it_and_still_repeats_nothing(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    pull = github.hub.world.push(pull, MORE)
    say(github, pull, writer(github), "@sweeper full review")
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    request = github.engine.asked[-1]  # type: ignore[attr-defined]
    hunks = [hunk for file in request.diff.files for hunk in file.hunks]
    assert any(line.text == "ten" for hunk in hunks for line in hunk.lines)


@pytest.mark.threat("T38", layer="all layers")
@pytest.mark.parametrize(
    "body",
    [
        "> @sweeper review",
        "```\n@sweeper review\n```",
        "please, @sweeper review",
        "@sweeper-extra review",
        "@other review",
        "@sweeper reviewing is nice",
    ],
)
def test_what_is_quoted_or_meant_for_others_is_no_command(github: GitHubStage, body: str) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    say(github, pull, writer(github), body)
    later(github, max_rounds=1)
    assert (asked(github), commands(github), eyes(github)) == (1, [], 0)


@pytest.mark.threat("T38", layer="all layers")
def test_who_may_not_write_is_refused_once(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    say(github, pull, stranger(github), "@sweeper review")
    later(github, max_rounds=1)
    later(github, max_rounds=1)
    assert (asked(github), eyes(github)) == (1, 0)
    assert commands(github) == [("eve", "refused: no write access")]


@pytest.mark.threat("T38", layer="all layers")
def test_a_bot_is_not_obeyed_whatever_it_may(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    robot = github.hub.world.account("robot[bot]", "Bot")
    github.hub.world.grant(github.shop, robot, "admin")
    say(github, pull, robot, "@sweeper review")
    later(github, max_rounds=1)
    assert (asked(github), commands(github)) == (1, [])


def test_pause_holds_until_resume(github: GitHubStage) -> None:
    pull, ada = github.pull(), writer(github)
    later(github)
    say(github, pull, ada, "@sweeper pause")
    later(github)
    pull = github.hub.world.push(pull, MORE)
    later(github)
    later(github)
    assert asked(github) == 1
    say(github, pull, ada, "@sweeper resume")
    later(github)
    later(github)
    assert asked(github) == 2


def test_review_reviews_once_although_it_is_paused(github: GitHubStage) -> None:
    pull, ada = github.pull(), writer(github)
    later(github)
    say(github, pull, ada, "@sweeper pause")
    later(github)
    pull = github.hub.world.push(pull, MORE)
    say(github, pull, ada, "@sweeper review")
    later(github)
    assert asked(github) == 2
    github.hub.world.push(pull, {"a.py": text(_10="ten", _44="more")})
    later(github)
    assert asked(github) == 2


def test_ignore_leaves_the_pull_request_alone(github: GitHubStage) -> None:
    pull, ada = github.pull(), writer(github)
    later(github)
    say(github, pull, ada, "@sweeper ignore")
    github.hub.world.push(pull, MORE)
    later(github)
    later(github)
    assert (asked(github), len(github.posted(pull))) == (1, 1)


def test_ignore_in_a_thread_of_ours_declines_that_finding_alone(github: GitHubStage) -> None:
    pull, ada = github.pull(), writer(github)
    later(github)
    ten, _ = comments(github, pull)
    answer(github, ten, ada, "@sweeper ignore")
    later(github)
    assert outcomes(github) == {"ten": Outcome.DISMISSED}
    pull = github.hub.world.push(
        pull, {"a.py": text(_9="nine", _10="ten", _40="forty", _50="fifty")}
    )
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]


class Killed(BaseException):
    """The end of a process, as far as it can be had without one."""


@pytest.mark.parametrize("fault", [faults.bad_gateway_before, faults.bad_gateway_after])
def test_a_command_is_obeyed_although_the_right_to_give_it_could_not_be_asked_for(
    github: GitHubStage, fault: faults.Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    say(github, pull, writer(github), "@sweeper review")
    trouble = github.trouble("GET", "/repos/*/*/collaborators/*/permission", fault)
    wait(github, 60.0)
    other = github.hub.world.pull(github.shop, {"a.py": text(_50="fifty")})
    github.sweep(max_rounds=1)
    assert trouble.met
    assert len(github.posted(other)) == 1, "others are reviewed"
    trouble.over()
    github.sweep_until_quiet(max_rounds=1)
    assert pull.head_sha in github.engine_asked()
    assert {row.state for row in github.rows()} == {State.POSTED}


def test_a_sweep_that_dies_over_the_eyes_obeys_once(
    github: GitHubStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    say(github, pull, writer(github), "@sweeper review")
    wait(github, 60.0)

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(GitHub, "acknowledge", dies)
        with pytest.raises(Killed):
            github.sweep(max_rounds=1)
    github.sweep_until_quiet(max_rounds=1)
    github.sweep_until_quiet(max_rounds=1)
    assert asked(github) == 2
    assert len(commands(github)) == 1
    assert len(github.posted(pull)) == 2
