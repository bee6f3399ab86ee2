"""What changed between two releases of a project, as pieces that can be put in one by one."""

from __future__ import annotations

import tarfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from tests.real.releases import CACHE, PROJECTS, Project, Release, fetch

REPLAYED = ("click", "requests", "rich", "docutils", "pytest", "pygments")
"""Small and middle-sized projects whose releases change code by hand."""

LARGEST = 200_000
"""Bytes of a file; larger ones are generated."""

LONGEST_PIECE = 30
"""Lines that a piece puts in; what a release adds in one go becomes several pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Lines `first` to `last` (exclusive, from 0) of the older file replaced by `lines`.

    Pieces of one `hunk` stand side by side in the newer file.
    """

    id: int
    hunk: int
    path: str
    first: int
    last: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One release's way to the next: the older files, and the pieces that lead to the newer."""

    name: str
    files: Mapping[str, tuple[str, ...]]
    pieces: tuple[Piece, ...]

    def text(
        self, path: str, ids: Collection[int], edits: Mapping[tuple[int, int], str]
    ) -> str | None:
        """A file with these pieces put in, and single lines of theirs (piece, index) edited.

        None where there is no such file yet.
        """
        old = self.files.get(path, ())
        made: list[str] = []
        at = 0
        mine = [one for one in _by_path(self.pieces)[path] if one.id in ids]
        for piece in mine:
            made += old[at : piece.first]
            made += (edits.get((piece.id, i), line) for i, line in enumerate(piece.lines))
            at = piece.last
        made += old[at:]
        return "".join(f"{line}\n" for line in made) if mine or path in self.files else None


@lru_cache(maxsize=64)
def _by_path(pieces: tuple[Piece, ...]) -> Mapping[str, list[Piece]]:
    found: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.path].append(piece)
    return found


def steps() -> Iterator[Step]:
    """Every step between the cached releases of the replayed projects."""
    for project in PROJECTS:
        if project.name in REPLAYED:
            versions = [_files(project, one) for one in project.releases]
            later = project.releases[1:]
            for (old, new), release in zip(pairwise(versions), later, strict=True):
                name = f"{project.name}-{release.version}"
                yield Step(name=name, files=old, pieces=tuple(_pieces(old, new)))


def _files(project: Project, release: Release) -> dict[str, tuple[str, ...]]:
    found = {}
    with tarfile.open(fetch(project, release, CACHE)) as packed:
        for member in packed:
            if member.isfile() and member.name.endswith(".py") and member.size < LARGEST:
                stream = packed.extractfile(member)
                assert stream is not None
                text = stream.read().decode("utf-8", "replace")
                found[member.name.split("/", 1)[1]] = tuple(text.removesuffix("\n").split("\n"))
    return found


def _pieces(
    old: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]]
) -> Iterator[Piece]:
    number, hunk = 0, 0
    for path in sorted(new):
        before, after = old.get(path, ()), new[path]
        if before == after:
            continue
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for kind, first, last, start, stop in matcher.get_opcodes():
            if kind == "equal":
                continue
            for begin in range(start, max(stop, start + 1), LONGEST_PIECE):
                lines = after[begin : min(begin + LONGEST_PIECE, stop)]
                replaced = first if begin == start else last
                yield Piece(id=number, hunk=hunk, path=path, first=replaced, last=last, lines=lines)
                number += 1
            hunk += 1
