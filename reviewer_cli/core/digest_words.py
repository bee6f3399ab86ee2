"""The sentences of a digest, the same in every format; core/digest_figures.py writes its numbers.

They are plain text: a name in them is on one line and visible, and each format escapes it itself.
"""

from __future__ import annotations

from reviewer_cli.core.activity import Month, Outage, Parts, Volume
from reviewer_cli.core.digest import AdviceKind, Period, Words
from reviewer_cli.core.digest_figures import (
    MIN_FINDINGS,
    MONTHS,
    counted,
    duration,
    interval,
    moment,
    money,
    number,
    percent,
)
from reviewer_cli.core.quality import Accuracy, Change, Metric, Verdict
from reviewer_cli.core.sanitise import one_line

THINNED = (
    "Findings of this time, or of the weeks before it, were removed for their age "
    "(ledger.keep_findings): they are in no number."
)

CLAIMED = (Verdict.MORE, Verdict.LESS)

METRICS = {
    Metric.ACCEPTANCE: "Acceptance",
    Metric.PRECISION: "The precision proxy",
    Metric.FINDINGS: "Findings per review",
    Metric.SILENT: "The share of silent reviews",
    Metric.REPEATS: "The share of repeats",
    Metric.REFUTED: "The share of refuted findings",
    Metric.LOST_ANCHORS: "The share of lost anchors",
    Metric.COVERAGE: "Coverage",
    Metric.COST: "Cost per review",
    Metric.LATENCY: "The time from push to review",
    Metric.ERRORS: "The share of attempts that failed",
}

IS_GOOD = {
    Metric.ACCEPTANCE: Verdict.MORE,
    Metric.PRECISION: Verdict.MORE,
    Metric.COVERAGE: Verdict.MORE,
    Metric.REPEATS: Verdict.LESS,
    Metric.LOST_ANCHORS: Verdict.LESS,
    Metric.COST: Verdict.LESS,
    Metric.LATENCY: Verdict.LESS,
    Metric.ERRORS: Verdict.LESS,
}
"""Which way is the better one; of the other metrics nobody can say."""

ADVICE = {
    AdviceKind.DEAD: "Heads that wait for you",
    AdviceKind.CAP: "Limits that were hit",
    AdviceKind.GUIDANCE: "Repositories without guidance",
    AdviceKind.DISMISSED: "Findings that people declined again and again",
    AdviceKind.PASSED_OVER: "Findings that people pass over",
}
"""The headings of the advice, in the order in which it is told."""

PARTS = (
    ("tick", "waiting for a sweep"),
    ("settle", "waiting for more pushes"),
    ("queue", "in the queue"),
    ("prepare", "in git and between attempts"),
    ("model", "in the engine"),
    ("host", "until it was posted"),
)
"""The parts of the time from push to review, in the order in which they pass."""


def value(metric: Metric, told: float | None) -> str:
    """A number of this metric, with its unit."""
    match metric:
        case Metric.FINDINGS:
            return number(told if told is None else float(told))
        case Metric.COST:
            return money(told)
        case Metric.LATENCY:
            return duration(told)
        case _:
            return percent(told)


def subject(change: Change) -> str:
    """What is compared, such as "Acceptance" or "Acceptance (model some-model)"."""
    group = f" ({one_line(change.group, 80)})" if change.group else ""
    return f"{METRICS[change.metric]}{group}"


def word(change: Change) -> str:
    """The verdict alone: "rose", "fell", "no sign of a change" or "too few to tell"."""
    words = {
        Verdict.MORE: "rose",
        Verdict.LESS: "fell",
        Verdict.NO_SIGN: "no sign of a change",
        Verdict.TOO_FEW: "too few to tell",
    }
    return words[change.verdict]


def is_better(change: Change) -> bool | None:
    """Whether a claimed change is for the better; None where none is claimed, or nobody can say."""
    good = IS_GOOD.get(change.metric)
    return None if good is None or change.verdict not in CLAIMED else change.verdict is good


def changed(change: Change) -> str:
    """The change in one sentence; it claims one only where chance would hardly do as much."""
    now, before = value(change.metric, change.now), value(change.metric, change.before)
    match change.verdict:
        case Verdict.TOO_FEW:
            return f"{subject(change)}: too few to tell ({compared(change)})."
        case Verdict.NO_SIGN:
            return f"{subject(change)}: {now}, before {before}; no sign of a change."
    if _agrees(change):
        return (
            f"{subject(change)} {word(change)} from {before} to {now}, more than chance would do."
        )
    # Busy repositories became quiet, or a few reviews outweigh the others.
    return (
        f"{subject(change)} {word(change)} where like is compared with like, more than chance would"
        f" do; over all it went from {before} to {now}."
    )


def compared(change: Change) -> str:
    """What the comparison rests on, such as "12 pull requests, 50 before"."""
    noun = "day" if change.metric in (Metric.LATENCY, Metric.ERRORS) else "pull request"
    return f"{counted(change.n_now, noun)}, {change.n_before:,} before"


def recorded(period: Period) -> str:
    """What the reader must know where records of the period are missing; else nothing."""
    told = ""
    if period.recorded_since > period.since:
        since = moment(period.recorded_since)
        told = f"Recorded in full only since {since}; some of what was before is missing."
    if period.is_thinned:
        told = f"{told} {THINNED}".strip()
    return told


def outage(longest: Outage) -> str:
    """The longest outage in one sentence."""
    what = f"{one_line(longest.door, 80)} failed for {duration(longest.seconds)} at a stretch"
    end = "" if longest.is_over else ", and still did at the end"
    return f"{what} from {moment(longest.since)} ({longest.kind}){end}."


def month(told: Month) -> str:
    """What the calendar month costs, and will by the look of the last weeks; nothing for free."""
    if not told.so_far_usd and not told.high_usd:
        return ""
    year, _, number_of_month = told.name.partition("-")
    name = f"{MONTHS[int(number_of_month) - 1]} {year}"
    likely = f"{money(told.likely_usd)} ({money(told.low_usd)}-{money(told.high_usd)})"
    return f"{name}: {money(told.so_far_usd)} so far, likely {likely} at its end."


def coverage(volume: Volume) -> str:
    """How much of what was merged had been reviewed."""
    if volume.merged is None or volume.covered is None:
        return "How much of what is merged gets a review is not recorded."
    if volume.merged == 0:
        return "Nothing was merged."
    told = (
        f"{volume.covered.hits:,} of {counted(volume.merged, 'merged pull request')} had a review"
    )
    if volume.merged < MIN_FINDINGS:
        return f"{told}."
    return f"{told}, {percent(volume.covered.rate)} ({interval(volume.covered)})."


def longest_part(parts: Parts) -> str:
    """What most of the time from push to review was spent on; nothing where that is not known."""
    spent = [(getattr(parts, name) or 0.0, words) for name, words in PARTS]
    share, words = max(spent, key=lambda one: one[0])
    return f"Most of it, {percent(share)}, was spent {words}." if share else ""


def labelled(accuracy: Accuracy) -> str:
    """What people's labels say beside the proxy; nothing where there are none."""
    hand, proxy = accuracy.labelled, accuracy.labelled_proxy
    if not hand.of:
        return ""
    told = f"Of {counted(hand.of, 'finding')} labelled by hand {hand.hits:,} were right"
    if hand.of >= MIN_FINDINGS:
        told = f"{told}, {percent(hand.rate)} ({interval(hand)})"
    if not proxy.of:
        return f"{told}."
    return (
        f"{told}; of {proxy.of:,} of them that people took a stand on {proxy.hits:,} were acted on."
    )


def written_for(words: Words) -> str:
    """What a model's paragraph cost, to follow its name; nothing where that is not known."""
    return "" if words.usd is None else f" for {money(words.usd)}"


def _agrees(change: Change) -> bool:
    if change.now is None or change.before is None or change.now == change.before:
        return False
    return (change.now > change.before) is (change.verdict is Verdict.MORE)
