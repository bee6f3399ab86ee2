"""Advice names what people did again and again, proves it, and never hides what was right."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer_cli.core.advice import (
    Cap,
    Unguided,
    about_caps,
    about_dead,
    about_declined,
    about_guidance,
    about_passed_over,
)
from reviewer_cli.core.declared import known_tables
from reviewer_cli.core.digest import Advice, AdviceKind
from reviewer_cli.core.draw import Lot, drawn
from reviewer_cli.core.guidance import GuidanceFile, guidance
from reviewer_cli.core.patterns import Reacted, declined, passed_over, unwanted
from reviewer_cli.core.sanitise import UNSEEN

TITLE = "Docstring of public helper is missing"


def reacted(outcome: str, pulls: int, **other: str) -> list[Reacted]:
    """Findings alike, each on a pull request of its own."""
    one = {"repo": "shop/web", "rule": "", "category": "style", "title": TITLE} | other
    return [
        Reacted(pull=f"{outcome}{n}", path=f"src/api/file{n}.py", outcome=outcome, **one)
        for n in range(pulls)
    ]


def declined_advice(some: list[Reacted]) -> list[Advice]:
    return list(about_declined(declined(some)))


def passed_over_advice(some: list[Reacted]) -> list[Advice]:
    return list(about_passed_over(passed_over(some), declined(some)))


def test_what_was_declined_on_three_pull_requests_can_be_pasted() -> None:
    (one,) = declined_advice(reacted("dismissed", 4))
    assert (one.kind, one.repo, one.file) == (AdviceKind.DISMISSED, "shop/web", ".reviewer.toml")
    (known,) = known_tables(tomllib.loads(one.text)["known"])
    assert (known.path, known.category) == ("src/api/**", "style")
    assert one.sentence == (
        'Declare findings of the kind "style" in shop/web as known in .reviewer.toml, if you agree.'
    )
    assert one.evidence.startswith("Declined on 4 pull requests: dismissed0, dismissed1, ")
    assert one.evidence.endswith("None like them was acted on.")


def test_what_is_pasted_is_followed_by_the_reviewer_itself() -> None:
    (one,) = declined_advice(reacted("dismissed", 4))
    followed = guidance([GuidanceFile(name=one.file, content=one.text.encode())])
    assert len(followed.known) == 1
    assert followed.unheeded == ()


@pytest.mark.parametrize("outcome", ["fixed", "accepted", "suggestion committed", "reverted"])
def test_a_pattern_that_anybody_acted_on_is_not_silenced(outcome: str) -> None:
    (one,) = declined_advice([*reacted("dismissed", 6), *reacted(outcome, 1)])
    assert (one.file, one.text) == ("", "")
    assert "do not silence all of them" in one.sentence
    assert one.evidence.endswith("1 like them were acted on.")


def test_what_was_acted_on_elsewhere_or_of_another_kind_does_not_save_a_pattern() -> None:
    other = [
        *reacted("fixed", 2, repo="shop/other"),
        *reacted("fixed", 2, category="security"),
        *reacted("fixed", 2, title="Retry loops without end swallow the timeout"),
    ]
    (one,) = declined_advice([*reacted("dismissed", 3), *other])
    assert one.text


@pytest.mark.parametrize("outcome", ["dismissed", "ignored"])
def test_two_pull_requests_are_no_pattern(outcome: str) -> None:
    many = [one._replace(pull=str(n % 2)) for n, one in enumerate(reacted(outcome, 40))]
    assert declined_advice(many) == passed_over_advice(many) == []


def test_what_was_passed_over_on_four_pull_requests_is_no_pattern() -> None:
    many = [one._replace(pull=str(n % 4)) for n, one in enumerate(reacted("ignored", 40))]
    assert passed_over_advice(many) == []
    assert len(passed_over_advice([*many, *reacted("ignored", 1)])) == 1


def test_what_nobody_reacts_to_is_asked_for_less() -> None:
    (one,) = passed_over_advice([*reacted("ignored", 20), *reacted("merged unresolved", 10)])
    assert (one.kind, one.file) == (AdviceKind.PASSED_OVER, "REVIEW.md")
    assert one.text.startswith('- Do not report findings of the kind "style" about "Docstring')
    assert one.evidence == "Acted on: 0 of 30 (0 %), on 30 pull requests nothing was done."


@pytest.mark.parametrize(
    ("ignored", "fixed"),
    [(15, 0), (20, 3), (30, 4)],
)
def test_what_may_be_acted_on_in_a_fifth_of_all_cases_is_not_passed_over(
    ignored: int, fixed: int
) -> None:
    """Fifteen in silence could be chance with a pattern of which a fifth is acted on."""
    assert passed_over_advice([*reacted("ignored", ignored), *reacted("fixed", fixed)]) == []


def test_a_declined_pattern_is_not_advised_on_twice() -> None:
    some = [*reacted("dismissed", 4), *reacted("ignored", 40)]
    assert len(declined_advice(some)) == 1
    assert passed_over_advice(some) == []


def test_at_most_five_of_a_kind_are_told_the_most_frequent_first() -> None:
    some = [
        one
        for number in range(8)
        for one in reacted("dismissed", 3 + number, repo=f"shop/{number}")
    ]
    assert [one.repo for one in declined_advice(some)] == [f"shop/{n}" for n in (7, 6, 5, 4, 3)]


@given(st.permutations(range(24)))
@settings(max_examples=25)
def test_the_order_of_rows_of_other_repositories_changes_nothing(order: list[int]) -> None:
    some = [one for n in range(8) for one in reacted("dismissed", 3, repo=f"shop/{n}")]
    inside = sorted(range(24), key=lambda place: (order[place // 3], place % 3))
    assert declined_advice([some[place] for place in inside]) == declined_advice(some)


@given(
    title=st.text(max_size=300),
    rule=st.text(max_size=300),
    category=st.sampled_from(["style", "bug", "security"]),
    path=st.text(min_size=1, max_size=80),
    repo=st.text(max_size=120),
    outcome=st.sampled_from(["dismissed", "ignored"]),
)
@settings(max_examples=80)
def test_hostile_findings_become_harmless_advice(
    title: str, rule: str, category: str, path: str, repo: str, outcome: str
) -> None:
    """Every sentence is a visible line, a text to paste is what it says it is, or there is none."""
    some = [
        one._replace(path=f"{path}/{n}.py", pull=f"{n}{path}")
        for n, one in enumerate(
            reacted(
                outcome, 20, title=f"{title} number {{}}", rule=rule, category=category, repo=repo
            )
        )
    ]
    for one in (*declined_advice(some), *passed_over_advice(some)):
        for line in (one.sentence, one.evidence):
            assert "\n" not in line
            assert UNSEEN.search(line) is None
            assert len(line) < 400
        assert UNSEEN.search(one.text) is None
        if one.file == ".reviewer.toml":
            assert len(known_tables(tomllib.loads(one.text)["known"])) == 1
        if one.file == "REVIEW.md":
            assert one.text.count("\n") == 1
            assert re.fullmatch(r'- Do not report findings of the (?:rule|kind) ".*\n', one.text)


def test_no_sentence_has_words_of_a_title() -> None:
    some = [*reacted("dismissed", 4), *reacted("ignored", 30, category="performance")]
    for one in (*declined_advice(some), *passed_over_advice(some)):
        assert "Docstring" not in one.sentence + one.evidence


def test_dead_heads_are_told_with_what_brings_them_back() -> None:
    (one,) = about_dead(3, Counter({"InvalidReply": 2, "ReviewTimeout": 1}))
    assert one.sentence.startswith("3 heads died and wait for you")
    assert "`reviewer ledger retry --all`" in one.sentence
    assert one.evidence == "In this time died 2 of InvalidReply, 1 of ReviewTimeout."
    (old,) = about_dead(1, {})
    assert old.sentence.startswith("1 head died and waits")
    assert old.evidence == "All of them died before this time."
    assert list(about_dead(0, {"InvalidReply": 1})) == []


def test_caps_are_told_by_their_key_where_they_were_hit() -> None:
    caps = [Cap(key=f"[x] k{n}", what=f"What {n}", hits=n, evidence=f"{n}.") for n in range(8)]
    told = list(about_caps(caps))
    assert [one.sentence.split(":")[0] for one in told] == [f"What {n}" for n in (7, 6, 5, 4, 3)]
    assert told[0].sentence == ("What 7: raise `[x] k7` in reviewer.toml if that is not wanted.")
    assert list(about_caps([caps[0]])) == []


def test_busy_repositories_without_guidance_get_a_text_to_start_with() -> None:
    busy = Unguided(repo="shop/web", reviews=9, declined=(("style", 4), ("naming", 1)))
    quiet = Unguided(repo="shop/quiet", reviews=4, declined=())
    (one,) = about_guidance([quiet, busy])
    assert (one.repo, one.file) == ("shop/web", "REVIEW.md")
    assert 'Findings of the kind "style"' in one.text
    assert "4 such findings were declined" in one.text
    (bare,) = about_guidance([Unguided(repo="shop/new", reviews=5, declined=())])
    assert "Name what a tool checks already" in bare.text


def test_a_category_is_unwanted_where_it_is_declined_more_often_than_acted_on() -> None:
    """Nobody is told to leave correctness out because ten of a hundred such findings were not."""
    some = [
        *reacted("dismissed", 4),
        *reacted("fixed", 3),
        *reacted("dismissed", 5, category="naming"),
        *reacted("dismissed", 10, category="correctness"),
        *reacted("fixed", 10, category="correctness"),
        *reacted("dismissed", 2, category="tests"),
        *reacted("dismissed", 5, repo="shop/other", category="bug"),
    ]
    assert unwanted(some, "shop/web") == (("naming", 5), ("style", 4))


LOTS = st.lists(
    st.builds(Lot, st.integers(1, 10**9), st.text(alphabet="0123456789abcdef", min_size=16)),
    unique_by=lambda one: one.finding_id,
    max_size=40,
)


@given(LOTS, st.randoms())
def test_the_same_findings_are_drawn_in_whatever_order_they_come(lots: list[Lot], dice) -> None:  # type: ignore[no-untyped-def]
    mixed = list(lots)
    dice.shuffle(mixed)
    chosen = drawn(lots, 1_000.0)
    assert drawn(mixed, 1_000.0) == chosen
    assert len(set(chosen)) == min(5, len(lots))
    assert set(chosen) <= {one.finding_id for one in lots}


def test_each_finding_is_as_likely_to_be_drawn_as_any_other() -> None:
    lots = [Lot(number, "0123456789abcdef") for number in range(20)]
    times = Counter(chosen for week in range(2_000) for chosen in drawn(lots, week * 604_800.0))
    assert min(times.values()) > 400
    assert max(times.values()) < 600
