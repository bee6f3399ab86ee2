"""What counts as a sign of people: their thumbs and replies, no program's and none of ours."""

from __future__ import annotations

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.outcomes import GHOST, Circumstances
from reviewer_cli.core.signals import Signal, SignalKind, signals_in
from tests.core.talking import ours, said, thread, with_thumbs

ABOUT = Circumstances(state=PullState.OPEN, deciders=frozenset({"ada"}))


def signs(*of: Signal) -> list[tuple[str, str, bool]]:
    return [(one.kind, one.token, one.counts) for one in of]


def test_a_thumb_is_of_its_giver_and_counts_where_their_word_does() -> None:
    given = with_thumbs(thread(), up=("Ada", "eve"), down=("ada", GHOST))
    assert signs(*signals_in(given, ABOUT)) == [
        ("up", "ada", True),
        ("up", "eve", False),
        ("down", "ada", True),
        ("down", GHOST, False),
    ]


def test_a_reply_is_told_from_others_by_its_comment() -> None:
    replies = (said("Why?", "Ada", id="c1"), said("Me too", "eve", id="c2"), said(author="ada"))
    assert signs(*signals_in(thread(*replies), ABOUT)) == [
        ("reply", "c1", True),
        ("reply", "c2", False),
        ("reply", "c-ada", True),
    ]


def test_programs_and_we_ourselves_give_none() -> None:
    replies = (ours("More of it"), said("Deployed", "ci[bot]"), said("Hm", "helper", is_bot=True))
    given = with_thumbs(thread(*replies), up=("ci[bot]", ""))
    assert signs(*signals_in(given, ABOUT)) == []


def test_the_same_giver_is_one() -> None:
    given = with_thumbs(thread(), up=("ada", "ADA"))
    assert list(signals_in(given, ABOUT)) == [Signal(kind=SignalKind.UP, token="ada", counts=True)]
