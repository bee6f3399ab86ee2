"""Findings that were merged with the lines they are about, and which are looked at next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import Anchor, Disposition, Head, Outcome, Placement, Remark, Side
from reviewer_cli.ledger import outcomes
from reviewer_cli.ledger.landed import Landed, landed, looked, rested
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import gathered, known
from tests.ledger.samples import LATER, NOW, REPOS, conversation, head, posted, pushed, remark, sha

WATCHED_S = 1000.0
MENDED = [Outcome.FIXED, Outcome.SUGGESTION_COMMITTED, Outcome.REVERTED, Outcome.FIXED_AGAIN]


def merged(of: Head, **other: Any) -> Conversation:
    """What is told of a pull request that was merged as it was."""
    fields: dict[str, Any] = {"state": PullState.MERGED, "merged_as": sha(99), "ended_at": NOW}
    return conversation(of, **fields | other)


def lines(found: tuple[Landed, ...]) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in found]


def on(line: int | None, **other: Any) -> Remark:
    anchor = Anchor(placement=Placement.LINE, path="a.py", line=line)
    return replace(remark(), anchor=replace(anchor, **other))


def test_a_finding_is_told_with_its_lines_and_with_where_its_diff_began(ledger: Ledger) -> None:
    posted(ledger, head(base_ref="stable"), on(2), on(7, start_line=5), merge_base=sha(50))
    later = posted(ledger, pushed(head(), 8, base_sha=sha(60)), on(9))
    ledger.store.db.execute("DELETE FROM reviews WHERE head_id = ?", (later,))
    posted(ledger, head(3), on(4))
    first, second, third = landed(ledger.store, head().key)
    assert first == Landed(
        finding_id=1,
        sha=head().key.sha,
        base_ref="stable",
        path="a.py",
        first=2,
        last=2,
        before_sha=sha(50),
    )
    assert lines((second,)) == [(5, 7)]
    assert (third.sha, third.before_sha) == (sha(8), sha(60))


def test_only_what_people_saw_on_lines_of_the_new_code_is_told(ledger: Ledger) -> None:
    hidden = replace(on(3), disposition=Disposition.REFUTED)
    file, old = on(None, placement=Placement.FILE), on(5, side=Side.LEFT)
    posted(ledger, head(), hidden, file, old, on(6))
    assert lines(landed(ledger.store, head().key)) == [(6, 6)]


@pytest.mark.parametrize("outcome", Outcome)
def test_what_was_mended_is_not_told(ledger: Ledger, outcome: Outcome) -> None:
    posted(ledger, head(), on(2), on(3))
    noted = outcomes.Noted(finding_id=1, outcome=outcome, evidence="seen")
    outcomes.note(ledger.store, [noted], None, LATER)
    left = [(3, 3)] if outcome in MENDED else [(2, 2), (3, 3)]
    assert lines(landed(ledger.store, head().key)) == left


def test_those_that_nobody_looked_at_for_long_come_a_few_at_a_time(ledger: Ledger) -> None:
    for number in range(1, 6):
        posted(ledger, head(number), on(2))
    gathered(ledger.store, [merged(head(1))], NOW - 10.0, WATCHED_S)
    gathered(ledger.store, [merged(head(2))], NOW - 20.0, WATCHED_S)
    gathered(ledger.store, [merged(head(3), merged_as=None)], NOW - 30.0, WATCHED_S)
    gathered(ledger.store, [conversation(head(4))], NOW - 30.0, WATCHED_S)

    def pulls(before: float, limit: int = 10, now: float = NOW) -> list[str]:
        return [one.key.pull for one in rested(ledger.store, REPOS, now, before, limit)]

    assert pulls(NOW) == ["pull-2", "pull-1"]
    assert pulls(NOW - 10.0) == ["pull-2"]
    assert pulls(NOW - 20.0) == []
    assert pulls(NOW, limit=1) == ["pull-2"]
    assert pulls(NOW, now=NOW + WATCHED_S) == [], "their time is over"


def test_looking_at_one_is_noted_and_changes_nothing_else(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        posted(ledger, head(number), on(2))
    gathered(ledger.store, [merged(head(1)), merged(head(2)), conversation(head(3))], NOW, 1000.0)
    before = known(ledger.store, head(1).key)
    assert before is not None
    looked(ledger.store, [head(1).key, head(3).key], LATER)
    assert known(ledger.store, head(1).key) == replace(before, gathered_at=LATER)
    untouched = [known(ledger.store, head(number).key) for number in (2, 3)]
    assert [one.gathered_at for one in untouched if one] == [NOW, NOW], "another, and an open one"


def test_looking_at_nothing_writes_nothing(ledger: Ledger) -> None:
    told: list[str] = []
    ledger.store.db.set_trace_callback(told.append)
    looked(ledger.store, [], LATER)
    ledger.store.db.set_trace_callback(None)
    assert told == []
