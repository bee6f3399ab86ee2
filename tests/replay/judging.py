"""What came of a replay, held against what was planted."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

from tests.replay.history import Ending, Kind
from tests.replay.problems import DECLINED, Fate, Problem, seen_in
from tests.replay.replaying import Played, Replay, Tick
from tests.replay.witness import Asked

WATCHED_TOGETHER = 25
"""Watched pull requests for which one request in each tick is allowed."""

NOTHING = "nothing yet"

OUTCOMES = """
SELECT repo, pull, quote, (
  SELECT outcome FROM outcomes WHERE finding_id = findings.id ORDER BY outcomes.id DESC LIMIT 1
) FROM findings JOIN heads ON heads.id = head_id WHERE disposition = 'kept' ORDER BY findings.id
"""

BARRED = ("fixed", "ignored", "merged unresolved")
"""The planted outcomes that have a bar; those left alone until the merge are its second half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A planted problem of a pull request."""

    played: Played
    problem: Problem

    def __str__(self) -> str:
        one = self.played
        return (
            f"{one.place.row.full_name}#{one.pull.number} {self.problem.call} in "
            f"{self.problem.path} ({self.problem.fate}; pushes: "
            f"{', '.join(one.story.kinds)}; born {self.problem.born}, "
            f"changes {self.problem.changes}; {one.ended_as})"
        )

    @property
    def planted(self) -> str:
        """The outcome that it ought to have in the end; EDITED lines did change."""
        problem, end = self.problem, self.played.ended_as
        if problem.fate in DECLINED:
            return "dismissed"
        if problem.fate in (Fate.FIXED, Fate.DROPPED):
            return "fixed"
        if problem.fate is Fate.EDITED:
            return "edited"
        if end in (Ending.MERGED, Ending.SQUASHED):
            return "merged unresolved"
        is_last = problem.born == len(self.played.story.pushes) - 1
        return NOTHING if is_last and end is Ending.OPEN else "ignored"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The figures of a replay."""

    replay: Replay
    ledger: Path

    @cached_property
    def cases(self) -> list[Case]:
        """Every planted problem."""
        return [
            Case(played=one, problem=problem)
            for one in self.replay.played
            for problem in one.story.problems
        ]

    @cached_property
    def said(self) -> Mapping[int, int]:
        """How often each problem was said: in a comment, or in a review that no comment is of."""
        times: Counter[int] = Counter()
        for one in self.replay.played:
            in_comments: dict[int, set[int]] = defaultdict(set)
            for comment in self.replay.comments(one.pull):
                times.update(seen_in(comment.body))
                in_comments[comment.review_id].update(seen_in(comment.body))
            for review in self.replay.stage.posted(one.pull):
                times.update(set(seen_in(review.body)) - in_comments[review.id])
        return times

    @cached_property
    def repeated(self) -> list[Case]:
        """Problems that were said more than once."""
        return [one for one in self.cases if self.said[one.problem.number] > 1]

    @property
    def re_raised(self) -> list[Case]:
        """Those of them that a person had declined."""
        return [one for one in self.repeated if one.problem.fate in DECLINED]

    @cached_property
    def missed(self) -> list[Case]:
        """Problems that were never said, though a round saw them."""
        return [one for one in self.cases if not self.said[one.problem.number]]

    @cached_property
    def late(self) -> list[Case]:
        """Problems that came with a later push."""
        return [one for one in self.cases if one.problem.born > 0]

    @cached_property
    def labels(self) -> list[tuple[Case, str]]:
        """Each problem that was said with the outcome that the ledger has for it."""
        with closing(sqlite3.connect(self.ledger)) as ledger:
            rows = ledger.execute(OUTCOMES).fetchall()
        found = {
            number: (outcome or NOTHING).replace("_", " ")
            for _, _, quote, outcome in reversed(rows)
            for number in seen_in(quote)
        }
        return [(one, found.get(one.problem.number, "not kept")) for one in self.cases]

    @property
    def mislabelled(self) -> list[tuple[Case, str]]:
        """Planted as fixed or left alone, and labelled otherwise."""
        return [
            (one, got) for one, got in self.labels if one.planted in BARRED and one.planted != got
        ]

    @property
    def right_share(self) -> float:
        """Of the outcomes planted as fixed or left alone."""
        judged = [one for one in self.cases if one.planted in BARRED]
        return 1 - len(self.mislabelled) / len(judged)

    @cached_property
    def prompts(self) -> tuple[list[int], list[int], list[float]]:
        """Bytes of first and of later rounds, and each later round's share of its own first."""
        rounds: dict[tuple[str, str], list[Asked]] = defaultdict(list)
        for asked in self.replay.witness.questions:
            rounds[asked.repo, asked.pull].append(asked)
        first = [of[0].prompt_bytes for of in rounds.values()]
        later = [one.prompt_bytes for of in rounds.values() for one in of[1:]]
        shares = [one.prompt_bytes / of[0].prompt_bytes for of in rounds.values() for one in of[1:]]
        return first, later, shares

    @property
    def busy_ticks(self) -> list[tuple[Tick, float]]:
        """Each tick with its questions for each 25 watched pull requests, begun ones counted."""
        return [
            (one, one.listening.total() / -(-one.watched // WATCHED_TOGETHER))
            for one in self.replay.ticks
        ]

    @property
    def mean_requests(self) -> float:
        """Questions for each 25 watched pull requests, begun ones counted, over all ticks."""
        ticks = self.replay.ticks
        begun = sum(-(-one.watched // WATCHED_TOGETHER) for one in ticks)
        return sum(one.listening.total() for one in ticks) / begun

    def lines(self) -> Iterator[str]:
        """The figures, for people."""
        pushes = [kind for one in self.replay.played for kind in one.story.kinds]
        kinds = ", ".join(f"{pushes.count(kind)} {kind}" for kind in Kind)
        first, later, shares = self.prompts
        asked = len(self.replay.witness.questions)
        yield f"{len(self.replay.played)} pull requests, {len(pushes)} pushes: {kinds}"
        yield f"{asked} rounds asked the engine, in {len(self.replay.ticks)} ticks"
        yield f"{len(self.cases)} problems planted, {len(self.late)} of them in a later push"
        again, raised, missed = map(len, (self.repeated, self.re_raised, self.missed))
        yield f"{again} repeated, {raised} of declined ones, {missed} never said"
        yield f"{self.right_share:.1%} of the planted fixed and ignored outcomes labelled right"
        yield from self.matrix()
        worst = max(share for _, share in self.busy_ticks)
        yield (
            f"requests for outcomes per 25 watched and tick: {self.mean_requests:.2f} on average, "
            f"{worst:.2f} at most; "
            f"{sum(one.posting.total() for one in self.replay.ticks)} more before edits of reviews"
        )
        yield (
            f"prompt bytes: first rounds {median(first):,.0f}, later rounds {median(later):,.0f} "
            f"(medians: {median(later) / median(first):.0%}), "
            f"median share of the own first round {median(shares):.0%}"
        )

    def matrix(self) -> Iterator[str]:
        """What was planted in rows, what the ledger says in columns."""
        cells = Counter((one.planted, got) for one, got in self.labels)
        columns = sorted({got for _, got in cells})
        yield f"{'planted':>18} " + " ".join(f"{one:>18}" for one in columns)
        for row in sorted({planted for planted, _ in cells}):
            yield f"{row:>18} " + " ".join(f"{cells[row, one]:>18}" for one in columns)
