"""Digests made by hand: a full week, an empty one, a tiny one, and one full of hostile texts."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from reviewer_cli.core.activity import (
    AfterMerge,
    Cost,
    Latency,
    Missed,
    Month,
    Outage,
    Parts,
    Spend,
    Trouble,
    Use,
    Volume,
)
from reviewer_cli.core.digest import SCHEMA, Advice, AdviceKind, Digest, Drawn, Period, Words
from reviewer_cli.core.headline import headline
from reviewer_cli.core.measures import Named, Point, Share, Spread, rate
from reviewer_cli.core.quality import (
    Accuracy,
    Change,
    Checks,
    Feedback,
    Group,
    Metric,
    Near,
    Noise,
    Verdict,
)

WEEKS = tuple(f"2026-W{number:02}" for number in range(35, 48))
REPOSITORIES = (
    *("acme/shop", "acme/payments", "acme/billing-api", "acme/warehouse", "acme/web"),
    *("acme/identity", "acme/mobile-app", "acme/search", "acme/mailer", "acme/reports"),
    *("acme/gateway", "acme/catalogue", "acme/infrastructure", "acme/design-system"),
    *("acme/data-pipeline", "acme/notifications", "acme/backoffice", "acme/sdk-python"),
    *("acme/sdk-typescript", "acme/documentation"),
)


def share(hits: int, of: int) -> Share:
    """A share with its interval, by the textbook formula."""
    if not of:
        return Share(hits=hits, of=of)
    z = 1.959963984540054
    p, scale = hits / of, 1 + z * z / of
    middle = (p + z * z / (2 * of)) / scale
    half = z * sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / scale
    return Share(hits=hits, of=of, rate=rate(p), low=rate(middle - half), high=rate(middle + half))


def group(name: str, yes: int, no: int, quiet: int) -> Group:
    """Findings of a kind that were acted on, dismissed and passed over."""
    return Group(name=name, acceptance=share(yes, yes + no + quiet), precision=share(yes, yes + no))


def few(name: str, yes: int, no: int, quiet: int) -> Group:
    """The same where they are too few for a rate."""
    of, judged = yes + no + quiet, yes + no
    return Group(name=name, acceptance=Share(hits=yes, of=of), precision=Share(hits=yes, of=judged))


def points(*values: float | None) -> tuple[Point, ...]:
    """A trend that ends with week 47."""
    return tuple(
        Point(week=week, value=value)
        for week, value in zip(WEEKS[-len(values) :], values, strict=True)
    )


def change(
    metric: Metric,
    now: float | None,
    before: float | None,
    verdict: Verdict = Verdict.NO_SIGN,
    *,
    p: float | None,
    group: str = "",
) -> Change:
    """One comparison of a busy week."""
    by_day = metric in (Metric.LATENCY, Metric.ERRORS)
    return Change(
        metric=metric,
        group=group,
        now=now,
        before=before,
        verdict=verdict,
        p=p,
        n_now=7 if by_day else 181,
        n_before=28 if by_day else 702 if before is not None else 0,
    )


SHOP = change(
    Metric.ACCEPTANCE, 0.316667, 0.594, Verdict.LESS, p=0.00003, group="repository acme/shop"
)

_FULL = Digest(
    schema=SCHEMA,
    scope="",
    period=Period(
        week="2026-W47",
        since="2026-11-16T00:00:00+01:00",
        until="2026-11-23T00:00:00+01:00",
        zone="Europe/Berlin",
        is_final=True,
        recorded_since="2026-05-04T09:12:31+02:00",
    ),
    headline=(),
    volume=Volume(
        reviewed=388,
        notes=17,
        found_elsewhere=2,
        superseded=41,
        skipped=(
            Named(name="draft", count=64),
            Named(name="bot", count=38),
            Named(name="size", count=3),
            Named(name="paths", count=2),
        ),
        rounds=(
            Named(name="1", count=241),
            Named(name="2", count=98),
            Named(name="3", count=34),
            Named(name="4+", count=15),
        ),
        merged=262,
        covered=share(243, 262),
        last_head_covered=share(231, 262),
        merged_unreviewed=(
            Missed(repo="acme/shop", pull="4512", why="size"),
            Missed(repo="acme/web", pull="987", why="merged before its review"),
            Missed(repo="acme/web", pull="991", why="merged before its review"),
            Missed(repo="acme/infrastructure", pull="77", why="bot"),
            Missed(repo="acme/mailer", pull="203", why="HostUnavailable"),
        ),
        reviewed_after_merge=6,
        after_merge=(
            AfterMerge(repo="acme/web", pull="987", kept=2, worst="high"),
            AfterMerge(repo="acme/web", pull="991", kept=1, worst="low"),
        ),
    ),
    latency=Latency(
        first=Spread(n=241, p50_s=1140.4, p90_s=3012.0, p99_s=35110.5),
        later=Spread(n=130, p50_s=903.1, p90_s=2480.7, p99_s=12044.0),
        parts=Parts(tick=0.312, settle=0.094, queue=0.352, prepare=0.028, model=0.201, host=0.013),
        trend=points(
            *(380.0, 402.5, 371.1, 391.0, 366.2, 410.9, 377.7),
            *(369.4, 388.8, 361.0, 372.6, 359.9, 1140.4),
        ),
    ),
    cost=Cost(
        usd=118.427311,
        usd_before=104.9,
        per_review_usd=0.305225,
        per_kept_usd=0.227745,
        per_acted_on_usd=0.598118,
        wasted_usd=3.911,
        input_tokens=9_412_008,
        output_tokens=2_204_551,
        cache_read_tokens=61_004_330,
        cache_write_tokens=7_311_902,
        tokens_per_review=205_961.8,
        cache=0.784791,
        repositories=tuple(
            Spend(
                repo=name,
                usd=round(26.4 / (1 + at) ** 0.9, 6),
                reviews=max(2, 84 // (at + 1)),
                kept=max(1, 110 // (at + 1)),
            )
            for at, name in enumerate(REPOSITORIES)
        ),
        use=Use(sweeps=672, filled=0.713, peak=1.0, usd_of_cap=0.84, full_sweeps=4),
        month=Month(
            name="2026-11",
            so_far_usd=341.02,
            likely_usd=476.3,
            low_usd=461.7,
            high_usd=489.1,
        ),
        trend=points(
            *(88.1, 91.4, 97.0, 84.2, 102.6, 95.5, 99.1),
            *(93.3, 101.0, 108.4, 99.8, 104.9, 118.427311),
        ),
    ),
    trouble=Trouble(
        retried=(
            Named(name="HostUnavailable", count=31),
            Named(name="EngineFailed", count=12),
            Named(name="InvalidReply", count=5),
        ),
        put_off=(Named(name="RateLimited", count=18),),
        dead=(Named(name="TurnsUsedUp", count=2),),
        dead_at_end=3,
        sweeps=672,
        failed_sweeps=9,
        died_sweeps=1,
        failed_polls=(Named(name="acme/legacy", count=14),),
        paused_s=1260.0,
        openings=(Named(name="host github.com", count=2), Named(name="engine", count=1)),
        longest=Outage(
            door="host github.com",
            kind="outage",
            since="2026-11-18T21:04:00+01:00",
            seconds=32_580.0,
            is_over=True,
        ),
    ),
    feedback=Feedback(
        thumbs_up=61,
        thumbs_down=34,
        replies=88,
        uncounted=7,
        outcomes=(
            Named(name="fixed", count=151),
            Named(name="ignored", count=92),
            Named(name="merged unresolved", count=61),
            Named(name="dismissed", count=58),
            Named(name="suggestion committed", count=29),
            Named(name="accepted", count=17),
        ),
    ),
    accuracy=Accuracy(
        whole=group("all", 198, 61, 153),
        by_severity=(
            group("medium", 92, 27, 70),
            group("low", 41, 26, 66),
            group("high", 59, 7, 16),
            few("critical", 6, 1, 1),
        ),
        by_category=(
            group("correctness", 88, 12, 41),
            group("maintainability", 30, 31, 60),
            group("security", 46, 6, 19),
            group("performance", 22, 7, 18),
            group("testing", 8, 4, 13),
            few("documentation", 4, 1, 2),
        ),
        by_repository=(
            group("acme/shop", 38, 27, 55),
            group("acme/payments", 41, 6, 17),
            group("acme/billing-api", 31, 8, 22),
            group("acme/warehouse", 24, 5, 19),
            group("acme/web", 22, 7, 17),
            *(few(name, 3, 0, 2) for name in REPOSITORIES[5:20]),
        ),
        by_engine=(group("agent", 189, 52, 133), group("offline", 9, 9, 20)),
        by_model=(group("model-large-5", 189, 52, 133), group("rules", 9, 9, 20)),
        by_contract=(group("5c1e90ab44de", 171, 58, 141), group("0fd2b6a17c33", 27, 3, 12)),
        untraceable=19,
        labelled=share(41, 52),
        labelled_proxy=share(37, 46),
        trend=points(
            *(0.592, 0.611, 0.604, 0.583, 0.622, 0.617, 0.598),
            *(0.609, 0.631, 0.601, 0.615, 0.606, 0.480583),
        ),
    ),
    noise=Noise(
        per_review=1.340206,
        repeats=share(121, 705),
        silent=share(143, 388),
        untouched=share(153, 412),
    ),
    checks=Checks(
        refuted=share(88, 604), corrected=share(31, 520), lost=share(9, 520), invalid=share(5, 811)
    ),
    changes=(
        change(Metric.ACCEPTANCE, 0.480583, 0.612903, Verdict.LESS, p=0.000012),
        change(Metric.PRECISION, 0.764, 0.781, p=0.61),
        change(Metric.FINDINGS, 1.34, 1.29, p=0.44),
        change(Metric.SILENT, 0.368557, 0.352, p=0.52),
        change(Metric.REPEATS, 0.171631, 0.168, p=0.88),
        change(Metric.REFUTED, 0.145695, 0.151, p=0.73),
        change(Metric.LOST_ANCHORS, 0.017308, 0.019, p=0.81),
        change(Metric.COVERAGE, 0.927481, None, Verdict.TOO_FEW, p=None),
        change(Metric.COST, 0.305225, 0.288, p=0.12),
        change(Metric.LATENCY, 1140.4, 365.3, Verdict.MORE, p=0.00021),
        change(Metric.ERRORS, 0.061, 0.038, p=0.05),
        SHOP,
    ),
    nearly_missed=(
        Near(
            repo="acme/payments",
            pull="1180",
            place="src/payments/refund.py:88",
            severity="critical",
            title="A refund is booked twice when the provider answers late",
            before="ignored",
            after="reverted",
        ),
        Near(
            repo="acme/warehouse",
            pull="311",
            place="stock/count.go:214",
            severity="high",
            title="The lock is released before the count is written",
            before="dismissed",
            after="fixed again",
        ),
    ),
    advice=(
        Advice(
            kind=AdviceKind.DEAD,
            repo="",
            sentence="3 heads died and wait for you: see why with "
            "`reviewer ledger list --state dead`, then `reviewer ledger retry --all`.",
            evidence="In this time died 2 of TurnsUsedUp.",
        ),
        Advice(
            kind=AdviceKind.CAP,
            repo="",
            sentence="Sweeps took up as many heads as they may, so that others may have waited: "
            "raise `[sweep] limit` in reviewer.toml if that is not wanted.",
            evidence="4 of 672 sweeps.",
        ),
        Advice(
            kind=AdviceKind.GUIDANCE,
            repo="acme/mobile-app",
            sentence="Tell reviewers of acme/mobile-app what matters there: add a REVIEW.md to "
            "its base branch.",
            evidence="It had 12 reviews without any guidance.",
            file="REVIEW.md",
            text="# For reviewers\n\nWhat matters most here:\n\n- Name the places where a mistake "
            "loses data, lets people in, or stops users.\n",
        ),
        Advice(
            kind=AdviceKind.DISMISSED,
            repo="acme/shop",
            sentence="Declare performance findings like “logging inside a loop” in acme/shop as "
            "known in .reviewer.toml, if you agree.",
            evidence="9 were declined on 7 pull requests. None like them was acted on.",
            file=".reviewer.toml",
            text='[[known]]\ncategory = "performance"\nwords = "logging inside loop"\n',
        ),
        Advice(
            kind=AdviceKind.PASSED_OVER,
            repo="acme/shop",
            sentence="Ask in REVIEW.md for fewer maintainability findings in acme/shop: hardly "
            "anybody reacts to them.",
            evidence="Acted on: 2 of 16 (12 %), on 11 pull requests nothing was done.",
            file="REVIEW.md",
            text="- Do not report missing docstrings.\n",
        ),
    ),
    draw=tuple(
        Drawn(
            finding_id=identity,
            repo=repo,
            pull=pull,
            place=place,
            severity=severity,
            title=title,
        )
        for identity, repo, pull, place, severity, title in (
            (88121, "acme/shop", "4490", "cart/views.py:120", "medium", "A price is a float"),
            (88203, "acme/web", "980", "src/app.tsx:41", "low", "The effect has no clean-up"),
            (88260, "acme/search", "66", "query/parse.rs:9", "high", "Unchecked index"),
            (88311, "acme/identity", "140", "token.go:77", "high", "The expiry is not checked"),
            (88390, "acme/mailer", "199", "send.py:12", "low", "A retry without a pause"),
        )
    ),
    words=Words(
        usd=0.004,
        text="Acceptance fell in the week in which one repository's findings were dismissed most. "
        "Latency rose because of one outage of nine hours.",
        model="model-small-5",
    ),
)

_NOTHING = Share(hits=0, of=0)
_NO_GROUP = Group(name="all", acceptance=_NOTHING, precision=_NOTHING)

_EMPTY = Digest(
    schema=SCHEMA,
    scope="",
    period=Period(
        week="2026-W47",
        since="2026-11-16T00:00:00+00:00",
        until="2026-11-23T00:00:00+00:00",
        zone="UTC",
        is_final=True,
        recorded_since="2026-11-01T00:00:00+00:00",
    ),
    headline=(),
    volume=Volume(
        reviewed=0,
        notes=0,
        found_elsewhere=0,
        superseded=0,
        skipped=(),
        rounds=(),
        merged=None,
        covered=None,
        last_head_covered=None,
        merged_unreviewed=(),
        reviewed_after_merge=0,
        after_merge=(),
    ),
    latency=Latency(
        first=Spread(n=0),
        later=Spread(n=0),
        parts=Parts(tick=None, settle=None, queue=None, prepare=None, model=None, host=None),
        trend=points(*[None] * 13),
    ),
    cost=Cost(
        usd=0.0,
        usd_before=None,
        per_review_usd=None,
        per_kept_usd=None,
        per_acted_on_usd=None,
        wasted_usd=0.0,
        input_tokens=0,
        output_tokens=0,
        cache_read_tokens=0,
        cache_write_tokens=0,
        tokens_per_review=None,
        cache=None,
        repositories=(),
        use=Use(sweeps=0, filled=None, peak=None, usd_of_cap=None, full_sweeps=0),
        month=Month(name="2026-11", so_far_usd=0.0, likely_usd=0.0, low_usd=0.0, high_usd=0.0),
        trend=points(*[None] * 13),
    ),
    trouble=Trouble(
        retried=(),
        put_off=(),
        dead=(),
        dead_at_end=0,
        sweeps=0,
        failed_sweeps=0,
        died_sweeps=0,
        failed_polls=(),
        paused_s=0.0,
        openings=(),
        longest=None,
    ),
    feedback=Feedback(thumbs_up=0, thumbs_down=0, replies=0, uncounted=0, outcomes=()),
    accuracy=Accuracy(
        whole=_NO_GROUP,
        by_severity=(),
        by_category=(),
        by_repository=(),
        by_engine=(),
        by_model=(),
        by_contract=(),
        untraceable=0,
        labelled=_NOTHING,
        labelled_proxy=_NOTHING,
        trend=points(*[None] * 13),
    ),
    noise=Noise(per_review=None, repeats=_NOTHING, silent=_NOTHING, untouched=_NOTHING),
    checks=Checks(refuted=_NOTHING, corrected=_NOTHING, lost=_NOTHING, invalid=_NOTHING),
    changes=(),
    nearly_missed=(),
    advice=(),
    draw=(),
)

_TINY = replace(
    _EMPTY,
    scope="shop",
    period=Period(
        week=None,
        since="2026-11-18T00:00:00+00:00",
        until="2026-11-20T00:00:00+00:00",
        zone="UTC",
        is_final=False,
        recorded_since="2026-11-19T08:31:02+00:00",
    ),
    volume=replace(
        _EMPTY.volume,
        reviewed=5,
        skipped=(Named(name="draft", count=1),),
        rounds=(Named(name="1", count=5),),
    ),
    latency=replace(
        _EMPTY.latency,
        first=Spread(n=5, p50_s=41.2),
        parts=Parts(tick=0.91, settle=0.0, queue=0.01, prepare=0.02, model=0.05, host=0.01),
        trend=points(*[None] * 12, 41.2),
    ),
    cost=replace(
        _EMPTY.cost,
        repositories=(Spend(repo="/srv/git/shop", usd=0.0, reviews=5, kept=4),),
        use=Use(sweeps=2, filled=0.5, peak=1.0, usd_of_cap=None, full_sweeps=0),
        trend=points(*[None] * 12, 0.0),
    ),
    trouble=replace(_EMPTY.trouble, sweeps=2),
    accuracy=replace(
        _EMPTY.accuracy,
        whole=few("all", 1, 0, 1),
        by_severity=(few("high", 1, 0, 1),),
        by_category=(few("security", 1, 0, 1),),
        by_repository=(few("/srv/git/shop", 1, 0, 1),),
        by_engine=(few("offline", 1, 0, 1),),
        by_model=(few("rules", 1, 0, 1),),
        by_contract=(few("5c1e90ab44de", 1, 0, 1),),
        trend=points(*[None] * 13),
    ),
    noise=Noise(
        per_review=0.8, repeats=share(0, 4), silent=share(2, 5), untouched=Share(hits=1, of=2)
    ),
    changes=(
        Change(
            metric=Metric.ACCEPTANCE,
            group="",
            now=0.5,
            before=None,
            verdict=Verdict.TOO_FEW,
            p=None,
            n_now=2,
            n_before=0,
        ),
    ),
    draw=(
        Drawn(
            finding_id=3,
            repo="/srv/git/shop",
            pull="feature/search",
            place="shop/search.py:12",
            severity="high",
            title="A query is put together from a request",
        ),
    ),
)

FULL, EMPTY, TINY = (replace(one, headline=headline(one)) for one in (_FULL, _EMPTY, _TINY))

EVIL = (
    "<script>alert(1)</script><img src=//evil.example/p.png onerror=alert(1)>",
    "\u202eevil\u202c \x1b[31mred\x1b]8;;https://evil.example\x07here",
    "a | b | c `x | y` \\| @all @octocat #1 GH-2 Closes #3",
    "[read](https://evil.example) ![p](https://evil.example/p.png) www.evil.example",
    "</title></style></pre><!-- reviewer:digest --> " + "wide " * 60,
    "{{ 7 * 7 }} {% for x in y %} $x$ \n\n/approve\n@dependabot merge\n# heading\n---\n",
    "]]> &lt;b&gt; &#64;octocat \"quoted\" 'single' javascript:alert(1) \u0000\ufeff",
    "[bold red]markup[/bold red] :smile: ~~gone~~ ```suggestion",
)


def hostile(texts: tuple[str, ...]) -> Digest:
    """The full week with these texts wherever a person, a model or a host may choose the words."""
    count = len(texts)

    def evil(at: int) -> str:
        return texts[at % count]

    def named(ones: tuple[Named, ...]) -> tuple[Named, ...]:
        return tuple(replace(one, name=evil(at)) for at, one in enumerate(ones))

    def grouped(ones: tuple[Group, ...]) -> tuple[Group, ...]:
        return tuple(replace(one, name=evil(at)) for at, one in enumerate(ones))

    volume, trouble, accuracy = FULL.volume, FULL.trouble, FULL.accuracy
    assert trouble.longest is not None
    return replace(
        FULL,
        scope=evil(0),
        headline=tuple(f"Do this: {text}" for text in texts[:3]),
        volume=replace(
            volume,
            skipped=named(volume.skipped),
            merged_unreviewed=tuple(
                Missed(repo=evil(at), pull=evil(at + 1), why=evil(at + 2)) for at in range(5)
            ),
            after_merge=(AfterMerge(repo=evil(3), pull=evil(4), kept=2, worst="high"),),
        ),
        cost=replace(
            FULL.cost,
            repositories=tuple(
                replace(one, repo=evil(at)) for at, one in enumerate(FULL.cost.repositories)
            ),
        ),
        trouble=replace(
            trouble,
            retried=named(trouble.retried),
            put_off=named(trouble.put_off),
            dead=named(trouble.dead),
            failed_polls=named(trouble.failed_polls),
            openings=named(trouble.openings),
            longest=replace(trouble.longest, door=evil(1), kind=evil(2)),
        ),
        accuracy=replace(
            accuracy,
            by_category=grouped(accuracy.by_category),
            by_repository=grouped(accuracy.by_repository),
            by_engine=grouped(accuracy.by_engine),
            by_model=grouped(accuracy.by_model),
            by_contract=grouped(accuracy.by_contract),
        ),
        changes=tuple(replace(one, group=evil(at)) for at, one in enumerate(FULL.changes)),
        nearly_missed=tuple(
            replace(one, repo=evil(at), pull=evil(at + 1), place=evil(at + 2), title=evil(at + 3))
            for at, one in enumerate(FULL.nearly_missed)
        ),
        advice=tuple(
            replace(one, repo=evil(at), sentence=evil(at), evidence=evil(at + 1), text=evil(at + 2))
            for at, one in enumerate(FULL.advice)
        ),
        draw=tuple(
            replace(one, repo=evil(at), pull=evil(at + 1), place=evil(at + 2), title=evil(at + 3))
            for at, one in enumerate(FULL.draw)
        ),
        words=Words(text=evil(3), model=evil(0)),
    )


SAMPLES = {"full": FULL, "empty": EMPTY, "tiny": TINY, "hostile": hostile(EVIL)}


def largest() -> Digest:
    """As much of everything as a digest tells, in names of a usual length."""
    many = 5
    groups = tuple(replace(SHOP, group=f"repository {name}") for name in REPOSITORIES[1:many])
    return replace(
        FULL,
        changes=FULL.changes + groups,
        advice=tuple(one for one in FULL.advice for _ in range(many)),
        nearly_missed=tuple(FULL.nearly_missed[at % 2] for at in range(many)),
        accuracy=replace(
            FULL.accuracy, by_category=tuple(FULL.accuracy.by_category[at % 6] for at in range(12))
        ),
    )
