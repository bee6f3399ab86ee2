"""Findings that the project's base branch says are known.

A pull request can silence nothing about itself: what is declared is read from the base branch, a
file that it renamed must fit under both of its names, and all that goes by code (the baseline,
comments, tracked TODOs) counts only for lines that the diff shows to be the base's. The one thing
on added lines that is known is that a comment with a tracked TODO is a tracked TODO.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from reviewer_cli.core.declared import Baseline, Known
from reviewer_cli.core.diff import Diff, DiffLine
from reviewer_cli.core.globs import matches
from reviewer_cli.core.models import Disposition, Placement, Remark, Severity, Side
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.core.words import words

COMMENT = r"(?:#|//|/\*|\*|<!--|--|;|%)"
IGNORE = re.compile(rf"{COMMENT}\s*reviewer:\s*ignore(?:\[([^\[\]]{{1,200}})\])?(?![\w\[-])")

# A number, or a tracker's key and number; not the names of standards that look like one.
TICKET = r"(?:#\d+|(?!(?:AES|CVE|HTTP|ISO|MD|RFC|RSA|SHA|TLS|UTF)-)[A-Z][A-Z0-9]{1,15}-\d+)"
TODO = re.compile(rf"\b(?:TODO|FIXME)(?:\({TICKET}\)|:?\s+\(?{TICKET})(?!\w)")
ONLY_COMMENT = re.compile(rf"\s*{COMMENT}")


def without_known(
    found: Sequence[Remark],
    known: Sequence[Known],
    baseline: Sequence[Baseline],
    diff: Diff,
    today: date,
) -> tuple[Remark, ...]:
    """Mark kept remarks that the base branch declares as known, with where it does so."""
    codes = {one.fingerprint for one in baseline if one.fingerprint}
    titles = {one.text_fingerprint for one in baseline if one.text_fingerprint}

    def why(remark: Remark) -> str:
        if reason := next((_declared(one) for one in known if _fits(one, remark, diff, today)), ""):
            return reason
        lines = _flagged(remark, diff)
        of_base = bool(lines) and _follow_in_base(lines)
        in_baseline = remark.fingerprint in codes or remark.text_fingerprint in titles
        # What the agent saw in a file that is not changed is the base's too.
        if in_baseline and (of_base or remark.anchor.path not in diff.paths()):
            return "it is in the baseline of the base branch"
        if of_base and _is_ignored(remark, lines, diff):
            return "a comment in the base branch says to ignore it"
        is_known = _is_todo(lines) and (of_base or _is_about_a_todo_only(remark, lines))
        return "it is a tracked TODO" if is_known else ""

    return tuple(
        replace(remark, disposition=Disposition.KNOWN, reason=reason)
        if remark.disposition is Disposition.KEPT and (reason := why(remark))
        else remark
        for remark in found
    )


def _declared(known: Known) -> str:
    return "the base branch's .reviewer.toml says it is known" + (
        f": {one_line(known.reason)}" if known.reason else ""
    )


def _fits(known: Known, remark: Remark, diff: Diff, today: date) -> bool:
    if known.until is not None and today > known.until:
        return False
    path, finding = remark.anchor.path, remark.finding
    file = diff.file(path)
    return (
        all(matches(known.path, name) for name in {path, file.old_path if file else path})
        and known.rule.lower() in ("", finding.rule.strip().lower())
        and known.category.lower() in ("", finding.category.lower())
        and (not known.text or words(known.text) <= words(finding.title))
    )


def _flagged(remark: Remark, diff: Diff) -> list[DiffLine]:
    """The lines of the head that a remark is about, as far as the diff shows them."""
    anchor = remark.anchor
    if anchor.placement is not Placement.LINE or anchor.side is not Side.RIGHT or not anchor.line:
        return []
    return _shown(diff, anchor.path, anchor.start_line or anchor.line, anchor.line)


def _shown(diff: Diff, path: str, first: int, last: int) -> list[DiffLine]:
    file = diff.file(path)
    return [
        line
        for hunk in (file.hunks if file else ())
        for line in hunk.lines
        if line.new is not None and first <= line.new <= last
    ]


def _follow_in_base(lines: Sequence[DiffLine]) -> bool:
    """Whether all are the base's and nothing was put in or taken out between them."""
    first = lines[0].old or 0
    return all(line.old == first + after for after, line in enumerate(lines))


def _is_ignored(remark: Remark, lines: Sequence[DiffLine], diff: Diff) -> bool:
    """Whether one of these lines of the base, or the one that was right above them, says so."""
    first = lines[0].new or 1
    above = [*_shown(diff, remark.anchor.path, first - 1, first - 1), lines[0]]
    finding = remark.finding
    for line in (*(above[:-1] if _follow_in_base(above) else ()), *lines):
        for comment in IGNORE.finditer(line.text):
            named = {one.strip().lower() for one in (comment[1] or "").split(",")}
            if comment[1] is None or named & {
                finding.rule.strip().lower() or None,
                finding.category,
            }:
                return True
    return False


def _is_todo(lines: Sequence[DiffLine]) -> bool:
    """Whether this is one line with a tracked TODO, or one with the comment that it begins."""
    return (
        bool(lines)
        and TODO.search(lines[0].text) is not None
        and all(ONLY_COMMENT.match(line.text) for line in lines[1:])
    )


def _is_about_a_todo_only(remark: Remark, lines: Sequence[DiffLine]) -> bool:
    finding = remark.finding
    return (
        finding.severity is Severity.LOW
        and finding.category == "maintainability"
        and all(ONLY_COMMENT.match(line.text) for line in lines)
    )
