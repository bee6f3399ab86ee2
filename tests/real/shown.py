"""The diff of a prompt, read back into files and lines as a model would read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

READABLE = (".py", ".rst", ".md", ".txt", ".toml", ".cfg", ".html", ".css", ".js", ".po")
NUMBERED = re.compile(r"([LR])(\d+) ([-+ ]) (.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the prompt's diff, and the words in which the prompt shows it."""

    side: str
    number: int
    sign: str
    code: str
    shown: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of the prompt's diff."""

    path: str
    status: str
    hunks: tuple[tuple[Line, ...], ...]

    def telling(self, sign: str) -> list[Line]:
        """Added or removed lines with enough on them to be recognised."""
        lines = [line for hunk in self.hunks for line in hunk if line.sign == sign]
        return [line for line in lines if len(line.code.strip()) >= 12 and len(line.code) <= 300]

    def blocks(self) -> Iterator[list[Line]]:
        """Runs of four lines of the new file that begin with an added line and end with words."""
        for hunk in self.hunks:
            right = [line for line in hunk if line.side == "R"]
            for start in range(len(right) - 3):
                run = right[start : start + 4]
                ends = run[0].sign == "+" and run[0].code.strip() and run[-1].code.strip()
                if ends and all(len(line.code) <= 300 for line in run):
                    yield run


def parse(text: str) -> Iterator[File]:
    """The files of a prompt's diff."""
    for section in re.split(r"(?m)^=== ", text)[1:]:
        heading, *rest = section.rstrip("\n").split("\n")
        path, _, status = heading.rpartition(" (")
        hunks: list[tuple[Line, ...]] = []
        lines: list[Line] = []
        for shown in rest:
            found = NUMBERED.fullmatch(shown)
            if found:
                lines.append(Line(found[1], int(found[2]), found[3], found[4], shown))
            elif lines:
                hunks.append(tuple(lines))
                lines = []
        if lines:
            hunks.append(tuple(lines))
        yield File(path, status.split()[0].rstrip(")"), tuple(hunks))


def window_of(files: list[File]) -> tuple[File, int] | None:
    """A readable changed file, and a line some way above the end of a hunk in it."""
    readable = [
        file
        for file in files
        if file.path.endswith(READABLE) and file.status != "deleted" and file.telling("+")
    ]
    if not readable:
        return None
    file = readable[len(readable) // 2]
    return file, max(1, file.telling("+")[0].number - 20)
