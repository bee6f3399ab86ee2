"""A year of an installation, made of a seed: 50 repositories, some 20,000 reviews.

What is special in it stands in `PLANTED`, each in a week of its own, and everything else goes on
as ever. The rows are plain tuples, so that tests can count them without asking any database.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reviewer_cli.core.periods import Span, week, week_name, weeks_before
from reviewer_cli.ledger.told import UNSAID
from tests.digest.rows import (
    Ends,
    Events,
    Findings,
    Heads,
    Labels,
    Outcomes,
    Replies,
    Reviews,
    Row,
    Signals,
    Sweeps,
    Told,
    fill,
)

ZONE = ZoneInfo("Europe/Berlin")
HOUR_S, DAY_S = 3_600.0, 86_400.0
BEGAN = week("2026-W01", ZONE).since + 9 * HOUR_S
COUNTED_FROM = week("2026-W05", ZONE).since

DAYS = (1.0, 1.05, 1.0, 0.95, 0.9, 0.12, 0.1)
"""How busy the days of a week are."""
SEVERITIES = (("critical", 0.04), ("high", 0.2), ("medium", 0.46), ("low", 0.3))
CATEGORIES = (
    *(("correctness", 0.35), ("security", 0.15), ("performance", 0.15)),
    *(("maintainability", 0.2), ("testing", 0.15)),
)
CONTRACTS = ("5c1e90ab44de", "0fd2b6a17c33")


class Planted(NamedTuple):
    """What is special, and in which week."""

    acceptance: str = "2026-W20"
    """In all repositories 30 of 100 findings fewer are acted on."""
    contract: str = "2026-W24"
    """From here on one repository is reviewed by another contract."""
    outage: str = "2026-W26"
    """The host fails us for nine hours."""
    repository: str = "2026-W28"
    """In the largest repository 55 of 100 findings fewer are acted on."""
    latency: str = "2026-W31"
    """All reviews take three times as long."""
    errors: str = "2026-W33"
    """The engine fails for a whole working day; some heads die of it."""
    unreviewed: str = "2026-W36"
    """40 pull requests are merged without a review."""
    limit: str = "2026-W38"
    """Four sweeps take up as many heads as they may."""
    budget: str = "2026-W39"
    """A review uses up all it may cost."""
    missed: str = "2026-W41"
    """Six findings that were passed over are mended after all."""
    noise: str = "2026-W45"
    """Until here a rule is declined again and again in two repositories, another passed over."""
    empty: str = "2026-W52"
    """Nothing happens at all."""


PLANTED = Planted()
NOISY_FROM = "2026-W35"
LAST_OF_WORK = "2026-W51"
"""From here on nothing new begins."""
BIGGEST, RECONTRACTED, PASSING_OVER = "acme/repo-00", "acme/repo-07", "acme/repo-05"
NOISY = ("acme/repo-02", "acme/repo-03")
UNGUIDED = ("acme/repo-11", "acme/repo-12", "acme/repo-13")
NOISE_TITLE = "Public function lacks a docstring"
PASSED_TITLE = "Test has no assertion about the log"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How large it is; `weeks` are those in which anything happens, the oldest first."""

    weeks: tuple[Span, ...]
    names: tuple[str, ...]
    repos: int = 50
    pulls: float = 243.0
    seed: int = 7


def setting(weeks: int = 52, **changed: float) -> Setting:
    """So many weeks up to the last of 2026."""
    last = week("2026-W52", ZONE)
    spans = (*weeks_before(last, weeks - 1, ZONE), last)
    names = tuple(week_name(one.since, ZONE) for one in spans)
    return Setting(weeks=spans, names=names, **changed)  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Rows:
    """All rows, each list in the order in which its facts were learnt."""

    heads: list[Heads] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    reviews: list[Reviews] = field(default_factory=list)
    findings: list[Findings] = field(default_factory=list)
    replies: list[Replies] = field(default_factory=list)
    sweeps: list[Sweeps] = field(default_factory=list)
    outcomes: list[Outcomes] = field(default_factory=list)
    ends: list[Ends] = field(default_factory=list)
    events: list[Events] = field(default_factory=list)
    signals: list[Signals] = field(default_factory=list)
    labels: list[Labels] = field(default_factory=list)

    def tables(self) -> tuple[Sequence[Row], ...]:
        """One list for each table, in an order in which they can be entered."""
        first = (self.sweeps, self.heads, self.told, self.reviews, self.findings)
        return (
            *first,
            self.replies,
            self.outcomes,
            self.ends,
            self.events,
            self.signals,
            self.labels,
        )

    def in_order(self) -> Rows:
        """With new ids, by time, where several things are learnt in an order of their own."""
        self.told.sort(key=lambda one: (one.told_at, one.head_id))
        for rows, at in (
            (self.outcomes, lambda one: one.noted_at),
            (self.ends, lambda one: one.noted_at),
            (self.events, lambda one: one.at),
            (self.labels, lambda one: one.labelled_at),
        ):
            rows.sort(key=at)  # type: ignore[attr-defined]
            rows[:] = [one._replace(id=at) for at, one in enumerate(rows, 1)]  # type: ignore
        return self


class World:
    """Makes the rows of one week after another; ids go on from week to week."""

    def __init__(self, made: Setting) -> None:
        self.setting = made
        self.dice = random.Random(made.seed)  # noqa: S311 - a seed is the point
        self.heads = self.findings = self.replies = self.pulls = self.ids = 0
        self.rows = Rows()
        weights = [1 / (at + 1) ** 0.35 for at in range(made.repos)]
        weights[0] = sum(weights[1:]) / 2.4
        self.repos = [f"acme/repo-{at:02}" for at in range(made.repos)]
        self.weights = weights
        self.accepted = {repo: self.dice.uniform(0.45, 0.7) for repo in self.repos}

    def take(self) -> Rows:
        """The rows made since this was last asked."""
        made, self.rows = self.rows, Rows()
        return made

    def week(self, at: int) -> None:
        """Whatever begins in this week; it may go on in later ones."""
        span, name = self.setting.weeks[at], self.setting.names[at]
        self._sweeps(span, name)
        if name >= LAST_OF_WORK:
            return
        dice = self.dice
        for _ in range(round(self.setting.pulls * dice.uniform(0.93, 1.07))):
            self._pull(dice.choices(self.repos, self.weights)[0], span, name)
        for _ in range(round(self.setting.pulls / 5)):
            self._unreviewed(dice.choices(self.repos, self.weights)[0], span, "", name)
        if name == PLANTED.unreviewed:
            for number in range(40):
                self._unreviewed(self.repos[number % 20], span, "size", name)
        self._events(span, name)

    def _pull(self, repo: str, span: Span, name: str) -> None:
        dice = self.dice
        pull = self._number()
        pushed = self._moment(span)
        findings: list[Findings] = []
        sha, told_at = "", pushed
        is_retro = dice.random() < 0.012
        for turn in range(1, 1 + dice.choices((1, 2, 3, 4, 6), (60, 24, 10, 4, 2))[0]):
            sha, told_at, kept = self._review(repo, pull, turn, pushed, name, is_retro=is_retro)
            findings += kept
            pushed = told_at + dice.expovariate(1 / (0.4 * DAY_S)) + 600
            if is_retro:
                break
        if is_retro:
            return
        ended = told_at + dice.expovariate(1 / (0.9 * DAY_S)) + 300
        noted = ended + dice.uniform(10, 900)
        merged = dice.random() < 0.88
        last = sha if dice.random() < 0.85 else self._sha()
        if dice.random() < 0.05:
            # Closed, opened again and merged: its findings fared twice.
            self._end(repo, pull, sha, "closed", ended, noted)
            ignored = self._fare(repo, findings, noted, merged=False)
            ended, noted = ended + 2 * DAY_S, noted + 2 * DAY_S
            self._end(repo, pull, last, "merged", ended, noted)
            for one in ignored:
                self._became(one, "merged unresolved", noted)
            return
        self._end(repo, pull, last, "merged" if merged else "closed", ended, noted)
        self._fare(repo, findings, noted, merged=merged)

    def _review(
        self, repo: str, pull: str, turn: int, pushed: float, name: str, *, is_retro: bool
    ) -> tuple[str, float, list[Findings]]:
        dice = self.dice
        head, sha = self._head_id(), self._sha()
        slow = 3.0 if self._at(pushed) == PLANTED.latency else 1.0
        came_back, asked = dice.random() < 0.03, dice.random() < 0.02
        entered = pushed + slow * dice.uniform(5, 900)
        if came_back:
            self._event(entered, "skipped", word="draft", head_id=head)
            entered += dice.uniform(0.5, 40) * HOUR_S
        first_seen = pushed + 5
        ready = entered + (120 if dice.random() < 0.3 else 0)
        taken = ready + slow * dice.lognormvariate(4.5, 0.6)
        if dice.random() < 0.01:
            taken = ready - 30  # a clock that was set back
        cost, model_s, tokens, verified, received = self._answers(head, taken, slow, name)
        reviewed = received + dice.uniform(0.5, 4)
        told_at = reviewed + slow * dice.lognormvariate(1.6, 0.4)
        found = self._found(repo, head, turn, told_at)
        kept = [one for one in found if one.disposition == "kept"]
        amount = {word: sum(one.disposition == word for one in found) for word in DISPOSITIONS}
        form = "review"
        if not kept:
            form = "note" if turn > 1 else "silent" if dice.random() < 0.7 else "review"
        merged_at = pushed + 60 if is_retro else None
        self.rows.heads.append(
            Heads(
                *(head, repo, pull, sha, "posted", turn, first_seen, told_at),
                *(pushed, told_at, merged_at),
            )
        )
        on_line = [one for one in kept if one.placement == "line"]
        self.rows.told.append(
            Told(
                *(head, told_at, repo, pull, sha, turn, "silent" if is_retro else form, merged_at),
                *(None if dice.random() < 0.04 else pushed, entered, ready, taken, reviewed),
                *("model-large-5", self._contract(repo, pushed), int(repo not in UNGUIDED)),
                *(verified, model_s, cost, tokens, len(kept), amount["refuted"]),
                *(amount["repeated"], amount["duplicate"]),
                sum(one.line != one.claimed_line for one in on_line),
                len(kept) - len(on_line),
                was_asked=int(asked),
            )
        )
        called = {"note": "r1", "silent": UNSAID, "review": f"r{head}"}[form]
        self.rows.reviews.append(
            Reviews(
                *(head, None if is_retro else called, reviewed, "model-large-5"),
                self._contract(repo, pushed),
                "r1" if form == "note" else None,
            )
        )
        return sha, told_at, kept

    def _answers(
        self, head: int, taken: float, slow: float, name: str
    ) -> tuple[int, float, int, int, float]:
        """Its passes, one after another: what they cost, and when the last answer came."""
        dice = self.dice
        verified = int(dice.random() < 0.7)
        steps = ["review", "verify"] if verified else ["review"]
        if dice.random() < 0.012:
            steps.insert(0, "review refused")
        at, cost, tokens = taken + 8, 0, 0
        lasted: list[float] = []
        for number, step in enumerate(steps):
            duration = slow * dice.lognormvariate(4.3, 0.4)
            at += duration + dice.uniform(0.1, 2)
            usd = round(dice.lognormvariate(-2.6, 0.45), 6)
            counts = (dice.randrange(9_000), dice.randrange(4_000), dice.randrange(90_000), 800)
            self._reply(head, at, duration, min(usd, 0.9), f"{step} {number}", step, counts)
            cost += round(min(usd, 0.9) * 1e6)
            tokens += sum(counts)
            lasted.append(duration)
        return cost, math.fsum(lasted), tokens, verified, at

    def _reply(
        self,
        head: int,
        at: float,
        duration: float,
        usd: float,
        inputs: str,
        step: str,
        counts: tuple[int, int, int, int],
    ) -> None:
        self.replies += 1
        sweep = self._sweep_of(at)
        self.rows.replies.append(
            Replies(self.replies, head, sweep, step, *counts, usd, duration, at, inputs)
        )

    def _found(self, repo: str, head: int, turn: int, at: float) -> list[Findings]:
        dice = self.dice
        found: list[Findings] = []
        mean = 2.9 if turn == 1 else 3.1
        for ordinal in range(1, 1 + min(12, _poisson(dice, mean))):
            rule, title, category = self._topic(repo, at)
            line = dice.randrange(1, 900)
            on_line = dice.random() < 0.95
            self.findings += 1
            found.append(
                Findings(
                    *(self.findings, head, ordinal, f"src/part_{line % 40}.py"),
                    "line" if on_line else "file",
                    line if on_line else None,
                    line + 2 if dice.random() < 0.06 else line,
                    _chosen(dice, SEVERITIES),
                    category,
                    rule,
                    title,
                    self.body(),
                    _chosen(dice, DISPOSITIONS_CHANCES),
                    hashlib.sha256(str(self.findings).encode()).hexdigest()[:32],
                )
            )
        self.rows.findings += found
        return found

    def body(self) -> str:
        """What a finding says."""
        return "It fails for an empty list."

    def _topic(self, repo: str, at: float) -> tuple[str, str, str]:
        dice = self.dice
        if PLANTED.noise >= self._at(at) >= NOISY_FROM:
            if repo in NOISY and dice.random() < 0.25:
                return "docs", NOISE_TITLE, "maintainability"
            if repo == PASSING_OVER and dice.random() < 0.35:
                return "asserts", PASSED_TITLE, "testing"
        words = " ".join(_word(dice) for _ in range(5))
        return f"r{dice.randrange(4000)}", words, _chosen(dice, CATEGORIES)

    def _fare(
        self, repo: str, findings: Iterable[Findings], noted: float, *, merged: bool
    ) -> list[int]:
        """What becomes of a pull request's findings, and those ignored; those of one are alike."""
        ignored: list[int] = []
        dice = self.dice
        name = self._at(noted)
        accepted = self.accepted[repo] + dice.gauss(0, 0.12)
        if name == PLANTED.acceptance:
            accepted -= 0.3
        if name == PLANTED.repository and repo == BIGGEST:
            accepted -= 0.55
        for one in findings:
            outcome = self._outcome(one, accepted, merged=merged)
            if outcome is None:
                continue
            if outcome == "fixed" and dice.random() < 0.1:
                self._became(one.id, "accepted", noted - 400)
            self._became(one.id, outcome, noted)
            if outcome == "ignored":
                ignored.append(one.id)
            if outcome in ("accepted", "dismissed"):
                self._signal(one.id, "up" if outcome == "accepted" else "down", noted)
        return ignored

    def _outcome(self, one: Findings, accepted: float, *, merged: bool) -> str | None:
        dice = self.dice
        quiet = "merged unresolved" if merged else "ignored"
        if one.title == NOISE_TITLE:
            return "dismissed"
        if one.title == PASSED_TITLE:
            return quiet
        if dice.random() < 0.04:
            return None
        if dice.random() < accepted:
            return dice.choices(("fixed", "suggestion committed", "accepted"), (6, 2, 2))[0]
        return "dismissed" if dice.random() < 0.35 else quiet

    def _unreviewed(self, repo: str, span: Span, why: str, name: str) -> None:
        """A pull request without a review: skipped, superseded, merged before, or never seen."""
        dice = self.dice
        pull, at, sha = self._number(), self._moment(span), self._sha()
        kind = why or dice.choices(("draft", "bot", "superseded", "early", "unseen"), CHANCES)[0]
        ended = at + dice.uniform(0.1, 2) * DAY_S
        if kind != "unseen":
            head = self._head_id()
            state = "superseded" if kind in ("superseded", "early") else "skipped"
            self.rows.heads.append(Heads(head, repo, pull, sha, state, 1, at, at, at - 60))
            if state == "skipped":
                self._event(at, "skipped", word=kind, head_id=head)
            if kind == "superseded":
                paid = (500, 100, 0, 0)
                self._reply(head, at + 300, 60.0, 0.05, "x", "review", paid)
                self._event(at + 400, "superseded", word="moved", head_id=head)
                return
        self._end(repo, pull, sha, "merged", ended, ended + dice.uniform(10, 900))

    def _sweeps(self, span: Span, name: str) -> None:
        """One each hour; ids are hours, so that a reply finds its own without a search."""
        first = round(span.since / HOUR_S)
        last = round(span.until / HOUR_S)
        for at in range(first, last):
            due = 50 if name == PLANTED.limit and at - first in (10, 11, 60, 61) else at % 40
            code: int | None = 1 if name == PLANTED.errors and at % 20 == 0 else 3 * (at % 3 == 0)
            ended: float | None = at * HOUR_S + 2_000
            if name == PLANTED.outage and at == first + 40:
                ended = code = None
            self.rows.sweeps.append(Sweeps(at, at * HOUR_S + 1, ended, code, due))

    def _events(self, span: Span, name: str) -> None:
        dice = self.dice
        for day in range(7):
            at = span.since + (day + 0.3) * DAY_S
            if at >= COUNTED_FROM:
                self._event(at, "counted", subject="github")
        mine = [one for one in self.rows.told if span.since <= one.told_at < span.until]
        for one in dice.sample(mine, len(mine) // 50):
            kind, word = dice.choice((("retried", "InvalidReply"), ("put off", "ProviderDown")))
            self._event(one.taken_at + 5, kind, word=word, head_id=one.head_id)
        for at in range(2):
            self._event(self._moment(span), "unpolled", subject=f"acme/repo-{40 + at}")
        self._event(self._moment(span), "paused", subject="engine agent", seconds=45.0)
        opened = self._moment(span)
        self._event(opened, "opened", word="rate limit", subject="engine agent")
        self._event(opened + 600, "closed", word="rate limit", subject="engine agent", seconds=600)
        if name == PLANTED.outage:
            at = span.since + 2.2 * DAY_S
            self._event(at, "opened", word="down", subject="host github")
            lasted = 9 * HOUR_S
            self._event(at + lasted, "closed", word="down", subject="host github", seconds=lasted)
        if name == PLANTED.errors:
            self._errors(span)
        if name == PLANTED.budget:
            one = mine[0]
            self._reply(one.head_id, one.told_at + 1, 300.0, 2.0, "dear", "review", (9, 9, 9, 9))
            self._event(one.told_at + 2, "retried", word="BudgetReached", head_id=one.head_id)
        if name == PLANTED.missed:
            self._missed(span)
        self._labels(mine, span)
        self._found_elsewhere(span)

    def _errors(self, span: Span) -> None:
        """Most of a day's heads fail in the engine; four die, of which one is revived."""
        dice = self.dice
        day = span.since + DAY_S
        mine = [one for one in self.rows.told if day <= one.told_at < day + DAY_S]
        for one in mine * 3:
            at = day + dice.uniform(8, 20) * HOUR_S
            self._event(at, "retried", word="ProviderUnavailable", head_id=one.head_id)
        for at in range(4):
            head, seen = self._head_id(), day + 9 * HOUR_S
            died = seen + 6 * HOUR_S
            self.rows.heads.append(
                Heads(
                    *(head, self.repos[at], self._number(), self._sha(), "dead", 1, seen, died),
                    seen - 60,
                )
            )
            self._reply(head, seen + 900, 120.0, 0.11, "x", "review", (900, 90, 9, 0))
            self._event(died, "died", word="ProviderUnavailable", head_id=head)
            if at == 3:
                self._event(died + 9 * DAY_S, "revived", head_id=head)

    def _missed(self, span: Span) -> None:
        """Six that were merged as they were, in three weeks' time; and one that was agreed with."""
        newest = {one.finding_id: one.outcome for one in self._outcomes_before(span.since)}
        quiet = [at for at, outcome in newest.items() if outcome == "merged unresolved"][:6]
        agreed = [at for at, outcome in newest.items() if outcome == "accepted"][:1]
        for number, finding in enumerate((*quiet, *agreed)):
            word = "reverted" if number % 2 else "fixed again"
            self._became(finding, word, span.since + (1 + number / 4) * DAY_S)

    def _outcomes_before(self, until: float) -> list[Outcomes]:
        since = until - 21 * DAY_S
        return [one for one in self.rows.outcomes if since <= one.noted_at < until]

    def _labels(self, mine: Sequence[Told], span: Span) -> None:
        dice = self.dice
        heads = {one.head_id for one in mine}
        said = [
            one.id
            for one in self.rows.findings[-4_000:]
            if one.head_id in heads and one.disposition == "kept"
        ]
        for finding in dice.sample(said, min(5, len(said))):
            at = span.until - dice.uniform(0.1, 1) * DAY_S
            label = dice.choices(("right", "wrong", "unsure"), (6, 3, 1))[0]
            self.rows.labels.append(Labels(self._id(), finding, label, at))
            if dice.random() < 0.2:
                self.rows.labels.append(Labels(self._id(), finding, "wrong", at + 8 * DAY_S))

    def _found_elsewhere(self, span: Span) -> None:
        """A pull request whose review another ledger told of; it is merged, and was covered."""
        repo, pull, sha, at = self.repos[1], self._number(), self._sha(), self._moment(span)
        head = self._head_id()
        self.rows.heads.append(Heads(head, repo, pull, sha, "posted", 1, at, at, at - 60, at))
        self._event(at, "found", head_id=head)
        self._end(repo, pull, sha, "merged", at + 900, at + 1_000)

    def _end(self, repo: str, pull: str, sha: str, state: str, ended: float, noted: float) -> None:
        self.rows.ends.append(Ends(self._id(), noted, repo, pull, sha, state, ended))

    def _became(self, finding: int, outcome: str, at: float) -> None:
        self.rows.outcomes.append(Outcomes(self._id(), finding, outcome, at))

    def _signal(self, finding: int, kind: str, at: float) -> None:
        dice = self.dice
        self.rows.signals.append(Signals(finding, kind, self._sha(), 1, at))
        if dice.random() < 0.3:
            self.rows.signals.append(Signals(finding, "reply", self._sha(), 1, at))
        if dice.random() < 0.1:
            self.rows.signals.append(Signals(finding, "up", self._sha(), 0, at))

    def _event(
        self,
        at: float,
        kind: str,
        *,
        word: str = "",
        subject: str = "",
        seconds: float | None = None,
        head_id: int | None = None,
    ) -> None:
        self.rows.events.append(Events(self._id(), at, kind, word, subject, seconds, head_id))

    def _moment(self, span: Span) -> float:
        """Within the working hours of a day, in local time but for changed clocks."""
        day = self.dice.choices(range(7), DAYS)[0]
        return span.since + day * DAY_S + self.dice.uniform(7, 19) * HOUR_S

    def _contract(self, repo: str, at: float) -> str:
        is_new = repo == RECONTRACTED and self._at(at) >= PLANTED.contract
        return CONTRACTS[is_new]

    def _sweep_of(self, at: float) -> int:
        return int(at // HOUR_S)

    def _at(self, at: float) -> str:
        """The week of a moment, by a table: asking the calendar takes long."""
        spans = self.setting.weeks
        guess = min(len(spans) - 1, max(0, int((at - spans[0].since) // (7 * DAY_S))))
        for number in (guess, guess + 1, guess - 1):
            if 0 <= number < len(spans) and spans[number].since <= at < spans[number].until:
                return self.setting.names[number]
        return self.setting.names[-1] if at >= spans[-1].since else self.setting.names[0]

    def _number(self) -> str:
        self.pulls += 1
        return str(self.pulls)

    def _head_id(self) -> int:
        self.heads += 1
        return self.heads

    def _id(self) -> int:
        self.ids += 1
        return self.ids

    def _sha(self) -> str:
        return f"{self.dice.getrandbits(160):040x}"


DISPOSITIONS_CHANCES = (("kept", 0.8), ("refuted", 0.08), ("repeated", 0.08), ("duplicate", 0.04))
DISPOSITIONS = tuple(word for word, _ in DISPOSITIONS_CHANCES)
CHANCES = (30, 25, 25, 10, 10)


def year() -> Rows:
    """The whole year as lists."""
    made = setting()
    world = World(made)
    for at in range(len(made.weeks)):
        world.week(at)
    world.rows.events.append(Events(0, BEGAN, "began"))
    return world.take().in_order()


def write(path: Path, rows: Rows) -> None:
    """The same as a ledger."""
    fill(path, [rows.tables()])


def _poisson(dice: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def _chosen(dice: random.Random, chances: Sequence[tuple[str, float]]) -> str:
    at = dice.random()
    for name, chance in chances:
        at -= chance
        if at < 0:
            return name
    return chances[-1][0]


SYLLABLES = ("ba", "ko", "ri", "mu", "te", "la", "so", "ni", "de", "fa", "gu", "po", "ze", "wi")


def _word(dice: random.Random) -> str:
    return "".join(dice.choice(SYLLABLES) for _ in range(4))
