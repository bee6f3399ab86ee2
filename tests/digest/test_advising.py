"""What is advised stands in the ledger, is bounded, and stays what it was."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from reviewer_cli.core.digest import Advice, AdviceKind
from reviewer_cli.core.facts import EventKind
from reviewer_cli.digest.advising import advice
from reviewer_cli.digest.reading import facts
from reviewer_cli.ledger import as_of, figures_patterns, figures_trouble
from reviewer_cli.ledger.store import Store
from tests.digest.shop import IN_WEEK, LATE, SPAN, Shop

STYLE = "Docstring of public helper is missing"
WEEK_S = 7 * 86_400.0


def advised(shop: Shop, path: Path, scope: str = "") -> tuple[Advice, ...]:
    """What a digest of the week advises."""
    shop.write(path / "ledger.db")
    with closing(Store(path / "ledger.db")) as store:
        within = as_of.within(store, scope, SPAN.until)
        found, sweeps = facts(store, SPAN, within), figures_trouble.sweeps(store, SPAN)
        return advice(store, found, sweeps, UTC, within)


def declined(shop: Shop, times: int, at: float = IN_WEEK + 60, **review: object) -> None:
    for _ in range(times):
        for finding in shop.review(STYLE, **review):  # type: ignore[arg-type]
            shop.became(finding, "dismissed", at)


def of_kind(told: tuple[Advice, ...], kind: AdviceKind) -> list[Advice]:
    return [one for one in told if one.kind is kind]


def test_a_healthy_week_needs_no_advice(tmp_path: Path) -> None:
    shop = Shop()
    for _ in range(8):
        shop.became(shop.review("Retry loop never ends")[0], "fixed")
    shop.sweep(due=7)
    shop.event(EventKind.RETRIED, "ProviderUnavailable")
    shop.event(EventKind.SKIPPED, "draft")
    assert advised(shop, tmp_path) == ()


def test_an_empty_ledger_needs_no_advice(tmp_path: Path) -> None:
    assert advised(Shop(), tmp_path) == ()


def test_a_pattern_declined_within_a_quarter_of_a_year_is_found(tmp_path: Path) -> None:
    shop = Shop()
    declined(shop, 2, at=IN_WEEK)
    declined(shop, 1, at=IN_WEEK - 11 * WEEK_S)
    (one,) = advised(shop, tmp_path)
    assert (one.kind, one.repo) == (AdviceKind.DISMISSED, "shop/web")
    assert one.text.startswith("[[known]]\n")


def test_what_was_declined_longer_ago_is_forgotten(tmp_path: Path) -> None:
    shop = Shop()
    declined(shop, 2, at=IN_WEEK)
    declined(shop, 1, at=IN_WEEK - 13 * WEEK_S)
    assert advised(shop, tmp_path) == ()


def test_what_was_learnt_later_changes_no_advice(tmp_path: Path) -> None:
    """Neither what was declined after the week, nor what became of the same findings after it."""
    shop = Shop()
    declined(shop, 2)
    declined(shop, 3, at=LATE)
    assert advised(shop, tmp_path) == ()
    shop = Shop()
    declined(shop, 3)
    for finding in range(1, 4):
        shop.became(finding, "fixed", LATE)
    (tmp_path / "other").mkdir()
    (one,) = advised(shop, tmp_path / "other")
    assert one.text


def test_a_finding_counts_by_what_became_of_it_at_last(tmp_path: Path) -> None:
    shop = Shop()
    declined(shop, 3, at=IN_WEEK)
    shop.became(1, "fixed", IN_WEEK + 120)
    assert advised(shop, tmp_path) == ()


def test_what_people_pass_over_is_asked_for_less(tmp_path: Path) -> None:
    shop = Shop()
    for _ in range(10):
        for finding in shop.review(STYLE, STYLE):
            shop.became(finding, "ignored")
    (one,) = advised(shop, tmp_path)
    assert (one.kind, one.file) == (AdviceKind.PASSED_OVER, "REVIEW.md")


def test_advice_about_one_repository_tells_of_no_other(tmp_path: Path) -> None:
    shop = Shop()
    declined(shop, 3)
    declined(shop, 4, repo="shop/app")
    told = advised(shop, tmp_path, scope="shop/web")
    assert [one.repo for one in told] == ["shop/web"]


@pytest.mark.parametrize(("reviews", "newest", "count"), [(5, 0, 1), (4, 0, 0), (5, 1, 0)])
def test_a_busy_repository_without_guidance_is_told_to_have_some(
    reviews: int, newest: int, count: int, tmp_path: Path
) -> None:
    shop = Shop()
    for place in range(reviews):
        last = place == reviews - 1
        shop.review(at=IN_WEEK + place, guided=newest if last else 0)
    assert len(of_kind(advised(shop, tmp_path), AdviceKind.GUIDANCE)) == count


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("BudgetReached", "[engine] max_usd"),
        ("TurnsUsedUp", "[engine] max_turns"),
        ("ReviewTimeout", "[engine] deadline"),
    ],
)
def test_a_limit_of_the_engine_that_was_hit_is_named(word: str, key: str, tmp_path: Path) -> None:
    shop = Shop()
    shop.review()
    shop.event(EventKind.RETRIED, word)
    shop.event(EventKind.DIED, word)
    (one,) = of_kind(advised(shop, tmp_path), AdviceKind.CAP)
    assert f"`{key}`" in one.sentence
    assert one.evidence == "2 times, on 1 head."


@pytest.mark.parametrize(
    ("word", "key"), [("size", "[skip] max_files"), ("rounds", "[rounds] max_rounds")]
)
def test_a_rule_that_skips_for_size_or_rounds_is_named(word: str, key: str, tmp_path: Path) -> None:
    shop = Shop()
    shop.review()
    shop.event(EventKind.SKIPPED, word)
    (one,) = advised(shop, tmp_path)
    assert key in one.sentence
    assert one.evidence == "1 time, on 1 head."


def test_full_sweeps_and_files_left_out_are_told_with_their_keys(tmp_path: Path) -> None:
    shop = Shop()
    shop.review(over_limits=3)
    for due in (50, 50, 49):
        shop.sweep(due)
    full, cut = advised(shop, tmp_path)
    assert "`[sweep] limit`" in full.sentence
    assert "others may have waited" in full.sentence
    assert full.evidence == "2 of 3 sweeps."
    assert "[diff] max_files" in cut.sentence
    assert cut.evidence == "3 files in 1 review."


def test_dead_heads_come_first_and_until_they_are_revived(tmp_path: Path) -> None:
    shop = Shop()
    shop.review()
    shop.sweep(50)
    shop.event(EventKind.DIED, "InvalidReply")
    told = advised(shop, tmp_path)
    assert [one.kind for one in told] == [AdviceKind.DEAD, AdviceKind.CAP]
    shop.event(EventKind.REVIVED, "", IN_WEEK + 60)
    (tmp_path / "other").mkdir()
    assert [one.kind for one in advised(shop, tmp_path / "other")] == [AdviceKind.CAP]


def test_the_question_goes_along_an_index(tmp_path: Path) -> None:
    """A ledger has a million outcomes; none is looked at before the quarter begins."""
    Shop().write(tmp_path / "ledger.db")
    with closing(Store(tmp_path / "ledger.db")) as store:
        query = f"EXPLAIN QUERY PLAN {figures_patterns.REACTED}"
        plan = [row["detail"] for row in store.read(query, as_of.bounds(SPAN, ""))]
    assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step], plan
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
