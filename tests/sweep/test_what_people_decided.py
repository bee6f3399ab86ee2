"""What people did about our findings is respected, noted, and not argued with."""

from __future__ import annotations

import pytest

from reviewer_cli import retry
from reviewer_cli.core.models import Outcome
from tests.fakes.github import faults, talk
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CHANGED, GitHubStage
from tests.sweep.conversing import (
    answer,
    asked,
    comments,
    github,
    later,
    outcomes,
    stranger,
    thread_of,
    wait,
    writer,
)

__all__ = ["github"]

AGAIN = {"a.py": text(_9="nine", _10="ten", _40="forty")}
FORBIDDEN = {"type": "FORBIDDEN", "path": ["r0"], "message": "Resource not accessible"}
MENDED = {"a.py": text(_10="mended", _40="forty")}


def test_what_a_person_declined_is_not_raised_again(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    answer(github, ten, writer(github), "This is by design, won't fix.")
    later(github)
    assert outcomes(github) == {"ten": Outcome.DISMISSED}
    github.hub.world.push(pull, AGAIN)
    later(github)
    assert len(comments(github, pull)) == 2


@pytest.mark.parametrize(
    ("thumb", "became"), [("THUMBS_DOWN", Outcome.DISMISSED), ("THUMBS_UP", Outcome.ACCEPTED)]
)
def test_a_writers_thumb_is_a_word(github: GitHubStage, thumb: str, became: Outcome) -> None:
    """It changes nothing that the poll tells, so it is seen within `feedback`."""
    pull = github.pull()
    later(github)
    later(github)
    ten, _ = comments(github, pull)
    talk.react(github.hub.world, ten, writer(github), thumb)
    later(github, 7 * 3600.0)
    assert outcomes(github) == {"ten": became}


@pytest.mark.threat("T39", layer="all layers")
def test_a_strangers_thumb_counts_for_nothing(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    later(github)
    talk.react(github.hub.world, comments(github, pull)[0], stranger(github), "THUMBS_DOWN")
    later(github, 7 * 3600.0)
    assert outcomes(github) == {}


def test_a_thread_that_a_person_resolved_is_dismissed_and_left_alone(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    talk.resolve(github.hub.world, thread_of(github, ten), writer(github))
    github.hub.world.push(pull, AGAIN)
    later(github)
    assert outcomes(github)["ten"] is Outcome.DISMISSED
    assert comments(github, pull)[0].body == ten.body
    assert len(comments(github, pull)) == 2


def test_a_question_left_open_keeps_a_thread_open(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    answer(github, ten, stranger(github), "Why would that overflow?")
    github.hub.world.push(pull, MENDED)
    later(github)
    assert outcomes(github)["ten"] is Outcome.FIXED
    assert comments(github, pull)[0].body == ten.body
    assert not comments(github, pull)[0].minimized


def test_a_declined_thread_is_never_settled(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    answer(github, ten, writer(github), "This is by design, won't fix.")
    github.hub.world.push(pull, MENDED)
    later(github)
    later(github)
    assert outcomes(github)["ten"] is Outcome.DISMISSED
    assert comments(github, pull)[0].body == ten.body


def test_what_another_program_says_on_the_line_is_not_said_again(github: GitHubStage) -> None:
    pull = github.pull()
    robot = github.hub.world.account("robot[bot]", "Bot")
    review = github.debris(pull, "only to name the commit")
    talk.note(github.hub.world, review, robot, "a.py", 10, "An overflow of ten happens")
    later(github)
    assert [one.line for one in comments(github, pull)] == [40]


@pytest.mark.threat("T39", layer="all layers")
def test_the_author_silences_nothing_by_saying_it_first(github: GitHubStage) -> None:
    ada = writer(github)
    pull = github.pull(author=ada)
    review = github.debris(pull, "only to name the commit")
    talk.note(github.hub.world, review, ada, "a.py", 10, "An overflow of ten happens")
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40]


@pytest.mark.parametrize(
    ("end", "became"),
    [("merge", Outcome.MERGED_UNRESOLVED), ("close", Outcome.IGNORED)],
)
def test_the_end_of_a_pull_request_tells_what_became_of_the_rest(
    github: GitHubStage, end: str, became: Outcome
) -> None:
    pull = github.pull()
    later(github)
    getattr(github.hub.world, end)(pull)
    later(github)
    assert outcomes(github) == {"ten": became, "forty": became}
    later(github)
    before = len(github.hub.log)
    later(github)
    assert len(github.hub.log) - before == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.bad_gateway_before,
        faults.answer(200, {"data": {"r0": None}, "errors": [FORBIDDEN]}),
        faults.answer(200, {"data": None, "errors": [{"message": "No."}]}),
    ],
)
def test_a_conversation_that_cannot_be_read_keeps_no_review_back(
    github: GitHubStage, fault: faults.Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.1)
    pull = github.pull()
    trouble = github.trouble("POST", "/graphql", fault, "query Conversations")
    wait(github, 60.0)
    github.sweep()
    assert trouble.met
    assert len(github.posted(pull)) == 1
    github.hub.world.push(pull, {"a.py": text(_10="ten", _40="forty", _50="fifty")})
    github.sweep_until_quiet()
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    trouble.over()
    github.sweep_until_quiet()
    assert outcomes(github) == {"ten": Outcome.IGNORED, "forty": Outcome.IGNORED}


KNOWN = '[[known]]\npath = "a.py"\ncategory = "correctness"\nreason = "we know"\n'


def test_what_the_base_branch_declares_is_known(github: GitHubStage) -> None:
    github.hub.world.commit(github.shop, {".reviewer.toml": KNOWN})
    pull = github.pull()
    later(github)
    assert (asked(github), comments(github, pull)) == (1, [])


@pytest.mark.threat("T40", layer="all layers")
def test_a_pull_request_declares_nothing_about_itself(github: GitHubStage) -> None:
    body = text(_9="nine  # reviewer: ignore", _10="ten  # reviewer: ignore", _40="forty")
    mine = body.replace("ten  # reviewer: ignore", "ten")
    pull = github.hub.world.pull(github.shop, {**CHANGED, ".reviewer.toml": KNOWN, "a.py": mine})
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40]


def test_the_author_silences_nothing_in_anothers_thread_nor_by_another_account(
    github: GitHubStage,
) -> None:
    ada = writer(github)
    pull = github.pull(author=ada)
    world, review = github.hub.world, github.debris(pull, "x")
    robot, puppet = world.account("robot[bot]", "Bot"), world.account("puppet")
    thread = talk.note(world, review, robot, "a.py", 10, "Nit: naming.")
    talk.answer(world, thread, ada, "An overflow of ten happens")
    talk.note(world, review, puppet, "a.py", 40, "An overflow of forty happens")
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40]
