"""What to do next, out of what the ledger knew at the end of the period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from reviewer_cli.core.advice import (
    Cap,
    Unguided,
    about_caps,
    about_dead,
    about_declined,
    about_guidance,
    about_passed_over,
)
from reviewer_cli.core.digest import Advice
from reviewer_cli.core.digest_figures import counted
from reviewer_cli.core.facts import Event, EventKind, Told
from reviewer_cli.core.patterns import Reacted, declined, passed_over, unwanted
from reviewer_cli.core.periods import TREND_WEEKS, Span, weeks_before
from reviewer_cli.core.select import SkipClass
from reviewer_cli.digest.reading import Facts
from reviewer_cli.errors import BudgetReached, ReviewTimeout, TurnsUsedUp
from reviewer_cli.ledger import figures_patterns
from reviewer_cli.ledger.figures_trouble import Sweep, dead
from reviewer_cli.ledger.store import Store

FAILED = (EventKind.RETRIED, EventKind.PUT_OFF, EventKind.DIED)

STOPPED = (
    (BudgetReached, "[engine] max_usd", "Reviews were stopped at what one may cost"),
    (TurnsUsedUp, "[engine] max_turns", "Reviews were stopped at their last turn"),
    (ReviewTimeout, "[engine] deadline", "Reviews were stopped at their deadline"),
)
"""Errors that a limit of the configuration raises, with its key."""

SKIPPED = (
    (
        SkipClass.SIZE,
        "[skip] max_files or max_changed_lines",
        "Pull requests were skipped for their size",
    ),
    (SkipClass.ROUNDS, "[rounds] max_rounds", "Pull requests had all the rounds they may have"),
)


def advice(
    store: Store, facts: Facts, sweeps: Sequence[Sweep], zone: tzinfo, within: str
) -> tuple[Advice, ...]:
    """At most five pieces of each kind, the most urgent kind first.

    Patterns are looked for in the quarter of a year until the period's end, or the newest 10,000
    findings of it.
    """
    first = weeks_before(facts.span, TREND_WEEKS - 1, zone)[0].since
    reacted = figures_patterns.reacted(store, Span(first, facts.span.until), within)
    no, silence = declined(reacted), passed_over(reacted)
    died = Counter(one.word for one in facts.events if one.kind == EventKind.DIED)
    return (
        *about_dead(dead(store, facts.span.until, within), died),
        *about_caps(_caps(facts, sweeps)),
        *about_guidance(_unguided(facts.told, reacted)),
        *about_declined(no),
        *about_passed_over(silence, no),
    )


def _caps(facts: Facts, sweeps: Sequence[Sweep]) -> Iterator[Cap]:
    full = sum(one.is_full for one in sweeps)
    yield Cap(
        key="[sweep] limit",
        what="Sweeps took up as many heads as they may, so that others may have waited",
        hits=full,
        evidence=f"{full:,} of {counted(len(sweeps), 'sweep')}.",
    )
    for error, key, what in STOPPED:
        such = [one for one in facts.events if one.kind in FAILED and one.word == error.__name__]
        yield Cap(key=key, what=what, hits=len(such), evidence=_times(such))
    for kind, key, what in SKIPPED:
        such = [one for one in facts.events if _is_skip(one, kind)]
        yield Cap(key=key, what=what, hits=len(such), evidence=_times(such))
    cut = [one for one in facts.told if one.over_limits]
    files = sum(one.over_limits or 0 for one in cut)
    yield Cap(
        key="[diff] max_files, max_file_bytes, max_line_bytes or max_diff_bytes",
        what="Reviews left files out because one may read no more",
        hits=len(cut),
        evidence=f"{counted(files, 'file')} in {counted(len(cut), 'review')}.",
    )


def _is_skip(event: Event, kind: SkipClass) -> bool:
    return event.kind == EventKind.SKIPPED and event.word == kind


def _times(events: Sequence[Event]) -> str:
    heads = len({one.head_id for one in events})
    return f"{counted(len(events), 'time')}, on {counted(heads, 'head')}."


def _unguided(told: Sequence[Told], reacted: Sequence[Reacted]) -> Iterator[Unguided]:
    """Repositories whose newest review found no guidance; older programs did not note it."""
    newest = {one.repo: one for one in told}
    reviews = Counter(one.repo for one in told)
    for repo, one in newest.items():
        if one.guided == 0:
            yield Unguided(repo=repo, reviews=reviews[repo], declined=unwanted(reacted, repo))
