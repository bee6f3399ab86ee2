"""The issue that tells what was found in what was merged before it was reviewed.

It names pull requests without the sign by which GitHub would link them: whoever was there is not
told again of a pull request that is done with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from reviewer_cli.core.sanitise import code_span, harmless_markdown, one_line
from reviewer_cli.ledger.unreviewed import MergedUnreviewed
from reviewer_cli.ports.issues import Issue
from reviewer_cli.render.markdown import count_by_severity, finding_text

KIND = "merged-unreviewed"
TITLE = "Findings in what was merged before it was reviewed"
DAY_S = 86_400.0
MOST_OF_ONE = 20
"""Findings told of one pull request, so that one of them does not fill the whole issue."""
FOOTER = (
    "_Each `reviewer sweep --merged-since` with `--merged-issue` puts a new text in place of this "
    "one; comments stay. An issue that was closed stays closed._"
)
NOT_ALL = "_{} of the findings are not told here; `reviewer ledger show` has them._"


def merged_issue(found: Sequence[MergedUnreviewed], within_s: float, limit: int) -> Issue:
    """The issue about these heads, which were merged within that time; newest first.

    Its body has at most `limit` characters: findings that do not fit are counted.
    """
    severities = [one.finding.severity for head in found for one in head.remarks]
    heads = f"{len(found)} pull request{'s' if len(found) != 1 else ''}"
    start = (
        f"**{count_by_severity(severities).capitalize()}.** In the last {_span(within_s)} {heads} "
        f"{'were' if len(found) != 1 else 'was'} merged before our review, and reviewed since."
    )
    most = NOT_ALL.format(len(severities))
    room = limit - len("\n\n".join((start, most, FOOTER))) - 2
    told, left = [], len(severities)
    for head in found:
        heading = _heading(head)
        for text in _findings(head):
            section = f"{heading}\n\n{text}" if heading else text
            if len(section) + 2 > room:
                continue
            told.append(section)
            room -= len(section) + 2
            left -= 1
            heading = ""
    notes = [NOT_ALL.format(left)] if left else []
    return Issue(kind=KIND, title=TITLE, body="\n\n".join((start, *told, *notes, FOOTER)))


def _heading(head: MergedUnreviewed) -> str:
    day = datetime.fromtimestamp(head.merged_at, UTC).strftime("%Y-%m-%d")
    title = harmless_markdown(one_line(head.title)) or "without a title"
    return (
        f"### Pull request {code_span(head.pull)}: {title}\n\n"
        f"_Merged on {day}, reviewed at {head.sha[:12]}: "
        f"{count_by_severity(one.finding.severity for one in head.remarks)}._"
    )


def _findings(head: MergedUnreviewed) -> Iterator[str]:
    for one in head.remarks[:MOST_OF_ONE]:
        line = one.finding.line if one.anchor.line is None else one.anchor.line
        yield f"{code_span(f'{one.anchor.path}:{line}')}\n\n{finding_text(one)}"


def _span(seconds: float) -> str:
    """The time as words; hours where it is no whole number of days."""
    count, unit = (seconds / DAY_S, "day") if seconds % DAY_S == 0 else (seconds / 3600.0, "hour")
    return unit if count == 1 else f"{count:g} {unit}s"
