"""Later rounds on a replayed history: real changes pushed bit by bit, and problems planted there.

The engine says every problem that it can see in every round, in other words each time; what is
judged is what people got to read, and what the ledger says became of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

import pytest

from tests.replay.history import Kind
from tests.replay.judging import Verdict

# The first test waits for the whole replay.
pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

FEWEST_PULL_REQUESTS = 40
RIGHT_SHARE = 0.95
LATER_SHARE = 0.4


def named(cases: Iterable[object]) -> str:
    return "\n".join(map(str, cases))


def test_the_history_has_what_the_bars_speak_of(verdict: Verdict) -> None:
    stories = [one.story for one in verdict.replay.played]
    assert len(stories) >= FEWEST_PULL_REQUESTS
    assert {len(one.pushes) for one in stories} == {2, 3, 4, 5, 6}
    assert {kind for one in stories for kind in one.kinds} == set(Kind)
    assert len(verdict.late) >= FEWEST_PULL_REQUESTS


def test_nothing_is_said_twice(verdict: Verdict) -> None:
    assert not verdict.repeated, f"{len(verdict.repeated)} repeated:\n{named(verdict.repeated)}"


def test_what_a_person_declined_is_not_raised_again(verdict: Verdict) -> None:
    assert not verdict.re_raised, f"{len(verdict.re_raised)} raised:\n{named(verdict.re_raised)}"


def test_every_planted_problem_is_said_also_those_of_later_pushes(verdict: Verdict) -> None:
    assert not verdict.missed, f"{len(verdict.missed)} missed:\n{named(verdict.missed)}"


def test_what_was_fixed_and_what_was_left_alone_is_labelled_so(verdict: Verdict) -> None:
    wrong = [f"{one} is labelled {got}" for one, got in verdict.mislabelled]
    assert verdict.right_share >= RIGHT_SHARE, f"{verdict.right_share:.1%}:\n{named(wrong)}"


def test_outcomes_cost_one_request_for_25_watched_pull_requests(verdict: Verdict) -> None:
    """Over all ticks, with the questions about thumbs; what edits of reviews read is apart."""
    ticks = [one for one, _ in verdict.busy_ticks]
    assert verdict.mean_requests <= 1, f"{verdict.mean_requests:.2f}:\n{named(ticks)}"


def test_a_later_round_sends_two_fifths_of_a_first_one_at_most(verdict: Verdict) -> None:
    first, later, shares = verdict.prompts
    assert median(later) <= LATER_SHARE * median(first), f"{median(later)} of {median(first)}"
    assert median(shares) <= LATER_SHARE, f"{median(shares):.0%} of the own first round"
