"""Where a finding can be posted, decided by the quoted code instead of the number an engine said.

A finding is anchored to a line only when its quote stands on that line of the diff. Everything
else falls back to the file or the summary with the place it spoke of: nothing vanishes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reviewer_cli.core.diff import Diff, DiffLine, FileDiff, Hunk, LineKind
from reviewer_cli.core.models import Anchor, Finding, Placement, Side
from reviewer_cli.core.sanitise import visible

SHORTEST_FRAGMENT = 3
"""Characters that a one-line quote needs to match as a part of a line; less fits everywhere."""

PREFIXES = (
    re.compile(r"[LR]\d+ [ +-] ?"),  # as our own prompts show a line
    re.compile(r"\s*[LR]?\d+\s*[|:\t+\-]?\s?"),
)
"""What an engine may copy in front of each line of a quote."""

CARRIAGE_RETURN = visible("\r")
BYTE_ORDER_MARK = "\ufeff"
ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")


@dataclass(frozen=True, slots=True)
class _Match:
    side: Side
    lines: tuple[DiffLine, ...]
    clipped: int
    """Quoted lines that hang over the hunk's edge."""

    @property
    def first(self) -> int:
        return self.lines[0].number(self.side) or 0

    @property
    def last(self) -> int:
        return self.lines[-1].number(self.side) or 0


def place(finding: Finding, diff: Diff) -> Anchor:
    """The best legal place for a finding in this diff; see the module's promise."""
    path = _path_in_diff(finding.path, diff)
    file = diff.file(path)
    if file is None:
        note = "not among the changed lines" if path in diff.paths() else "outside this change"
        return Anchor(
            placement=Placement.SUMMARY,
            path=path,
            line=finding.line,
            start_line=finding.start_line,
            side=finding.side,
            note=note,
        )
    best = min(_matches(finding, file), key=lambda match: _distance(match, finding), default=None)
    if best is None:
        return Anchor(
            placement=Placement.FILE,
            path=path,
            line=finding.line,
            side=finding.side,
            note="the quoted code is not in the diff",
        )
    return Anchor(
        placement=Placement.LINE,
        path=path,
        line=best.last,
        start_line=best.first if best.first < best.last else None,
        side=best.side,
        note=_correction(best, finding),
        replaceable=_is_replaceable(best, finding),
    )


def _path_in_diff(path: str, diff: Diff) -> str:
    """Forgive `./` and the `a/` and `b/` of patches when only that keeps a path from matching."""
    known = diff.paths()
    for candidate in (path, path.removeprefix("./"), re.sub(r"^[ab]/", "", path)):
        if candidate in known:
            return candidate
    return path


def _matches(finding: Finding, file: FileDiff) -> Iterator[_Match]:
    for wanted in _readings(finding.quote):
        found = [
            match
            for side in Side
            for hunk in file.hunks
            for match in _matches_in_hunk(wanted, hunk, side)
        ]
        if found:
            yield from found
            return


def _readings(quote: str) -> Iterator[list[str]]:
    """The quote as said, then without diff signs, then without line numbers before each line."""
    lines = quote.strip("\n").split("\n")
    yield _trimmed([_normal(line) for line in lines])
    if all(line[:1] in ("+", "-", " ", "") for line in lines):
        yield _trimmed([_normal(line[1:]) for line in lines])
    for prefix in PREFIXES:
        found = [prefix.match(line) for line in lines]
        if all(found):
            yield _trimmed(
                [_normal(line[one.end() :]) for line, one in zip(lines, found, strict=True) if one]
            )


@lru_cache(maxsize=1 << 16)
def _normal(text: str) -> str:
    r"""Text for comparing: blanks count as one, and a carriage return as none, however shown.

    The escape \uXXXX counts as its character: the agent program (measured with claude-agent-sdk
    0.2.187) decodes it in what the model says.
    """
    text = ESCAPES.sub(lambda run: _decoded(run[0]), text)
    text = text.removeprefix(BYTE_ORDER_MARK)
    return " ".join(visible(text).replace(CARRIAGE_RETURN, "").split())


def _decoded(escapes: str) -> str:
    """A run of escapes as the characters it names; two surrogates are one character."""
    units = bytes.fromhex(escapes.replace("\\u", ""))
    return units.decode("utf-16-be", "surrogatepass")


def _trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[0]:
        lines = lines[1:]
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def _matches_in_hunk(wanted: Sequence[str], hunk: Hunk, side: Side) -> Iterator[_Match]:
    lines = [
        line for line in hunk.lines if (line.new if side is Side.RIGHT else line.old) is not None
    ]
    if not wanted or not lines:
        return
    texts = [_normal(line.text) for line in lines]
    fits = _fits(wanted)
    for start in range(1 - len(wanted), len(lines)):
        covered = range(max(start, 0), min(start + len(wanted), len(lines)))
        if not all(fits(wanted[at - start], texts[at]) for at in covered):
            continue
        match = _Match(side, tuple(lines[at] for at in covered), clipped=len(wanted) - len(covered))
        if _is_postable(match, len(wanted)):
            yield match


def _fits(wanted: Sequence[str]) -> Callable[[str, str], bool]:
    if len(wanted) == 1 and len(wanted[0]) >= SHORTEST_FRAGMENT:
        return lambda quoted, text: quoted in text
    return lambda quoted, text: quoted == text


def _is_postable(match: _Match, quoted: int) -> bool:
    """GitHub takes a LEFT comment on removed lines only; a clipped quote must still say something.

    Less than half of a quote, or no changed line at all, is taken for a chance likeness.
    """
    if match.side is Side.LEFT:
        ends = (match.lines[0], match.lines[-1])
        if any(line.kind is not LineKind.REMOVED for line in ends):
            return False
    if not match.clipped:
        return True
    changed = any(line.kind is not LineKind.CONTEXT and line.text.strip() for line in match.lines)
    return changed and 2 * len(match.lines) >= quoted


def _distance(match: _Match, finding: Finding) -> tuple[int, bool, int]:
    return (match.clipped, match.side is not finding.side, abs(match.last - finding.line))


def _is_replaceable(match: _Match, finding: Finding) -> bool:
    r"""Whether the quote is whole lines of the head, whose text came through unchanged.

    A suggestion for a line with \uXXXX in it would hold the character instead of the escape.
    """
    if match.side is not Side.RIGHT or match.clipped:
        return False
    texts = [line.text for line in match.lines]
    whole = any(wanted == [_normal(text) for text in texts] for wanted in _readings(finding.quote))
    return whole and not any(ESCAPES.search(text) for text in texts)


def _correction(match: _Match, finding: Finding) -> str:
    notes = []
    if match.last != finding.line or match.side is not finding.side:
        notes.append(f"moved from {finding.side} line {finding.line} to the quoted code")
    if match.clipped:
        notes.append("clipped to one hunk")
    return "; ".join(notes)
