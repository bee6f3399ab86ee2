"""The door to the place where pull requests live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from reviewer_cli.core.conversation import Conversation
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
class Merged:
    """A head that was merged, at this time in seconds since the epoch."""

    head: Head
    at: float


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
    the id of our own submitted review of the head, found by its marker; `noted` that of an earlier
    one which says that this head was checked as well.
    """

    current_sha: str | None
    posted: str | None
    noted: str | None = None


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

    def conversations(self, heads: Sequence[HeadKey]) -> list[Conversation]:
        """What was said on the pull requests of these heads, as few requests as it takes.

        A head's SHA tells a host without numbers which of its pull requests is meant. One that the
        host does not know is left out.
        """

    def review_body(self, key: HeadKey, review_id: str) -> str | None:
        """What our submitted review says now, to be amended; None where that cannot be."""

    def amend(self, key: HeadKey, review_id: str, body: str) -> None:
        """Put another body in place of the one of our submitted review."""

    def settle(self, key: HeadKey, comment_id: str, body: str) -> None:
        """Give a comment of ours another body, and fold it up as outdated; repeating is fine."""

    def resolve(self, key: HeadKey, thread_id: str) -> None:
        """Mark a settled thread of ours as resolved, where we may; repeating is fine."""

    def acknowledge(self, key: HeadKey, comment_id: str) -> None:
        """Show whoever wrote a comment that we have read it; repeating is fine."""

    def names(self, repo: str) -> tuple[str, ...]:
        """What our account is called there, by which people speak to it; none where nobody can."""

    def may_write(self, repo: str, login: str) -> bool:
        """Whether an account may push to the repository."""

    def merged_since(self, repos: Sequence[str], since: float) -> list[RepositoryPoll]:
        """The last heads of the pull requests that were merged since then, as tips.

        The base of such a tip is what the head was merged into, before it was; `ended_at` is when.
        """

    def describe_merged(self, tips: Sequence[Tip]) -> list[Merged]:
        """Details of such tips, as `describe` tells them of open ones."""

    def examine(self, selectors: Sequence[str]) -> Iterator[Sign]:
        """Whether sweeping these would work: who we are there, what we may do, what answers."""

    def close(self) -> None:
        """Let go of connections, and end every wait at once."""
