"""The posted review: its body, its comments, and the whole of it as one Markdown document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reviewer_cli.core.coverage import NO_CHANGED_LINES
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.models import (
    Change,
    Comment,
    Disposition,
    Head,
    Placement,
    Remark,
    Review,
    Severity,
    Side,
    Unreviewed,
)
from reviewer_cli.core.remarks import kept
from reviewer_cli.core.sanitise import (
    code_span,
    fenced,
    harmless_markdown,
    is_harmless_code,
    one_line,
)
from reviewer_cli.ports.host import PostLimits

NOT_ALL = "_{} more parts do not fit into one review; `reviewer ledger show` has them._"
CAME = {
    Change.WHOLE: "",
    Change.PUSH: "after a push, ",
    Change.FORCE_PUSH: "after a force-push, ",
    Change.REBASE: "on a new base, ",
}
MOST_NAMED = 10
"""Unreviewed files that are named for one reason; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a review says about itself.

    `since` is the head that the round before looked at, empty where this one looks at everything.
    `unopened` are files that were judged by their changed lines alone, `unheeded` what the project
    says to its reviewers and could not be followed.
    """

    head: Head
    diff: Diff
    round: int = 1
    since: str = ""
    change: Change = Change.WHOLE
    unopened: tuple[Unreviewed, ...] = ()
    unheeded: tuple[Unreviewed, ...] = ()
    engine: str
    model: str
    effort: str
    contract: str


def compose(facts: Facts, remarks: Sequence[Remark], marker: str, limits: PostLimits) -> Review:
    """The outgoing review: line comments where lines carry them, all else in the body.

    What exceeds the host's limits is counted in the body, so that nobody takes it for everything.
    """
    posted = kept(remarks)
    on_lines = [one for one in posted if one.anchor.placement is Placement.LINE]
    elsewhere = [one for one in posted if one.anchor.placement is not Placement.LINE]
    elsewhere += on_lines[limits.comments :]
    sections = [
        *map(_elsewhere, elsewhere),
        _still_open(remarks),
        _also_said(remarks),
        _listed("Not reviewed", facts.diff.unreviewed),
        _listed("Judged by the changed lines alone, without opening the file", facts.unopened),
        _listed("The project's guidance on its base branch", facts.unheeded),
    ]
    body = _within(
        limits.body_chars,
        start=f"**{_headline(posted, facts)}**",
        sections=[section for section in sections if section],
        end=f"{_footer(facts)}\n\n{marker}",
    )
    comments = tuple(_comment(remark) for remark in on_lines[: limits.comments])
    return Review(key=facts.head.key, body=body, marker=marker, comments=comments)


def with_comments_in_body(review: Review, limits: PostLimits) -> Review:
    """The same review without line comments, for a host that does not take them."""
    headline, comments, rest = _parts(review)
    body = _within(
        limits.body_chars,
        start=headline,
        sections=[*comments, *([rest] if rest else [])],
        end=review.marker,
    )
    return replace(review, body=body, comments=())


def document(review: Review) -> str:
    """The whole review as one text, for hosts that have no line comments; the marker stays last."""
    headline, comments, rest = _parts(review)
    parts = [headline, *comments, rest, review.marker]
    return "\n\n".join(part for part in parts if part) + "\n"


def _parts(review: Review) -> tuple[str, list[str], str]:
    """The headline, each comment under its place, and the rest of the body but the marker."""
    body = review.body.removesuffix(review.marker).rstrip("\n")
    headline, _, rest = body.partition("\n\n")
    comments = [f"### {_place(comment)}\n\n{comment.body}" for comment in review.comments]
    return headline, comments, rest


def _within(limit: int, *, start: str, sections: Sequence[str], end: str) -> str:
    """As many sections as fit between start and end; the others are counted."""
    joint = "\n\n"
    room = limit - len(joint.join((start, NOT_ALL.format(len(sections)), end))) - len(joint)
    fitting: list[str] = []
    for section in sections:
        room -= len(section) + len(joint)
        if room < 0:
            break
        fitting.append(section)
    left = len(sections) - len(fitting)
    notes = [NOT_ALL.format(left)] if left else []
    return joint.join((start, *fitting, *notes, end))


def count_by_severity(severities: Iterable[Severity]) -> str:
    """Words such as "2 findings: 1 critical, 1 low"; "no findings" when there are none."""
    counts = Counter(severities)
    total = counts.total()
    if not total:
        return "no findings"
    listed = ", ".join(f"{counts[one]} {one}" for one in Severity if counts[one])
    return f"{total} finding{'s' if total != 1 else ''}: {listed}"


def _headline(posted: Sequence[Remark], facts: Facts) -> str:
    counted = count_by_severity(one.finding.severity for one in posted)
    if not facts.since:
        return f"{counted.capitalize()}."
    return f"Round {facts.round}, what is new since {facts.since[:12]}: {counted}."


def _still_open(remarks: Sequence[Remark]) -> str:
    """How much of what earlier rounds said was found again; it is not said again."""
    again = {one.repeats for one in remarks if one.disposition is Disposition.REPEATED}
    count = len(again - {None})
    if not count:
        return ""
    found, stands = ("finding", "stands") if count == 1 else ("findings", "stand")
    return f"_{count} {found} of earlier rounds still {stands}._"


def _also_said(remarks: Sequence[Remark]) -> str:
    """What another pull request with the same commit was told; `#7` is a link on every host."""
    said = Counter(one.said_on.pull for one in remarks if one.said_on is not None)
    places = [
        f"#{pull} ({count})" if pull.isdecimal() else f"{code_span(pull)} ({count})"
        for pull, count in sorted(said.items())
    ]
    return f"_About commits that are there too, also said on {', '.join(places)}._" if said else ""


def _comment(remark: Remark) -> Comment:
    anchor = remark.anchor
    if anchor.line is None:
        raise AssertionError("a line anchor has a line")
    return Comment(
        path=anchor.path,
        line=anchor.line,
        start_line=anchor.start_line,
        side=anchor.side,
        body=finding_text(remark),
    )


def finding_text(remark: Remark) -> str:
    """A finding as it is posted, harmless whatever its text is; without its place."""
    finding = remark.finding
    label = f"**{finding.severity}** · {finding.category}"
    if finding.rule:
        label += f" · {code_span(finding.rule)}"
    parts = [
        f"{label}\n\n**{harmless_markdown(one_line(finding.title))}**",
        harmless_markdown(finding.body),
    ]
    suggestion = finding.suggestion if remark.anchor.replaceable else None
    if suggestion is not None and is_harmless_code(suggestion):
        parts.append(fenced(suggestion, "suggestion"))
    return "\n\n".join(parts)


def _elsewhere(remark: Remark) -> str:
    place = f"{remark.anchor.path}:{remark.finding.line}"
    return f"### {code_span(place)}\n\n_{remark.anchor.note}_\n\n{finding_text(remark)}"


def _place(comment: Comment) -> str:
    lines = str(comment.line)
    if comment.start_line is not None:
        lines = f"{comment.start_line}-{comment.line}"
    where = " (removed)" if comment.side is Side.LEFT else ""
    return code_span(f"{comment.path}:{lines}") + where


def _listed(heading: str, files: Sequence[Unreviewed]) -> str:
    """The files by reason: first what a reader would miss, last what had nothing to read."""
    if not files:
        return ""
    by_reason: dict[str, list[str]] = {}
    for one in files:
        by_reason.setdefault(one.reason, []).append(one.path)
    lines = [
        f"- {harmless_markdown(one_line(reason))}: {_some(by_reason[reason])}"
        for reason in sorted(by_reason, key=lambda reason: (reason == NO_CHANGED_LINES, reason))
    ]
    return f"{heading}:\n\n" + "\n".join(lines)


def _some(paths: Sequence[str]) -> str:
    named = ", ".join(code_span(path) for path in paths[:MOST_NAMED])
    more = len(paths) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _footer(facts: Facts) -> str:
    model = harmless_markdown(one_line(facts.model))
    count = len(facts.diff.files)
    files = f"{count} file{'s' if count != 1 else ''}"
    return (
        f"_Reviewed {facts.head.key.sha[:12]} against {code_span(facts.head.base_ref)} "
        f"({CAME[facts.change]}{files}, {facts.diff.changed_line_count()} changed lines) · "
        f"{facts.engine}, "
        f"{model}, effort {facts.effort} · contract {facts.contract}_"
    )
