"""The door to the place where pull requests live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reviewer_cli.core.health import Sign
from reviewer_cli.core.models import Head, HeadKey, Review, Tip


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPoll:
    """One repository's open pull requests, or the sentence that says why they cannot be had.

    `asked_as` is the name that was asked for where the host now calls the repository otherwise.
    """

    repo: str
    tips: tuple[Tip, ...] = ()
    error: str | None = None
    asked_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where git fetches a repository from; `environment` carries credentials, never the URL."""

    url: str
    environment: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLimits:
    """What a host takes in one review."""

    body_chars: int
    comments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A prepared review that nobody but us can see yet; `note` says what the host did not take."""

    review: Review
    draft_id: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a head stands on its host at this moment.

    `current_sha` is the pull request's tip, None when it is merged, closed or deleted; `posted`
    the id of our own submitted review of the head, found by its marker.
    """

    current_sha: str | None
    posted: str | None


class CodeHost(Protocol):
    """A place where pull requests live. Every method may raise the errors of `errors.py`.

    `marker_secret` signs the markers by which this host's reviews are recognised as ours.
    `lists_lag_s` is for how long what it tells may still be the past.
    """

    name: str
    marker_secret: bytes
    limits: PostLimits
    lists_lag_s: float

    def repositories(self, selectors: Sequence[str]) -> list[str]:
        """Canonical names of the repositories that the selectors mean, each once, in order."""

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        """Every open pull request's tip, cheaply; one repository's failure is its own."""

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        """Details of tips the ledger does not know; a tip closed meanwhile is left out."""

    def remote(self, repo: str) -> Remote:
        """Where to fetch the repository's commits from."""

    def look(self, key: HeadKey) -> Standing:
        """Whether the head is still current, and whether it has our review."""

    def prepare(self, review: Review) -> Draft:
        """Put the review where only we see it; repeating it adopts or replaces our own draft."""

    def submit(self, draft: Draft) -> str:
        """Publish the draft and return the id under which the host confirmed it.

        Raises DraftGone when there is no such draft any more.
        """

    def discard(self, draft: Draft) -> None:
        """Take a draft back; one that is already gone is fine."""

    def examine(self, selectors: Sequence[str]) -> Iterator[Sign]:
        """Whether sweeping these would work: who we are there, what we may do, what answers."""

    def close(self) -> None:
        """Let go of connections, and end every wait at once."""
