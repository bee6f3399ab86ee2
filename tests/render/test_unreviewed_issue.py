"""The issue about what was merged unreviewed: of bounded size, with nothing alive in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer_cli.core.models import Anchor, Finding, Placement, Remark, Severity
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.ledger.unreviewed import MergedUnreviewed
from reviewer_cli.render.unreviewed import MOST_OF_ONE, merged_issue
from tests.core.posted import ANY_MARKDOWN
from tests.render.test_posted_review import assert_dead, remarks

HEADS = st.lists(
    st.builds(
        MergedUnreviewed,
        pull=ANY_MARKDOWN,
        sha=st.just("0" * 40),
        title=ANY_MARKDOWN,
        merged_at=st.floats(0.0, 4_000_000_000.0),
        remarks=st.lists(remarks(), max_size=3).map(tuple),
    ),
    max_size=3,
)


def remark(number: int, body: str = "It fails.") -> Remark:
    """The finding of that number, on a line."""
    finding = Finding(
        path="a.py",
        line=1,
        severity=Severity.HIGH,
        category="security",
        title=f"Number {number}!",
        body=body,
        quote="x",
    )
    return Remark(
        finding=finding, anchor=Anchor(placement=Placement.LINE, path="a.py", line=number)
    )


def head(pull: str, *found: Remark) -> MergedUnreviewed:
    """A head with these findings."""
    return MergedUnreviewed(pull=pull, sha="0" * 40, title="T", merged_at=1.8e9, remarks=found)


@pytest.mark.threat("T16", layer="sanitiser")
@pytest.mark.threat("T17", layer="sanitiser")
@pytest.mark.threat("T18", layer="sanitiser")
@pytest.mark.threat("T33", layer="sanitiser")
@settings(max_examples=150, deadline=None)
@given(HEADS, st.sampled_from([1_000, 60_000]))
def test_nothing_in_it_is_alive_and_it_is_never_too_long(
    found: list[MergedUnreviewed], limit: int
) -> None:
    body = merged_issue(found, 7 * 86_400.0, limit).body
    assert len(body) <= limit
    assert_dead(body)


def test_it_says_how_much_it_does_not_tell_and_one_that_is_huge_hides_no_other() -> None:
    many = head("1", remark(0, "x" * 4000), *(remark(n, "y" * 10) for n in range(1, 30)))
    body = merged_issue([many, head("2", remark(77))], 3600.0, 3_000).body
    told = [n for n in (*range(30), 77) if f"Number {n}!" in body]
    assert 0 not in told
    assert {1, 77} <= set(told)
    assert len(told) <= MOST_OF_ONE + 1
    assert f"_{31 - len(told)} of the findings are not told here" in body
    assert one_line(body).startswith("**31 findings: 31 high.** In the last hour 2 pull requests")


def test_a_pull_request_without_findings_is_counted_alone() -> None:
    body = merged_issue([head("1"), head("2", remark(5))], 36 * 3600.0, 60_000).body
    assert "In the last 36 hours 2 pull requests were merged before our review" in body
    assert "Pull request `1`" not in body
