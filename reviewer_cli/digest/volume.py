"""How much was reviewed and what was not, with what was merged beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reviewer_cli.core.activity import AfterMerge, Missed, Volume
from reviewer_cli.core.chance import share
from reviewer_cli.core.facts import End, EventKind, Told
from reviewer_cli.core.measures import Named, Share
from reviewer_cli.core.models import Severity
from reviewer_cli.digest.reading import TOP, Facts, counts
from reviewer_cli.ledger.figures_reviews import found_late
from reviewer_cli.ledger.store import Store

LAST_ROUND = 4
"""Later rounds than this are counted with it."""


def volume(store: Store, facts: Facts, merged: Sequence[End] | None, within: str) -> Volume:
    """The heads of a span, and what was `merged` in it, as `reading.merged` gives it."""
    before = [one for one in facts.told if one.merged_at is None]
    after = [one for one in facts.told if one.merged_at is not None]
    return Volume(
        reviewed=len(before),
        notes=sum(one.form == "note" for one in before),
        found_elsewhere=len(_heads(facts, EventKind.FOUND)),
        superseded=len(_heads(facts, EventKind.SUPERSEDED)),
        skipped=counts(word for word, _ in _heads(facts, EventKind.SKIPPED)),
        rounds=_rounds(before),
        merged=None if merged is None else len(merged),
        covered=_share(merged, lambda one: one.is_covered),
        last_head_covered=_share(merged, lambda one: one.is_last_covered),
        merged_unreviewed=_missed(merged or ()),
        reviewed_after_merge=len(after),
        after_merge=_after_merge(store, facts, after, within),
    )


def _heads(facts: Facts, kind: EventKind) -> set[tuple[str, int | None]]:
    """The heads to which it happened, each once for each word of it."""
    words = kind is EventKind.SKIPPED
    found = (one for one in facts.events if one.kind == kind)
    return {(one.word if words else "", one.head_id) for one in found}


def _rounds(told: Sequence[Told]) -> tuple[Named, ...]:
    rounds = [min(one.round, LAST_ROUND) for one in told]
    names = {number: str(number) for number in range(1, LAST_ROUND)} | {LAST_ROUND: "4+"}
    return tuple(Named(name=names[one], count=rounds.count(one)) for one in sorted(set(rounds)))


def _share(merged: Sequence[End] | None, hits: Callable[[End], int]) -> Share | None:
    return None if merged is None else share(sum(map(hits, merged)), len(merged))


def _missed(merged: Sequence[End]) -> tuple[Missed, ...]:
    """The newest first: those can still be looked at before anybody builds on them."""
    missed = sorted(
        (one for one in merged if not one.is_covered),
        key=lambda one: (-one.ended_at, one.repo, one.pull),
    )
    return tuple(Missed(repo=one.repo, pull=one.pull, why=one.why) for one in missed[:TOP])


def _after_merge(
    store: Store, facts: Facts, after: Sequence[Told], within: str
) -> tuple[AfterMerge, ...]:
    ranks: dict[int, int] = {}
    for found in found_late(store, facts.span, within):
        rank = Severity(found.severity).rank
        ranks[found.head_id] = min(rank, ranks.get(found.head_id, rank))
    severities = list(Severity)
    worth_telling = (one for one in after if one.kept)
    ordered = sorted(worth_telling, key=lambda one: (-one.kept, one.repo, one.pull, one.told_at))
    return tuple(
        AfterMerge(
            repo=one.repo,
            pull=one.pull,
            kept=one.kept,
            worst=severities[ranks[one.head_id]] if one.head_id in ranks else None,
        )
        for one in ordered[:TOP]
    )
