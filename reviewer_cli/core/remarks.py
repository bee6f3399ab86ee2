"""Findings become remarks: verified, placed, fingerprinted, and said once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reviewer_cli.core.anchor import place
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.models import Disposition, Finding, Placement, Remark, Severity
from reviewer_cli.core.reply import VerdictItem
from reviewer_cli.core.words import alike, words


def remarks(findings: Iterable[Finding], diff: Diff) -> tuple[Remark, ...]:
    """Each finding with its place and fingerprints, worst first.

    One fingerprint is of the file, the rule or category and the code without its blanks, the other
    of the file and the stems of the title: neither knows a line's number, indent or word order.
    """
    made = [
        Remark(
            finding=finding,
            anchor=(anchor := place(finding, diff)),
            fingerprint=_digest(
                anchor.path, finding.rule or finding.category, "".join(finding.quote.split())
            ),
            text_fingerprint=_digest(anchor.path, " ".join(sorted(words(finding.title)))),
        )
        for finding in findings
    ]
    return tuple(sorted(made, key=_importance))


def judged(found: Sequence[Remark], verdicts: Sequence[VerdictItem]) -> tuple[Remark, ...]:
    """Apply one verdict to each kept remark, in order: refuted ones are kept on record only."""
    answers = iter(verdicts)
    return tuple(
        _judge(remark, next(answers)) if remark.disposition is Disposition.KEPT else remark
        for remark in found
    )


def without_duplicates(found: Sequence[Remark]) -> tuple[Remark, ...]:
    """Mark remarks that repeat a more important one about the same lines of the same review."""
    kept: list[Remark] = []
    result = []
    for remark in found:
        first = next((other for other in kept if _same_problem(other, remark)), None)
        if remark.disposition is Disposition.KEPT and first is not None:
            remark = replace(  # noqa: PLW2901 - the loop's value is what is kept of it
                remark,
                disposition=Disposition.DUPLICATE,
                reason=f"says the same as “{first.finding.title}”",
            )
        elif remark.disposition is Disposition.KEPT:
            kept.append(remark)
        result.append(remark)
    return tuple(result)


def kept(found: Iterable[Remark]) -> tuple[Remark, ...]:
    """The remarks that are to be posted."""
    return tuple(remark for remark in found if remark.disposition is Disposition.KEPT)


def _judge(remark: Remark, verdict: VerdictItem) -> Remark:
    if verdict.verdict == "refuted":
        return replace(remark, disposition=Disposition.REFUTED, reason=verdict.reason)
    if verdict.verdict == "downgraded":
        finding = remark.finding
        severity = Severity(verdict.severity) if verdict.severity else _milder(finding.severity)
        severity = max(severity, finding.severity, key=lambda one: one.rank)
        return replace(
            remark,
            finding=replace(finding, severity=severity),
            reason=f"downgraded from {finding.severity}: {verdict.reason}",
        )
    return remark


def _milder(severity: Severity) -> Severity:
    grades = list(Severity)
    return grades[min(severity.rank + 1, len(grades) - 1)]


def _importance(remark: Remark) -> tuple[int, float, str, int]:
    finding = remark.finding
    return (finding.severity.rank, -finding.confidence, remark.anchor.path, finding.line)


def _same_problem(one: Remark, other: Remark) -> bool:
    if one.anchor.path != other.anchor.path or one.anchor.side is not other.anchor.side:
        return False
    if one.fingerprint == other.fingerprint or one.text_fingerprint == other.text_fingerprint:
        return _overlap(one, other)
    return _overlap(one, other) and alike(one.finding.title, other.finding.title)


def _overlap(one: Remark, other: Remark) -> bool:
    if Placement.LINE not in (one.anchor.placement, other.anchor.placement):
        return one.finding.quote == other.finding.quote
    first, second = _lines(one), _lines(other)
    return first[0] <= second[1] and second[0] <= first[1]


def _lines(remark: Remark) -> tuple[int, int]:
    last = remark.anchor.line or remark.finding.line
    return (remark.anchor.start_line or last, last)


def _digest(*parts: str) -> str:
    normal = "\0".join(" ".join(part.split()).lower() for part in parts)
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()[:16]
