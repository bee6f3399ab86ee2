"""Ruff's answer, one JSON object a line, becomes findings about the lines that a change adds.

One finding for each rule and file: the first place, and the numbers of the others; two where some
of these lines are new to an earlier round and some are not. Nothing here runs anything; a file of
the checkout is read only to judge a redefinition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reviewer_cli.core.checks.decorators import may_redefine
from reviewer_cli.core.checks.places import is_test, lines_named, softened
from reviewer_cli.core.checks.secrets import hidden_quotes, leaks
from reviewer_cli.core.diff import DiffLine, FileDiff, LineKind, Places, is_fresh
from reviewer_cli.core.models import Finding
from reviewer_cli.engines.ruff_rules import (
    EXCUSED_IN_TESTS,
    REDEFINED,
    RULES,
    SYNTAX,
    UNREADABLE,
)
from reviewer_cli.errors import HeadError

LONGEST_MESSAGE = 300
LONGEST_QUOTE = 2000
LINE_END = re.compile(r"\r\n?|\n")
"""Where ruff begins a new row."""
EARLIER_ROW = re.compile(r"from line (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """Replace the characters from `start` to `end` of one line, counted from 0."""

    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    code: str
    message: str
    rows: range
    edits: tuple[_Edit, ...]
    """A fix that ruff calls safe and that stays within the first row; else nothing."""


@dataclass(slots=True)
class _Changed:
    """A file with what its problems are looked up in, and the first problem of each rule."""

    diff: FileDiff
    place: Path
    added: dict[int, DiffLine] = field(init=False)
    found: dict[tuple[str, bool], tuple[_Problem, list[DiffLine]]] = field(
        init=False, default_factory=dict
    )
    is_broken: bool = field(init=False, default=False)
    _rows: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.added = {line.new: line for line in self.diff.added_lines() if line.new is not None}

    def rows(self) -> list[str]:
        """The whole file's lines as ruff counts them, read once."""
        if not self._rows:
            try:
                text = self.place.read_bytes().decode(errors="replace")
            except OSError as error:
                raise HeadError(
                    f"{self.diff.path} could not be read again ({error.strerror}); "
                    "the head will be tried again."
                ) from error
            self._rows = LINE_END.split(text)
        return self._rows

    def reported(self) -> Iterator[tuple[_Problem, list[DiffLine]]]:
        """What is worth saying: in a file that cannot be parsed, nothing but that."""
        return (
            (problem, lines)
            for problem, lines in self.found.values()
            if not self.is_broken or problem.code == SYNTAX
        )


class RuffReport:
    """Collects the answer for files by the absolute name under which ruff speaks of them.

    `root` is the checkout that ruff was run in, `fresh` are the lines that no earlier round saw.
    """

    def __init__(
        self, root: Path, files: Mapping[str, FileDiff], fresh: Places | None = None
    ) -> None:
        self._fresh = fresh
        self._files = {name: _Changed(diff, root / diff.path) for name, diff in files.items()}

    def add(self, answer: bytes) -> None:
        """Take in one line of the answer.

        Raises HeadError when it is not what was asked for, or its file cannot be read.
        """
        try:
            said = json.loads(answer)
            changed = self._files[said["filename"]]
            problem = _problem(said)
        except (ValueError, TypeError, LookupError) as error:
            raise HeadError(
                "ruff's answer cannot be understood; upgrade or reinstall the package ruff."
            ) from error
        line = _line(problem, changed)
        changed.is_broken |= problem.code == SYNTAX
        if line is not None and not _is_excused(problem, changed):
            kind = (problem.code, is_fresh(self._fresh, changed.diff.path, line))
            _, lines = changed.found.setdefault(kind, (problem, []))
            lines.append(line)

    def findings(self) -> Iterator[Finding]:
        """The findings so far, in the order of the files."""
        for changed in self._files.values():
            hidden = hidden_quotes(leaks(changed.diff)) if changed.found else {}
            for problem, lines in changed.reported():
                yield _finding(changed.diff.path, problem, lines, hidden)


def _problem(said: dict[str, Any]) -> _Problem:
    code = said["code"]
    if code not in RULES:
        raise ValueError(code)
    first, last = said["location"]["row"], said["end_location"]["row"]
    if last > first and said["end_location"]["column"] == 1:
        last -= 1  # it ends before the first character of that row
    return _Problem(
        code=code,
        message=str(said["message"])[:LONGEST_MESSAGE],
        rows=range(first, last + 1),
        edits=_edits(said["fix"], first),
    )


def _edits(fix: dict[str, Any] | None, row: int) -> tuple[_Edit, ...]:
    if fix is None or fix["applicability"] != "safe":
        return ()
    within = all(
        edit[end]["row"] == row for edit in fix["edits"] for end in ("location", "end_location")
    )
    if not within or any("\n" in edit["content"] for edit in fix["edits"]):
        return ()
    return tuple(
        _Edit(
            start=edit["location"]["column"] - 1,
            end=edit["end_location"]["column"] - 1,
            content=edit["content"],
        )
        for edit in fix["edits"]
    )


def _is_excused(problem: _Problem, changed: _Changed) -> bool:
    """The place, ruff's own message or the lines around it say that nothing is wrong."""
    if problem.code in EXCUSED_IN_TESTS and is_test(changed.diff.path):
        return True
    earlier = EARLIER_ROW.search(problem.message) if problem.code == REDEFINED else None
    if earlier:
        return may_redefine(changed.rows(), problem.rows.start, int(earlier[1]))
    return RULES[problem.code].harmless_if in problem.message


def _line(problem: _Problem, changed: _Changed) -> DiffLine | None:
    """The added line that the problem is about, None when it is about none."""
    if problem.code == UNREADABLE:
        return next(iter(changed.added.values()), None)
    if problem.code == SYNTAX:
        # One mistake makes the parser stumble several times; only the first says something.
        is_known = any(code == SYNTAX for code, _ in changed.found)
        return None if is_known else _broken_line(problem.rows.start, changed.diff)
    return next((changed.added[row] for row in problem.rows if row in changed.added), None)


def _broken_line(row: int, diff: FileDiff) -> DiffLine | None:
    """The changed place that breaks the file: parsers stumble at it, or somewhat below it.

    Within a hunk that is the added line nearest above, or the row itself where only lines went.
    """
    for hunk in diff.hunks:
        lines = [line for line in hunk.lines if line.new is not None]
        above = [line for line in lines if (line.new or 0) <= row]
        if above and (lines[-1].new or 0) >= row - 1:
            added = [line for line in above if line.kind is LineKind.ADDED]
            return (added or above)[-1]
    return None


def _finding(
    path: str, problem: _Problem, lines: Sequence[DiffLine], hidden: Mapping[int, str]
) -> Finding:
    rule = RULES[problem.code]
    first = lines[0]
    number = first.new or 1
    others = sorted({line.new or 1 for line in lines} - {number})
    also = f"\n\nThe same rule is broken on {lines_named(others)}." if others else ""
    # Ruff's words and its fix may repeat what stands on the line: not where that is a secret.
    secret = hidden.get(number)
    said = (
        f"ruff: {problem.message} ({problem.code})" if secret is None else f"ruff: {problem.code}"
    )
    return Finding(
        path=path,
        line=number,
        severity=softened(rule.severity, path),
        category=rule.category,
        title=rule.title,
        body=f"{rule.consequence}\n\n{said}{also}",
        quote=first.text[:LONGEST_QUOTE] if secret is None else secret,
        suggestion=_fixed(first, problem) if secret is None else None,
        rule=f"ruff-{problem.code}",
    )


def _fixed(line: DiffLine, problem: _Problem) -> str | None:
    if not problem.edits or line.new != problem.rows.start or len(line.text) > LONGEST_QUOTE:
        return None
    text = line.text.removesuffix("\r")
    for edit in sorted(problem.edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.content + text[edit.end :]
    return text if text.strip() else None
