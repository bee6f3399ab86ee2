"""The details of a digest: what the findings were worth, how much was done, how fast, at what cost.

A row is left out where there is nothing to count; what was not recorded is a dash, never a 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from reviewer_cli.core.activity import Cost, Latency, Month, Trouble, Volume
from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_figures import counted, duration, money, number, percent, rated
from reviewer_cli.core.digest_words import (
    PARTS,
    coverage,
    longest_part,
    month,
    outage,
)
from reviewer_cli.render.digest_tables import (
    Fact,
    Section,
    Table,
    facts,
    listed,
    of_all,
    section,
    table,
    total,
)
from reviewer_cli.render.digest_worth import worth

TIME_SPENT = "Where that time went"


def details(digest: Digest) -> tuple[Section, ...]:
    """The sections in the order in which they are told, without those that are empty."""
    every = (
        worth(digest),
        _volume(digest.volume),
        _speed(digest.latency),
        _cost(digest.cost),
        _trouble(digest.trouble),
    )
    return tuple(one for one in every if one.sentences or one.tables)


def _volume(told: Volume) -> Section:
    return section(
        "volume",
        "What was reviewed",
        (coverage(told),),
        (
            facts("Reviews", _reviews(told)),
            table(
                "Merged without a review",
                ("Repository", "Pull request", "Why"),
                "lll",
                ((one.repo, one.pull, one.why) for one in told.merged_unreviewed),
            ),
            table(
                "Reviewed only after the merge, with findings",
                ("Repository", "Pull request", "Findings", "Worst"),
                "llrl",
                (
                    (one.repo, one.pull, number(one.kept), one.worst or "")
                    for one in told.after_merge
                ),
            ),
        ),
    )


def _reviews(told: Volume) -> Iterator[Fact]:
    rounds = ", ".join(f"round {one.name}: {one.count:,}" for one in told.rounds)
    yield "Reviews", number(told.reviewed), rounds
    if told.notes:
        yield "Notes among them", number(told.notes), "brought an earlier review up to date"
    if told.last_head_covered is not None and told.last_head_covered.of:
        last = told.last_head_covered
        yield "Last commit reviewed", rated(last), f"{of_all(last)} merged".strip()
    if told.skipped:
        yield "Skipped", number(total(told.skipped)), listed(told.skipped)
    for name, count, why in (
        ("Superseded", told.superseded, "pushed over or ended before their review"),
        ("Found elsewhere", told.found_elsewhere, "had a review of ours already"),
        ("Reviewed after the merge", told.reviewed_after_merge, ""),
    ):
        if count:
            yield name, number(count), why


def _speed(told: Latency) -> Section:
    spreads = (("First rounds", told.first), ("Later rounds", told.later))
    parts = [
        (words, share) for name, words in PARTS if (share := getattr(told.parts, name)) is not None
    ]
    return section(
        "speed",
        "How long it took",
        (longest_part(told.parts),),
        (
            table(
                "From push to review",
                ("Reviews of", "Count", "Half within", "90 % within", "99 % within"),
                "lrrrr",
                (
                    (name, number(one.n), *map(duration, (one.p50_s, one.p90_s, one.p99_s)))
                    for name, one in spreads
                    if one.n
                ),
            ),
            table(
                TIME_SPENT,
                ("Part", "Share"),
                "lr",
                ((words, percent(share)) for words, share in parts),
                [share for _, share in parts],
            ),
        ),
    )


def months_end(told: Month) -> Table:
    """What the calendar month costs, as the numbers of its chart."""
    return table(
        "The month",
        ("When", "Cost"),
        "lr",
        (
            ("so far", money(told.so_far_usd)),
            ("likely at its end", money(told.likely_usd)),
            ("at least", money(told.low_usd)),
            ("at most", money(told.high_usd)),
        ),
    )


def _cost(told: Cost) -> Section:
    spent = told.usd or told.repositories or told.month.so_far_usd
    return section(
        "cost",
        "What it cost",
        (month(told.month),) if spent else (),
        (
            facts("Money and tokens", _money(told)),
            table(
                "By repository",
                ("Repository", "Cost", "Reviews", "Findings"),
                "lrrr",
                (
                    (one.repo, money(one.usd), number(one.reviews), number(one.kept))
                    for one in told.repositories
                ),
            ),
        ),
    )


def _money(told: Cost) -> Iterator[Fact]:
    if not told.usd and not told.repositories:
        return
    before = (
        f"{money(told.usd_before)} in a week before, on average"
        if told.usd_before is not None
        else ""
    )
    yield "In all", money(told.usd), before
    for name, usd, why in (
        ("Per review", told.per_review_usd, ""),
        ("Per finding", told.per_kept_usd, ""),
        ("Per finding acted on", told.per_acted_on_usd, ""),
        ("For nothing", told.wasted_usd or None, "answers whose head got no review"),
    ):
        if usd is not None:
            yield name, money(usd), why
    if told.tokens_per_review is not None:
        per_review = number(round(told.tokens_per_review))
        made_of = f"{told.input_tokens:,} in, {told.output_tokens:,} out"
        yield "Tokens per review", per_review, f"in all {made_of}"
    if told.cache is not None:
        cached = f"{told.cache_read_tokens:,} read, {told.cache_write_tokens:,} written"
        yield "Read from the cache", percent(told.cache), f"tokens: {cached}"
    yield from _use(told)


def _use(told: Cost) -> Iterator[Fact]:
    use = told.use
    if use.filled is not None:
        peak = f"{percent(use.peak)} at the fullest" if use.peak is not None else ""
        yield "Places of the batch in use", percent(use.filled), peak
    if use.usd_of_cap is not None:
        yield "The dearest review", percent(use.usd_of_cap), "of what it was allowed"
    if use.full_sweeps:
        all_sweeps = f"of {counted(use.sweeps, 'sweep')}"
        yield "Sweeps at their limit", number(use.full_sweeps), all_sweeps


def _trouble(told: Trouble) -> Section:
    longest = f"Longest outage: {outage(told.longest)}" if told.longest is not None else ""
    failed = tuple(_failures(told))
    fine = "Nothing failed." if told.sweeps and not failed and not longest else ""
    return section("trouble", "What failed", (longest, fine), (facts("Failures", failed),))


def _failures(told: Trouble) -> Iterator[Fact]:
    for name, ones in (
        ("Attempts tried again", told.retried),
        ("Attempts put off", told.put_off),
        ("Heads that died", told.dead),
        ("Outages noticed", told.openings),
        ("Repositories not polled", told.failed_polls),
    ):
        if ones:
            yield name, number(total(ones)), listed(ones)
    for name, count, why in (
        ("Dead at the end", told.dead_at_end, "wait for a person"),
        ("Sweeps that failed", told.failed_sweeps, f"of {told.sweeps:,}"),
        ("Sweeps that were killed", told.died_sweeps, f"of {told.sweeps:,}"),
    ):
        if count:
            yield name, number(count), why
    if told.paused_s:
        yield "Paused", duration(told.paused_s), "because a door asked for it"
