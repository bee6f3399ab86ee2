"""The prompts of each pass: everything an author wrote is fenced as data, none of it is first.

The diff comes before all other data, so that what precedes it is the same for every review and
the provider's prompt cache can serve it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from reviewer_cli.core.diff import Diff, FileDiff, FileStatus, LineKind
from reviewer_cli.core.guidance import Advice
from reviewer_cli.core.models import Earlier, Finding, Head, Side
from reviewer_cli.core.rounds import Reviewed
from reviewer_cli.core.sanitise import one_line, visible

HOW_TO_READ = (
    "Each line of the diff is shown as side and line number (R: the new file, "
    "L: the base file), a sign, and the code after one blank. The files are in the current "
    "directory as the change leaves them, without links, pictures, PDFs and notebooks.\n\n"
)
OPENING = f"Review this change. {HOW_TO_READ}"
LATER_OPENING = f"Review what is new in this change since it was last reviewed. {HOW_TO_READ}"

LONGEST_BODY = 8000
"""Characters of a description that are shown; it is no place for an argument of book length."""

STATUS_WORDS = {
    FileStatus.ADDED: "added",
    FileStatus.DELETED: "deleted",
    FileStatus.MODIFIED: "modified",
    FileStatus.RENAMED: "renamed",
    FileStatus.TYPE_CHANGED: "changed in type",
}


FENCES = ("diff", "not-shown", "reviewed", "said", "guidance", "evidence", "author", "finding")

#: A number counts as used wherever it stands behind such a name, closing bracket or not.
LOOK_ALIKE = re.compile(f"(?:{'|'.join(FENCES)})-([0-9]+)", re.IGNORECASE)

MOST_NAMED = 200
"""Files that are named as not shown; the others are counted."""

WIDEST = 300
"""Characters of a title or a branch: more than a host takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What earlier rounds did: the lines that they saw as they are now, and what they said."""

    reviewed: tuple[Reviewed, ...] = ()
    said: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """What somebody else wrote, of one kind, with the words of ours that lead to it."""

    lead: str
    kind: str
    text: str


def find_prompt(
    head: Head,
    diff: Diff,
    advice: Sequence[Advice] = (),
    evidence: Sequence[Finding] = (),
    before: Before | None = None,
) -> str:
    """The prompt of a finding pass.

    `advice` is the project's own guidance, `evidence` what was said of the change in this round.
    A later round shows in `diff` what is new, and tells of the rest what is known `before`.
    """
    return _prompt(
        Data(LATER_OPENING if before else OPENING, "diff", _diff_text(diff)),
        *_not_shown(diff),
        *_before(before),
        *_guidance(advice),
        *_evidence(evidence),
        _about(head),
        end="Report the defects that this change introduces or exposes.",
    )


def verify_prompt(
    head: Head, diff: Diff, advice: Sequence[Advice], findings: Sequence[Finding]
) -> str:
    """The prompt of a verification pass over these findings, numbered from 1."""
    return _prompt(
        Data(OPENING, "diff", _diff_text(diff)),
        *_guidance(advice),
        _about(head),
        *(
            Data(f"Finding {number}:\n", "finding", _finding_text(finding))
            for number, finding in enumerate(findings, 1)
        ),
        end=f"Try to refute each of these {len(findings)} findings and give one verdict for each.",
    )


def _prompt(*blocks: Data, end: str) -> str:
    """All data between tags that none of it can write: one number for all, the first unused."""
    used = {number for block in blocks for number in LOOK_ALIKE.findall(block.text)}
    number = next(number for number in count() if str(number) not in used)
    parts = [
        f"{block.lead}<{block.kind}-{number}>\n{block.text}\n</{block.kind}-{number}>"
        for block in blocks
    ]
    return "\n\n".join((*parts, end))


def _diff_text(diff: Diff) -> str:
    return "\n\n".join(_file_text(file) for file in diff.files)


def _file_text(file: FileDiff) -> str:
    """Each line begins with what it is, so that none can pass for one of another kind."""
    lines = [f"=== {_name(file.path)} ({STATUS_WORDS[file.status]})"]
    if file.old_path != file.path:
        lines.append(f"from {_name(file.old_path)}")
    for hunk in file.hunks:
        lines.append(f"@@ {one_line(hunk.section)}".rstrip())
        for line in hunk.lines:
            side = Side.LEFT if line.kind is LineKind.REMOVED else Side.RIGHT
            number = line.old if side is Side.LEFT else line.new
            # A Windows line end on every line would only be in the way.
            text = visible(line.text.removesuffix("\r"))
            lines.append(f"{side[0]}{number} {line.kind} {text}")
    return "\n".join(lines)


def _name(path: str) -> str:
    """A path on one line with every blank that it has, so that the file can be opened by it."""
    return visible(path).replace("\n", "\\u{a}")


def _not_shown(diff: Diff) -> Iterator[Data]:
    lines = [f"{_name(file.path)}: {file.reason}" for file in diff.unreviewed]
    if lines:
        yield Data("Also changed, but not shown:\n", "not-shown", _some(lines))


def _before(before: Before | None) -> Iterator[Data]:
    if before is None:
        return
    ranges: dict[str, list[str]] = {}
    for one in before.reviewed:
        ranges.setdefault(one.path, []).append(f"R{one.first}-{one.last}")
    files = [f"{_name(path)}: {', '.join(lines)}" for path, lines in ranges.items()]
    if files:
        lead = "The change also has these lines, reviewed before; open the files to see them:\n"
        yield Data(lead, "reviewed", _some(files))
    said = [_told(one.remark.finding) for one in before.said]
    if said:
        lead = (
            "This was said of the change in earlier rounds, and people have read it. "
            "Do not say it again in other words:\n"
        )
        yield Data(lead, "said", _some(said))


def _some(lines: Sequence[str]) -> str:
    more = len(lines) - MOST_NAMED
    return "\n".join((*lines[:MOST_NAMED], *([f"({more} more are not named)"] if more > 0 else [])))


def _guidance(advice: Iterable[Advice]) -> Iterator[Data]:
    for one in advice:
        lead = f"The project's own {one.source}, from the branch that this would be merged into:\n"
        yield Data(lead, "guidance", one.text)


def _evidence(findings: Iterable[Finding]) -> Iterator[Data]:
    lines = [_told(finding) for finding in findings]
    if lines:
        lead = (
            "The following is reported already and will be posted without you. "
            "Use it as evidence and do not repeat it:\n"
        )
        yield Data(lead, "evidence", "\n".join(lines))


def _told(finding: Finding) -> str:
    rule = f" ({one_line(finding.rule)})" if finding.rule else ""
    return f"{_name(finding.path)}:{finding.line}: {one_line(finding.title)}{rule}"


def _about(head: Head) -> Data:
    text = (
        f"Title: {one_line(head.title, WIDEST)}\n"
        f"Branch: {one_line(head.head_ref, WIDEST)} into {one_line(head.base_ref, WIDEST)}\n"
        f"Description:\n{_cut(head.body)}"
    )
    return Data("What the author says of it:\n", "author", text)


def _finding_text(finding: Finding) -> str:
    """A finding is a model's words, and those may be an author's; nothing in it is another one."""
    return (
        f"{finding.severity} {finding.category}, {_name(finding.path)} line {finding.line}\n"
        f"Title: {one_line(finding.title)}\n"
        f"Claim: {visible(finding.body)}\n"
        f"Quoted code:\n{visible(finding.quote)}"
    )


def _cut(body: str) -> str:
    """Hosts keep descriptions with the line ends of web forms; what is left out is said."""
    lines = visible(body[:LONGEST_BODY].replace("\r\n", "\n"))
    left_out = len(body) - LONGEST_BODY
    return lines if left_out <= 0 else f"{lines}\n({left_out} more characters are not shown)"
