"""The stories told to the product: pushes, a sweep, what people say, the next pushes, a sweep."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.fakes.github import talk
from tests.fakes.github.bare import GitFailed
from tests.fakes.github.exchange import Exchange
from tests.fakes.github.rows import Account, Pull, Repo, ReviewComment
from tests.fakes.github_stage import GitHubStage
from tests.replay.history import SEED, Ending, Kind, Repository, Story
from tests.replay.problems import Fate, Problem, seen_in
from tests.replay.witness import Witness

HOUR = 3600.0
QUESTIONS = re.compile(rb"query (Conversations|MoreThreads|Thumbs)\b")
DECLINING = (
    "This is by design, won't fix.",
    "False positive: the caller makes sure of it.",
    "Not an issue here.",
)


@dataclass(slots=True, kw_only=True)
class Played:
    """A story as far as it was told; `pushed` counts pushes, `base` is what its base had."""

    story: Story
    place: Place
    pull: Pull
    base: frozenset[int]
    pushed: int = 1
    heads: list[str] = field(default_factory=list)
    ended_as: Ending = Ending.OPEN

    @property
    def is_told(self) -> bool:
        """Whether there is no push left."""
        return self.pushed == len(self.story.pushes)


@dataclass(slots=True, kw_only=True)
class Place:
    """A repository of the stage, and the pieces that are in its base by now."""

    repository: Repository
    row: Repo
    base: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One sweep, and its questions about what people said.

    `listening` are those before the reviews, from which outcomes are told; `posting` are asked
    while reviews are posted, to read what is to be edited.
    """

    watched: int
    moved: int
    listening: Counter[str]
    posting: Counter[str]


class Replay:
    """All stories on one stage."""

    def __init__(self, stage: GitHubStage, witness: Witness, of: Sequence[Repository]) -> None:
        self.stage = stage
        self.witness = witness
        self.ticks: list[Tick] = []
        self.played: list[Played] = []
        self._world = stage.hub.world
        self._chance = Random(SEED)  # noqa: S311 - reproducible
        self._declined: set[int] = set()
        self._places = [Place(repository=one, row=self._repo(one)) for one in of]
        self._people = [self._world.account(login) for login in ("ada", "grace")]
        for place in self._places:
            self._world.grant(place.row, self._people[1], "write")
        self._untold = [(place, one) for place in self._places for one in place.repository.stories]
        self._chance.shuffle(self._untold)

    def run(self) -> None:
        """Everything, with two quiet sweeps at the end in which the last outcomes are gathered."""
        while self._untold or not all(one.is_told for one in self.played):
            moved = self._push() + self._open(len(self._untold) // 3 + 4)
            self._sweep(HOUR, moved)
            self._decline()
        for ended in self.played:
            self._end(ended)
        self._sweep(7 * HOUR, len(self.played))
        self._sweep(7 * HOUR, 0)

    def comments(self, pull: Pull) -> list[ReviewComment]:
        """Our comments on lines, oldest first."""
        every = self._world.tables.review_comments.values()
        bot = self.stage.bot.id
        return [one for one in every if one.author_id == bot and one.pull_id == pull.id]

    def _repo(self, one: Repository) -> Repo:
        files = {path: "".join(f"{line}\n" for line in of) for path, of in one.step.files.items()}
        return self._world.repo(f"{self.stage.shop.owner.login}/{one.step.name}", files)

    def _open(self, most: int) -> int:
        now, self._untold = self._untold[:most], self._untold[most:]
        for place, story in now:
            files = dict(_changed(story, place.base, None, 0))
            pull = self._world.pull(place.row, files, title=f"Work on {min(story.paths)}")
            self.played.append(
                Played(story=story, place=place, pull=pull, base=place.base, heads=[pull.head_sha])
            )
        self.witness.paths = {
            (one.place.row.full_name, str(one.pull.number)): one.story.paths for one in self.played
        }
        return len(now)

    def _push(self) -> int:
        """The next push of most pull requests that have one; now and then the base moves first."""
        moving = [one for one in self.played if not one.is_told and self._chance.random() < 0.8]
        for one in moving:
            self._next(one)
        return len(moving)

    def _next(self, one: Played) -> None:
        story, push, kind = one.story, one.pushed, one.story.kinds[one.pushed]
        if kind is Kind.REBASED:
            self._move_base(one.place)
        if kind is Kind.PLAIN or (kind is Kind.AMENDED and push < 2):
            files = dict(_changed(story, one.base, push - 1, push))
            one.pull = self._world.push(one.pull, files)
        else:
            one.base = one.place.base
            first = push - 1 if kind in (Kind.REBASED, Kind.AMENDED) else push
            one.pull = self._world.force_push(
                one.pull, dict(_changed(story, one.base, None, first))
            )
            if first < push:
                one.pull = self._world.push(one.pull, dict(_changed(story, one.base, first, push)))
        one.pushed += 1
        one.heads.append(one.pull.head_sha)

    def _move_base(self, place: Place) -> None:
        """Other real changes arrive: a quarter of what is kept for the base."""
        left = sorted(set(place.repository.base) - place.base)
        more = left[: max(1, len(place.repository.base) // 4)]
        step, after = place.repository.step, place.base | set(more)
        paths = {piece.path for piece in step.pieces if piece.id in more}
        files = {path: step.text(path, after, {}) for path in sorted(paths)}
        if files:
            self._world.commit(place.row, files)
            place.base = after

    def _end(self, one: Played) -> None:
        world = self._world
        ways = {
            Ending.CLOSED: world.close,
            Ending.MERGED: world.merge,
            Ending.SQUASHED: world.squash,
        }
        if (end := ways.get(one.story.ending)) is None:
            return
        try:
            one.pull, one.ended_as = end(one.pull), one.story.ending
        except GitFailed:  # it conflicts with what was merged before it
            one.pull, one.ended_as = world.close(one.pull), Ending.CLOSED

    def _sweep(self, seconds: float, moved: int) -> None:
        stage = self.stage
        stage.now += seconds
        self._world.now = max(self._world.now, stage.now)
        begun = len(stage.hub.log)
        owner = stage.shop.owner.login
        names = (f"{owner}/*",)
        report = stage.sweep(selectors={stage.server.name: names}, limit=200)
        assert report.exit_code == 0, report.error
        log = stage.hub.log[begun:]
        fetches = (at for at, one in enumerate(log) if (one.kind, one.method) == ("git", "POST"))
        began = next(fetches, len(log))
        tick = Tick(
            watched=len(self.played),
            moved=moved,
            listening=_questions(log[:began]),
            posting=_questions(log[began:]),
        )
        self.ticks.append(tick)

    def _decline(self) -> None:
        """People answer the comments that they have decided to decline."""
        for one in self.played:
            fates = {problem.number: problem for problem in one.story.problems}
            for comment in self.comments(one.pull):
                for number in seen_in(comment.body):
                    if number not in self._declined and number in fates:
                        self._declined.add(number)
                        self._react(fates[number], comment, self._chance.choice(self._people))

    def _react(self, problem: Problem, comment: ReviewComment, person: Account) -> None:
        thread = self._world.tables.threads[comment.id]
        match problem.fate:
            case Fate.REPLY | Fate.REPLY_EDITED:
                talk.answer(self._world, thread, person, self._chance.choice(DECLINING))
            case Fate.RESOLVED:
                talk.resolve(self._world, thread, person)
            case Fate.THUMB:
                talk.react(self._world, comment, person, "THUMBS_DOWN")
            case _:
                return


def _questions(log: Sequence[Exchange]) -> Counter[str]:
    asked = (QUESTIONS.search(one.request_body) for one in log)
    return Counter(one[1].decode() for one in asked if one)


def _changed(
    story: Story, base: frozenset[int], before: int | None, push: int
) -> Iterator[tuple[str, str | None]]:
    """The files that differ between two pushes, or between the base and a push."""
    step = story.step

    def text(path: str, at: int | None) -> str | None:
        if at is None:
            return step.text(path, base, {})
        return step.text(path, base | story.pieces(at), story.edits(at))

    for path in sorted(story.paths):
        if (now := text(path, push)) != text(path, before):
            yield path, now
