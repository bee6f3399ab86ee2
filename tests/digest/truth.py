"""The numbers of a digest counted from the lists of a year, by loops and without any database.

It says the same as docs/digest.md, in other words than the product: what both agree on is right
unless both are wrong in the same way. `truth` gives the parts of a digest as `asdict` does.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from operator import attrgetter
from typing import Any

import numpy as np

from reviewer_cli.core.chance import share
from reviewer_cli.core.periods import Span
from tests.digest.rows import Ends, Events, Findings, Heads, Told
from tests.digest.year import Rows

YES = {"fixed", "suggestion committed", "accepted", "fixed again", "reverted"}
NO = {"dismissed"}
QUIET = {"ignored", "merged unresolved"}
WORST = ["critical", "high", "medium", "low"]
AT = {
    "told": "told_at",
    "ends": "noted_at",
    "events": "at",
    "replies": "received_at",
    "signals": "noted_at",
    "outcomes": "noted_at",
    "labels": "labelled_at",
}
"""When the ledger learnt of a row."""
Part = dict[str, Any]


@dataclass
class Year:
    """The rows of a year, by what belongs together."""

    rows: Rows
    zone: tzinfo
    repo_of: dict[int, str] = field(default_factory=dict)
    told_of: dict[tuple[str, str], list[Told]] = field(default_factory=lambda: defaultdict(list))
    heads_of: dict[tuple[str, str], list[Heads]] = field(default_factory=lambda: defaultdict(list))
    events_of: dict[int | None, list[Events]] = field(default_factory=lambda: defaultdict(list))
    findings_of: dict[int, list[Findings]] = field(default_factory=lambda: defaultdict(list))
    outcomes_of: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    finding: dict[int, Findings] = field(default_factory=dict)
    head: dict[int, Heads] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, at in AT.items():
            getattr(self.rows, name).sort(key=attrgetter(at))
        for head in self.rows.heads:
            self.repo_of[head.id] = head.repo
            self.head[head.id] = head
            self.heads_of[head.repo, head.pull].append(head)
        for told in self.rows.told:
            self.told_of[told.repo, told.pull].append(told)
        for event in self.rows.events:
            self.events_of[event.head_id].append(event)
        for finding in self.rows.findings:
            self.findings_of[finding.head_id].append(finding)
            self.finding[finding.id] = finding
        for outcome in self.rows.outcomes:
            self.outcomes_of[outcome.finding_id].append(outcome)

    def truth(self, span: Span, repos: set[str] | None = None, now: float = 2e9) -> Part:
        """All parts of the digest of a span, of some repositories or of all."""
        return Count(self, span, repos, now).parts()


@dataclass
class Count:
    """One digest's numbers."""

    year: Year
    span: Span
    repos: set[str] | None
    now: float

    def parts(self) -> Part:
        return {
            "volume": self.volume(),
            "latency": self.latency(),
            "cost": self.cost(),
            "trouble": self.trouble(),
            "feedback": self.feedback(),
            "accuracy": self.accuracy(),
            "noise": self.noise(),
            "checks": self.checks(),
            "nearly_missed": self.nearly_missed(),
        }

    def told(self, span: Span | None = None) -> list[Told]:
        return [one for one in self.between("told", span) if self.ours(one.repo)]

    def ends(self, span: Span) -> list[Ends]:
        return [one for one in self.between("ends", span) if self.ours(one.repo)]

    def events(self, *kinds: str) -> list[Events]:
        return [one for one in self.between("events") if one.kind in kinds and self.concerns(one)]

    def replies(self, span: Span | None = None) -> list[Any]:
        return [
            one
            for one in self.between("replies", span)
            if self.ours(self.year.repo_of[one.head_id])
        ]

    def between(self, name: str, span: Span | None = None) -> list[Any]:
        """The rows of a table whose time is in a span; all are kept in the order of time."""
        span, rows, at = span or self.span, getattr(self.year.rows, name), AT[name]
        first = bisect_left(rows, span.since, key=attrgetter(at))
        return rows[first : bisect_left(rows, span.until, key=attrgetter(at))]

    def lies(self, at: float, span: Span | None = None) -> bool:
        span = span or self.span
        return span.since <= at < span.until

    def ours(self, repo: str) -> bool:
        return self.repos is None or repo in self.repos

    def concerns(self, event: Events) -> bool:
        if event.kind in ("opened", "closed", "paused", "counted", "began"):
            return True
        head = event.head_id
        return self.ours(event.subject if head is None else self.year.repo_of[head])

    def last_13(self) -> list[Span]:
        """ISO weeks, the last being that of the last second, as far as it is in the span."""
        last = datetime.fromtimestamp(self.span.until - 1, self.year.zone)
        monday = (last - timedelta(days=last.weekday())).date()
        edges = [self.midnight(monday + timedelta(days=7 * at)) for at in range(-12, 2)]
        edges[-1] = min(edges[-1], self.span.until)
        return [Span(a, b) for a, b in pairwise(edges)]

    def four_before(self, at: float) -> list[Span]:
        day = datetime.fromtimestamp(at, self.year.zone).date()
        edges = [self.midnight(day - timedelta(days=7 * back)) for back in (4, 3, 2, 1, 0)]
        return [Span(a, b) for a, b in pairwise(edges)]

    def midnight(self, day: Any) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self.year.zone).timestamp()

    def week(self, span: Span) -> str:
        return datetime.fromtimestamp(span.since, self.year.zone).strftime("%G-W%V")

    def trend(self, value: Callable[[Span], float | None]) -> list[Part]:
        return [{"week": self.week(one), "value": value(one)} for one in self.last_13()]

    def volume(self) -> Part:
        before = [one for one in self.told() if one.merged_at is None]
        after = [one for one in self.told() if one.merged_at is not None]
        merged = None
        if self.events("counted"):
            since = self.counted_since()
            merged = [
                one
                for one in self.ends(self.span)
                if one.state == "merged" and one.ended_at > since
            ]
        whys = [(one, self.missed(one)) for one in merged or []]
        missing = sorted(
            ((-one.ended_at, one.repo, one.pull, why) for one, why in whys if why is not None)
        )
        covered, last = len(whys) - len(missing), sum(map(self.last_is_covered, merged or []))
        skipped = {(one.head_id, one.word) for one in self.events("skipped")}
        rounds = Counter(min(4, one.round) for one in before)
        return {
            "reviewed": len(before),
            "notes": sum(one.form == "note" for one in before),
            "found_elsewhere": len({one.head_id for one in self.events("found")}),
            "superseded": len({one.head_id for one in self.events("superseded")}),
            "skipped": named(word for _, word in skipped),
            "rounds": [
                {"name": "4+" if one == 4 else str(one), "count": rounds[one]}
                for one in sorted(rounds)
            ],
            "merged": None if merged is None else len(merged),
            "covered": None if merged is None else told_share(covered, whys),
            "last_head_covered": None if merged is None else told_share(last, whys),
            "merged_unreviewed": [
                {"repo": repo, "pull": pull, "why": why} for _, repo, pull, why in missing[:5]
            ],
            "reviewed_after_merge": len(after),
            "after_merge": [
                {"repo": one.repo, "pull": one.pull, "kept": one.kept, "worst": self.worst(one)}
                for one in sorted(after, key=lambda o: (-o.kept, o.repo, o.pull))[:5]
                if one.kept
            ],
        }

    def counted_since(self) -> float:
        """When the host that was asked last was asked for the first time."""
        first: dict[str, float] = {}
        for one in self.year.rows.events:
            if one.kind == "counted":
                first.setdefault(one.subject, one.at)
        return max(first.values())

    def reviews_before(self, end: Ends) -> list[str]:
        """The commits of which there was a review before the end."""
        found = [
            one.head_sha
            for one in self.year.told_of[end.repo, end.pull]
            if one.merged_at is None and one.told_at <= end.ended_at
        ]
        elsewhere = [
            head.head_sha
            for head in self.year.heads_of[end.repo, end.pull]
            if any(one.kind == "found" for one in self.year.events_of[head.id])
        ]
        return found + elsewhere

    def last_is_covered(self, end: Ends) -> bool:
        return end.head_sha in self.reviews_before(end)

    def missed(self, end: Ends) -> str | None:
        """Why there was no review; None where there was one."""
        if self.reviews_before(end):
            return None
        heads = [
            one
            for one in self.year.heads_of[end.repo, end.pull]
            if one.first_seen_at < self.span.until
        ]
        if not heads:
            return "never seen open"
        words = [
            one.word
            for one in self.year.events_of[max(one.id for one in heads)]
            if one.kind in ("skipped", "retried", "put off", "died") and one.at < self.span.until
        ]
        return words[-1] if words else "merged before its review"

    def worst(self, told: Told) -> str | None:
        ranks = [
            WORST.index(one.severity)
            for one in self.year.findings_of[told.head_id]
            if one.disposition == "kept"
        ]
        return WORST[min(ranks)] if ranks else None

    def start(self, told: Told) -> float | None:
        """From when on the review was waited for."""
        if told.was_asked or told.merged_at is not None or told.pushed_at is None:
            return None
        left = [
            one
            for one in self.year.events_of[told.head_id]
            if one.kind in ("skipped", "superseded") and one.at <= told.entered_at
        ]
        return told.entered_at if left else told.pushed_at

    def latency(self) -> Part:
        timed = [(one, at) for one in self.told() if (at := self.start(one)) is not None]
        sums = dict.fromkeys(("tick", "settle", "queue", "prepare", "model", "host"), 0.0)
        for one, at in timed:
            working = max(0.0, one.reviewed_at - one.taken_at)
            sums["tick"] += max(0.0, one.entered_at - at)
            sums["settle"] += max(0.0, one.ready_at - one.entered_at)
            sums["queue"] += max(0.0, one.taken_at - one.ready_at)
            sums["model"] += min(one.model_s, working)
            sums["prepare"] += working - min(one.model_s, working)
            sums["host"] += max(0.0, one.told_at - one.reviewed_at)
        whole = sum(sums.values())
        return {
            "first": spread(one.told_at - at for one, at in timed if one.round == 1),
            "later": spread(one.told_at - at for one, at in timed if one.round > 1),
            "parts": {name: near(one / whole) if whole else None for name, one in sums.items()},
            "trend": self.trend(self.median),
        }

    def median(self, span: Span) -> float | None:
        waits = [
            max(0.0, one.told_at - at)
            for one in self.told(span)
            if one.round == 1 and (at := self.start(one)) is not None
        ]
        return round(float(np.quantile(waits, 0.5)), 1) if waits else None

    def micro(self, span: Span) -> int:
        return sum(round(one.usd * 1e6) for one in self.replies(span))

    def first_reply(self) -> float:
        return self.year.rows.replies[0].received_at

    def spent(self, span: Span) -> float | None:
        return self.micro(span) / 1e6 if self.first_reply() < span.until else None

    def cost(self) -> Part:
        told, replies = self.told(), self.replies()
        micro = self.micro(self.span)
        tokens = {
            name: sum(getattr(one, name) for one in replies)
            for name in ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
        }
        read = sum(tokens.values()) - tokens["output_tokens"]
        yes = sum(one in YES for one in self.verdicts(self.span))
        paid, kept = sum(one.micro_usd for one in told), sum(one.kept for one in told)
        return {
            "usd": micro / 1e6,
            "usd_before": self.before(),
            "per_review_usd": ratio(paid / 1e6, len(told)),
            "per_kept_usd": ratio(paid / 1e6, kept),
            "per_acted_on_usd": ratio(micro / 1e6, yes),
            "wasted_usd": self.wasted() / 1e6,
            **tokens,
            "tokens_per_review": ratio(sum(one.tokens for one in told), len(told)),
            "cache": ratio(tokens["cache_read_tokens"], read),
            "repositories": self.repositories(told, replies),
            "use": self.use(replies),
            "month": self.month(),
            "trend": self.trend(self.spent),
        }

    def before(self) -> float | None:
        last = self.last_13()[-1]
        if last != self.span or last.until - last.since < 6 * 86_400:
            return None
        before = self.four_before(last.since)
        known = [self.micro(one) for one in before if self.first_reply() < one.until]
        return ratio(sum(known) / 1e6, len(known))

    def wasted(self) -> int:
        wasted = 0
        for one in self.replies():
            head = self.year.head[one.head_id]
            told = self.year.told_of[head.repo, head.pull]
            if any(t.head_id == head.id and t.told_at < self.span.until for t in told):
                continue
            events = self.year.events_of[head.id]
            if any(
                e.kind in ("superseded", "skipped", "died") and e.at < self.span.until
                for e in events
            ):
                wasted += round(one.usd * 1e6)
        return wasted

    def repositories(self, told: list[Told], replies: list[Any]) -> list[Part]:
        micro: Counter[str] = Counter()
        for one in replies:
            micro[self.year.repo_of[one.head_id]] += round(one.usd * 1e6)
        names = {*micro, *(one.repo for one in told)}
        return [
            {
                "repo": repo,
                "usd": micro[repo] / 1e6,
                "reviews": sum(one.repo == repo for one in told),
                "kept": sum(one.kept for one in told if one.repo == repo),
            }
            for repo in sorted(names, key=lambda name: (-micro[name], name))[:20]
        ]

    def use(self, replies: list[Any]) -> Part:
        sweeps = {one.id: one for one in self.year.rows.sweeps}
        mine = [one for one in sweeps.values() if self.lies(one.started_at)]
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        reviews: Counter[tuple[int, int]] = Counter()
        for one in replies:
            groups[one.sweep_id].append((one.received_at - one.duration_s, one.received_at))
            reviews[one.head_id, one.sweep_id] += round(one.usd * 1e6)
        worked, places, peaks = 0.0, 0.0, [0.0]
        for sweep, spans in groups.items():
            size = sweeps[sweep].batch_size
            worked += sum(until - since for since, until in spans)
            places += size * covered_by(spans)
            # The most at once are at work when one of them begins.
            at_once = max(sum(a <= since < b for a, b in spans) for since, _ in spans)
            peaks.append(min(1.0, at_once / size))
        caps = [micro / 1e6 / sweeps[sweep].max_usd for (_, sweep), micro in reviews.items()]
        return {
            "sweeps": len(mine),
            "filled": near(min(1.0, worked / places)) if places else None,
            "peak": round(max(peaks), 6) if groups else None,
            "usd_of_cap": round(max(caps), 6) if caps else None,
            "full_sweeps": sum(one.due >= one.head_limit for one in mine),
        }

    def month(self) -> Part:
        end = max(self.span.since, min(self.span.until, self.now))
        day = datetime.fromtimestamp(max(self.span.since, end - 1), self.year.zone)
        first = day.date().replace(day=1)
        after = (first + timedelta(days=40)).replace(day=1)
        so_far = self.micro(Span(self.midnight(first), end))
        left = max(0.0, self.midnight(after) - end)
        weeks = [one for one in self.four_before(end) if self.first_reply() < one.until]
        sums = [self.micro(one) for one in weeks]
        rates = [a / (one.until - one.since) for a, one in zip(sums, weeks, strict=True)] or [0.0]
        mean = sum(sums) / sum(one.until - one.since for one in weeks) if weeks else 0.0
        return {
            "name": f"{first:%Y-%m}",
            "so_far_usd": so_far / 1e6,
            "likely_usd": near((so_far + left * mean) / 1e6),
            "low_usd": near((so_far + left * min(rates)) / 1e6),
            "high_usd": near((so_far + left * max(rates)) / 1e6),
        }

    def trouble(self) -> Part:
        sweeps = self.year.rows.sweeps
        mine = [one for one in sweeps if self.lies(one.started_at)]
        newest = max((one.id for one in sweeps), default=0)
        return {
            "retried": named(one.word for one in self.events("retried")),
            "put_off": named(one.word for one in self.events("put off")),
            "dead": named(one.word for one in self.events("died")),
            "dead_at_end": self.dead(),
            "sweeps": len(mine),
            "failed_sweeps": sum(one.exit_code not in (None, 0, 3) for one in mine),
            "died_sweeps": sum(one.ended_at is None and one.id != newest for one in mine),
            "failed_polls": named(one.subject for one in self.events("unpolled"))[:20],
            "paused_s": round(sum(one.seconds or 0.0 for one in self.events("paused")), 1),
            "openings": named(one.subject for one in self.events("opened"))[:5],
            "longest": self.longest(),
        }

    def dead(self) -> int:
        newest: dict[int | None, str] = {}
        for one in self.year.rows.events:
            if one.kind in ("died", "revived") and one.at < self.span.until and self.concerns(one):
                newest[one.head_id] = one.kind
        return sum(kind == "died" for kind in newest.values())

    def longest(self) -> Part | None:
        """Pairs of an opening and the next closing of the same door."""
        found = []
        rows = [one for one in self.year.rows.events if one.at < self.span.until]
        for number, one in enumerate(rows):
            if one.kind != "opened":
                continue
            closed = next(
                (e for e in rows[number:] if e.kind == "closed" and e.subject == one.subject), None
            )
            until = closed.at if closed else self.span.until
            length = until - max(one.at, self.span.since)
            if length > 0:
                found.append((-length, one.at, one.subject, one.word, closed is not None))
        if not found:
            return None
        length, since, door, kind, is_over = min(found)
        return {
            "door": door,
            "kind": kind,
            "since": datetime.fromtimestamp(since, self.year.zone).isoformat(timespec="seconds"),
            "seconds": round(-length, 1),
            "is_over": is_over,
        }

    def feedback(self) -> Part:
        signals = [one for one in self.between("signals") if self.ours_finding(one.finding_id)]
        counted = Counter(one.kind for one in signals if one.counts)
        became: dict[int, str] = {}
        for one in self.between("outcomes"):
            if self.ours_finding(one.finding_id):
                became[one.finding_id] = one.outcome
        return {
            "thumbs_up": counted["up"],
            "thumbs_down": counted["down"],
            "replies": counted["reply"],
            "uncounted": sum(not one.counts for one in signals),
            "outcomes": named(became.values()),
        }

    def ours_finding(self, finding: int) -> bool:
        return self.ours(self.year.repo_of[self.year.finding[finding].head_id])

    def outcome(self, finding: int, until: float) -> str | None:
        known = [one.outcome for one in self.year.outcomes_of[finding] if one.noted_at < until]
        return known[-1] if known else None

    def fared(self, span: Span) -> list[tuple[Findings, Told, str | None]]:
        """The findings of each pull request that ended in a span, once."""
        pulls = {(one.repo, one.pull) for one in self.ends(span)}
        return [
            (finding, told, self.outcome(finding.id, span.until))
            for pull in pulls
            for told in self.year.told_of[pull]
            if told.merged_at is None and told.told_at < span.until
            for finding in self.year.findings_of[told.head_id]
            if finding.disposition == "kept"
        ]

    def verdicts(self, span: Span) -> list[str | None]:
        return [outcome for _, _, outcome in self.fared(span)]

    def accuracy(self) -> Part:
        fared = self.fared(self.span)
        labels = self.labels()
        return {
            "whole": group("all", [outcome for _, _, outcome in fared], 1),
            "by_severity": groups((f.severity, outcome) for f, _, outcome in fared),
            "by_category": groups((f.category, outcome) for f, _, outcome in fared),
            "by_repository": groups((told.repo, outcome) for _, told, outcome in fared),
            "by_engine": groups((told.engine, outcome) for _, told, outcome in fared),
            "by_model": groups((told.model, outcome) for _, told, outcome in fared),
            "by_contract": groups((told.contract_hash, outcome) for _, told, outcome in fared),
            "untraceable": sum(outcome is None for _, _, outcome in fared),
            "labelled": told_share(sum(label == "right" for label, _ in labels), labels),
            "labelled_proxy": group("", [outcome for _, outcome in labels], 1)["precision"],
            "trend": self.trend(lambda one: group("", self.verdicts(one), 1)["acceptance"]["rate"]),
        }

    def labels(self) -> list[tuple[str, str | None]]:
        newest: dict[int, str] = {}
        since = self.last_13()[0].since
        for one in self.between("labels", Span(since, self.span.until)):
            if self.ours_finding(one.finding_id):
                newest[one.finding_id] = one.label
        return [
            (label, self.outcome(finding, self.span.until))
            for finding, label in newest.items()
            if label != "unsure"
        ]

    def noise(self) -> Part:
        told = [one for one in self.told() if one.merged_at is None]
        found = [f for one in told for f in self.year.findings_of[one.head_id]]
        kept = sum(one.disposition == "kept" for one in found)
        verdicts = self.verdicts(self.span)
        known = [one for one in verdicts if one is not None]
        return {
            "per_review": ratio(kept, len(told)),
            "repeats": told_share(sum(one.disposition == "repeated" for one in found), found),
            "silent": told_share(sum(one.form == "silent" for one in told), told),
            "untouched": told_share(sum(one in QUIET for one in known), known),
        }

    def checks(self) -> Part:
        told = [one for one in self.told() if one.merged_at is None]
        found = [(f, one) for one in told for f in self.year.findings_of[one.head_id]]
        kept = [f for f, _ in found if f.disposition == "kept"]
        looked_at = [
            f for f, one in found if one.is_verified and f.disposition in ("kept", "refuted")
        ]
        moved = [f for f in kept if f.placement == "line" and f.line != f.claimed_line]
        replies = self.replies()
        invalid = sum(one.step.endswith(" refused") for one in replies)
        refuted = sum(one.disposition == "refuted" for one in looked_at)
        return {
            "refuted": told_share(refuted, looked_at),
            "corrected": told_share(len(moved), kept),
            "lost": told_share(sum(one.placement != "line" for one in kept), kept),
            "invalid": told_share(invalid, replies),
        }

    def nearly_missed(self) -> list[Part]:
        found = []
        for finding in {one.finding_id for one in self.between("outcomes")}:
            outcomes = self.year.outcomes_of[finding]
            if not self.ours_finding(finding):
                continue
            found += [
                (self.year.finding[finding], before.outcome, after.outcome)
                for before, after in pairwise(outcomes)
                if self.lies(after.noted_at)
                and before.outcome in NO | QUIET
                and after.outcome in YES - {"accepted"}
            ]
        found.sort(key=lambda one: (WORST.index(one[0].severity), one[0].id))
        return [
            {
                "repo": self.year.repo_of[f.head_id],
                "pull": self.year.head[f.head_id].pull,
                "place": f.path if f.line is None else f"{f.path}:{f.line}",
                "severity": f.severity,
                "title": f.title,
                "before": before,
                "after": after,
            }
            for f, before, after in found[:5]
        ]


def named(names: Iterable[str]) -> list[Part]:
    counted = sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))
    return [{"name": name, "count": count} for name, count in counted]


def told_share(hits: int, of: list[Any]) -> Part:
    return asdict(share(hits, len(of)))


def ratio(what: float, of: int) -> float | None:
    return round(what / of, 6) if of else None


def near(value: float) -> float:
    """A sum of floats: the product adds them up exactly, a loop nearly."""
    return round(value, 6)


def group(name: str, outcomes: list[str | None], fewest: int) -> Part:
    yes, no = sum(one in YES for one in outcomes), sum(one in NO for one in outcomes)
    quiet = sum(one in QUIET for one in outcomes)
    shares = {}
    for word, of in (("acceptance", yes + no + quiet), ("precision", yes + no)):
        told = asdict(share(yes, of))
        if of < fewest:
            told |= {"rate": None, "low": None, "high": None}
        shares[word] = told
    return {"name": name, **shares}


def groups(outcomes: Iterable[tuple[str, str | None]]) -> list[Part]:
    by_name: defaultdict[str, list[str | None]] = defaultdict(list)
    for name, outcome in outcomes:
        by_name[name].append(outcome)
    found = [group(name, mine, 10) for name, mine in by_name.items()]
    return sorted(found, key=lambda one: (-one["acceptance"]["of"], one["name"]))[:20]


def spread(durations: Iterable[float]) -> Part:
    waits = [max(0.0, one) for one in durations]
    n = len(waits)
    found: Part = {"n": n}
    for name, q, fewest in (("p50_s", 0.5, 1), ("p90_s", 0.9, 10), ("p99_s", 0.99, 100)):
        found[name] = round(float(np.quantile(waits, q)), 1) if n >= fewest else None
    return found


def covered_by(spans: list[tuple[float, float]]) -> float:
    """How long at least one of them lasted."""
    whole, reached = 0.0, -math.inf
    for since, until in sorted(spans):
        whole += max(0.0, until - max(since, reached))
        reached = max(reached, until)
    return whole
