"""What is dismissed again and again is proposed as text that the settings accept, and no more."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.guidance import SETTINGS, GuidanceFile, guidance
from reviewer_cli.core.known import without_known
from reviewer_cli.core.models import Disposition, Finding
from reviewer_cli.core.proposals import Dismissed, proposed
from reviewer_cli.core.remarks import remarks
from tests.core.making import diff, finding

TITLES = ("File handle is never closed", "The file handle is not closed", "Closing file handles")


def dismissed(*titles: str, pulls: str = "123456789", **changes: object) -> list[Dismissed]:
    return [
        Dismissed(pull=pull, finding=finding(title=title, path=f"{pull}.py", **changes))
        for pull, title in zip(pulls, titles, strict=False)
    ]


def is_known(toml: str, one: Finding) -> bool:
    said = guidance([GuidanceFile(name=SETTINGS, content=toml.encode())])
    assert said.unheeded == ()
    (remark,) = without_known(remarks([one], diff()), said.known, (), diff(), date(2031, 1, 1))
    return remark.disposition is Disposition.KNOWN


def test_a_pattern_of_three_pull_requests_is_proposed() -> None:
    (one,) = proposed(dismissed(*TITLES))
    assert one.pulls == ("1", "2", "3")
    assert one.toml == (
        "[[known]]\n"
        'path = "**"\n'
        'category = "correctness"\n'
        'text = "File handle closed"\n'
        'reason = "dismissed on 3 pull requests: 1, 2, 3"\n'
    )
    assert all(is_known(one.toml, finding(title=title)) for title in TITLES)
    assert not is_known(one.toml, finding(title="File is read twice"))
    assert not is_known(one.toml, finding(title=TITLES[0], category="security"))


@pytest.mark.parametrize(
    ("paths", "glob"),
    [
        (("src/web/a.py", "src/web/b.py", "src/web/x/c.py"), "src/web/**"),
        (("src/a.py", "src/b.py", "tests/c.py"), "**"),
        (("src/a.py", "a.py", "src/c.py"), "**"),
        (("s[r]c/a.py",) * 3, "**"),
        (("s\u200brc/a.py",) * 3, "**"),
        ((f"{'d' * 300}/a.py",) * 3, "**"),
    ],
)
def test_a_proposal_is_for_the_directory_that_all_were_in(
    paths: tuple[str, ...], glob: str
) -> None:
    past = [
        Dismissed(pull=str(number), finding=finding(title=TITLES[0], path=path))
        for number, path in enumerate(paths)
    ]
    (one,) = proposed(past)
    assert f'path = "{glob}"\n' in one.toml
    assert all(is_known(one.toml, each.finding) for each in past)


@pytest.mark.parametrize(
    "past",
    [
        [],
        dismissed(*TITLES[:2]),
        dismissed(*TITLES, pulls="112"),  # twice on one of them
        dismissed(TITLES[0], "Division by zero", "Password is logged"),
        dismissed("Wrong", "Wrong", "Wrong"),  # says nothing of what
        [*dismissed(*TITLES[:2]), *dismissed(TITLES[2], pulls="3", category="security")],
    ],
)
def test_less_than_a_pattern_is_not(past: list[Dismissed]) -> None:
    assert proposed(past) == ()


def test_a_rule_is_a_pattern_in_whatever_category() -> None:
    past = [
        *dismissed("Wrong", rule="S101"),
        *dismissed("wrong!", pulls="2", rule="s101 ", category="security"),
        *dismissed("Wrong", pulls="3", rule="S101"),
    ]
    (one,) = proposed(past)
    assert 'rule = "s101"' in one.toml
    assert "category" not in one.toml
    assert all(is_known(one.toml, each.finding) for each in past)


def test_the_most_often_dismissed_comes_first() -> None:
    often = dismissed(*["Division by zero here"] * 5)
    assert [len(one.pulls) for one in proposed([*dismissed(*TITLES), *often])] == [5, 3]


@given(
    st.text(max_size=60),
    st.text(min_size=1, max_size=80),
    st.lists(st.text(max_size=30), min_size=3, max_size=12, unique=True),
)
def test_every_proposal_can_be_pasted_and_means_what_was_dismissed(
    rule: str, title: str, pulls: list[str]
) -> None:
    past = [Dismissed(pull=pull, finding=finding(rule=rule, title=title)) for pull in pulls]
    for one in proposed(past):
        assert is_known(one.toml, past[0].finding)
