"""What was said is not said again, and what is new is not taken for it: both kinds of mistakes."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.conversation import Said, Thread
from reviewer_cli.core.diff import Diff, FileStatus
from reviewer_cli.core.models import (
    Disposition,
    Earlier,
    Outcome,
    Placement,
    Remark,
    Severity,
    Side,
)
from reviewer_cli.core.recall import recalled
from reviewer_cli.core.remarks import remarks
from reviewer_cli.core.repeats import NEAR, NOT_CHANGED, without_repeats
from reviewer_cli.core.rounds import news
from tests.core.making import SHA, change, diff, finding

BASE = [f"base {number}" for number in range(1, 31)]
FIRST = [
    "def load(path):",
    "    handle = open(path)",
    "    return parse(handle.read())",
    "",
    "def average(values):",
    "    return sum(values) / len(values)",
]
"""What the pull request added at first, after line 10."""

CLOSING = {
    "quote": "    handle = open(path)",
    "line": 12,
    "title": "File handle is never closed",
    "body": "The file that load() opens stays open until the garbage collector finds it.",
    "severity": Severity.MEDIUM,
}
SAME = (Disposition.REPEATED, 1)
NEW = (Disposition.KEPT, None)


def with_lines(*added: str, base: list[str] = BASE, at: int = 10) -> Diff:
    return diff(change(base, [*base[:at], *added, *base[at:]]))


ROUND_1 = with_lines(*FIRST)


def earlier(
    outcome: Outcome | None = None, at: Diff = ROUND_1, by: int = 1, **changes: Any
) -> Earlier:
    """The finding about the file handle, or another one, as round `by` made it."""
    (remark,) = remarks([finding(**{**CLOSING, **changes})], at)
    return Earlier(id=by, sha=SHA, round=by, remark=remark, outcome=outcome)


def judged(
    now: Diff,
    *said: Earlier,
    others: tuple[Thread, ...] = (),
    before: Diff = ROUND_1,
    **changes: Any,
) -> Remark:
    """What becomes of a finding of the next round."""
    found = remarks([finding(**{**CLOSING, **changes})], now)
    (remark,) = without_repeats(found, said, others, news(before, now), now)
    return remark


def told(remark: Remark) -> tuple[Disposition, int | None]:
    return remark.disposition, remark.repeats


def edited(old: str, *new: str) -> Diff:
    at = FIRST.index(old)
    return with_lines(*FIRST[:at], *new, *FIRST[at + 1 :])


OPEN, READ, MEAN = FIRST[1], FIRST[2], FIRST[5]
COPY = "    handle = open(other)"
PUSHED = with_lines(*FIRST, "", "def more():", "    pass")
ABOVE = with_lines("import os", "import re", *FIRST)
REBASED = with_lines(*FIRST, base=["# a licence", *BASE], at=11)
EDITED = edited(OPEN, "    handle = open(path, encoding='utf-8')")

# ---- said twice: the first kind of mistake


@pytest.mark.parametrize(
    ("now", "again"),
    [
        (PUSHED, {}),
        (ABOVE, {"line": 14}),
        (REBASED, {"line": 13}),
        (PUSHED, {"severity": Severity.LOW}),
        (PUSHED, {"severity": Severity.CRITICAL}),
        (PUSHED, {"category": "maintainability"}),
        (PUSHED, {"quote": "handle = open( path )"}),
        (PUSHED, {"title": "The opened file is not closed"}),
        (PUSHED, {"title": "Resource leak", "body": "Nobody releases the descriptor."}),
        (PUSHED, {"quote": f"{OPEN}\n{READ}", "title": "Missing close of the file handle"}),
        (PUSHED, {"quote": READ, "title": "File handle isn't closed after reading"}),
        (PUSHED, {"quote": "nowhere()", "title": "File handle is never closed"}),
        (EDITED, {"quote": "open(path, encoding='utf-8')"}),
        (EDITED, {"quote": "open(path, encoding='utf-8')", "title": "Opened file is not closed"}),
        (EDITED, {"quote": f"    handle = open(path, encoding='utf-8')\n{READ}"}),
        (edited(FIRST[0], "def load(name):"), {"quote": f"def load(name):\n{OPEN}", "line": 12}),
        (edited(FIRST[0], FIRST[0], "    check(path)"), {"line": 13}),
        (with_lines(*FIRST[4:], "", *FIRST[:3]), {"line": 15}),  # the functions changed places
    ],
)
def test_the_same_problem_is_not_said_again(now: Diff, again: dict[str, Any]) -> None:
    remark = judged(now, earlier(), **again)
    assert told(remark) == SAME
    assert remark.reason == "round 1 said so"


def test_the_same_problem_is_known_under_the_file_s_new_name() -> None:
    old, new = [*BASE[:10], *FIRST, *BASE[10:]], ["import re", *BASE[:10], *FIRST, *BASE[10:]]
    assert old != new
    now = diff(change(BASE, new, "b.py", old_path="a.py", status=FileStatus.RENAMED))
    assert told(judged(now, earlier(), path="b.py", line=13)) == SAME


def test_the_same_problem_is_known_when_a_file_of_the_pull_request_got_another_name() -> None:
    before = diff(change([], FIRST, status=FileStatus.ADDED))
    now = diff(
        change([], ["x = 1"], "c.py", status=FileStatus.ADDED),
        change([], ["import re", *FIRST], "b.py", status=FileStatus.ADDED),
    )
    assert told(judged(now, earlier(at=before), before=before, path="b.py", line=3)) == SAME
    assert told(judged(now, earlier(at=before), before=before, path="b.py", quote=READ)) == NEW


def test_two_lines_quoted_before_are_known_when_one_of_them_was_edited() -> None:
    said = earlier(quote=f"{OPEN}\n{READ}")
    again = {"quote": "    handle = open(path, encoding='utf-8')"}
    assert told(judged(EDITED, said, **again)) == SAME


def test_the_same_lines_are_known_where_they_moved_to_whatever_is_quoted_of_them() -> None:
    now = with_lines(FIRST[0], *FIRST[2:], OPEN)
    assert news(ROUND_1, now).touches("a.py", Side.RIGHT, 16, 16)
    assert told(judged(now, earlier(quote="open("), line=16)) == SAME


def test_of_two_equal_lines_the_one_near_the_old_place_is_meant_wherever_the_engine_said() -> None:
    now = with_lines(*FIRST, "", *FIRST)
    (one,) = recalled([earlier(line=40)], None, now)
    assert one.anchor.line == 12


def test_of_three_severities_of_one_line_each_is_known() -> None:
    found = remarks([finding(**{**CLOSING, "severity": one}) for one in Severity], PUSHED)
    marked = without_repeats(found, [earlier()], (), news(ROUND_1, PUSHED), PUSHED)
    assert {told(one) for one in marked} == {SAME}


def test_a_repeat_of_a_repeat_names_the_first() -> None:
    first = earlier()
    words = {"title": "Descriptor leaks", "body": "Nobody releases it."}
    again = earlier(by=2, **words)
    again = replace(
        again, remark=replace(again.remark, disposition=Disposition.REPEATED, repeats=1)
    )
    now = edited(OPEN, "    handle = open(path, 'r')")
    remark = judged(now, again, first, quote="handle = open(path, 'r')", **words)
    assert told(remark) == SAME


# ---- swallowed: the second kind of mistake


@pytest.mark.parametrize(
    ("now", "new"),
    [
        # Another problem in the line that was edited.
        (EDITED, {"quote": "encoding='utf-8'", "title": "Encoding breaks Latin-1 data"}),
        (edited(OPEN, "    handle = open(eval(path))"), {"title": "eval on a stranger's input"}),
        # The line is as it was, and means something else since the one beside it changed.
        (
            edited(READ, "    return None"),
            {"quote": "    return None", "title": "load() returns nothing"},
        ),
        # The same problem once more, in new code.
        (
            with_lines(*FIRST, "", "def save(path):", "    handle = open(path)"),
            {"line": 19},
        ),
        (
            with_lines("def save(path):", "    handle = open(path)", "", *FIRST),
            {"line": 12},
        ),
        (
            with_lines(*FIRST, "    handle = open(path, 'w')"),
            {"quote": "handle = open(path, 'w')", "line": 17},
        ),
        # Somewhere else altogether.
        (
            with_lines(*FIRST, "def last(values):", "    return values[-1]"),
            {"quote": "values[-1]", "title": "An empty list has no last value"},
        ),
    ],
)
def test_a_new_problem_is_said(now: Diff, new: dict[str, Any]) -> None:
    quote = {"quote": "handle = open(eval(path))"} if "eval" in new.get("title", "") else {}
    assert told(judged(now, earlier(), **{**quote, **new})) == NEW


def test_of_an_edited_line_and_a_new_one_like_it_only_the_edited_one_was_said_before() -> None:
    edit, copy = "    handle = open(path, 'r')", "    handle = open(other)"
    now = with_lines(FIRST[0], edit, *FIRST[2:], *[""] * NEAR, copy)
    quotes = (edit, copy)
    found = remarks([finding(**{**CLOSING, "quote": quote}) for quote in quotes], now)
    marked = without_repeats(found, [earlier()], (), news(ROUND_1, now), now)
    assert [told(one) for one in marked] == [SAME, NEW]
    (alone,) = without_repeats(found[1:], [earlier()], (), news(ROUND_1, now), now)
    assert told(alone) == NEW, "what is like the old line more, and nearer to it, was mended"


def test_what_a_mended_line_said_before_is_said_of_a_new_line_like_it() -> None:
    now = with_lines(FIRST[0], "    handle = stack.enter_context(open(path))", *FIRST[2:], COPY)
    assert told(judged(now, earlier(), quote=COPY.strip(), line=17)) == NEW


def test_new_code_that_is_like_a_line_which_stands_is_not_what_a_mended_line_became() -> None:
    said = earlier(quote=f"{OPEN}\n{READ}")
    mended = "    handle = stack.enter(open(path))"
    now = with_lines(FIRST[0], mended, *FIRST[2:], *[""] * 3, "    parse(handle.name)")
    assert told(judged(now, said, quote="parse(handle.name)", line=20)) == NEW


def test_the_edited_line_is_known_whatever_line_beside_it_is_quoted() -> None:
    edit = "    handle = open(path, encoding='utf-8')"
    now = with_lines(FIRST[0], edit, "    # closed by nobody: handle, open", *FIRST[2:])
    assert told(judged(now, earlier(), quote="# closed by nobody: handle, open")) == SAME


def test_moved_and_edited_code_is_known_although_other_code_stands_in_its_place() -> None:
    now = with_lines("def other():", "    return open", *FIRST[2:], "    handle = open(name, path)")
    assert told(judged(now, earlier(), quote="handle = open(name, path)", line=17)) == SAME


def again(first: Earlier, by: int = 2, at: Diff = ROUND_1, **changes: Any) -> Earlier:
    """A later round found it again, and did not say it."""
    one = earlier(first.outcome, at=at, by=by, **changes)
    remark = replace(one.remark, disposition=Disposition.REPEATED, repeats=first.id)
    return replace(one, remark=remark)


@pytest.mark.parametrize("outcome", [None, Outcome.FIXED])
def test_the_round_that_found_it_as_it_stands_tells_of_it_and_no_older_one(
    outcome: Outcome | None,
) -> None:
    first = earlier(outcome)
    second = again(first, at=EDITED, quote="    handle = open(path, encoding='utf-8')")
    past = (first, second)
    now = with_lines(FIRST[0], second.remark.finding.quote, *FIRST[2:], *[""] * NEAR, COPY)
    assert told(judged(now, *past, before=EDITED, quote=COPY, line=27)) == NEW
    assert told(judged(now, *past, before=EDITED, quote=second.remark.finding.quote)) == SAME


def test_a_round_that_found_it_elsewhere_by_now_tells_of_it_although_older_code_stands() -> None:
    two = with_lines(*FIRST, "", "    handle = open(other, 'r')")
    first = earlier()
    second = again(first, at=two, quote="handle = open(other, 'r')", line=18)
    now = with_lines(*FIRST, "", "    handle = open(other, 'rb')")
    remark = judged(now, first, second, before=two, quote="handle = open(other, 'rb')", line=18)
    assert told(remark) == SAME


def test_what_was_found_again_after_its_lines_changed_is_known_in_a_file_that_is_all_new() -> None:
    first = earlier(Outcome.FIXED)
    second = again(first, at=EDITED, quote="    handle = open(path, encoding='utf-8')")
    here = {"quote": second.remark.finding.quote}
    assert told(judged(EDITED, first, second, before=diff(), **here)) == SAME
    assert told(judged(EDITED, first, before=diff(), **here)) == NEW
    assert told(judged(EDITED, first, second, before=ROUND_1, **here)) == NEW, "it came back"
    assert told(judged(ROUND_1, first, second, before=diff())) == NEW, "as it was at first"


def test_the_old_place_is_known_although_new_code_says_the_same_nearer_to_its_old_number() -> None:
    now = with_lines("def save(path):", "    handle = open(path)", "", *FIRST)
    found = remarks([finding(**{**CLOSING, "line": line}) for line in (12, 15)], now)
    marked = without_repeats(found, [earlier()], (), news(ROUND_1, now), now)
    assert {one.anchor.line: told(one) for one in marked} == {12: NEW, 15: SAME}


def test_a_worse_late_find_of_the_same_category_in_the_same_lines_is_said_in_the_summary() -> None:
    worse = {
        "title": "Attackers pick paths",
        "body": "`..` leads anywhere.",
        "category": "security",
    }
    said = earlier(category="security", severity=Severity.LOW)
    remark = judged(PUSHED, said, **worse, severity=Severity.CRITICAL)
    assert told(remark) == NEW
    assert remark.anchor.placement is Placement.SUMMARY


def test_a_late_find_in_a_long_block_is_not_the_block_s_finding() -> None:
    said = earlier(quote="\n".join(FIRST), title="The module has no tests")
    late = {"quote": MEAN, "title": "Division by zero", "body": "An empty list."}
    remark = judged(PUSHED, said, **late)
    assert told(remark) == NEW
    assert remark.anchor.placement is Placement.SUMMARY


@pytest.mark.parametrize(
    "disposition",
    [
        Disposition.REFUTED,
        Disposition.DUPLICATE,
        Disposition.UNCHANGED,
        Disposition.KNOWN,
        Disposition.REPEATED,
    ],
)
def test_what_was_not_said_by_us_does_not_count(disposition: Disposition) -> None:
    one = earlier()
    one = replace(one, remark=replace(one.remark, disposition=disposition))
    assert judged(PUSHED, one).disposition is Disposition.KEPT


@pytest.mark.parametrize("disposition", [one for one in Disposition if one != Disposition.KEPT])
def test_only_kept_remarks_are_marked(disposition: Disposition) -> None:
    found = tuple(
        replace(one, disposition=disposition) for one in remarks([finding(**CLOSING)], PUSHED)
    )
    assert without_repeats(found, [earlier()], (), news(ROUND_1, PUSHED), PUSHED) == found


# ---- what became of it


def test_what_was_declined_is_not_raised_again() -> None:
    declined = replace(earlier(Outcome.DISMISSED), evidence="alice: `we know`\nsorry")
    for now, quote in ((PUSHED, OPEN), (EDITED, "open(path, encoding='utf-8')")):
        remark = judged(now, earlier(by=2), declined, quote=quote)
        assert told(remark) == (Disposition.DISMISSED, 1)
        assert remark.reason == "round 1 said so, and it was declined: alice: `we know` sorry"


@pytest.mark.parametrize("outcome", [Outcome.FIXED, Outcome.SUGGESTION_COMMITTED])
def test_a_regression_after_a_fix_is_reported_again(outcome: Outcome) -> None:
    fixed = edited(OPEN, "    handle = stack.enter_context(open(path))")
    assert told(judged(ROUND_1, earlier(outcome), before=fixed)) == NEW
    assert told(judged(EDITED, earlier(outcome), before=fixed, quote="open(path, enc")) == NEW
    assert told(judged(PUSHED, earlier(outcome))) == SAME  # its code stands there unchanged


@pytest.mark.parametrize(
    "outcome", [None, Outcome.ACCEPTED, Outcome.IGNORED, Outcome.MERGED_UNRESOLVED]
)
def test_any_other_outcome_leaves_it_said(outcome: Outcome | None) -> None:
    assert told(judged(PUSHED, earlier(outcome))) == SAME


# ---- what others said


def thread(body: str, line: int | None = 12, **changes: Any) -> Thread:
    said = Said(id="1", author="alice", body=body, said_at=0.0)
    usual = {"id": "t", "path": "a.py", "line": line, "sha": SHA, "said": (said,)}
    return Thread(**{**usual, **changes})


@pytest.mark.parametrize(
    "said",
    [
        thread("This file handle never gets closed."),
        thread("The handle isn't closed", line=14),
        thread("The handle isn't closed", start_line=2, line=12),
        thread("The file handle is not closed", line=None),
        thread("File handle never closed", is_resolved=True, resolved_by="bob"),
        thread(
            "**File handle is never closed**\n\nUse a `with` statement.\n\n<details>...</details>"
        ),
    ],
)
def test_what_somebody_else_said_there_is_not_said_again(said: Thread) -> None:
    remark = judged(ROUND_1, others=(said,), before=diff())
    assert told(remark) == (Disposition.REPEATED, None)
    assert remark.reason == "alice said so"


@pytest.mark.parametrize(
    "said",
    [
        thread("Nice!"),
        thread("Why is this file opened here?"),
        thread("File handle is never closed", line=20),
        thread("File handle is never closed", path="b.py"),
        thread("File handle is never closed", side=Side.LEFT),
        thread("> File handle is never closed\n\nWho says so?"),
        thread("<!-- File handle is never closed -->"),
        thread(
            "", said=(Said(id="1", author="us", is_ours=True, body=CLOSING["title"], said_at=0),)
        ),
    ],
)
def test_what_is_merely_on_the_same_line_or_nobody_s_word_silences_nothing(said: Thread) -> None:
    assert told(judged(ROUND_1, others=(said,), before=diff())) == NEW


# ---- lines that did not change


def test_a_small_matter_about_unchanged_lines_is_not_worth_a_word() -> None:
    remark = judged(PUSHED, severity=Severity.LOW)
    assert remark.disposition is Disposition.UNCHANGED
    assert remark.reason == NOT_CHANGED


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM])
def test_a_serious_late_find_goes_to_the_summary(severity: Severity) -> None:
    remark = judged(PUSHED, severity=severity)
    assert remark.disposition is Disposition.KEPT
    assert remark.anchor.placement is Placement.SUMMARY
    assert remark.anchor.note == NOT_CHANGED
    assert not remark.anchor.replaceable
    assert (remark.anchor.path, remark.anchor.line) == ("a.py", 12)


@pytest.mark.parametrize(
    "new",
    [
        {"quote": "def more():", "severity": Severity.LOW},
        {"quote": "nowhere()", "severity": Severity.LOW},  # in a file that changed
        {"path": "other.py", "severity": Severity.LOW},  # was never shown
    ],
)
def test_a_small_matter_about_anything_else_is_said_where_it_is(new: dict[str, Any]) -> None:
    found = remarks([finding(**{**CLOSING, **new})], PUSHED)
    assert without_repeats(found, (), (), news(ROUND_1, PUSHED), PUSHED) == found


def test_in_a_first_or_full_round_nothing_is_unchanged() -> None:
    found = remarks([finding(**{**CLOSING, "severity": Severity.LOW})], ROUND_1)
    assert without_repeats(found, (), (), None, ROUND_1) == found


def test_a_full_round_repeats_nothing_either() -> None:
    def again(**changes: Any) -> tuple[Disposition, int | None]:
        found = remarks([finding(**{**CLOSING, **changes})], EDITED)
        return told(without_repeats(found, [earlier(), mean], (), None, EDITED)[0])

    mean = earlier(by=2, quote=MEAN, title="Division by zero", body="An empty list.")
    assert again(quote=MEAN, title="Empty lists fail", body="Dividing by 0.") == (
        Disposition.REPEATED,
        2,
    )
    assert again(quote="open(path, encoding='utf-8')") == SAME
    encoding = {"title": "Encoding breaks Latin-1 data", "body": "It was any before."}
    assert again(quote="    handle = open(path, encoding='utf-8')", **encoding) == NEW


# ---- whatever is found


PAST = st.lists(
    st.builds(
        lambda number, title, outcome: earlier(
            outcome, by=number, quote=FIRST[number % 6] or "def", title=title
        ),
        st.integers(1, 9),
        st.sampled_from(["File never closed", "Division by zero", "文件没有关闭", "x"]),
        st.sampled_from([None, *Outcome]),
    ),
    max_size=4,
)


@given(PAST, st.lists(st.sampled_from([*FIRST, "pushed()", "nowhere"]), max_size=5))
def test_nothing_is_lost_and_what_was_said_before_is_said_never(
    past: list[Earlier], quotes: list[str]
) -> None:
    now = with_lines(*FIRST, "pushed()")
    found = remarks([finding(**{**CLOSING, "quote": quote or "x"}) for quote in quotes], now)
    marked = without_repeats(found, past, (), news(ROUND_1, now), now)
    assert [one.finding for one in marked] == [one.finding for one in found]
    ids = {one.id for one in past}
    assert all((one.repeats is None) or one.repeats in ids for one in marked)
    again = remarks([one.remark.finding for one in past], now)
    for one in without_repeats(again, past, (), news(ROUND_1, now), now):
        assert one.disposition in (Disposition.REPEATED, Disposition.DISMISSED)


def test_a_long_past_does_not_take_long() -> None:
    lines = [f"    value_{number} = open(path_{number})" for number in range(3_000)]
    now = diff(change([], lines, status=FileStatus.ADDED))
    found = remarks(
        [finding(**{**CLOSING, "quote": lines[n] * 20, "title": f"Odd {n}"}) for n in range(100)],
        now,
    )
    past = [earlier(at=now, by=n + 1, quote=lines[n], title=f"Even {n}") for n in range(100)]
    fresh = news(diff(), now)
    before = process_time()
    without_repeats(found, past, (), fresh, now)
    assert process_time() - before < 6
