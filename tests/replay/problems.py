"""Problems that are planted into real lines: a small made-up call, which anybody can see again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

from tests.fakes.engine import found

PLACE = re.compile(
    r"^(?P<before>\s+(?:[\w.]+ = |return |if |elif |yield ))(?P<what>[\w.]\S.*?)(?P<after>:?)$"
)
OPEN_ENDS = ("(", "[", "{", ",", "\\", '"""', "'''")
NAMED = re.compile(r"(?<!\w)[a-z]+\\?_p(?P<number>\d{3})(?!\w)")
CALL = re.compile(r"\b(?P<kind>[a-z]+)_p(?P<number>\d{3})\(")
SEVERITIES = ("low", "medium", "medium", "high")


class Fate(StrEnum):
    """What people do about a problem after it was planted."""

    FIXED = "fixed"
    DROPPED = "fixed by taking the change out"
    IGNORED = "left alone"
    EDITED = "its line edited, and it stays"
    REPLY = "declined in a reply"
    RESOLVED = "thread resolved"
    THUMB = "thumb down"
    REPLY_EDITED = "declined, then its line edited"


DECLINED = (Fate.REPLY, Fate.RESOLVED, Fate.THUMB, Fate.REPLY_EDITED)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem, and the ways in which it is said."""

    category: str
    titles: tuple[str, ...]
    bodies: tuple[str, ...]


KINDS = {
    "unpack": Kind(
        "correctness",
        (
            "The result of {call} may be None",
            "{call} can return None here, and the result is used as it is",
            "Result None of {call} is not handled",
        ),
        (
            "When nothing matches, {call} returns None and the next access raises.",
            "{call} gives None where nothing matches; then the access after it fails.",
        ),
    ),
    "reload": Kind(
        "performance",
        (
            "The configuration file is read again in every iteration",
            "Every iteration reads the configuration file again",
            "Reading the configuration file in each iteration is slow",
        ),
        (
            "{call} opens and parses the file each time; read it once before the loop.",
            "Read the file once before the loop: {call} parses it each time.",
        ),
    ),
    "joined": Kind(
        "security",
        (
            "User input reaches the path unsanitised",
            "The path is built from unsanitised user input",
            "Unsanitised input of a user ends up in the path",
        ),
        (
            "{call} joins what the user sent; `..` in it leaves the directory.",
            "With `..` in what the user sent, {call} leaves the directory.",
        ),
    ),
    "silent": Kind(
        "correctness",
        (
            "The exception of {call} is silently swallowed",
            "{call} swallows the exception",
            "An exception is swallowed silently by {call}",
        ),
        (
            "A failed write is lost without any log; let the exception through.",
            "Nothing is logged where a write fails, so let the exception of {call} through.",
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem in line `index` of a piece; pushes are counted from 0.

    It comes in the push `born`, and what its fate says of the code happens in the push `changes`.
    """

    number: int
    kind: str
    piece: int
    index: int
    path: str
    line: str
    fate: Fate
    born: int
    changes: int | None = None

    @property
    def call(self) -> str:
        """The name that shows it."""
        return f"{self.kind}_p{self.number:03}"

    def at(self, push: int) -> str | None:
        """Its line after a push; None for the real line."""
        if push < self.born:
            return None
        more = ""
        if self.changes is not None and push >= self.changes:
            if self.fate in (Fate.FIXED, Fate.DROPPED):
                return None
            more = ", strict=True"
        parts = PLACE.match(self.line)
        assert parts is not None
        return f"{parts['before']}{self.call}({parts['what']}{more}){parts['after']}"


def is_place(line: str) -> bool:
    """Whether a real line has room for a problem."""
    return (
        PLACE.match(line) is not None
        and not line.rstrip(":").endswith(OPEN_ENDS)
        and line.count("(") == line.count(")")
        and line.count("[") == line.count("]")
        and len(line) < 100
    )


def seen_in(text: str) -> list[int]:
    """The numbers of the problems that a text names, each once."""
    return list(dict.fromkeys(int(one["number"]) for one in NAMED.finditer(text)))


def remarks(path: str, text: str, chance: Random) -> list[dict[str, Any]]:
    """All problems of a file in some of their words, with quotes and numbers nearly right."""
    lines = text.splitlines()
    return [
        _remark(path, lines, at, call, chance)
        for at, line in enumerate(lines)
        if (call := CALL.search(line)) is not None
    ]


def _remark(
    path: str, lines: list[str], at: int, call: re.Match[str], chance: Random
) -> dict[str, Any]:
    kind, name = KINDS[call["kind"]], f"`{call[0][:-1]}`"
    line = lines[at]
    quotes = [line, line, line.strip(), f"{line}  ", line[call.start() :]]
    if at + 1 < len(lines) and lines[at + 1].strip():
        quotes.append(f"{line}\n{lines[at + 1]}")
    return found(
        path,
        max(1, at + 1 + chance.choice((0, 0, 0, -1, 1, 3))),
        chance.choice(quotes),
        severity=chance.choice(SEVERITIES),
        category=kind.category,
        title=chance.choice(kind.titles).format(call=name),
        body=chance.choice(kind.bodies).format(call=name),
    )
