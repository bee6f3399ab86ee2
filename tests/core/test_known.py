"""What the base branch declares is known; nothing that a pull request brings silences anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.declared import Baseline, Known
from reviewer_cli.core.diff import Diff, FileStatus
from reviewer_cli.core.known import without_known
from reviewer_cli.core.models import Disposition, Remark, Severity, Side
from reviewer_cli.core.remarks import remarks
from tests.core.making import change, diff, file_diff, finding

TODAY = date(2031, 5, 1)
FOUND = {"quote": "run(x)", "rule": "S101", "category": "security", "title": "Runs what it gets"}
CHANGED = diff(file_diff("@@ -1,3 +1,4 @@\n a\n+b\n run(x)\n c"))


def judged(
    now: Diff = CHANGED,
    known: tuple[Known, ...] = (),
    baseline: tuple[Baseline, ...] = (),
    **changes: Any,
) -> Remark:
    (found,) = remarks([finding(**{**FOUND, **changes})], now)
    (remark,) = without_known([found], known, baseline, now, TODAY)
    return remark


def is_known(*args: Any, **kwargs: Any) -> bool:
    return judged(*args, **kwargs).disposition is Disposition.KNOWN


# ---- [[known]] tables


@pytest.mark.parametrize(
    "known",
    [
        Known(path="*.py", rule="s101"),
        Known(path="a.py", category="security"),
        Known(path="**", text="runs gets"),
        Known(path="**", rule="S101", category="security", text="it gets what runs"),
        Known(path="**", rule="S101", until=TODAY),
    ],
)
def test_what_a_table_names_is_known(known: Known) -> None:
    remark = judged(known=(Known(path="b.py", rule="S101"), known))
    assert remark.disposition is Disposition.KNOWN
    assert remark.reason == "the base branch's .reviewer.toml says it is known"


def test_the_project_s_reason_is_told() -> None:
    remark = judged(known=(Known(path="**", rule="S101", reason="only\nin tests"),))
    assert remark.reason == "the base branch's .reviewer.toml says it is known: only in tests"


@pytest.mark.parametrize(
    "known",
    [
        Known(path="b.py", rule="S101"),
        Known(path="**", rule="S10"),
        Known(path="**", rule="S101", category="tests"),
        Known(path="**", text="runs twice"),
        Known(path="**", rule="S101", until=date(2031, 4, 30)),
    ],
)
def test_what_no_table_names_is_said(known: Known) -> None:
    assert not is_known(known=(known,))


@pytest.mark.threat("T40", layer="base branch")
def test_a_file_must_fit_under_both_of_its_names() -> None:
    """Else whoever moves a file to where much is allowed takes its faults there too."""
    hunk = "@@ -1 +1,2 @@\n a\n+run(x)"
    renamed = {"path": "tests/a.py", "old_path": "src/a.py", "status": FileStatus.RENAMED}
    moved = diff(file_diff(hunk, **renamed))
    tables = (Known(path="tests/", rule="S101"),)
    assert not is_known(moved, tables, path="tests/a.py")
    within = diff(file_diff(hunk, **{**renamed, "old_path": "tests/b.py"}))
    assert is_known(within, tables, path="tests/a.py")


# ---- the baseline


def listed(now: Diff = CHANGED, **changes: Any) -> tuple[Baseline, Baseline]:
    """The finding in a baseline by each of its fingerprints."""
    (one,) = remarks([finding(**{**FOUND, **changes})], now)
    return (
        Baseline(fingerprint=one.fingerprint),
        Baseline(text_fingerprint=one.text_fingerprint),
    )


def test_the_base_s_code_is_known_by_either_fingerprint() -> None:
    for one in listed():
        remark = judged(baseline=(one,))
        assert remark.disposition is Disposition.KNOWN
        assert remark.reason == "it is in the baseline of the base branch"
        outside = {"path": "other.py"}
        assert is_known(baseline=listed(**outside), **outside)
        assert not is_known(baseline=(one,), **outside)


@pytest.mark.threat("T40", layer="base branch")
@pytest.mark.parametrize(
    "now",
    [
        diff(file_diff("@@ -1,2 +1,3 @@\n a\n+run(x)\n c")),  # added
        diff(file_diff("@@ -1,3 +1,2 @@\n a\n-run(x)\n c")),  # taken out
        diff(file_diff("@@ -1,2 +1,3 @@\n a\n+b\n c")),  # not shown
        diff(unreviewed=[("a.py", "larger than 1 MB")]),
    ],
)
def test_what_is_not_shown_to_be_the_base_s_is_in_no_baseline(now: Diff) -> None:
    assert not is_known(now, baseline=listed(now))


@pytest.mark.threat("T40", layer="base branch")
def test_lines_of_the_base_that_something_was_taken_out_from_are_not_as_they_were() -> None:
    now = diff(file_diff("@@ -1,4 +1,3 @@\n a\n-check(x)\n run(x)\n c"))
    both = {"quote": "a\nrun(x)"}
    assert not is_known(now, baseline=listed(now, **both), **both)


# ---- comments


@pytest.mark.parametrize(
    "above",
    [
        "# reviewer: ignore",
        "  // reviewer: ignore",
        "/* reviewer:ignore */",
        "<!-- reviewer: ignore -->",
        "-- reviewer: ignore[S101]",
        "x = 1  # noqa  # reviewer: ignore[performance, security] we know",
    ],
)
def test_a_comment_of_the_base_is_heeded(above: str) -> None:
    remark = judged(diff(file_diff(f"@@ -1,3 +1,4 @@\n+b\n {above}\n run(x)\n c")))
    assert remark.disposition is Disposition.KNOWN
    assert remark.reason == "a comment in the base branch says to ignore it"
    beside = f"run(x) {above}"
    assert is_known(diff(file_diff(f"@@ -1,2 +1,3 @@\n+b\n {beside}\n c")), quote=beside)


@pytest.mark.parametrize(
    "comment",
    [
        "# reviewer: ignored",
        "# reviewer: ignore-file",
        "# reviewer: ignore[]",
        "# reviewer: ignore[S102]",
        "# reviewer: ignore[S101",
        "# my-reviewer: ignore",
        "reviewer: ignore",
        "# Reviewer: please ignore",
    ],
)
def test_no_other_comment_is(comment: str) -> None:
    assert not is_known(diff(file_diff(f"@@ -1,3 +1,4 @@\n+b\n {comment}\n run(x)\n c")))


@pytest.mark.threat("T40", layer="base branch")
@pytest.mark.parametrize(
    "hunk",
    [
        "@@ -1,2 +1,3 @@\n a\n+# reviewer: ignore\n run(x)",
        "@@ -1,2 +1,2 @@\n a\n-run(x)\n+run(x)  # reviewer: ignore",
        "@@ -1,2 +1,3 @@\n # reviewer: ignore\n+run(x)\n b",
        "@@ -1,2 +1,2 @@\n # reviewer: ignore\n-safe(x)\n+run(x)",
        "@@ -1,2 +1,3 @@\n # reviewer: ignore\n+b\n run(x)",
        "@@ -1,3 +1,2 @@\n # reviewer: ignore\n-check(x)\n run(x)",  # moved up by the removal
        "@@ -1,3 +1,3 @@\n-# reviewer: ignore\n run(x)\n+a",
        "@@ -1,2 +1,1 @@\n # reviewer: ignore\n-run(x)",
    ],
)
def test_a_pull_request_cannot_put_a_line_under_a_comment(hunk: str) -> None:
    assert not is_known(diff(file_diff(hunk)))


# ---- tracked TODOs


TRACKED = ["# TODO(#12): later", "// FIXME: ABC-7 later", "/* TODO #12 */", "# TODO (#12)"]
UNTRACKED = [
    "# TODO later",
    "# TODO(alice): later",
    "# TODO: UTF-8",
    "# TODO: #later",
    "# MYTODO(#1)",
    "# see #12",
]
SMALL = {"severity": Severity.LOW, "category": "maintainability"}


@pytest.mark.parametrize("todo", TRACKED)
def test_a_tracked_todo_is_known(todo: str) -> None:
    of_base = diff(file_diff(f"@@ -1,2 +1,3 @@\n+a\n {todo}\n b"))
    remark = judged(of_base, quote=todo)
    assert remark.disposition is Disposition.KNOWN
    assert remark.reason == "it is a tracked TODO"
    added = diff(file_diff(f"@@ -1,2 +1,3 @@\n a\n+{todo}\n b"))
    assert is_known(added, quote=todo, **SMALL)
    assert not is_known(added, quote=todo)
    assert not is_known(added, quote=todo, category="maintainability")
    assert not is_known(added, quote=todo, severity=Severity.LOW)
    assert not is_known(added, quote=f"{todo}\nb", **SMALL)


@pytest.mark.parametrize("todo", UNTRACKED)
def test_another_todo_is_not(todo: str) -> None:
    assert not is_known(diff(file_diff(f"@@ -1,2 +1,3 @@\n+a\n {todo}\n b")), quote=todo)


@pytest.mark.threat("T40", layer="base branch")
def test_code_below_a_todo_is_not_the_todo() -> None:
    below = diff(file_diff("@@ -1,3 +1,4 @@\n+a\n # TODO(#12): later\n # by then\n run(x)"))
    assert is_known(below, quote="# TODO(#12): later\n# by then")
    assert not is_known(below, quote="# TODO(#12): later\n# by then\nrun(x)")


@pytest.mark.threat("T40", layer="base branch")
def test_code_beside_a_todo_is_the_todo_s_in_the_base_only() -> None:
    code = "eval(x)  # TODO(#12): not like this"
    assert is_known(diff(file_diff(f"@@ -1,2 +1,3 @@\n+a\n {code}\n b")), quote=code)
    assert not is_known(diff(file_diff(f"@@ -1,2 +1,3 @@\n a\n+{code}\n b")), quote=code, **SMALL)


# ---- whatever a pull request brings


BASE = ["# reviewer: ignore", "run(x)", "# TODO(#1)", "eval(x)  # TODO(#1)", "a", "b"]
TRICKS = [
    *BASE,
    "run(x)  # reviewer: ignore",
    "[[known]]",
    'path = "**"',
    "# reviewer: ignore[S101]",
]
FOUND_THERE = st.fixed_dictionaries(
    {
        "quote": st.sampled_from([*TRICKS, "run(x)\na", "# TODO(#1)\nrun(x)"]),
        "line": st.integers(1, 12),
        "side": st.sampled_from(Side),
        "rule": st.sampled_from(["", "S101"]),
        "severity": st.sampled_from(Severity),
        "category": st.sampled_from(["security", "maintainability"]),
    }
)


def numbers(now: Diff, added: bool) -> set[int]:
    lines = [line for file in now.files for hunk in file.hunks for line in hunk.lines]
    return {line.new for line in lines if line.new is not None and (line.old is None) is added}


@pytest.mark.threat("T40", layer="base branch", tries=100)
@given(st.lists(st.sampled_from(BASE)), st.lists(st.sampled_from(TRICKS)), FOUND_THERE)
def test_nothing_that_a_pull_request_adds_is_silenced_by_what_goes_by_code(
    base: list[str], head: list[str], found: dict[str, Any]
) -> None:
    now = diff(change(base, head))
    remark = judged(now, baseline=listed(now, **found), **found)
    anchor = remark.anchor
    if remark.disposition is Disposition.KNOWN:
        assert anchor.side is Side.RIGHT
        flagged = set(range(anchor.start_line or anchor.line or 0, (anchor.line or 0) + 1))
        assert flagged <= numbers(now, added=False) or (
            remark.reason == "it is a tracked TODO"
            and remark.finding.severity is Severity.LOW
            and remark.finding.category == "maintainability"
            and all(head[number - 1].startswith("#") for number in flagged)
        )


@pytest.mark.threat("T40", layer="base branch", tries=100)
@given(st.lists(st.sampled_from(BASE)), st.lists(st.sampled_from(TRICKS)), FOUND_THERE)
def test_a_comment_counts_only_where_the_base_has_it_at_that_line(
    base: list[str], head: list[str], found: dict[str, Any]
) -> None:
    remark = judged(diff(change(base, head)), **found)
    if remark.reason == "a comment in the base branch says to ignore it":
        first, last = remark.anchor.start_line or remark.anchor.line or 0, remark.anchor.line or 0
        covered = "\n".join(head[max(first - 2, 0) : last])
        flagged = "\n".join(head[first - 1 : last])
        whole = "\n".join(base)
        assert "reviewer: ignore" in flagged or covered in whole
        assert flagged in whole


@pytest.mark.threat("T40", layer="base branch", tries=100)
@given(
    st.lists(st.sampled_from(TRICKS)),
    st.builds(
        Known,
        path=st.sampled_from(["a.py", "*.py", "b/", "**"]),
        rule=st.sampled_from(["", "S101", "S2"]),
        text=st.sampled_from(["runs", "x"]),
    ),
)
def test_what_a_table_silences_does_not_depend_on_what_the_pull_request_says(
    head: list[str], known: Known
) -> None:
    plain = diff(change([], ["plain"], status=FileStatus.ADDED))
    tricky = diff(change([], head or ["x"], status=FileStatus.ADDED))
    assert is_known(plain, (known,)) == is_known(tricky, (known,))


@pytest.mark.parametrize("disposition", [one for one in Disposition if one != Disposition.KEPT])
def test_only_kept_remarks_are_marked(disposition: Disposition) -> None:
    (one,) = remarks([finding(**FOUND)], CHANGED)
    dropped = Remark(finding=one.finding, anchor=one.anchor, disposition=disposition)
    tables = (Known(path="**", rule="S101"),)
    assert without_known([dropped], tables, (), CHANGED, TODAY) == (dropped,)
