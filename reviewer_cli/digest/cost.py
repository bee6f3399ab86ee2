"""What the reviews of a time cost, what that went into, and where the month may end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from reviewer_cli.core.activity import Cost, Month, Spend
from reviewer_cli.core.facts import Told
from reviewer_cli.core.measures import Point, rate, usd
from reviewer_cli.core.periods import (
    BEFORE_WEEKS,
    Span,
    month,
    named_week,
    week_name,
    weeks_before,
)
from reviewer_cli.digest.batch import use
from reviewer_cli.digest.fates import acted_on
from reviewer_cli.digest.reading import MOST_REPOSITORIES, Facts
from reviewer_cli.ledger.figures_cost import (
    Answer,
    Spent,
    by_repository,
    first_answer,
    spent,
    wasted,
)
from reviewer_cli.ledger.figures_trouble import Sweep
from reviewer_cli.ledger.store import Store

MICRO = 1_000_000


def cost(
    store: Store,
    facts: Facts,
    answers: Sequence[Answer],
    sweeps: Sequence[Sweep],
    weeks: Sequence[Span],
    zone: tzinfo,
    within: str,
    now: float,
) -> Cost:
    """What was spent, by the engines' own estimates."""
    by_repo = by_repository(store, facts.span, within)
    micro = sum(one.micro_usd for one in by_repo)
    told = facts.told
    told_micro, kept = sum(one.micro_usd for one in told), sum(one.kept for one in told)
    read = sum(one.input_tokens + one.cache_read_tokens + one.cache_write_tokens for one in by_repo)
    cached = sum(one.cache_read_tokens for one in by_repo)
    return Cost(
        usd=_usd(micro),
        usd_before=_before(store, facts.span, zone, within),
        per_review_usd=usd(_per(told_micro / MICRO, len(told))),
        per_kept_usd=usd(_per(told_micro / MICRO, kept)),
        per_acted_on_usd=usd(_per(micro / MICRO, acted_on(facts.fates))),
        wasted_usd=_usd(wasted(store, facts.span, within)),
        input_tokens=sum(one.input_tokens for one in by_repo),
        output_tokens=sum(one.output_tokens for one in by_repo),
        cache_read_tokens=cached,
        cache_write_tokens=sum(one.cache_write_tokens for one in by_repo),
        tokens_per_review=rate(_per(sum(one.tokens for one in told), len(told))),
        cache=rate(_per(cached, read)),
        repositories=_repositories(by_repo, told),
        use=use(answers, sweeps),
        month=_month(store, facts.span, zone, within, now),
        trend=tuple(_point(store, one, zone, within) for one in weeks),
    )


def _usd(micro: float) -> float:
    return usd(micro / MICRO) or 0.0


def _per(what: float, count: int) -> float | None:
    return what / count if count else None


def _known(store: Store, week: Span, within: str) -> int | None:
    """What a week cost; None where nothing at all had been spent until its end."""
    first = first_answer(store)
    return spent(store, week, within) if first is not None and first < week.until else None


def _point(store: Store, week: Span, zone: tzinfo, within: str) -> Point:
    micro = _known(store, week, within)
    return Point(week=week_name(week.since, zone), value=None if micro is None else _usd(micro))


def _before(store: Store, span: Span, zone: tzinfo, within: str) -> float | None:
    """What each of the weeks before cost on average; a span of another length is like none."""
    if named_week(span, zone) is None:
        return None
    weeks = weeks_before(span, BEFORE_WEEKS, zone)
    known = [micro for one in weeks if (micro := _known(store, one, within)) is not None]
    return usd(_per(sum(known) / MICRO, len(known)))


def _repositories(by_repo: Sequence[Spent], told: Sequence[Told]) -> tuple[Spend, ...]:
    micro = {one.repo: one.micro_usd for one in by_repo}
    reviews: dict[str, int] = {}
    kept: dict[str, int] = {}
    for one in told:
        reviews[one.repo] = reviews.get(one.repo, 0) + 1
        kept[one.repo] = kept.get(one.repo, 0) + one.kept
    ordered = sorted(micro.keys() | reviews.keys(), key=lambda repo: (-micro.get(repo, 0), repo))
    return tuple(
        Spend(
            repo=repo,
            usd=_usd(micro.get(repo, 0)),
            reviews=reviews.get(repo, 0),
            kept=kept.get(repo, 0),
        )
        for repo in ordered[:MOST_REPOSITORIES]
    )


def _month(store: Store, span: Span, zone: tzinfo, within: str, now: float) -> Month:
    """Its rest costs what the last four weeks did, each day; at least and at most as one of them.

    Weeks before the first answer of all tell nothing.
    """
    seen = max(span.since, min(span.until, now))
    name, whole = month(max(span.since, seen - 1), zone)
    so_far = spent(store, Span(whole.since, seen), within)
    first = first_answer(store)
    weeks = [
        one
        for one in weeks_before(Span(seen, seen), BEFORE_WEEKS, zone)
        if first is not None and first < one.until
    ]
    sums = [spent(store, one, within) for one in weeks]
    lengths = [one.until - one.since for one in weeks]
    rates = [one / length for one, length in zip(sums, lengths, strict=True)] or [0.0]
    mean = sum(sums) / sum(lengths) if weeks else 0.0
    left = max(0.0, whole.until - seen)
    return Month(
        name=name,
        so_far_usd=_usd(so_far),
        likely_usd=_usd(so_far + left * mean),
        low_usd=_usd(so_far + left * min(rates)),
        high_usd=_usd(so_far + left * max(rates)),
    )
