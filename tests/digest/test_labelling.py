"""Whoever labels sees the same five findings as the digest, and not what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.draw import Label
from reviewer_cli.digest.drawing import draw
from reviewer_cli.digest.labelling import ANSWERS, answered, to_label
from reviewer_cli.ledger import as_of, figures_verdicts, labels
from reviewer_cli.ledger.store import Store
from tests.digest.shop import IN_WEEK, LATE, SPAN, Shop


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    for number in range(12):
        (finding,) = made.review(f"Finding {number}", at=IN_WEEK + number)
        made.became(finding, "fixed")
    return made


@pytest.fixture
def store(shop: Shop, tmp_path: Path) -> Iterator[Store]:
    shop.write(tmp_path / "ledger.db")
    with closing(Store(tmp_path / "ledger.db")) as opened:
        yield opened


def ids(store: Store) -> list[int]:
    return [one.finding_id for one in draw(store, SPAN, as_of.EVERYWHERE)]


def test_five_findings_are_drawn_with_their_place(store: Store) -> None:
    told = draw(store, SPAN, as_of.EVERYWHERE)
    assert len(told) == len({one.finding_id for one in told}) == 5
    first = told[0]
    assert first.place == f"src/api/part{first.finding_id}.py:3"
    assert first.title == f"Finding {first.finding_id - 1}"
    assert (first.repo, first.severity) == ("shop/web", "low")


def test_labels_of_later_do_not_change_what_was_drawn(store: Store) -> None:
    before = ids(store)
    for one in to_label(store, SPAN, ""):
        answered(store, one, Label.RIGHT, LATE)
    assert ids(store) == before


def test_labels_given_while_a_week_runs_draw_no_others(store: Store) -> None:
    before = ids(store)
    for one in to_label(store, SPAN, ""):
        answered(store, one, Label.RIGHT, SPAN.until - 60)
    assert ids(store) == before
    assert list(to_label(store, SPAN, "")) == []


def test_what_was_labelled_before_the_period_is_not_drawn(shop: Shop, tmp_path: Path) -> None:
    for finding in range(1, 11):
        shop.label(finding, "right", SPAN.since - 1)
    shop.label(11, "right", LATE)
    shop.write(tmp_path / "ledger.db")
    with closing(Store(tmp_path / "ledger.db")) as store:
        assert sorted(ids(store)) == [11, 12]
        assert [one.finding.id for one in to_label(store, SPAN, "")] == [12]


@pytest.mark.parametrize("disposition", ["refuted", "repeated", "known"])
def test_only_what_was_told_is_drawn(disposition: str, tmp_path: Path) -> None:
    shop = Shop()
    shop.review("Never told", disposition=disposition)
    shop.review("Told before", at=SPAN.since - 60)
    shop.review("Told after", at=SPAN.until)
    shop.review("Told", repo="shop/app")
    shop.write(tmp_path / "ledger.db")
    with closing(Store(tmp_path / "ledger.db")) as store:
        assert [one.title for one in draw(store, SPAN, as_of.EVERYWHERE)] == ["Told"]
        within = as_of.within(store, "shop/web", SPAN.until)
        assert draw(store, SPAN, within) == ()


def test_a_person_is_asked_of_each_finding_drawn_without_what_became_of_it(store: Store) -> None:
    asked = list(to_label(store, SPAN, ""))
    assert [one.finding.id for one in asked] == ids(store)
    assert {one.finding.outcomes for one in asked} == {()}
    assert asked[0].finding.body.startswith("About Finding")


def test_what_became_of_it_is_told_after_the_answer_only(store: Store) -> None:
    one = next(to_label(store, SPAN, ""))
    assert "fixed" not in repr(one)
    told = answered(store, one, Label.WRONG, LATE)
    assert told == "What became of it: fixed. The flagged lines changed in 0123456789ab."


def test_a_finding_of_which_nothing_is_known_is_told_as_such(tmp_path: Path) -> None:
    shop = Shop()
    shop.review("New")
    shop.write(tmp_path / "ledger.db")
    with closing(Store(tmp_path / "ledger.db")) as store:
        one = next(to_label(store, SPAN, ""))
        assert answered(store, one, Label.UNSURE, LATE).startswith("Nothing is known yet")


def test_a_label_is_kept_and_asked_for_once(store: Store) -> None:
    first, *others = to_label(store, SPAN, "")
    answered(store, first, Label.RIGHT, LATE)
    assert [one.finding.id for one in to_label(store, SPAN, "")] == [
        one.finding.id for one in others
    ]
    assert labels.is_labelled(store, first.finding.id)


def test_the_newest_label_counts_in_the_digest_of_its_time(store: Store) -> None:
    one = next(to_label(store, SPAN, ""))
    answered(store, one, Label.RIGHT, SPAN.until - 2)
    answered(store, one, Label.WRONG, SPAN.until - 1)
    (told,) = figures_verdicts.labelled(store, SPAN, as_of.EVERYWHERE)
    assert (told.label, told.outcome) == ("wrong", "fixed")


def test_a_label_of_a_finding_that_was_removed_is_no_error(store: Store) -> None:
    one = next(to_label(store, SPAN, ""))
    store.db.execute("DELETE FROM findings WHERE id = ?", (one.finding.id,))
    assert answered(store, one, Label.RIGHT, LATE).startswith("Nothing is known")
    assert not labels.is_labelled(store, one.finding.id)


def test_each_answer_is_a_label() -> None:
    assert sorted(ANSWERS.values()) == sorted(Label)
