"""What another pull request was told of a commit that both have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer_cli.core.models import Anchor, Disposition, Placement, Side
from reviewer_cli.core.remarks import remarks
from reviewer_cli.core.stacked import Elsewhere, across
from tests.core.making import KEY, change, diff, finding

DIFF = diff(change(["a"], ["a", "x = open(path)", "b", "y = 1 / n"]))
FOUND = remarks([finding(quote="x = open(path)", line=2), finding(quote="y = 1 / n", line=4)], DIFF)
FIRST, SECOND = FOUND
THERE = Elsewhere(
    id=1,
    key=replace(KEY, pull="7"),
    base="0" * 40,
    anchor=FIRST.anchor,
    fingerprint=FIRST.fingerprint,
    text_fingerprint=FIRST.text_fingerprint,
)


def test_what_was_said_of_the_commit_elsewhere_is_kept_on_record_with_the_place() -> None:
    first, second = across(FOUND, [THERE])
    assert (first.disposition, first.said_on) == (Disposition.REPEATED, THERE.key)
    assert first.reason == "also said on /srv/repo#7"
    assert second is SECOND


@pytest.mark.parametrize(
    "there",
    [
        replace(THERE, text_fingerprint="other words"),
        replace(THERE, fingerprint="other code"),
        replace(THERE, anchor=replace(FIRST.anchor, line=4)),
        replace(THERE, anchor=replace(FIRST.anchor, start_line=1)),
        replace(THERE, anchor=replace(FIRST.anchor, path="b.py")),
        replace(THERE, anchor=replace(FIRST.anchor, side=Side.LEFT)),
        replace(THERE, anchor=Anchor(placement=Placement.FILE, path="a.py", line=2)),
    ],
)
def test_in_doubt_it_is_said_here_too(there: Elsewhere) -> None:
    assert across(FOUND, [there]) == FOUND


def test_only_kept_remarks_are_marked() -> None:
    refuted = replace(FIRST, disposition=Disposition.REFUTED)
    assert across([refuted], [THERE]) == (refuted,)
