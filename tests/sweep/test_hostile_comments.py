"""Whoever may comment on a pull request, and may not write, moves nothing and holds nothing up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer_cli.core.marker import MARKER
from tests.fakes.github import reviews, talk
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
    thread_of,
    writer,
)

__all__ = ["github"]

MORE = {"a.py": text(_10="ten", _40="forty", _50="fifty")}
NOT_SAID_TO_US = (
    "@sweeper2 review",
    "@sweeper-bot review",
    "@\u0455weeper review",
    "@sweep\u200ber review",
    "\uff20sweeper review",
    "<!-- @sweeper review -->",
    "<details>\n\n@sweeper review\n\n</details>",
    "    @sweeper review",
)
ELSEWHERE = {"a.py": text(_10="ten", _40="forty"), "notes.md": "nothing\n"}


@pytest.mark.threat("T38", layer="all layers", tries=len(NOT_SAID_TO_US))
def test_a_writer_who_names_another_or_only_shows_it_is_not_obeyed(github: GitHubStage) -> None:
    pull = github.pull()
    later(github, max_rounds=1)
    pull = github.hub.world.push(pull, MORE)
    for body in NOT_SAID_TO_US:
        say(github, pull, writer(github), body)
    later(github, max_rounds=1)
    assert (asked(github), commands(github), eyes(github)) == (1, [], 0)


@pytest.mark.threat("T38", layer="all layers")
def test_a_strangers_comment_stays_a_strangers_whoever_edits_it(github: GitHubStage) -> None:
    """A host tells who wrote a comment, not who wrote its words; the one who did is asked for."""
    pull, world = github.pull(), github.hub.world
    later(github)
    made = world.comment(pull, stranger(github), "Looks odd.")
    later(github)
    world.save(replace(world.fresh(made), body="@sweeper ignore", updated_at=world.stamp()))
    world.comment(pull, writer(github), "Edited it.")
    world.push(pull, MORE)
    later(github)
    later(github)
    assert asked(github) == 2
    assert commands(github) == [("eve", "refused: no write access")]


@pytest.mark.threat("T38", layer="all layers")
def test_a_command_is_not_obeyed_again_when_its_comment_is_edited(github: GitHubStage) -> None:
    pull, world, ada = github.pull(), github.hub.world, writer(github)
    later(github)
    made = world.comment(pull, ada, "@sweeper resume")
    later(github)
    world.save(replace(world.fresh(made), body="@sweeper ignore", updated_at=world.stamp()))
    world.push(pull, MORE)
    later(github)
    later(github)
    assert asked(github) == 2
    assert commands(github) == [("ada", "obeyed")]


@pytest.mark.threat("T38", layer="all layers")
def test_a_passer_by_in_a_thread_of_ours_declines_nothing(github: GitHubStage) -> None:
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    answer(github, ten, github.hub.world.account("mallory"), "@sweeper ignore")
    answer(github, ten, github.hub.world.account("eve"), "Won't fix, this is by design.")
    later(github)
    later(github)
    assert outcomes(github) == {}


@pytest.mark.threat("T20", layer="comments")
def test_ten_thousand_comments_hold_up_nothing(github: GitHubStage) -> None:
    """The newest 50 are read, and of each at most once whether its writer may command."""
    pull, other = github.pull(), github.pull()
    later(github)
    eve, world = stranger(github), github.hub.world
    for number in range(10_000):
        world.comment(pull, eve, f"@sweeper ignore: {number}")
    pull = world.push(pull, MORE)
    other = world.push(other, MORE)
    before = len(github.hub.log)
    later(github)
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    assert [one.line for one in comments(github, other)] == [10, 40, 50]
    assert len(github.hub.log) - before < 60 + 50


@pytest.mark.threat("T20", layer="comments")
def test_a_thousand_replies_in_a_thread_hold_up_nothing(github: GitHubStage) -> None:
    """Each is a review of its own to GitHub; all reviews are looked through for our markers."""
    pull = github.pull()
    later(github)
    ten, _ = comments(github, pull)
    eve, world = stranger(github), github.hub.world
    thread = thread_of(github, ten)
    for number in range(1_000):
        talk.answer(world, thread, eve, f"Won't fix {number}.")
    pull = world.push(pull, MORE)
    before = len(github.hub.log)
    later(github)
    later(github)
    assert [one.line for one in comments(github, pull)] == [10, 40, 50]
    assert len(github.hub.log) - before < 60 + 2 * 1_000 / 100


@pytest.mark.threat("T22", layer="posting")
def test_a_review_of_ours_that_a_person_copied_is_not_amended(github: GitHubStage) -> None:
    """With the marker and all; and the next head is still found not to have been reviewed."""
    pull, world = github.pull(), github.hub.world
    later(github)
    (mine,) = github.posted(pull)
    copied = reviews.create(
        world, pull, writer(github), body=mine.body, event="COMMENT", commit=pull.head_sha
    )
    world.push(pull, ELSEWHERE)
    later(github)
    assert world.fresh(copied).body == mine.body
    (noted,) = github.posted(pull)
    assert len(MARKER.findall(noted.body)) == 2
