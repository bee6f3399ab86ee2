"""A host and an engine in this process, of whose calls a share fails in every way there is."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.health import Sign
from reviewer_cli.core.marker import carries_marker
from reviewer_cli.core.models import Head, HeadKey, Review, Tip
from reviewer_cli.errors import (
    DraftGone,
    HeadError,
    HostUnavailable,
    InvalidReply,
    ProviderUnavailable,
    ProviderWait,
    ReviewTimeout,
)
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.ports.host import Draft, Merged, PostLimits, Remote, RepositoryPoll, Standing
from tests.fakes.engine import found

Answer = TypeVar("Answer")

STALE = 0.5
"""Of the looks that fail, so many show the past instead."""
PUSHED_MEANWHILE = 0.05
"""Of the drafts that are made, so many become outdated while they are made."""
DONE_ALL_THE_SAME = 0.5
"""Of the calls that fail, so many have done their work."""


@dataclass
class Weather:
    """Decides which calls fail: `bad` of them, 1.0 being all.

    `answered` counts the good answers of the engine by commit.
    """

    bad: float
    dice: random.Random
    calls: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)

    def strikes(self, whom: str) -> bool:
        """Whether this call of the host or the engine fails; counted."""
        struck = self.dice.random() < self.bad
        self.calls[whom] += 1
        self.failed[whom] += struck
        return struck


class UnreliableHost:
    """Pull requests of local repositories; keeps one pending review for each, as GitHub does.

    `posted` counts the submitted reviews of each commit. A call that fails did its work or did
    not, and a look that fails shows the moment before the last submission. `pushes` are commits
    by repository that become the head of some pull request just when its draft is made.
    """

    name = "town"
    marker_secret = b"town"
    limits = PostLimits(body_chars=65_536, comments=100)
    lists_lag_s = 60.0

    def __init__(self, weather: Weather) -> None:
        self.open: dict[tuple[str, str], Tip] = {}
        self.posted: Counter[str] = Counter()
        self.pending: dict[tuple[str, str], tuple[str, Review]] = {}
        self.reviewed: list[Tip] = []
        self.heads: set[str] = set()
        self.pushes: dict[str, list[str]] = {}
        self._weather = weather
        self._lock = threading.RLock()
        self._drafts = 0

    def pull(self, repo: str, pull: str, sha: str, base_sha: str) -> None:
        """Open a pull request, or push to it."""
        key = HeadKey(self.name, repo, pull, sha)
        tip = Tip(key=key, head_ref=pull, base_ref="main", base_sha=base_sha, version=sha)
        self.open[key.repo, pull] = tip
        self.heads.add(sha)

    def repositories(self, selectors: Sequence[str]) -> list[str]:
        """As they were asked for."""
        return list(selectors)

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        """One repository's failure is its own."""
        return [
            RepositoryPoll(repo=repo, error="The town is out of reach.")
            if self._weather.strikes("host")
            else RepositoryPoll(
                repo=repo, tips=tuple(tip for (at, _), tip in self.open.items() if at == repo)
            )
            for repo in repos
        ]

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        """Nothing but the tips."""
        return self._perhaps(lambda: [self._head(tip) for tip in tips])

    def remote(self, repo: str) -> Remote:
        """The repository itself; git fails in other tests."""
        return Remote(url=repo)

    def look(self, key: HeadKey) -> Standing:
        """Of the past, sometimes."""
        tip = self.open.get((key.repo, key.pull))
        current = tip.key.sha if tip else None
        posted = f"of {key.sha}" if self.posted[key.sha] else None
        now = Standing(current_sha=current, posted=posted)
        if not self._weather.strikes("host"):
            return now
        if self._weather.dice.random() < STALE:
            return replace(now, posted=None)
        raise HostUnavailable("The town did not answer.")

    def prepare(self, review: Review) -> Draft:
        """The one pending review of the pull request."""

        def made() -> Draft:
            assert carries_marker(review.body, review.key, self.marker_secret)
            with self._lock:
                self._drafts += 1
                self.pending[_pull(review.key)] = (f"of {review.key.sha}", review)
                self._push_meanwhile(self.open[_pull(review.key)])
            return Draft(review=review, draft_id=f"of {review.key.sha}")

        return self._perhaps(made)

    def submit(self, draft: Draft) -> str:
        """Of the draft that is there; a second time is refused."""

        def made() -> str:
            key = draft.review.key
            with self._lock:
                pending = self.pending.pop(_pull(key), None)
                if pending is None or pending[0] != draft.draft_id:
                    if pending is not None:
                        self.pending[_pull(key)] = pending
                    if self.posted[key.sha]:
                        return draft.draft_id
                    raise DraftGone("There is no such draft.")
                self.posted[key.sha] += 1
                self.reviewed.append(self.open[_pull(key)])
            return draft.draft_id

        return self._perhaps(made)

    def discard(self, draft: Draft) -> None:
        """Gone is fine."""
        self._perhaps(lambda: self._forget(draft))

    def conversations(self, heads: Sequence[HeadKey]) -> list[Conversation]:
        """Open where it is, closed where it is not; nobody says anything."""
        return self._perhaps(lambda: [self._conversation(key) for key in heads])

    def review_body(self, key: HeadKey, review_id: str) -> str | None:
        """None: what a review says is not kept here."""
        return None

    def amend(self, key: HeadKey, review_id: str, body: str) -> None:
        """The head that the body is about has its review from now on."""

        def made() -> None:
            assert carries_marker(body, key, self.marker_secret)
            with self._lock:
                self.posted[key.sha] = 1
                self.reviewed.append(self.open[_pull(key)])

        if not self.posted[key.sha]:
            self._perhaps(made)

    def settle(self, key: HeadKey, comment_id: str, body: str) -> None:
        """There are no comments."""

    def resolve(self, key: HeadKey, thread_id: str) -> None:
        """There are no comments."""

    def acknowledge(self, key: HeadKey, comment_id: str) -> None:
        """There are no comments."""

    def names(self, repo: str) -> tuple[str, ...]:
        """Nobody speaks to it."""
        return ()

    def may_write(self, repo: str, login: str) -> bool:
        """Nobody gives commands."""
        return False

    def merged_since(self, repos: Sequence[str], since: float) -> list[RepositoryPoll]:
        """Nothing is ever merged."""
        return [RepositoryPoll(repo=repo) for repo in repos]

    def describe_merged(self, tips: Sequence[Tip]) -> list[Merged]:
        """Nothing is ever merged."""
        return []

    def examine(self, selectors: Sequence[str]) -> Iterator[Sign]:
        """Nobody asks."""
        return iter(())

    def close(self) -> None:
        """Nothing is held."""

    def _push_meanwhile(self, tip: Tip) -> None:
        waiting = self.pushes.get(tip.key.repo)
        if waiting and self._weather.dice.random() < PUSHED_MEANWHILE:
            self.pull(tip.key.repo, tip.key.pull, waiting.pop(), tip.base_sha)

    def _conversation(self, key: HeadKey) -> Conversation:
        tip = self.open.get(_pull(key))
        if tip is None:
            return Conversation(key=key, state=PullState.CLOSED)
        return Conversation(key=tip.key, state=PullState.OPEN, version=tip.version)

    def _head(self, tip: Tip) -> Head:
        posted = f"of {tip.key.sha}" if self.posted[tip.key.sha] else None
        return Head(
            key=tip.key,
            head_ref=tip.head_ref,
            base_ref=tip.base_ref,
            base_sha=tip.base_sha,
            author="ada",
            title="Change things",
            version=tip.version,
            posted=posted,
        )

    def _forget(self, draft: Draft) -> None:
        with self._lock:
            if self.pending.get(_pull(draft.review.key), ("", None))[0] == draft.draft_id:
                del self.pending[_pull(draft.review.key)]

    def _perhaps(self, act: Callable[[], Answer]) -> Answer:
        if not self._weather.strikes("host"):
            return act()
        if self._weather.dice.random() < DONE_ALL_THE_SAME:
            act()
        raise HostUnavailable("The town did not answer.")


def _pull(key: HeadKey) -> tuple[str, str]:
    return key.repo, key.pull


def answering(weather: Weather) -> Callable[[ReviewRequest], object]:
    """A finding on the first line of each file, or one of an engine's ways to fail."""

    def answer(request: ReviewRequest) -> object:
        if not weather.strikes("engine"):
            weather.answered[request.head.key.sha] += 1
            return {"findings": [found(request.diff.files[0].path, 1, "x = 1")]}
        return weather.dice.choice(
            (
                {"findings": "none"},
                InvalidReply("Half an answer."),
                ReviewTimeout("It took too long."),
                ProviderUnavailable("Overloaded."),
                ProviderWait("Slow down.", retry_after=30.0),
                HeadError("The engine's program ended."),
                RuntimeError("what nobody expected"),
            )
        )

    return answer
