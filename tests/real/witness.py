"""What git itself says of a repository, asked without any of the product's code.

Tests hold the product's anchors against this: which code stands on a line, which lines a hunk
covers, what a head's note says, and whether anything else of the repository was touched.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NOTES = "refs/notes/reviewer"
HEADER = re.compile(rb"(?m)^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
SPELLED_OUT = re.compile(r"\\u\{([0-9a-f]{1,6})\}")  # what the product makes of unseen characters
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")  # what the agent program decodes
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
}


@dataclass(frozen=True, slots=True)
class Span:
    """One hunk's line numbers in the base file and in the head's."""

    left: range
    right: range

    def side(self, name: str) -> range:
        """The numbers on LEFT or RIGHT."""
        return self.left if name == "LEFT" else self.right


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of a repository that a review must leave alone; notes and objects are not in it."""

    status: bytes
    references: bytes
    config: bytes
    head: bytes
    index: str
    files: frozenset[str]


class Witness:
    """One repository whose base branch is main."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hunks = cache(self._hunks)
        self.lines = cache(self._lines)
        self.merge_base = cache(self._merge_base)
        self.old_names = cache(self._old_names)

    def branches(self) -> dict[str, str]:
        """Name → SHA of every branch but main."""
        listed = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        tips = dict(line.split() for line in listed.decode().splitlines())
        return {name: sha for name, sha in tips.items() if name != "main"}

    def code(self, sha: str, path: str, side: str, first: int, last: int) -> list[str]:
        """Lines `first` to `last` of the file on that side, as git stores them."""
        if side == "LEFT":
            return self.lines(self.merge_base(sha), self.old_path(sha, path))[first - 1 : last]
        return self.lines(sha, path)[first - 1 : last]

    def old_path(self, sha: str, path: str) -> str:
        """The file's name in the merge base."""
        return self.old_names(sha).get(path, path)

    def changed_paths(self, sha: str) -> list[str]:
        """Every changed path, a rename by its new name."""
        return list(self.old_names(sha))

    def note(self, sha: str) -> str:
        """The head's note; git fails when there is none."""
        return self.git("notes", f"--ref={NOTES}", "show", sha).decode()

    def notes_tip(self) -> str:
        """The commit of all notes together."""
        return self.git("rev-parse", NOTES).decode().strip()

    def snapshot(self) -> Snapshot:
        """The repository as it stands now."""
        inside = self.path / ".git"
        return Snapshot(
            status=self.git("status", "--porcelain", "--ignored"),
            references=self._refs(),
            config=(inside / "config").read_bytes(),
            head=(inside / "HEAD").read_bytes(),
            index=hashlib.sha256((inside / "index").read_bytes()).hexdigest(),
            files=frozenset(
                name
                for path in inside.rglob("*")
                if not (name := str(path.relative_to(inside))).startswith(
                    ("objects/", "refs/notes", "logs")
                )
            ),
        )

    def git(self, *arguments: str) -> bytes:
        """The output of a git command that must succeed."""
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        ).stdout

    def _refs(self) -> bytes:
        listed = self.git("for-each-ref").splitlines()
        return b"\n".join(line for line in listed if not line.endswith(NOTES.encode()))

    def _merge_base(self, sha: str) -> str:
        return self.git("merge-base", "main", sha).decode().strip()

    def _old_names(self, sha: str) -> dict[str, str]:
        """Path in the head → path in the merge base, for all that changed."""
        listed = self.git("diff", "--name-status", "-M", "-z", self.merge_base(sha), sha, "--")
        fields = iter(listed.decode("utf-8", "replace").split("\0")[:-1])
        names: dict[str, str] = {}
        for status in fields:
            old = next(fields)
            names[next(fields) if status.startswith("R") else old] = old
        return names

    def _lines(self, sha: str, path: str) -> list[str]:
        return self.git("show", f"{sha}:{path}").decode("utf-8", "replace").split("\n")

    def _hunks(self, sha: str, path: str, context: int = 3) -> list[Span]:
        old, new = f"{self.merge_base(sha)}:{self.old_path(sha, path)}", f"{sha}:{path}"
        renamed = self.old_path(sha, path) != path
        sides = [old, new] if renamed else [self.merge_base(sha), sha, "--", path]
        patch = self.git("diff", f"-U{context}", "--text", "--no-renames", *sides)
        return [
            Span(_numbers(found[1], found[2]), _numbers(found[3], found[4]))
            for found in HEADER.finditer(patch)
        ]


def misplaced(witness: Witness, sha: str, finding: dict[str, Any]) -> str:
    """What is wrong with a finding that was posted to a line; empty when nothing is."""
    path, side, last = finding["path"], finding["side"], finding["line"]
    first = finding["start_line"] or last
    spans = [span.side(side) for span in witness.hunks(sha, path)]
    if not any(first in span and last in span for span in spans):
        return f"{side} {first}-{last} is in no hunk"
    removed = [span.left for span in witness.hunks(sha, path, 0)]
    if side == "LEFT" and not all(any(end in span for span in removed) for end in (first, last)):
        return f"LEFT {first}-{last} was not removed"
    posted = witness.code(sha, path, side, first, last)
    if not _quoted(finding["quote"], posted, clipped="clipped" in finding["note"]):
        return f"{side} {first}-{last} reads {posted!r}, not {finding['quote']!r}"
    return ""


def _numbers(start: bytes, count: bytes | None) -> range:
    first = int(start)
    return range(first, first + (1 if count is None else int(count)))


def _quoted(quote: str, posted: list[str], *, clipped: bool) -> bool:
    """Whether the lines are what the quote says, however it was copied out of the prompt."""
    there = [plain(line) for line in posted]
    for wanted in _readings(quote):
        if there == wanted or (len(wanted) == len(there) == 1 and wanted[0] in there[0]):
            return True
        starts = range(len(wanted) - len(there) + 1)
        if clipped and any(wanted[at : at + len(there)] == there for at in starts):
            return 2 * len(there) >= len(wanted)
    return False


def _readings(quote: str) -> list[list[str]]:
    """The quote as it is, without its signs, and without numbers and signs."""
    lines = quote.split("\n")
    unsigned = [line[1:] for line in lines]
    unnumbered = [re.sub(r"^[LR]?\d+ [-+ ] ", "", line) for line in lines]
    return [_without_blank_ends([*map(plain, each)]) for each in (lines, unsigned, unnumbered)]


def _without_blank_ends(lines: list[str]) -> list[str]:
    filled = [at for at, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def plain(text: str) -> str:
    """Any white space counts as one blank; characters that were spelled out are themselves."""
    for spelling in (SPELLED_OUT, ESCAPE):
        text = spelling.sub(lambda found: chr(int(found[1], 16)), text)
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(joined.split())
