"""Pull requests out of real changes: what each push brings, and what people do in between."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.replay.changes import Piece, Step
from tests.replay.problems import KINDS, Fate, Problem, is_place

SEED = int(os.environ.get("SEED", "6"))
"""Of all that is left to chance; `SEED=7 make replay` tells another history."""

MOST_OF_A_STEP = 12
FEWEST_PIECES, FEWEST_LINES = 10, 50
FEWEST_HOMES = 3
"""Pieces of a pull request that have room for a problem."""

FOR_THE_BASE = 7
"""One hunk in so many goes to the base branch, so that it moves under the pull requests; never a
file that a pull request adds, which nobody could rebase without a conflict."""


class Kind(StrEnum):
    """How a push changes the branch."""

    PLAIN = "commit on top"
    AMENDED = "last commit amended"
    SQUASHED = "squashed"
    REBASED = "rebased"


class Ending(StrEnum):
    """What becomes of a pull request after its last push."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"
    SQUASHED = "merged as one commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A pull request: the pieces of each push and how it comes, and the problems in it."""

    step: Step
    pushes: tuple[frozenset[int], ...]
    kinds: tuple[Kind, ...]
    problems: tuple[Problem, ...]
    ending: Ending

    @property
    def paths(self) -> frozenset[str]:
        """The files that it changes at some time."""
        mine = frozenset().union(*self.pushes)
        return frozenset(one.path for one in self.step.pieces if one.id in mine)

    def pieces(self, push: int) -> frozenset[int]:
        """The pieces that are in after a push."""
        gone = {
            one.piece
            for one in self.problems
            if one.fate is Fate.DROPPED and one.changes is not None and push >= one.changes
        }
        return frozenset().union(*self.pushes[: push + 1]) - gone

    def edits(self, push: int) -> dict[tuple[int, int], str]:
        """The lines that have a problem after a push."""
        lines = {(one.piece, one.index): one.at(push) for one in self.problems}
        return {place: line for place, line in lines.items() if line is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One step as a repository: its pull requests, and the pieces by which its base moves."""

    step: Step
    stories: tuple[Story, ...]
    base: tuple[int, ...]


def repositories(steps: Iterator[Step]) -> list[Repository]:
    """Every step that has enough changes for a pull request of 2 to 6 pushes."""
    numbers = iter(range(1, 1000))
    chance = Random(SEED)  # noqa: S311 - reproducible
    made = []
    for step in steps:
        base = tuple(
            one.id for one in step.pieces if one.hunk % FOR_THE_BASE == 0 and one.path in step.files
        )
        groups = [
            group
            for group in _groups([one for one in step.pieces if one.id not in set(base)])
            if sum(any(map(is_place, one.lines)) for one in group) >= FEWEST_HOMES
        ]
        chosen = groups[:: max(1, len(groups) // MOST_OF_A_STEP)][:MOST_OF_A_STEP]
        stories = tuple(_story(step, group, numbers, chance) for group in chosen)
        if stories:
            made.append(Repository(step=step, stories=stories, base=base))
    return made


def _groups(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    for piece in pieces:
        group.append(piece)
        if len(group) >= FEWEST_PIECES and sum(len(one.lines) for one in group) >= FEWEST_LINES:
            yield group
            group = []


def _story(step: Step, group: list[Piece], numbers: Iterator[int], chance: Random) -> Story:
    """Most of the change comes first, as with people's; what follows are the afterthoughts."""
    count = chance.randint(2, 6)
    later = chance.sample(group, min(len(group) // 4, count))
    arrives = {one.id: chance.randint(1, count - 1) for one in later}
    pushes = tuple(
        frozenset(one.id for one in group if arrives.get(one.id, 0) == push)
        for push in range(count)
    )
    kinds = chance.choices(tuple(Kind), weights=(55, 15, 10, 20), k=count - 1)
    homes = [one for one in group if any(map(is_place, one.lines))]
    homes = chance.sample(homes, min(len(homes), chance.randint(3, 6)))
    return Story(
        step=step,
        pushes=pushes,
        kinds=(Kind.PLAIN, *kinds),
        problems=tuple(
            _problem(next(numbers), home, arrives.get(home.id, 0), count, chance) for home in homes
        ),
        ending=chance.choices(tuple(Ending), weights=(50, 15, 20, 15))[0],
    )


def _problem(number: int, home: Piece, arrives: int, count: int, chance: Random) -> Problem:
    index = chance.choice([at for at, line in enumerate(home.lines) if is_place(line)])
    born = chance.choice((arrives, chance.randint(arrives, count - 1)))
    fate = Fate.IGNORED
    if born < count - 1:
        fate = chance.choices(tuple(Fate), weights=(28, 8, 28, 8, 8, 7, 7, 6))[0]
    changing = fate in (Fate.FIXED, Fate.DROPPED, Fate.EDITED, Fate.REPLY_EDITED)
    return Problem(
        number=number,
        kind=chance.choice(tuple(KINDS)),
        piece=home.id,
        index=index,
        path=home.path,
        line=home.lines[index],
        fate=fate,
        born=born,
        changes=chance.randint(born + 1, count - 1) if changing else None,
    )
