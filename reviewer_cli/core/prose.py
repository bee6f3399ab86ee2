"""What the writer of a comment says in words of their own, apart from all that they only show.

A small part of CommonMark is read exactly: fenced blocks that begin at the left margin, quotes
with the lines that lazily continue them, paragraphs, code spans and links inside a line. Where
anything else begins that could hide text (HTML, a fence inside a list, mathematics), reading ends:
what is passed over can decide nothing, and what is read is certainly said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 65_536
"""Characters that are read of one comment; GitHub takes no more."""

SHOWN = "\ufffc"
"""Stands in a line for code, a link or an address."""

FENCE = re.compile(r"(?:(`{3,})[^`]*|(~{3,}).*)")
FENCE_END = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*")
QUOTE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*>")
INDENTED = re.compile(r" {0,3}\t| {4}")
LINK = re.compile(r"!?\[[^\[\]<$`]*\](?:\([^()<$`]*\)|\[[^\[\]<$`]*\])")
ADDRESS = re.compile(
    r"<[a-z][a-z0-9+.-]{1,31}:[^\s<>]*>|[a-z][a-z0-9+.-]{1,20}://[^\s<$`\[\]]*|www\.[^\s<$`\[\]]*",
    re.IGNORECASE,
)
HIDES = re.compile(r"<[!?/a-z]|```|~~~|\$\$", re.IGNORECASE)
"""What may begin something that goes on over blank lines."""

GOES_ON = re.compile(r"`|\]\(|\]:")
"""What may begin a code span, a link or its definition that ends on a later line."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """The lines that the writer said, an empty one for each that only shows something.

    `is_whole` is False where reading ended early.
    """

    lines: tuple[str, ...]
    is_whole: bool


def own_words(body: str) -> OwnWords:
    """The words of a comment's writer; see the module's promise. It never raises."""
    lines: list[str] = []
    fence = ""
    passed_over = False
    for line in re.sub(r"\r\n?", "\n", body[:LONGEST]).split("\n"):
        said = ""
        opening = FENCE.fullmatch(line)
        if fence:
            fence = "" if _ends(line, fence) else fence
        elif not line.strip(" \t"):
            passed_over = False
        elif opening:
            fence, passed_over = opening[1] or opening[2], False
        elif QUOTE.match(line):
            passed_over = True
        else:
            prose = _apart_from_code(line)
            said = ADDRESS.sub(SHOWN, LINK.sub(SHOWN, prose))
            if HIDES.search(said):
                return OwnWords(tuple(lines), is_whole=False)
            passed_over = passed_over or _is_unsure(prose) or _goes_on(said)
        lines.append("" if passed_over or INDENTED.match(line) else said)
    return OwnWords(tuple(lines), is_whole=len(body) <= LONGEST)


def _ends(line: str, fence: str) -> bool:
    end = FENCE_END.fullmatch(line)
    return end is not None and end[1].startswith(fence)


def _apart_from_code(line: str) -> str:
    """The line with each code span shown as one character; as many backticks end it as began it."""
    runs = [run.span() for run in re.finditer("`+", line)]
    later: dict[int, int] = {}
    partner: dict[int, int] = {}
    for at in reversed(range(len(runs))):
        length = runs[at][1] - runs[at][0]
        if length in later:
            partner[at] = later[length]
        later[length] = at
    pieces, end, at = [], 0, 0
    while at < len(runs):
        if at in partner:
            pieces += [line[end : runs[at][0]], SHOWN]
            at = partner[at]
            end = runs[at][1]
        at += 1
    return "".join([*pieces, line[end:]])


def _is_unsure(prose: str) -> bool:
    """Whether a backtick is escaped or part of an address: then others are a pair than seemed."""
    words = re.split(r"[\s<]+", prose)
    addresses = (word.partition(start)[2] for word in words for start in ("://", "www."))
    return any(SHOWN in one for one in addresses) or "\\`" in prose or f"\\{SHOWN}" in prose


def _goes_on(said: str) -> bool:
    depth = 0
    for bracket in re.findall(r"[\[\]]", said):
        depth = depth + 1 if bracket == "[" else max(depth - 1, 0)
    return depth > 0 or GOES_ON.search(said) is not None
