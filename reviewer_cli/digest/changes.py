"""What changed against the four weeks before, by more than chance would do.

Rows are those of the period and of the weeks before it; docs/digest.md tells the rules, and how
often they may be wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo

from reviewer_cli.core.digest_words import CLAIMED
from reviewer_cli.core.drift import Sides, claimed
from reviewer_cli.core.facts import End, Event, Fate, Told
from reviewer_cli.core.measures import rate
from reviewer_cli.core.periods import BEFORE_WEEKS, Span, weeks_before
from reviewer_cli.core.quality import Change, Metric, Verdict
from reviewer_cli.digest.by_pull import Judged, Sums, judged, sides, summed
from reviewer_cli.digest.compared import Seen, Times, cost, covered, errors, latency, shares

MOST_GROUPS = 5
"""Changes of single groups that are told, the surest ones."""

SMALLEST_P = 1e-6
"""A digest tells no chance smaller than this: no model of it is that exact."""

OF_REVIEWS: tuple[tuple[Metric, Callable[[Sums], tuple[float, float]]], ...] = (
    (Metric.FINDINGS, lambda pull: (pull.kept, pull.reviews)),
    (Metric.SILENT, lambda pull: (pull.silent, pull.reviews)),
    (Metric.REPEATS, lambda pull: (pull.repeated, pull.found)),
    (Metric.REFUTED, lambda pull: (pull.refuted, pull.verified)),
    (Metric.LOST_ANCHORS, lambda pull: (pull.lost, pull.kept)),
)
"""What each pull request adds to a number: how much, and over how many."""

GROUPS: tuple[tuple[str, Callable[[Fate], str]], ...] = (
    ("severity", lambda fate: fate.severity),
    ("model", lambda fate: fate.model),
    ("contract", lambda fate: fate.contract_hash[:12]),
)
"""The groups of findings whose acceptance is compared as well, besides repositories."""


def changes(
    told: Sequence[Told],
    merged: Sequence[End],
    fates: Sequence[Fate],
    events: Sequence[Event],
    span: Span,
    zone: tzinfo,
) -> tuple[Change, ...]:
    """Every number that is compared, in the order of `Metric`, then groups that surely changed.

    In at most one of 100 weeks in which nothing changed there is any claim among them.
    """
    first = weeks_before(span, BEFORE_WEEKS, zone)[0].since
    times = Times(first=first, span=span, zone=zone)
    reviews = [one for one in told if one.merged_at is None and one.told_at in times]
    ended = [one for one in fates if one.noted_at in times]
    pulls, findings = summed(reviews, span.since), judged(ended, span.since)
    accepted = sides(findings, _acceptance)
    seen = {
        one.metric: one
        for one in (
            shares(Metric.ACCEPTANCE, accepted),
            shares(Metric.PRECISION, sides(findings, _precision)),
            *(shares(metric, sides(pulls, amounts)) for metric, amounts in OF_REVIEWS),
            covered(merged, times),
            cost(pulls),
            latency(reviews, times),
            errors(reviews, events, times),
        )
    }
    whole = _judged([seen[metric] for metric in Metric])
    return (*whole, *_groups(accepted, ended, span.since))


def _acceptance(of: Judged) -> tuple[float, float]:
    return of.acted_on, of.acted_on + of.declined + of.passed_over


def _precision(of: Judged) -> tuple[float, float]:
    return of.acted_on, of.acted_on + of.declined


def _groups(
    accepted: Mapping[str, Sides], fates: Sequence[Fate], since: float
) -> tuple[Change, ...]:
    """The surest changes of acceptance in single groups; the only one of a kind is the whole."""
    kinds = {"repository": {name: {name: one} for name, one in accepted.items()}}
    for kind, name in GROUPS:
        found: defaultdict[str, list[Fate]] = defaultdict(list)
        for one in fates:
            found[name(one)].append(one)
        if len(found) > 1:
            kinds[kind] = {
                group: sides(judged(some, since), _acceptance) for group, some in found.items()
            }
    family = [
        shares(Metric.ACCEPTANCE, of, f"{kind} {group}")
        for kind, groups in kinds.items()
        for group, of in sorted(groups.items())
        if len(groups) > 1
    ]
    sure = [one for one in _judged(family) if one.verdict in CLAIMED]
    return tuple(sorted(sure, key=lambda one: (one.p, one.group))[:MOST_GROUPS])


def _judged(family: Sequence[Seen]) -> Iterator[Change]:
    """Verdicts of one family; the more of it can be compared, the surer a claim must be."""
    sure = claimed(
        {
            (one.metric, one.group): one.compared.drift
            for one in family
            if one.compared.drift is not None
        }
    )
    for one in family:
        drift = one.compared.drift
        if drift is None:
            verdict = Verdict.TOO_FEW
        elif (one.metric, one.group) not in sure:
            verdict = Verdict.NO_SIGN
        else:
            verdict = Verdict.MORE if drift.rise > 0 else Verdict.LESS
        yield Change(
            metric=one.metric,
            group=one.group,
            now=rate(one.now),
            before=rate(one.before),
            verdict=verdict,
            p=None if drift is None else max(SMALLEST_P, rate(drift.p) or 0.0),
            n_now=one.compared.n_now,
            n_before=one.compared.n_before,
        )
