"""Findings said once, judged, never upgraded, and recognised after lines have moved."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.models import Disposition, Finding, Placement, Remark, Severity, Side
from reviewer_cli.core.remarks import judged, kept, remarks, without_duplicates
from reviewer_cli.core.reply import VerdictItem
from tests.core.making import diff, file_diff, finding

CHANGE = diff(
    file_diff("@@ -1 +1,4 @@\n-old = 1\n+one = 1\n+two = 2\n+three = 3\n+four = 4"),
    file_diff("@@ -0,0 +1 @@\n+one = 1", "b.py"),
)
CRITICAL, HIGH, MEDIUM, LOW = Severity


def made(*findings: Finding) -> tuple[Remark, ...]:
    return remarks(findings, CHANGE)


def verdict(word: str, severity: Severity | None = None) -> VerdictItem:
    given = {"number": 1, "verdict": word, "severity": severity, "reason": "because"}
    return VerdictItem.model_validate(given)


def dispositions(found: tuple[Remark, ...]) -> list[Disposition]:
    return [one.disposition for one in found]


# ---- order and duplicates


def test_the_worst_comes_first_then_the_surest() -> None:
    found = made(
        finding(severity=LOW, quote="one = 1"),
        finding(severity=HIGH, quote="two = 2", confidence=0.4),
        finding(severity=HIGH, quote="three = 3", confidence=0.9),
    )
    assert [one.finding.quote for one in found] == ["three = 3", "two = 2", "one = 1"]


@pytest.mark.parametrize(
    "second",
    [
        {},
        {"title": "something  IS wrong"},
        {"title": "Something here is wrong"},
        {"rule": "R1", "title": "Something is wrong"},
        {"quote": "one = 1\ntwo = 2"},  # lines that overlap
    ],
)
def test_the_same_problem_is_said_once_and_kept_on_record(second: dict[str, str]) -> None:
    worse = finding(quote="one = 1", severity=CRITICAL)
    found = without_duplicates(made(worse, finding(**{"quote": "one = 1", **second})))
    assert dispositions(found) == [Disposition.KEPT, Disposition.DUPLICATE]
    assert found[0].finding is worse
    assert "Something is wrong" in found[1].reason
    assert kept(found) == found[:1]


@pytest.mark.parametrize(
    "second",
    [
        {"quote": "four = 4"},  # other lines
        {"path": "b.py"},
        {"title": "The file is never closed"},
        {"side": Side.LEFT, "quote": "old = 1"},
    ],
)
def test_different_problems_are_both_said(second: dict[str, object]) -> None:
    found = without_duplicates(made(finding(quote="one = 1"), finding(quote="one = 1", rule="R1")))
    assert dispositions(found) == [Disposition.KEPT, Disposition.DUPLICATE]
    other = finding(**{"quote": "one = 1", "category": "security", **second})
    found = without_duplicates(made(finding(quote="one = 1"), other))
    assert dispositions(found) == [Disposition.KEPT] * 2


def test_titles_in_other_scripts_are_compared_too() -> None:
    one, other = "文件没有关闭", "缺少权限检查"
    found = without_duplicates(
        made(finding(title=one), finding(title=other, category="security"), finding(title=one))
    )
    assert dispositions(found).count(Disposition.DUPLICATE) == 1


def test_two_remarks_without_a_line_repeat_each_other_only_with_one_quote() -> None:
    lost = {"quote": "nowhere()", "line": 1}
    found = without_duplicates(made(finding(**lost), finding(**lost), finding(quote="gone()")))
    assert {one.anchor.placement for one in found} == {Placement.FILE}
    assert dispositions(found).count(Disposition.DUPLICATE) == 1


def test_a_dropped_remark_hides_no_other() -> None:
    first, second = made(finding(quote="one = 1", severity=CRITICAL), finding(quote="one = 1"))
    (refuted,) = judged([first], [verdict("refuted")])
    assert dispositions(without_duplicates([refuted, second])) == [
        Disposition.REFUTED,
        Disposition.KEPT,
    ]


# ---- verdicts


def test_each_verdict_belongs_to_the_next_kept_remark() -> None:
    found = without_duplicates(
        made(
            finding(quote="one = 1", severity=CRITICAL),
            finding(quote="one = 1", severity=HIGH),
            finding(quote="three = 3", severity=LOW, title="Other"),
        )
    )
    after = judged(found, [verdict("refuted"), verdict("confirmed")])
    assert dispositions(after) == [Disposition.REFUTED, Disposition.DUPLICATE, Disposition.KEPT]
    assert after[0].reason == "because"
    assert after[2] is found[2]


@pytest.mark.parametrize(("had", "said"), list(product(Severity, [*Severity, None])))
def test_a_verdict_never_makes_a_finding_worse(had: Severity, said: Severity | None) -> None:
    (after,) = judged(made(finding(severity=had)), [verdict("downgraded", said)])
    assert after.disposition is Disposition.KEPT
    assert after.finding.severity.rank >= had.rank
    if said is not None and said.rank > had.rank:
        assert after.finding.severity is said
    if said is None and had is not LOW:
        assert after.finding.severity.rank == had.rank + 1
    assert f"downgraded from {had}" in after.reason


def test_a_confirmed_finding_keeps_its_severity_whatever_else_is_said() -> None:
    (after,) = judged(made(finding(severity=LOW)), [verdict("confirmed", CRITICAL)])
    assert after.finding.severity is LOW


# ---- fingerprints


@given(st.integers(0, 50), st.sampled_from(["", " ", "\t", "    "]))
def test_a_fingerprint_survives_moved_lines_and_blanks(above: int, indent: str) -> None:
    moved = diff(file_diff(f"@@ -1 +{above + 1} @@\n+{indent}one  =  1 "))
    (before,) = made(finding(quote="one = 1", line=1))
    (after,) = remarks([finding(quote=f"{indent}one =  1", line=above + 1)], moved)
    assert after.anchor.placement is Placement.LINE
    assert after.fingerprint == before.fingerprint
    assert after.text_fingerprint == before.text_fingerprint


def test_fingerprints_differ_with_file_code_and_kind() -> None:
    different = made(
        finding(quote="one = 1"),
        finding(quote="two = 2"),
        finding(quote="one = 1", path="b.py"),
        finding(quote="one = 1", category="security"),
        finding(quote="one = 1", rule="R1"),
    )
    assert len({one.fingerprint for one in different}) == 5


def test_surrogates_in_a_quote_do_not_stop_a_review() -> None:
    (one,) = made(finding(quote="\udcff", title="\ud800"))
    assert len(one.fingerprint) == 16
