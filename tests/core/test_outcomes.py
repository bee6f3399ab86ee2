"""What became of a finding: one table of rules, tried in every combination of what can be true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import pytest

from reviewer_cli.core.conversation import Conversation, PullState, Said, Thread
from reviewer_cli.core.models import HeadKey, Outcome
from reviewer_cli.core.outcomes import (
    Circumstances,
    Commit,
    LinesSince,
    deciders,
    judged,
    judged_after_merge,
    strangers,
)
from tests.core.making import finding
from tests.core.talking import SUGGESTED, earlier, ours, said, thread, with_thumbs

SHA = "0123abc4d5e6" + "0" * 28
COMMIT = Commit(sha=SHA, author="author", at=200.0, message="Rework")
BUTTON = (
    "Apply suggestion\n\n"
    "Co-authored-by: reviewer[bot] <1234+reviewer[bot]@users.noreply.github.com>"
)
UNCHANGED, CHANGED = LinesSince(), LinesSince(commit=COMMIT, text=("y = 5",))
WHO_COUNTS = frozenset({"author", "owner"})
KEY = HeadKey("github.com", "owner/name", "7", "a" * 40)


@dataclass(frozen=True)
class Case:
    lines: str
    word: str
    thumbs: str
    resolved: str
    pull: str


LINES = {
    "lost": None,
    "same": UNCHANGED,
    "changed": CHANGED,
    "taken": LinesSince(commit=COMMIT, text=tuple(SUGGESTED.split("\n"))),
    "button": LinesSince(commit=replace(COMMIT, message=BUTTON), text=("y = 5",)),
}
WORDS: dict[str, tuple[Said, ...]] = {
    "none": (),
    "declined": (said("Won't fix"),),
    "agreed": (said("Good catch", "Owner"),),
    "asked": (said("Why?"),),
    "unclear": (said("Hmm"),),
    "turned to no": (said("Good catch"), said("By design", "owner"), said("Hmm")),
    "ignore": (said("@reviewer ignore"),),
    "turned to yes": (said("By design", "owner"), said("You're right")),
    "stranger": (said("Won't fix", "stranger"), said("Good catch", "someone")),
    "bot": (said("Won't fix", "owner", is_bot=True), said("False positive", "ci[bot]")),
    "ours": (ours("Won't fix"),),
}
THUMBS = {
    "none": ((), ()),
    "up": (("owner",), ()),
    "down": ((), ("Owner",)),
    "both": (("owner",), ("author",)),
    "strangers": (("someone",), ("stranger",)),
}
RESOLVED = {
    "no": {},
    "person": {"is_resolved": True, "resolved_by": "owner"},
    "us": {"is_resolved": True, "resolved_by": "reviewer", "resolved_by_us": True},
    "bot": {"is_resolved": True, "resolved_by": "ci[bot]"},
    "nobody known": {"is_resolved": True, "resolved_by": "ghost"},
}
PULLS = {
    "fresh": Circumstances(state=PullState.OPEN),
    "moved on": Circumstances(state=PullState.OPEN, has_moved_on=True),
    "merged": Circumstances(state=PullState.MERGED, has_moved_on=True),
    "closed": Circumstances(state=PullState.CLOSED),
}
CASES = [Case(*names) for names in product(LINES, WORDS, THUMBS, RESOLVED, PULLS)]

NO = ("declined", "turned to no", "ignore")
YES = ("agreed", "turned to yes")
NO_WORD = ("none", "asked", "unclear", "stranger", "bot", "ours")
#: The rules again, in order and in the words of the cases.
TABLE: tuple[tuple[Callable[[Case], bool], Outcome | None], ...] = (
    (lambda one: one.lines in ("taken", "button"), Outcome.SUGGESTION_COMMITTED),
    (lambda one: one.word in NO, Outcome.DISMISSED),
    (lambda one: one.word in NO_WORD and one.thumbs == "down", Outcome.DISMISSED),
    (lambda one: one.lines == "changed", Outcome.FIXED),
    (lambda one: one.word in YES, Outcome.ACCEPTED),
    (lambda one: one.thumbs == "up", Outcome.ACCEPTED),
    (lambda one: one.lines == "lost", None),
    (lambda one: one.resolved == "person", Outcome.DISMISSED),
    (lambda one: one.pull == "merged", Outcome.MERGED_UNRESOLVED),
    (lambda one: one.word in ("asked", "unclear") or one.thumbs == "both", None),
    (lambda one: one.pull in ("moved on", "closed"), Outcome.IGNORED),
    (lambda one: True, None),
)


def conversed(case: Case) -> Thread:
    up, down = THUMBS[case.thumbs]
    return with_thumbs(thread(*WORDS[case.word], **RESOLVED[case.resolved]), up=up, down=down)


def about(case: Case) -> Circumstances:
    return replace(PULLS[case.pull], deciders=WHO_COUNTS, own_logins=("reviewer",))


def test_every_combination_is_judged_by_the_first_rule_that_holds() -> None:
    """And each rule decides some of them."""
    decided = set()
    for case in CASES:
        rule = next(at for at, (holds, _) in enumerate(TABLE) if holds(case))
        decided.add(rule)
        found = judged(earlier(), conversed(case), LINES[case.lines], about(case))
        assert (found and found.outcome) == TABLE[rule][1], case
    assert decided == set(range(len(TABLE)))
    assert len(CASES) == 5500


@pytest.mark.parametrize(
    ("lines", "pull", "outcome"),
    [
        ("lost", "merged", None),
        ("same", "fresh", None),
        ("same", "moved on", Outcome.IGNORED),
        ("same", "closed", Outcome.IGNORED),
        ("same", "merged", Outcome.MERGED_UNRESOLVED),
        ("changed", "fresh", Outcome.FIXED),
        ("changed", "merged", Outcome.FIXED),
    ],
)
def test_a_finding_without_a_thread_is_judged_by_its_lines(
    lines: str, pull: str, outcome: Outcome | None
) -> None:
    found = judged(earlier(comment_id=None), None, LINES[lines], PULLS[pull])
    assert (found and found.outcome) == outcome


@pytest.mark.parametrize(
    ("case", "evidence", "facts"),
    [
        (
            Case("taken", "none", "none", "no", "fresh"),
            "The flagged lines now are the suggestion in 0123abc4d5e6.",
            ("author", 200.0, SHA),
        ),
        (
            Case("button", "none", "none", "no", "fresh"),
            "The suggestion was committed on its host in 0123abc4d5e6.",
            ("author", 200.0, SHA),
        ),
        (
            Case("changed", "asked", "none", "no", "fresh"),
            "The flagged lines changed in 0123abc4d5e6.",
            ("author", 200.0, SHA),
        ),
        (
            Case("changed", "declined", "none", "no", "fresh"),
            "author declined it in a reply.",
            ("author", 100.0, ""),
        ),
        (
            Case("same", "ignore", "none", "no", "merged"),
            "author asked to ignore it.",
            ("author", 100.0, ""),
        ),
        (
            Case("same", "agreed", "down", "no", "fresh"),
            "Owner agreed in a reply.",
            ("Owner", 100.0, ""),
        ),
        (
            Case("same", "none", "down", "no", "fresh"),
            "Owner put a thumb down.",
            ("Owner", None, ""),
        ),
        (Case("lost", "none", "up", "no", "fresh"), "owner put a thumb up.", ("owner", None, "")),
        (
            Case("same", "none", "none", "person", "merged"),
            "owner resolved it with the lines as they were.",
            ("owner", None, ""),
        ),
        (
            Case("same", "none", "none", "no", "merged"),
            "Merged with the flagged lines as they were.",
            ("", None, ""),
        ),
        (
            Case("same", "none", "none", "no", "closed"),
            "Closed, and nobody reacted.",
            ("", None, ""),
        ),
        (
            Case("same", "none", "none", "no", "moved on"),
            "Later commits left the flagged lines as they were, and nobody reacted.",
            ("", None, ""),
        ),
    ],
)
def test_the_evidence_is_a_sentence_and_its_facts(
    case: Case, evidence: str, facts: tuple[str, float | None, str]
) -> None:
    found = judged(earlier(), conversed(case), LINES[case.lines], about(case))
    assert found is not None
    assert (found.evidence, (found.by, found.at, found.sha)) == (evidence, facts)


@pytest.mark.threat("T33", layer="sanitiser")
def test_a_name_cannot_break_out_of_the_evidence() -> None:
    name = "x" * 500 + "\n\x1b[31m"
    circumstances = replace(PULLS["fresh"], deciders=frozenset({name.lower()}))
    found = judged(earlier(), thread(said("Won't fix", name)), UNCHANGED, circumstances)
    assert found is not None
    assert len(found.evidence) < 100
    assert found.evidence.isprintable()


@pytest.mark.parametrize(
    ("suggestion", "text", "is_it"),
    [
        ("y = 2", ("y = 2",), True),
        ("y = 2\n", ("y = 2", ""), True),
        ("y = 2  ", ("y = 2\r",), True),
        ("", (), True),
        ("y = 2", ("  y = 2",), False),
        ("y = 2", ("y = 2", "z = 3"), False),
        ("y = 2", (), False),
        ("y = 2", None, False),
        (None, (), False),
    ],
)
def test_lines_are_the_suggestion_when_they_are_it_exactly(
    suggestion: str | None, text: tuple[str, ...] | None, is_it: bool
) -> None:
    one = earlier()
    remark = replace(one.remark, finding=finding(suggestion=suggestion))
    found = judged(
        replace(one, remark=remark), None, LinesSince(commit=COMMIT, text=text), PULLS["fresh"]
    )
    assert found is not None
    assert found.outcome is (Outcome.SUGGESTION_COMMITTED if is_it else Outcome.FIXED)


def test_a_suggestion_that_was_never_posted_cannot_be_taken() -> None:
    one = earlier()
    remark = replace(one.remark, anchor=replace(one.remark.anchor, replaceable=False))
    found = judged(replace(one, remark=remark), None, LINES["taken"], PULLS["fresh"])
    assert found is not None
    assert found.outcome is Outcome.FIXED


@pytest.mark.parametrize(
    ("message", "is_ours"),
    [
        ("x\n\nCo-authored-by: Reviewer <9+reviewer[bot]@users.noreply.github.com>", True),
        ("x\n\nCo-authored-by: R <9+reviewer[bot]@users.noreply.github.com>", True),
        ("x\n\nco-authored-by: reviewer[bot] <x@e.example>", False),
        ("x\n\nCo-authored-by: R <reviewer@users.noreply.github.com>", True),
        ("x\n\nCo-authored-by: R <9+reviewer2@users.noreply.github.com>", False),
        ("x\n\nCo-authored-by: other <other@e.example>", False),
        ("reviewer said so", False),
        ("x\n\nCo-authored-by: " + "\x00" * 50_000, False),
    ],
)
def test_the_hosts_button_names_us_as_co_author(message: str, is_ours: bool) -> None:
    lines = LinesSince(commit=replace(COMMIT, message=message), text=("other",))
    circumstances = replace(PULLS["fresh"], own_logins=("Reviewer[bot]",))
    found = judged(earlier(), None, lines, circumstances)
    assert found is not None
    assert found.outcome is (Outcome.SUGGESTION_COMMITTED if is_ours else Outcome.FIXED)


# ---- whose word counts


def conversation(**changes: object) -> Conversation:
    return replace(Conversation(key=KEY, state=PullState.OPEN, author="Author"), **changes)


@pytest.mark.threat("T39", layer="comments", tries=5)
def test_the_author_and_who_may_steer_and_writers_decide() -> None:
    talk = conversation(
        threads=(
            thread(said("x", "Member", may_steer=True), said("x", "stranger")),
            thread(
                said("x", "ci[bot]", may_steer=True), said("x", "app", is_bot=True, may_steer=True)
            ),
        ),
        remarks=(said("x", "owner", may_steer=True), said("x", "passer-by")),
    )
    assert deciders(talk, ["Writer"]) == {"author", "member", "owner", "writer"}
    assert deciders(conversation(author="")) == frozenset()
    assert deciders(conversation(author="ghost")) == frozenset()  # many accounts have that name


@pytest.mark.threat("T39", layer="comments")
def test_we_never_decide_for_ourselves() -> None:
    talk = conversation(threads=(replace(thread(), said=(ours(may_steer=True),)),))
    assert deciders(talk) == {"author"}


def test_who_put_a_thumb_and_is_unknown_is_to_be_looked_up() -> None:
    talk = conversation(
        threads=(
            with_thumbs(thread(), up=("Author", "Someone"), down=("stranger",)),
            with_thumbs(thread(said=(said("theirs"),)), down=("unasked",)),
        )
    )
    assert strangers(talk, deciders(talk), ("reviewer",)) == {"someone", "stranger"}


def test_who_told_us_to_ignore_it_in_our_thread_is_asked_about() -> None:
    talk = conversation(
        threads=(
            thread(said("@reviewer ignore", "eve"), said("Hm.", "bob")),
            thread(said=(said("Hm.", "bob"), said("@reviewer ignore", "mallory"))),
            thread(said("@reviewer ignore", "ci[bot]")),
        )
    )
    assert strangers(talk, deciders(talk), ("reviewer",)) == {"eve"}


# ---- after the merge

MERGE = Commit(sha="f" * 40, at=1000.0)
BEFORE = ("old",)


@pytest.mark.parametrize(
    ("at", "message", "text", "outcome"),
    [
        (1500.0, "Tidy up", ("old",), Outcome.REVERTED),
        (1500.0, f'Revert "x"\n\nThis reverts commit {"f" * 40}.', ("new",), Outcome.REVERTED),
        (1500.0, "Fix the race", ("new",), Outcome.FIXED_AGAIN),
        (1500.0, "fix(cache): lock it", None, Outcome.FIXED_AGAIN),
        (1500.0, "Hotfix", ("new",), Outcome.FIXED_AGAIN),
        (1500.0, "bugfix: x", ("new",), Outcome.FIXED_AGAIN),
        (1500.0, "Fixes a regression", ("old",), Outcome.REVERTED),
        (1000.0, "Fix", ("new",), Outcome.FIXED_AGAIN),
        (1600.0, "Fix", ("new",), Outcome.FIXED_AGAIN),
        (1600.1, "Fix", ("new",), None),
        (999.0, "Fix", ("new",), None),
        (None, "Fix", ("new",), None),
        (1500.0, "Add prefixes", ("new",), None),
        (1500.0, "Add a fixture", ("new",), None),
        (1500.0, "Rework\n\nfix", ("new",), None),
        (1500.0, f"This reverts commit {'e' * 40}.", ("new",), None),
    ],
)
def test_what_happens_to_merged_lines_tells_something_for_a_while(
    at: float | None, message: str, text: tuple[str, ...] | None, outcome: Outcome | None
) -> None:
    lines = LinesSince(commit=replace(COMMIT, at=at, message=message), text=text)
    found = judged_after_merge(lines, BEFORE, MERGE, within_s=600.0)
    assert (found and found.outcome) == outcome
    assert found is None or found.sha == SHA


def test_merged_lines_that_stand_tell_nothing() -> None:
    assert judged_after_merge(UNCHANGED, BEFORE, MERGE, 600.0) is None


def test_what_stood_there_before_may_be_unknown_or_nothing() -> None:
    gone = LinesSince(commit=replace(COMMIT, at=1500.0), text=())
    assert judged_after_merge(gone, None, MERGE, 600.0) is None
    found = judged_after_merge(gone, (), MERGE, 600.0)
    assert found is not None
    assert found.outcome is Outcome.REVERTED
