"""How good the findings were, judged by what people did until their pull request ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

from reviewer_cli.core.chance import share
from reviewer_cli.core.digest_figures import MIN_FINDINGS
from reviewer_cli.core.facts import Fate, Told
from reviewer_cli.core.measures import Point, Share, rate
from reviewer_cli.core.periods import Span, week_name
from reviewer_cli.core.quality import Accuracy, Checks, Group, Noise
from reviewer_cli.digest.fates import Fared, fared
from reviewer_cli.digest.reading import MOST_REPOSITORIES, Facts
from reviewer_cli.ledger import figures_verdicts
from reviewer_cli.ledger.figures_cost import Answer
from reviewer_cli.ledger.store import Store

ALL = "all"


def accuracy(
    store: Store,
    facts: Facts,
    read: Mapping[Span, Facts],
    weeks: Sequence[Span],
    zone: tzinfo,
    within: str,
) -> Accuracy:
    """Of the pull requests that ended in a span; labels are those of the weeks of the trend.

    What was `read` of these weeks already is not read again.
    """
    whole = _fared(facts.fates)
    labelled = figures_verdicts.labelled(store, Span(weeks[0].since, facts.span.until), within)
    said = [one for one in labelled if one.label in ("right", "wrong")]
    return Accuracy(
        whole=Group(name=ALL, acceptance=whole.acceptance, precision=whole.precision),
        by_severity=_groups(facts.fates, lambda one: one.severity),
        by_category=_groups(facts.fates, lambda one: one.category),
        by_repository=_groups(facts.fates, lambda one: one.repo),
        by_engine=_groups(facts.fates, lambda one: one.engine),
        by_model=_groups(facts.fates, lambda one: one.model),
        by_contract=_groups(facts.fates, lambda one: one.contract_hash[:12]),
        untraceable=whole.untraceable,
        labelled=share(sum(one.label == "right" for one in said), len(said)),
        labelled_proxy=fared((one.outcome, 1) for one in said).precision,
        trend=tuple(
            Point(week=week_name(one.since, zone), value=_week(store, one, read, within))
            for one in weeks
        ),
    )


def noise(facts: Facts) -> Noise:
    """How much was said where people were still at work, and what nobody touched."""
    told = [one for one in facts.told if one.merged_at is None]
    whole = _fared(facts.fates)
    found = sum(one.kept + one.refuted + one.repeated + one.other for one in told)
    return Noise(
        per_review=rate(_kept(told) / len(told)) if told else None,
        repeats=share(sum(one.repeated for one in told), found),
        silent=share(sum(one.form == "silent" for one in told), len(told)),
        untouched=share(whole.passed_over, whole.traced),
    )


def checks(facts: Facts, answers: Sequence[Answer]) -> Checks:
    """What the product itself caught; a review that was not verified says nothing of refuting."""
    told = [one for one in facts.told if one.merged_at is None]
    verified = [one for one in told if one.is_verified]
    refuted, kept = sum(one.refuted for one in verified), _kept(told)
    return Checks(
        refuted=share(refuted, refuted + _kept(verified)),
        corrected=share(sum(one.corrected for one in told), kept),
        lost=share(sum(one.lost for one in told), kept),
        invalid=share(sum(one.is_refused for one in answers), len(answers)),
    )


def _kept(told: Sequence[Told]) -> int:
    return sum(one.kept for one in told)


def _fared(fates: Sequence[Fate]) -> Fared:
    return fared((one.outcome, one.findings) for one in fates)


def _week(store: Store, week: Span, read: Mapping[Span, Facts], within: str) -> float | None:
    if week in read:
        return _fared(read[week].fates).acceptance.rate
    return fared(figures_verdicts.fared(store, week, within)).acceptance.rate


def _groups(fates: Sequence[Fate], name: Callable[[Fate], str]) -> tuple[Group, ...]:
    """The largest first; a rate of few would say more than they do."""
    by_name: dict[str, list[Fate]] = {}
    for one in fates:
        by_name.setdefault(name(one), []).append(one)
    ordered = sorted(
        ((_fared(mine), group) for group, mine in by_name.items()),
        key=lambda pair: (-pair[0].traced, pair[1]),
    )
    return tuple(
        Group(name=group, acceptance=_few(of.acceptance), precision=_few(of.precision))
        for of, group in ordered[:MOST_REPOSITORIES]
    )


def _few(told: Share) -> Share:
    return told if told.of >= MIN_FINDINGS else Share(hits=told.hits, of=told.of)
