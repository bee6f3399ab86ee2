"""A synthetic year of an installation: every number of its digests, and every planted fact."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import date
from functools import cache
from typing import Any

import pytest

from reviewer_cli.core.digest import AdviceKind, Digest
from reviewer_cli.core.digest_json import from_json, to_json
from reviewer_cli.core.measures import Named
from reviewer_cli.core.models import Severity
from reviewer_cli.core.periods import Span, days, week
from reviewer_cli.core.quality import Metric, Verdict
from reviewer_cli.digest.digest import digest_of
from reviewer_cli.ledger.store import Store
from tests.digest import year
from tests.digest.truth import Year
from tests.digest.year import PLANTED, ZONE

LATER = 1.9e9


@pytest.fixture(scope="module")
def known() -> Year:
    return Year(year.year(), ZONE)


@pytest.fixture(scope="module")
def store(known: Year, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("year") / "ledger.db"
    year.write(path, known.rows)
    with closing(Store(path)) as opened:
        yield opened


@cache
def told(store: Store, name: str) -> Digest:
    """The digest of a week, made once for all tests."""
    return digest_of(store, week(name, ZONE), ZONE, "", LATER)


def parts(digest: Digest) -> dict[str, Any]:
    """The parts of a digest as lists and dictionaries."""
    return json.loads(to_json(digest))


SPANS = {
    "the first week": week("2026-W01", ZONE),
    "the second week": week("2026-W02", ZONE),
    "a week with an hour less": week("2026-W13", ZONE),
    "a week with an hour more": week("2026-W43", ZONE),
    "the empty week": week(PLANTED.empty, ZONE),
    "a month": days(date(2026, 4, 1), date(2026, 4, 30), ZONE),
    "one day": days(date(2026, 9, 1), date(2026, 9, 1), ZONE),
    "across the new year": days(date(2025, 12, 20), date(2026, 1, 11), ZONE),
    "before the first": week("2025-W40", ZONE),
}
PLANTED_WEEKS = {name: week(at, ZONE) for name, at in PLANTED._asdict().items()}


@pytest.mark.parametrize("span", [*SPANS.values(), *PLANTED_WEEKS.values()], ids=str)
def test_every_number_is_what_counting_the_lists_gives(
    span: Span, known: Year, store: Store
) -> None:
    digest = parts(digest_of(store, span, ZONE, "", LATER))
    for name, part in known.truth(span).items():
        assert digest[name] == part, name


@pytest.mark.parametrize("scope", ["acme/repo-00", "repo-07", "repo-1", "nobody"])
def test_a_scope_counts_its_repositories_alone(scope: str, known: Year, store: Store) -> None:
    names = {one.repo for one in known.rows.heads}
    repos = {scope} & names or {one for one in names if scope in one}
    span = week("2026-W33", ZONE)
    digest = parts(digest_of(store, span, ZONE, scope, LATER))
    for name, part in known.truth(span, repos).items():
        assert digest[name] == part, name


def test_a_week_that_runs_is_told_as_far_as_it_is(known: Year, store: Store) -> None:
    span = week("2026-W18", ZONE)
    now = span.since + 3.4 * 86_400
    digest = digest_of(store, span, ZONE, "", now)
    assert not digest.period.is_final
    assert asdict(digest.cost.month) == known.truth(span, now=now)["cost"]["month"]


Claim = tuple[Metric, Verdict]


def claims(digest: Digest) -> set[Claim]:
    """What is said to have changed, by more than chance would do."""
    sure = (Verdict.MORE, Verdict.LESS)
    return {(one.metric, one.verdict) for one in digest.changes if one.verdict in sure}


PLANTED_CHANGES: dict[str, tuple[Claim, ...]] = {
    PLANTED.acceptance: (
        (Metric.ACCEPTANCE, Verdict.LESS),
        (Metric.PRECISION, Verdict.LESS),
    ),
    PLANTED.repository: (
        (Metric.ACCEPTANCE, Verdict.LESS),
        (Metric.PRECISION, Verdict.LESS),
    ),
    PLANTED.latency: ((Metric.LATENCY, Verdict.MORE),),
    PLANTED.unreviewed: ((Metric.COVERAGE, Verdict.LESS),),
}
"""One bad day of a week is no change of the week, so that PLANTED.errors is not among them."""


def test_what_was_planted_is_found_and_nothing_else_changes(store: Store) -> None:
    """The four weeks after a planted one are compared with it, and may differ from it."""
    back = {Verdict.MORE: Verdict.LESS, Verdict.LESS: Verdict.MORE}
    for number in range(2, 53):
        name = f"2026-W{number:02}"
        found = claims(told(store, name))
        expected = set(PLANTED_CHANGES.get(name, ()))
        lately = (f"2026-W{number - before:02}" for before in range(1, 5))
        recovered = {
            (metric, back[verdict])
            for week_before in lately
            for metric, verdict in PLANTED_CHANGES.get(week_before, ())
        }
        assert expected <= found, name
        assert found <= expected | recovered, name


@pytest.mark.parametrize("name", ["2026-W13", PLANTED.repository, PLANTED.unreviewed])
def test_what_is_compared_is_what_is_told_elsewhere(name: str, store: Store) -> None:
    """A reader who sees the same number twice sees it equal."""
    digest = told(store, name)
    now = {one.metric: one.now for one in digest.changes if not one.group}
    assert digest.volume.covered is not None
    assert (
        now
        | {
            Metric.ACCEPTANCE: digest.accuracy.whole.acceptance.rate,
            Metric.PRECISION: digest.accuracy.whole.precision.rate,
            Metric.FINDINGS: digest.noise.per_review,
            Metric.SILENT: digest.noise.silent.rate,
            Metric.REPEATS: digest.noise.repeats.rate,
            Metric.REFUTED: digest.checks.refuted.rate,
            Metric.LOST_ANCHORS: digest.checks.lost.rate,
            Metric.COVERAGE: digest.volume.covered.rate,
        }
        == now
    )
    latency = now[Metric.LATENCY]
    assert latency is not None
    assert round(latency, 1) == digest.latency.first.p50_s


def test_a_change_in_one_repository_is_told_of_that_one(store: Store) -> None:
    groups = {one.group for one in told(store, PLANTED.repository).changes}
    assert f"repository {year.BIGGEST}" in groups
    others = {one for one in groups if one.startswith("repository ")}
    assert others == {f"repository {year.BIGGEST}"}


def test_advice_is_about_what_was_planted_and_nothing_else(store: Store) -> None:
    """Each week is asked, so that there is none in any of the others."""
    for number in range(2, 53):
        name = f"2026-W{number:02}"
        given = {(one.kind, one.repo) for one in told(store, name).advice}
        dead = {(AdviceKind.DEAD, "")} if name >= PLANTED.errors else set()
        hit = (PLANTED.limit, PLANTED.budget, PLANTED.unreviewed)
        caps = {(AdviceKind.CAP, "")} if name in hit else set()
        guidance = {(AdviceKind.GUIDANCE, repo) for repo in year.UNGUIDED}
        noisy = {(AdviceKind.DISMISSED, repo) for repo in year.NOISY}
        silent = {(AdviceKind.PASSED_OVER, year.PASSING_OVER)}
        assert dead | caps <= given, name
        if name == PLANTED.noise:
            assert guidance | noisy | silent <= given
        assert given <= dead | caps | guidance | noisy | silent, name
        if name < year.NOISY_FROM:
            assert not given & (noisy | silent), name


def test_another_contract_is_a_group_of_its_own_from_its_week_on(store: Store) -> None:
    before, after = told(store, "2026-W23"), told(store, "2026-W30")
    assert [one.name for one in before.accuracy.by_contract] == [year.CONTRACTS[0]]
    assert {one.name for one in after.accuracy.by_contract} == set(year.CONTRACTS)


def test_an_outage_is_the_longest_of_its_week_alone(store: Store) -> None:
    for name in ("2026-W25", PLANTED.outage, "2026-W27"):
        outage = told(store, name).trouble.longest
        assert outage is not None
        planted = name == PLANTED.outage
        assert outage.seconds == (9 * 3_600 if planted else 600)
        assert (outage.door == "host github") is planted


def test_a_day_of_errors_is_told_with_those_who_died_of_it(store: Store) -> None:
    trouble = told(store, PLANTED.errors).trouble
    assert trouble.retried[0].name == "ProviderUnavailable"
    assert trouble.retried[0].count > 150
    assert trouble.dead == (Named(name="ProviderUnavailable", count=4),)
    assert trouble.dead_at_end == 4
    assert trouble.failed_sweeps == 9
    later = told(store, "2026-W40").trouble
    assert (later.dead, later.dead_at_end) == ((), 3)
    assert told(store, "2026-W32").trouble.dead_at_end == 0


def test_a_sweep_that_died_is_told_in_its_week(store: Store) -> None:
    assert told(store, PLANTED.outage).trouble.died_sweeps == 1
    assert told(store, "2026-W27").trouble.died_sweeps == 0


def test_what_was_merged_unreviewed_is_told_with_its_reason(store: Store) -> None:
    volume, before = told(store, PLANTED.unreviewed).volume, told(store, "2026-W35").volume
    assert Named(name="size", count=40) in volume.skipped
    assert volume.covered is not None
    assert before.covered is not None
    missed = volume.covered.of - volume.covered.hits
    assert missed - (before.covered.of - before.covered.hits) > 25
    assert any(one.why == "size" for one in volume.merged_unreviewed)
    assert told(store, "2026-W03").volume.merged is None


def test_limits_that_were_hit_are_told_in_their_week_alone(store: Store) -> None:
    for name in ("2026-W37", PLANTED.limit, PLANTED.budget, "2026-W40"):
        digest = told(store, name)
        assert digest.cost.use.full_sweeps == (4 if name == PLANTED.limit else 0)
        used = digest.cost.use.usd_of_cap
        assert used is not None
        assert (used >= 1.0) is (name == PLANTED.budget)
        words = [one.name for one in digest.trouble.retried]
        assert ("BudgetReached" in words) is (name == PLANTED.budget)


def test_five_of_six_that_were_nearly_missed_are_told_the_worst_first(store: Store) -> None:
    near = told(store, PLANTED.missed).nearly_missed
    assert len(near) == 5
    assert {one.before for one in near} == {"merged unresolved"}
    assert {one.after for one in near} == {"reverted", "fixed again"}
    ranks = [Severity(one.severity).rank for one in near]
    assert ranks == sorted(ranks)
    assert told(store, "2026-W42").nearly_missed == ()


def test_an_empty_week_is_told_without_a_number_too_many(store: Store) -> None:
    digest = told(store, PLANTED.empty)
    assert digest.volume.reviewed == 0
    assert digest.cost.per_review_usd is None
    assert digest.latency.parts.tick is None
    assert digest.volume.merged is None
    assert from_json(to_json(digest)) == digest


def test_weeks_are_told_of_in_the_same_bytes_each_time(store: Store) -> None:
    again = digest_of(store, week("2026-W33", ZONE), ZONE, "", LATER)
    assert to_json(again) == to_json(told(store, "2026-W33"))
