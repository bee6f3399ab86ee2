"""Where the findings of earlier rounds are in the present diff of their pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

from reviewer_cli.core.anchor import place
from reviewer_cli.core.diff import Diff, DiffLine, FileStatus, Hunk
from reviewer_cli.core.models import (
    Anchor,
    Disposition,
    Earlier,
    Finding,
    Outcome,
    Placement,
    Remark,
    Side,
)
from reviewer_cli.core.rounds import News

SAID = (Disposition.KEPT, Disposition.REPEATED, Disposition.DISMISSED)

MOST_HOMES = 50
"""Added files in which the code of a file that is gone is looked for."""

SETTLED = (Outcome.FIXED, Outcome.SUGGESTION_COMMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """An earlier finding as the present diff has it.

    `origin` is the first finding that said it, `remark` one that did, `anchor` its present place;
    `is_changed` says that its code does not stand there as an earlier review saw it.
    """

    origin: Earlier
    remark: Remark
    anchor: Anchor
    is_changed: bool


def span(anchor: Anchor) -> tuple[int, int]:
    """The first and the last line of a place."""
    last = anchor.line or 1
    return (anchor.start_line or last, last)


def recalled(earlier: Sequence[Earlier], news: News | None, diff: Diff) -> tuple[Recalled, ...]:
    """Those that were said, placed by their own quotes: where nothing is new, or else anywhere.

    What was refuted, known, or said by others was not said by us. What was fixed counts only
    while its code stands unchanged: a problem that comes back after a fix is a new one.
    """
    return tuple(_recalled(earlier, news, diff))


def _recalled(earlier: Sequence[Earlier], news: News | None, diff: Diff) -> Iterator[Recalled]:
    by_id = {one.id: one for one in earlier}
    renamed = {file.old_path: file.path for file in diff.files}
    old_parts = _old_parts(diff, news) if news else diff
    for one in earlier:
        remark = one.remark
        by_others = remark.disposition is Disposition.REPEATED and remark.repeats is None
        if remark.disposition not in SAID or by_others:
            continue
        finding = replace(remark.finding, path=remark.anchor.path, line=span(remark.anchor)[1])
        if diff.file(finding.path) is None:
            finding = replace(finding, path=renamed.get(finding.path) or _new_home(finding, diff))
        anchor = place(finding, old_parts)
        is_changed = not _is_whole(anchor, finding)
        if is_changed:
            anchor = place(finding, diff)
        origin = by_id.get(remark.repeats or one.id, one)
        if not is_changed or origin.outcome not in SETTLED:
            yield Recalled(origin=origin, remark=remark, anchor=anchor, is_changed=is_changed)


def _new_home(finding: Finding, diff: Diff) -> str:
    """The added file that has the code of one that is gone: nothing else tells of such a rename."""
    added = (file.path for file in diff.files if file.status is FileStatus.ADDED)
    homes = (replace(finding, path=path) for path in islice(added, MOST_HOMES))
    return next((one.path for one in homes if _is_whole(place(one, diff), one)), finding.path)


def _old_parts(diff: Diff, news: News) -> Diff:
    """The diff without what is new in it."""

    def cut(path: str, hunk: Hunk) -> Iterator[Hunk]:
        def is_new(line: DiffLine) -> bool:
            return any((path, side, line.number(side)) in news.fresh for side in Side)

        for new, run in groupby(hunk.lines, key=is_new):
            if not new:
                yield Hunk(hunk.section, tuple(run))

    files = (
        replace(file, hunks=tuple(part for hunk in file.hunks for part in cut(file.path, hunk)))
        for file in diff.files
    )
    return replace(diff, files=tuple(files))


def _is_whole(anchor: Anchor, finding: Finding) -> bool:
    """Whether every quoted line stands at the place; a part of them can be there by chance."""
    first, last = span(anchor)
    quoted = finding.quote.strip().count("\n") + 1
    return anchor.placement is Placement.LINE and last - first + 1 >= quoted
