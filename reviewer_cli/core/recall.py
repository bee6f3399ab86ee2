"""Where the findings of earlier rounds are in the present diff of their pull request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

from reviewer_cli.core.anchor import place
from reviewer_cli.core.diff import Diff, DiffLine, FileDiff, FileStatus, Hunk, LineKind
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
from reviewer_cli.core.words import likeness

SAID = (Disposition.KEPT, Disposition.REPEATED, Disposition.DISMISSED)

MOST_HOMES = 50
"""Added files in which the code of a file that is gone is looked for."""

SETTLED = (Outcome.FIXED, Outcome.SUGGESTION_COMMITTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """An earlier finding as the present diff has it.

    `origin` is the first finding that said it, `remark` one that did in the round `round`, `anchor`
    its present place; `is_changed` says that its code does not stand there as an earlier review
    saw it, and `quote` is what of that code stands nowhere in the file any more, else all of it.
    """

    origin: Earlier
    round: int
    remark: Remark
    anchor: Anchor
    quote: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Became:
    """A line of the head, and how like it is to code of old, from 0 to 1."""

    line: int
    likeness: float


def span(anchor: Anchor) -> tuple[int, int]:
    """The first and the last line of a place."""
    last = anchor.line or 1
    return (anchor.start_line or last, last)


def distance(one: tuple[int, int], other: tuple[int, int]) -> int:
    """By how many lines two ranges miss each other; 0 when they overlap."""
    return max(one[0] - other[1], other[0] - one[1], 0)


def recalled(earlier: Sequence[Earlier], news: News | None, diff: Diff) -> tuple[Recalled, ...]:
    """Those that were said, placed by their own quotes: where nothing is new, or else anywhere.

    What was refuted, known, or said by others was not said by us. What was fixed counts only
    while its code stands unchanged: a problem that comes back after a fix is a new one. Where a
    round found it again as the code stands now, no older round tells any more how it once was.
    """
    found = tuple(_recalled(earlier, news, diff))
    newest: dict[int, int] = defaultdict(int)
    for one in found:
        if not one.is_changed:
            newest[one.origin.id] = max(newest[one.origin.id], one.round)
    return tuple(one for one in found if not one.is_changed or one.round >= newest[one.origin.id])


def became(before: Recalled, news: News | None, diff: Diff) -> Became | None:
    """The new line that is the most like changed code, the nearest of them to its place.

    None where its file has no new line on the head's side, or it was about the base's side.
    """
    old, path = span(before.anchor), before.anchor.path
    file = diff.file(path)
    if file is None or before.anchor.side is Side.LEFT:
        return None
    likes = (
        Became(line.new, likeness(line.text, before.quote))
        for hunk in file.hunks
        for line in hunk.lines
        if line.new is not None and _is_new(line, path, news)
    )
    return max(
        likes,
        key=lambda one: (one.likeness, -distance((one.line, one.line), old)),
        default=None,
    )


def _is_new(line: DiffLine, path: str, news: News | None) -> bool:
    if news is None:
        return line.kind is LineKind.ADDED
    return (path, Side.RIGHT, line.new) in news.fresh


def _recalled(earlier: Sequence[Earlier], news: News | None, diff: Diff) -> Iterator[Recalled]:
    by_id = {one.id: one for one in earlier}
    renamed = {file.old_path: file.path for file in diff.files}
    old_parts = _old_parts(diff, news) if news else diff
    comparable = {file.path for file in old_parts.files if file.hunks}
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
        # What was found again stood after its lines had changed. In a file that is new as a whole
        # nothing tells whether it was gone meanwhile.
        is_as_found = remark.repeats is not None and anchor.path not in comparable
        if (
            not is_changed
            or origin.outcome not in SETTLED
            or (is_as_found and _is_whole(anchor, finding))
        ):
            yield Recalled(
                origin=origin,
                round=one.round,
                remark=remark,
                anchor=anchor,
                quote=_gone(finding.quote, old_parts.file(anchor.path)),
                is_changed=is_changed,
            )


def _gone(quote: str, file: FileDiff | None) -> str:
    """The lines of a quote that do not stand in a file, whatever their blanks; if none, all."""
    shown = (line.text for hunk in (file.hunks if file else ()) for line in hunk.lines)
    standing = {" ".join(text.split()) for text in shown}
    gone = [line for line in quote.split("\n") if " ".join(line.split()) not in standing]
    return "\n".join(gone) if any(map(str.strip, gone)) else quote


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
