"""The prompts of each pass: everything an author wrote is fenced as data, none of it is first.

The diff comes before the title and the description, so that what precedes it is the same for
every review and the provider's prompt cache can serve it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count

from reviewer_cli.core.diff import Diff, FileDiff, FileStatus, LineKind
from reviewer_cli.core.models import Finding, Head, Side
from reviewer_cli.core.sanitise import one_line, visible

OPENING = (
    "Review this change. Each line of the diff is shown as side and line number (R: the new file, "
    "L: the base file), a sign, and the code after one blank. The files are in the current "
    "directory as the change leaves them.\n\n"
)

LONGEST_BODY = 8000
"""Characters of a description that are shown; it is no place for an argument of book length."""

STATUS_WORDS = {
    FileStatus.ADDED: "added",
    FileStatus.DELETED: "deleted",
    FileStatus.MODIFIED: "modified",
    FileStatus.RENAMED: "renamed",
    FileStatus.TYPE_CHANGED: "changed in type",
}


def find_prompt(head: Head, diff: Diff, evidence: Sequence[Finding] = ()) -> str:
    """The prompt of a finding pass; `evidence` is what was said of the change already."""
    parts = [
        OPENING + _fence("diff", _diff_text(diff)),
        _not_shown(diff),
        _evidence(evidence),
        _about(head),
        "Report the defects that this change introduces or exposes.",
    ]
    return "\n\n".join(part for part in parts if part)


def verify_prompt(head: Head, diff: Diff, findings: Sequence[Finding]) -> str:
    """The prompt of a verification pass over these findings, numbered from 1."""
    listed = "\n\n".join(
        f"Finding {number}: {finding.severity} {finding.category}, "
        f"{one_line(finding.path)} line {finding.line}\n"
        f"Title: {one_line(finding.title)}\n"
        f"Claim: {visible(finding.body)}\n"
        f"Quoted code:\n{visible(finding.quote)}"
        for number, finding in enumerate(findings, 1)
    )
    parts = [
        OPENING + _fence("diff", _diff_text(diff)),
        _about(head),
        _fence("findings", listed),
        f"Try to refute each of these {len(findings)} findings and give one verdict for each.",
    ]
    return "\n\n".join(parts)


def _diff_text(diff: Diff) -> str:
    return "\n\n".join(_file_text(file) for file in diff.files)


def _file_text(file: FileDiff) -> str:
    was = f" from {one_line(file.old_path, 1000)}" if file.old_path != file.path else ""
    lines = [f"=== {one_line(file.path, 1000)} ({STATUS_WORDS[file.status]}{was})"]
    for hunk in file.hunks:
        lines.append(f"@@ {one_line(hunk.section)}".rstrip())
        for line in hunk.lines:
            side = Side.LEFT if line.kind is LineKind.REMOVED else Side.RIGHT
            number = line.old if side is Side.LEFT else line.new
            # A Windows line end on every line would only be in the way.
            text = visible(line.text.removesuffix("\r"))
            lines.append(f"{side[0]}{number} {line.kind} {text}")
    return "\n".join(lines)


def _not_shown(diff: Diff) -> str:
    if not diff.unreviewed:
        return ""
    listed = "\n".join(f"{one_line(file.path)}: {file.reason}" for file in diff.unreviewed[:200])
    return "Also changed, but not shown:\n" + _fence("not-shown", listed)


def _evidence(findings: Iterable[Finding]) -> str:
    listed = "\n".join(
        f"{one_line(finding.path)}:{finding.line}: {one_line(finding.title)}"
        f"{f' ({finding.rule})' if finding.rule else ''}"
        for finding in findings
    )
    if not listed:
        return ""
    return (
        "The following is reported already and will be posted without you. "
        "Use it as evidence and do not repeat it:\n" + _fence("evidence", listed)
    )


def _about(head: Head) -> str:
    text = (
        f"Title: {one_line(head.title)}\n"
        f"Branch: {one_line(head.head_ref)} into {one_line(head.base_ref)}\n"
        f"Description:\n{_cut(head.body)}"
    )
    return "What the author says of it:\n" + _fence("author", text)


def _cut(body: str) -> str:
    """Hosts keep descriptions with the line ends of web forms; what is left out is said."""
    lines = visible(body[:LONGEST_BODY].replace("\r\n", "\n"))
    left_out = len(body) - LONGEST_BODY
    return lines if left_out <= 0 else f"{lines}\n({left_out} more characters are not shown)"


def _fence(name: str, text: str) -> str:
    """Data between tags that it cannot close: the first number is taken that it does not use."""
    used = set(re.findall(rf"{name}-([0-9]+)\s*>", text, re.IGNORECASE))
    number = next(number for number in count() if str(number) not in used)
    return f"<{name}-{number}>\n{text}\n</{name}-{number}>"
