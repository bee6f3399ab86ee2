"""A digest's sentences read well, say no more than the numbers do, and are safe to show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.activity import Missed, Month, Outage
from reviewer_cli.core.chance import share
from reviewer_cli.core.digest import Advice, AdviceKind, Digest, Period
from reviewer_cli.core.digest_figures import (
    counted,
    duration,
    interval,
    moment,
    money,
    number,
    percent,
    period,
    rated,
)
from reviewer_cli.core.digest_words import (
    ADVICE,
    METRICS,
    changed,
    coverage,
    is_better,
    labelled,
    longest_part,
    month,
    outage,
    recorded,
)
from reviewer_cli.core.headline import headline
from reviewer_cli.core.quality import Change, Group, Metric, Verdict
from reviewer_cli.core.sanitise import UNSEEN
from tests.render.digest_samples import SAMPLES

FULL, EMPTY = SAMPLES["full"], SAMPLES["empty"]

FELL = Change(
    metric=Metric.ACCEPTANCE,
    group="",
    now=0.48,
    before=0.61,
    verdict=Verdict.LESS,
    p=0.00001,
    n_now=127,
    n_before=506,
)
WEEK = Period(
    week="2026-W47",
    since="2026-11-16T00:00:00+01:00",
    until="2026-11-23T00:00:00+01:00",
    zone="Europe/Berlin",
    is_final=True,
    recorded_since="2026-01-01T00:00:00+01:00",
)
PASTED = Advice(
    kind=AdviceKind.DISMISSED, repo="shop/web", sentence="Declare it.", evidence="Shown."
)


def accepted(digest: Digest, hits: int, of: int, usd: float | None = None) -> Digest:
    """The digest with so many findings acted on, at a price for each."""
    whole = Group(name="all", acceptance=share(hits, of), precision=share(hits, of))
    return replace(
        digest,
        accuracy=replace(digest.accuracy, whole=whole),
        cost=replace(digest.cost, per_acted_on_usd=usd),
    )


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (None, "-"),
        (0.0, "0 %"),
        (0.0004, "<0.1 %"),
        (0.004, "0.4 %"),
        (0.0095, "1 %"),
        (0.48, "48 %"),
        (0.994, "99 %"),
        (0.996, "99.6 %"),
        (0.9999, ">99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(rate: float | None, words: str) -> None:
    assert percent(rate) == words


@pytest.mark.parametrize(
    ("hits", "of", "words"),
    [
        (0, 0, "-"),
        (3, 7, "3 of 7"),
        (0, 9, "0 of 9"),
        (5, 10, "50 % (24-76 %)"),
        (0, 400, "0 % (0-1 %)"),
        (400, 400, "100 % (99-100 %)"),
    ],
)
def test_a_rate_is_told_with_its_interval_and_only_from_ten_cases_on(
    hits: int, of: int, words: str
) -> None:
    assert rated(share(hits, of)) == words


def test_what_was_not_recorded_is_no_zero() -> None:
    assert {rated(None), number(None), money(None), duration(None), percent(None)} == {"-"}
    assert interval(share(0, 0)) == "-"


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (0.0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.0042, "$0.0042"),
        (0.0095, "$0.01"),
        (3.066, "$3.07"),
        (12345.6, "$12,345.60"),
    ],
)
def test_money_is_told_to_the_cent_or_finer(usd: float, words: str) -> None:
    assert money(usd) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3570, "1 h"),
        (12_000, "3 h 20 min"),
        (86_399, "1 d"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_has_two_units_and_no_sixty_of_one(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_counts_and_means() -> None:
    assert [counted(1, "review"), counted(2000, "review")] == ["1 review", "2,000 reviews"]
    assert counted(2, "time was", "times were") == "2 times were"
    assert [number(12345), number(2.44)] == ["12,345", "2.4"]


@pytest.mark.parametrize(
    ("changed_fields", "words"),
    [
        ({}, "Week 2026-W47, 16 to 22 November 2026 (Europe/Berlin)"),
        ({"is_final": False}, "Week 2026-W47, 16 to 22 November 2026 (Europe/Berlin), so far"),
        (
            {"week": None, "until": "2026-11-17T00:00:00+01:00"},
            "16 November 2026 (Europe/Berlin)",
        ),
        (
            {"week": "2026-W49", "since": "2026-11-30T00:00:00+01:00"}
            | {"until": "2026-12-07T00:00:00+01:00"},
            "Week 2026-W49, 30 November to 6 December 2026 (Europe/Berlin)",
        ),
        (
            {"week": None, "until": "2027-01-04T00:00:00+01:00"},
            "16 November 2026 to 3 January 2027 (Europe/Berlin)",
        ),
    ],
)
def test_a_period_is_told_by_its_first_and_last_day(
    changed_fields: dict[str, object], words: str
) -> None:
    assert period(replace(WEEK, **changed_fields)) == words  # type: ignore[arg-type]


def test_a_moment_is_told_in_local_time() -> None:
    assert moment("2026-11-17T06:12:59+01:00") == "Tue 17 November 06:12"


def test_a_record_that_begins_in_the_period_is_told_of() -> None:
    assert recorded(WEEK) == ""
    late = recorded(replace(WEEK, recorded_since="2026-11-18T09:00:00+01:00"))
    assert late.startswith("Recorded in full only since Wed 18 November 09:00")


def test_a_claimed_change_is_told_with_both_numbers() -> None:
    assert changed(FELL) == "Acceptance fell from 61 % to 48 %, more than chance would do."


def test_what_is_not_claimed_is_not_told_as_a_change() -> None:
    quiet = replace(FELL, verdict=Verdict.NO_SIGN)
    assert changed(quiet) == "Acceptance: 48 %, before 61 %; no sign of a change."
    few = replace(FELL, verdict=Verdict.TOO_FEW, n_now=3, n_before=10, before=None)
    assert changed(few) == "Acceptance: too few to tell (3 pull requests, 10 before)."


def test_a_change_within_repositories_that_the_whole_hides_is_told_as_such() -> None:
    told = changed(replace(FELL, now=0.62))
    assert told.startswith("Acceptance fell where like is compared with like")
    assert told.endswith("over all it went from 61 % to 62 %.")


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("verdict", Verdict)
def test_every_change_has_a_sentence(metric: Metric, verdict: Verdict) -> None:
    one = replace(FELL, metric=metric, verdict=verdict, group="model some-model")
    told = changed(one)
    assert told.startswith(f"{METRICS[metric]} (model some-model)")
    assert "None" not in told
    assert "signific" not in told


def test_better_and_worse_are_told_only_of_what_is_claimed_and_known() -> None:
    assert is_better(FELL) is False
    assert is_better(replace(FELL, metric=Metric.COST)) is True
    assert is_better(replace(FELL, verdict=Verdict.NO_SIGN)) is None
    assert is_better(replace(FELL, metric=Metric.FINDINGS)) is None


def test_an_outage_that_lasts_is_told_as_one() -> None:
    one = Outage(
        door="host github.com",
        kind="outage",
        since="2026-11-17T06:12:00+01:00",
        seconds=32_400.0,
        is_over=False,
    )
    assert outage(one) == (
        "host github.com failed for 9 h at a stretch from Tue 17 November 06:12 (outage), "
        "and still did at the end."
    )


def test_a_month_is_told_with_the_range_of_its_end() -> None:
    one = Month(name="2026-11", so_far_usd=41.2, likely_usd=60, low_usd=52, high_usd=71)
    assert month(one) == ("November 2026: $41.20 so far, likely $60.00 ($52.00-$71.00) at its end.")
    free = replace(one, so_far_usd=0.0, likely_usd=0.0, low_usd=0.0, high_usd=0.0)
    assert month(free) == ""


def test_coverage_tells_nothing_where_nobody_asks_the_hosts() -> None:
    volume = replace(FULL.volume, merged=4, covered=share(3, 4))
    assert coverage(volume) == "3 of 4 merged pull requests had a review."
    many = replace(volume, merged=40, covered=share(30, 40))
    assert coverage(many) == "30 of 40 merged pull requests had a review, 75 % (60-86 %)."
    assert "not recorded" in coverage(replace(volume, merged=None, covered=None))
    assert coverage(replace(volume, merged=0, covered=share(0, 0))) == "Nothing was merged."


def test_labels_are_told_beside_the_proxy_of_the_same_findings() -> None:
    hand = replace(FULL.accuracy, labelled=share(20, 24), labelled_proxy=share(19, 24))
    assert labelled(hand) == (
        "Of 24 findings labelled by hand 20 were right, 83 % (64-93 %); of 24 of them that people"
        " took a stand on 19 were acted on."
    )
    few = replace(hand, labelled=share(2, 4), labelled_proxy=share(1, 1))
    assert labelled(few).startswith("Of 4 findings labelled by hand 2 were right; of 1 of them")
    assert labelled(replace(hand, labelled_proxy=share(0, 0))).endswith("(64-93 %).")
    assert labelled(replace(hand, labelled=share(0, 0))) == ""


def test_the_longest_part_of_the_wait_is_named() -> None:
    parts = replace(FULL.latency.parts, tick=0.1, settle=0.6, queue=0.3)
    assert longest_part(parts) == "Most of it, 60 %, was spent waiting for more pushes."
    nothing = dict.fromkeys(("tick", "settle", "queue", "prepare", "model", "host"))
    assert longest_part(replace(parts, **nothing)) == ""


def test_each_kind_of_advice_has_a_heading() -> None:
    assert set(ADVICE) == set(AdviceKind)


def test_a_headline_tells_the_worth_the_change_and_what_to_do() -> None:
    week = replace(
        accepted(FULL, 38, 62, usd=0.4213), changes=(FELL,), advice=(PASTED, PASTED, PASTED)
    )
    assert headline(week) == (
        "38 of 62 findings were acted on, 61 % (49-72 %), at $0.42 for each of those.",
        "Acceptance fell from 61 % to 48 %, more than chance would do.",
        "Declare it. There are 2 more pieces of advice.",
    )


def test_a_headline_of_five_reviews_claims_nothing() -> None:
    few = replace(FELL, verdict=Verdict.TOO_FEW)
    tiny = replace(
        accepted(FULL, 0, 0),
        volume=replace(FULL.volume, reviewed=5, covered=None, merged_unreviewed=()),
        noise=replace(FULL.noise, per_review=2.4),
        cost=replace(FULL.cost, usd=0.31, per_acted_on_usd=None),
        changes=(few,),
        advice=(),
    )
    assert headline(tiny) == (
        "5 reviews with 2.4 findings each for $0.31; what they are worth shows when pull requests"
        " end, and none with findings did yet.",
        "There is too little yet to tell whether anything changed.",
        "There is nothing that you need to do.",
    )
    assert headline(accepted(tiny, 1, 3, usd=0.0))[0] == (
        "1 of 3 findings was acted on: too few to judge by."
    )


def test_a_headline_of_an_empty_week_says_so() -> None:
    assert headline(EMPTY) == (
        "Nothing was reviewed.",
        "There is too little yet to tell whether anything changed.",
        "If there were pull requests, `reviewer doctor` tells why none of them was reviewed.",
    )
    wasted = replace(EMPTY, cost=replace(EMPTY.cost, usd=1.5))
    assert headline(wasted)[0] == "Nothing was reviewed. $1.50 was spent all the same."


def test_a_quiet_week_is_told_as_quiet_and_what_could_not_be_compared_as_such() -> None:
    quiet = replace(FELL, verdict=Verdict.NO_SIGN)
    few = replace(FELL, verdict=Verdict.TOO_FEW)
    assert headline(replace(FULL, changes=(quiet, quiet)))[1] == (
        "Nothing shows a sign of a change against the four weeks before."
    )
    assert headline(replace(FULL, changes=(quiet, few, few)))[1] == (
        "No sign of a change against the four weeks before in 1 number; for 2 there is too little"
        " to tell."
    )
    many = headline(replace(FULL, changes=(FELL,) * 4))[1]
    assert many.endswith("2 other numbers changed too.")


def test_the_most_urgent_advice_is_told_whatever_the_order() -> None:
    dead = replace(PASTED, kind=AdviceKind.DEAD, sentence="Look at the dead.")
    told = headline(replace(FULL, advice=(PASTED, dead)))[2]
    assert told == "Look at the dead. There is 1 more piece of advice."


@pytest.mark.parametrize(
    ("hits", "words"),
    [(42, "Look at 1 pull request that"), (3, "Look at 40 pull requests that")],
)
def test_all_that_went_in_unreviewed_are_told_where_there_is_no_advice(
    hits: int, words: str
) -> None:
    """Not only those few that are listed."""
    missed = (Missed(repo="shop/web", pull="7", why="draft"),) * min(5, 43 - hits)
    volume = replace(FULL.volume, covered=share(hits, 43), merged_unreviewed=missed)
    told = headline(replace(FULL, advice=(), volume=volume))[2]
    assert told == f"{words} went in without a review."


@given(st.text(max_size=400))
def test_a_hostile_name_is_one_visible_line_of_bounded_length(name: str) -> None:
    told = changed(replace(FELL, group=name))
    done = headline(replace(FULL, changes=(replace(FELL, group=name),), advice=()))
    for sentence in (told, *done):
        assert "\n" not in sentence
        assert UNSEEN.search(sentence) is None
        assert len(sentence) < 600
