"""What people said is heeded before the reviews of the same sweep, reviewed or not."""

from __future__ import annotations

import json

import pytest

from reviewer_cli.core.models import Outcome
from tests.fakes.engine import found
from tests.fakes.github import faults
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome as Answered
from tests.fakes.github.messages import Request
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage
from tests.sweep.conversing import (
    answer,
    asked,
    commands,
    comments,
    dispositions,
    eyes,
    github,
    later,
    outcomes,
    say,
    writer,
)

__all__ = ["github"]

MORE = {"a.py": text(_10="ten", _40="forty", _50="fifty")}


def test_what_was_declined_since_is_not_told_as_still_standing(github: GitHubStage) -> None:
    pull, ada = github.pull(), writer(github)
    later(github)
    first, second = comments(github, pull)
    answer(github, first, ada, "By design.")
    pull = github.hub.world.push(pull, MORE)
    later(github)
    assert dispositions(github, pull) == {"ten": "dismissed", "forty": "repeated", "fifty": "kept"}
    assert "1 finding of earlier rounds still stands" in github.posted(pull)[-1].body
    assert outcomes(github)["ten"] is Outcome.DISMISSED
    assert second.line == 40


def test_a_draft_is_reviewed_when_somebody_asks_for_it(github: GitHubStage) -> None:
    pull = github.hub.world.pull(github.shop, {"a.py": text(_10="ten")}, draft=True)
    later(github)
    assert asked(github) == 0
    say(github, pull, writer(github), "@sweeper review")
    later(github)
    assert (asked(github), eyes(github)) == (1, 1)
    assert [one.line for one in comments(github, pull)] == [10]


def test_a_pull_request_may_be_paused_before_its_first_review(github: GitHubStage) -> None:
    pull, ada = github.pull(), writer(github)
    say(github, pull, ada, "@sweeper pause")
    later(github)
    later(github)
    assert (asked(github), eyes(github)) == (0, 1)
    say(github, pull, ada, "@sweeper resume")
    later(github)
    assert asked(github) == 1


def test_a_full_review_of_a_head_that_was_only_noted_says_what_it_finds(
    github: GitHubStage,
) -> None:
    pull, ada = github.pull(), writer(github)
    later(github)
    pull = github.hub.world.push(pull, {"b.py": "b = 1\n"})
    later(github)
    assert "Also checked at" in github.posted(pull)[-1].body
    github.engine = CountingEngine(
        lambda request: {"findings": [found("b.py", 1, "b = 1", title="B is lost")]}
    )
    say(github, pull, ada, "@sweeper full review")
    later(github)
    assert len(github.posted(pull)) == 2
    assert comments(github, pull)[-1].path == "b.py"
    later(github)
    assert len(github.posted(pull)) == 2


def test_a_command_that_cannot_be_acknowledged_is_obeyed(
    github: GitHubStage, caplog: pytest.LogCaptureFixture
) -> None:
    pull = github.hub.world.pull(github.shop, {"a.py": text(_10="ten")}, draft=True)
    say(github, pull, writer(github), "@sweeper review")
    refused = faults.answer(403, {"message": "Resource not accessible by personal access token"})
    github.hub.fail("POST", "/graphql", only("mutation Acknowledge", refused), times=99)
    later(github)
    later(github)
    assert (asked(github), eyes(github), len(commands(github))) == (1, 0, 1)
    assert "could not be shown" in caplog.text


def test_what_people_say_may_be_unreadable_for_the_credential(
    github: GitHubStage, caplog: pytest.LogCaptureFixture
) -> None:
    pull = github.pull()
    refused = faults.answer(403, {"message": "Resource not accessible by personal access token"})
    github.hub.fail("POST", "/graphql", only("query Conversations", refused), times=99)
    later(github)
    assert len(github.posted(pull)) == 1
    assert "What people say cannot be read" in caplog.text


def only(question: str, fault: Fault) -> Fault:
    """The fault for this question alone."""

    def chosen(request: Request, handle: Handler) -> Answered:
        is_asked = question in json.loads(request.body)["query"]
        return fault(request, handle) if is_asked else handle(request)

    return chosen
