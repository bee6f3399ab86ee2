"""A thread of ours is settled only when facts allow it, and says what was there before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reviewer_cli.core.conversation import Said, Thread
from reviewer_cli.core.models import Anchor, Disposition, Placement, Remark
from reviewer_cli.core.outcomes import Commit, LinesSince
from reviewer_cli.core.sanitise import fenced, harmless_markdown
from reviewer_cli.core.settling import (
    Settlement,
    is_settled,
    last_found,
    settled,
    settled_body,
    waits_for_answer,
)
from tests.core.making import finding
from tests.core.posted import ANY_MARKDOWN, alive, calls, commands
from tests.core.talking import earlier, ours, said, thread

SHA = "0123abc" + "0" * 33
CHANGED = LinesSince(commit=Commit(sha=SHA))
SAID = "**high** · correctness\n\n**Something is wrong**"
FOLDED = "<details><summary>The lines changed, and a later review did not find it again</summary>"
LIMIT = 65_536


def remark(repeats: int | None, **changes: Any) -> Remark:
    anchor = Anchor(placement=Placement.LINE, path="a.py", line=1)
    return replace(Remark(finding=finding(), anchor=anchor, repeats=repeats), **changes)


def test_a_mended_thread_is_settled() -> None:
    assert settled(earlier(), thread(), CHANGED, [remark(None), remark(8)], LIMIT) == Settlement(
        finding_id=7,
        comment_id="c-reviewer",
        thread_id=thread().id,
        body=f"Fixed in 0123abc.\n\n{FOLDED}\n\n{SAID}\n\n</details>",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"lines": LinesSince()}, "the lines are as they were"),
        ({"lines": None}, "the lines cannot be followed"),
        ({"found": [remark(7)]}, "it was found again"),
        ({"found": None}, "no review saw the change"),
        ({"thread": replace(thread(), said=(said(),))}, "somebody else's thread"),
        ({"thread": thread(is_resolved=True, resolved_by="author")}, "a person closed it"),
        ({"thread": thread(said("Why?"))}, "a question is open"),
        ({"thread": thread(said("By design."))}, "a dispute is open"),
        ({"thread": thread(said("Why?", "stranger"))}, "anybody's question keeps it open"),
        ({"thread": replace(thread(), said=(ours(f"Fixed in 0123abc.\n\n{SAID}"),))}, "settled"),
    ],
)
def test_it_is_not_settled_when_one_thing_is_missing(changes: dict[str, object], why: str) -> None:
    usual = {"thread": thread(), "lines": CHANGED, "found": (), "limit": LIMIT}
    assert settled(earlier(), **usual) is not None  # type: ignore[arg-type]
    assert settled(earlier(), **{**usual, **changes}) is None, why  # type: ignore[arg-type]


def test_the_last_round_that_found_it_tells_which_lines_must_change() -> None:
    first, other, again = earlier(), earlier(id=8), earlier(id=9)
    again = replace(again, remark=replace(again.remark, repeats=first.id))
    assert last_found([first, other, again]) == {7: again, 8: other}


UNSAID = [one for one in Disposition if one is not Disposition.KEPT]


@pytest.mark.parametrize("disposition", UNSAID)
def test_what_was_found_again_and_not_said_keeps_its_thread_open(disposition: Disposition) -> None:
    again = remark(None, disposition=disposition)
    assert again.finding.title == earlier().remark.finding.title
    assert settled(earlier(), thread(), CHANGED, [again], LIMIT) is None


@pytest.mark.parametrize("disposition", UNSAID)
@pytest.mark.parametrize(
    "other",
    [
        {"finding": finding(title="Division by zero", body="An empty list.")},
        {"anchor": Anchor(placement=Placement.LINE, path="b.py", line=1)},
        {"repeats": 8},
    ],
)
def test_what_else_was_found_keeps_no_thread_open(
    disposition: Disposition, other: dict[str, Any]
) -> None:
    found = remark(None, disposition=disposition)
    assert settled(earlier(), thread(), CHANGED, [replace(found, **other)], LIMIT) is not None


@pytest.mark.parametrize(
    ("replies", "waits"),
    [
        ((), False),
        ((said("Thanks"),), False),
        ((said("Fixed."),), False),
        ((said("Why?"),), True),
        ((said("Why?"), said("ping")), True),
        ((said("Why?"), said("Ah, you are right")), False),
        ((said("Why?"), said("Because it is shared.", "other")), False),
        ((said("Why?"), ours("Because it is shared.")), False),
        ((said("Why?"), said("CI passed", "ci", is_bot=True)), True),
        ((said("Why?", "ci", is_bot=True),), False),
        ((said("Why?"), said("Is it?", "other")), True),
        ((said("Fixed."), said("Is it?", "other")), True),
        ((said("Won't fix"),), True),
        ((said("Won't fix"), said("Fixed.")), False),
        ((said("> Why?"),), False),
    ],
)
def test_a_question_waits_until_somebody_else_answers(
    replies: tuple[Said, ...], waits: bool
) -> None:
    assert waits_for_answer(thread(*replies)) is waits


def test_settling_again_changes_nothing() -> None:
    once = settled_body(SAID, SHA, LIMIT)
    assert is_settled(once)
    assert settled_body(once, "f" * 40, LIMIT) == once
    assert not is_settled(SAID)


def test_a_suggestion_is_kept_as_code_that_no_button_commits() -> None:
    body = settled_body(f"{SAID}\n\n{fenced('x = 2', 'suggestion')}", SHA, LIMIT)
    assert "```\nx = 2\n```" in body
    assert "suggestion" not in body


def test_what_does_not_fit_is_left_out() -> None:
    body = settled_body("x" * 500, SHA, 300)
    assert body == "Fixed in 0123abc.\n\n_What it was about is in the history of this comment._"
    assert settled_body(body, SHA, 300) == body


@pytest.mark.threat("T17", layer="sanitiser")
@pytest.mark.parametrize("sha", ["", "main", "0123ab", "0123abc\n@all", "G" * 40])
def test_only_a_commit_is_named(sha: str) -> None:
    with pytest.raises(ValueError, match="names no commit"):
        settled_body(SAID, sha, LIMIT)


@pytest.mark.threat("T17", layer="sanitiser", tries=100)
@given(ANY_MARKDOWN, st.integers(200, 2000))
@example("````\n", 2000)
@example("Fixed in 0123abc.", 2000)
def test_nothing_in_a_settled_comment_is_alive_but_the_fold(text: str, limit: int) -> None:
    body = settled_body(harmless_markdown(text), SHA, limit)
    assert len(body) <= max(limit, len(text))
    assert is_settled(body)
    assert settled_body(body, SHA, limit) == body
    html = [one for one in alive(body) if "details>" not in one]
    assert (html, calls(body), commands(body)) == ([], [], [])


def test_a_thread_without_replies_waits_for_nobody() -> None:
    alone: Thread = thread()
    assert not waits_for_answer(alone)
