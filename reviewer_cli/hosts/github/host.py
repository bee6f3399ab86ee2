"""GitHub as a code host."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from reviewer_cli.core.conversation import Conversation
from reviewer_cli.core.health import Health, Sign
from reviewer_cli.core.models import Head, HeadKey, Review, Tip
from reviewer_cli.errors import AccessRefused
from reviewer_cli.hosts.github import afterwards, examination
from reviewer_cli.hosts.github.accounts import Accounts, Identity, identity
from reviewer_cli.hosts.github.check_runs import report
from reviewer_cli.hosts.github.connection import Connection, Server
from reviewer_cli.hosts.github.conversations import conversations
from reviewer_cli.hosts.github.faults import posting_to
from reviewer_cli.hosts.github.fetching import remote
from reviewer_cli.hosts.github.merged import merged_since
from reviewer_cli.hosts.github.needs import Needs
from reviewer_cli.hosts.github.poll import Refused, poll
from reviewer_cli.hosts.github.posting import Poster
from reviewer_cli.hosts.github.pulls import describe, describe_merged, look
from reviewer_cli.hosts.github.rights import Rights
from reviewer_cli.hosts.github.selection import SelectionRules, select
from reviewer_cli.ports.host import Draft, Merged, PostLimits, Remote, RepositoryPoll, Standing

Thing = TypeVar("Thing")
Poll = Callable[[Connection, Sequence[str]], Iterator[RepositoryPoll]]


class GitHub:
    """The repositories of one GitHub server that our credentials may see.

    `reading` and `posting` may be the same accounts; only posting needs to write pull requests.
    """

    limits = PostLimits(body_chars=65_536, comments=60)
    """The length is documented (“body is too long (maximum is 65536 characters)”); the number is
    ours, for a reader's sake."""

    def __init__(
        self,
        server: Server,
        *,
        reading: Accounts,
        posting: Accounts,
        rules: SelectionRules,
        marker_secret: bytes | None,
        check_run: bool,
        strict_scopes: bool = True,
        resolving: Accounts | None = None,
    ) -> None:
        """With `check_run` each posted review also makes a neutral check run.

        `resolving` marks our settled threads as resolved, which needs the right to push.

        A credential that lacks a right is refused before anything is fetched or posted, with
        `strict_scopes` also one that may do more than it needs; without, the log warns of it.
        """
        self.name = server.name
        self.lists_lag_s = server.lists_lag_s
        self._server = server
        self._reading = reading
        self._posting = posting
        self._rules = rules
        # Without a secret of its own a marker still counts only in our own account's reviews.
        self.marker_secret = marker_secret or hashlib.sha256(server.name.encode()).digest()
        self._check_run = check_run
        self._strict_scopes = strict_scopes
        self._resolving = resolving
        self._needs = Needs(
            reading, posting, resolving, check_run=check_run, strict_scopes=strict_scopes
        )
        self._who: dict[int, Identity] = {}

    def repositories(self, selectors: Sequence[str]) -> list[str]:
        """See `selection`."""
        with self._forgetful():
            return select(self._reading, selectors, self._rules)

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        """See `poll`; a repository that has two names here is told of once.

        Raises AccessRefused when not one of the repositories can be seen.
        """
        with self._forgetful():
            answers = list(self._polled(repos))
            self._needs.refuse_told(answers)
            if answers and all(isinstance(one, Refused) for one in answers):
                raise AccessRefused(
                    f"Not one repository can be seen on {self.name}; the first: {answers[0].error}"
                )
        known: dict[str, RepositoryPoll] = {}
        for one in answers:
            if one.error is None and one.repo in known:
                known[f"{one.repo} {one.asked_as}"] = replace(one, tips=())
            else:
                known[one.repo] = one
        return list(known.values())

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        """See `pulls.describe`; asked with the posting account, whose reviews it looks for.

        Here a sweep that has something to do begins, so here the credentials are compared with
        what they need: once for each, where its user may do most, and never by a sweep that finds
        nothing new.
        """
        self._needs.compare(tuple(dict.fromkeys(tip.key.repo for tip in tips)))
        heads: list[Head] = []
        for connection, some in _by_connection(self._posting, tips, lambda tip: tip.key.repo):
            heads += describe(connection, some, self.marker_secret)
        return heads

    def remote(self, repo: str) -> Remote:
        """HTTPS with the token in git's environment: in no argument, file or log."""
        return remote(self._server, self._reading.of(repo).token, repo)

    def look(self, key: HeadKey) -> Standing:
        """See `pulls.look`; asked with the posting account, whose reviews it is about."""
        return look(self._posting.of(key.repo), key, self.marker_secret)

    def prepare(self, review: Review) -> Draft:
        """See `posting.Poster.prepare`."""
        poster = self._poster(review.key.repo)
        with posting_to(review.key.repo):
            return poster.prepare(review)

    def submit(self, draft: Draft) -> str:
        """See `posting.Poster.submit`."""
        repo = draft.review.key.repo
        poster = self._poster(repo)
        with posting_to(repo):
            review_id = poster.submit(draft)
        if self._check_run:
            report(self._posting.of(repo), draft.review)
        return review_id

    def discard(self, draft: Draft) -> None:
        """See `posting.Poster.discard`."""
        repo = draft.review.key.repo
        poster = self._poster(repo)
        with posting_to(repo):
            poster.discard(draft)

    def conversations(self, heads: Sequence[HeadKey]) -> list[Conversation]:
        """See `conversations`; asked with the posting account, to know which comments are ours."""
        found: list[Conversation] = []
        ours = [key for key in heads if self._is_ours(key.repo)]
        for connection, some in _by_connection(self._posting, ours, lambda key: key.repo):
            found += conversations(connection, some)
        return found

    def review_body(self, key: HeadKey, review_id: str) -> str | None:
        """See `afterwards.review_body`."""
        return afterwards.review_body(self._posting.of(key.repo), key, review_id)

    def amend(self, key: HeadKey, review_id: str, body: str) -> None:
        """See `afterwards.amend`."""
        with self._writing_to(key.repo) as connection:
            afterwards.amend(connection, key, review_id, body)

    def settle(self, key: HeadKey, comment_id: str, body: str) -> None:
        """See `afterwards.settle`."""
        with self._writing_to(key.repo) as connection:
            afterwards.settle(connection, comment_id, body)

    def resolve(self, key: HeadKey, thread_id: str) -> None:
        """See `afterwards.resolve`; nothing without a credential for it."""
        if self._resolving is not None:
            self._needs.compare((key.repo,))
            with posting_to(key.repo):
                afterwards.resolve(self._resolving.of(key.repo), thread_id)

    def acknowledge(self, key: HeadKey, comment_id: str) -> None:
        """See `afterwards.acknowledge`."""
        with self._writing_to(key.repo) as connection:
            afterwards.acknowledge(connection, comment_id)

    def names(self, repo: str) -> tuple[str, ...]:
        """The login of the posting account."""
        return (self._me(repo).login,)

    def may_write(self, repo: str, login: str) -> bool:
        """See `afterwards.may_write`."""
        return afterwards.may_write(self._posting.of(repo), repo, login)

    def merged_since(self, repos: Sequence[str], since: float) -> list[RepositoryPoll]:
        """See `merged.merged_since`."""
        return list(self._polled(repos, lambda one, some: merged_since(one, some, since)))

    def describe_merged(self, tips: Sequence[Tip]) -> list[Merged]:
        """See `pulls.describe_merged` and `describe`."""
        self._needs.compare(tuple(dict.fromkeys(tip.key.repo for tip in tips)))
        heads: list[Merged] = []
        for connection, some in _by_connection(self._posting, tips, lambda tip: tip.key.repo):
            heads += describe_merged(connection, some, self.marker_secret)
        return heads

    def examine(self, selectors: Sequence[str]) -> Iterator[Sign]:
        """See `examination`; the credentials are looked at in the first repository."""
        repos = self.repositories(selectors)
        polled = list(self._polled(repos))
        yield from examination.repositories(self.name, polled)
        for one in [one for one in polled if one.error is None][:1]:
            yield from examination.account(self._posting.of(one.repo))
            for found in self.rights(one.repo):
                too_much = Health.RED if self._strict_scopes else Health.AMBER
                yield from examination.permissions(found, too_much)

    def close(self) -> None:
        """End waits and connections."""
        self._reading.close()
        self._posting.close()
        if self._resolving is not None:
            self._resolving.close()

    def rights(self, repo: str) -> tuple[Rights, ...]:
        """What each credential may do in a repository, the reading one's first; see `rights`."""
        return self._needs.found(repo)

    def _polled(self, repos: Sequence[str], how: Poll = poll) -> Iterator[RepositoryPoll]:
        """One account's trouble is that of its repositories; the others' are polled."""
        groups: dict[Connection, list[str]] = defaultdict(list)
        for repo in repos:
            try:
                groups[self._reading.of(repo)].append(repo)
            except AccessRefused as error:
                yield Refused(repo=repo, error=str(error))
        for connection, names in groups.items():
            try:
                yield from map(self._postable, how(connection, names))
            except AccessRefused as error:
                yield from (Refused(repo=repo, error=f"{repo}: {error}") for repo in names)

    def _postable(self, polled: RepositoryPoll) -> RepositoryPoll:
        """Refused where no account of ours may fetch or post, as after a move to another owner."""
        if polled.error is None:
            try:
                self._reading.of(polled.repo)
                self._posting.of(polled.repo)
            except AccessRefused as error:
                return Refused(repo=polled.asked_as or polled.repo, error=str(error))
        return polled

    @contextmanager
    def _forgetful(self) -> Iterator[None]:
        """A sweep begins with these calls: a kept token that GitHub refuses is not used again."""
        try:
            yield
        except AccessRefused:
            self._reading.forget()
            self._posting.forget()
            raise

    def _is_ours(self, repo: str) -> bool:
        """Whether an account of ours sees the repository, of which the poll has spoken."""
        try:
            self._posting.of(repo)
        except AccessRefused:
            return False
        return True

    @contextmanager
    def _writing_to(self, repo: str) -> Iterator[Connection]:
        """The posting connection, compared with what it needs before anything is written."""
        self._needs.compare((repo,))
        with posting_to(repo):
            yield self._posting.of(repo)

    def _poster(self, repo: str) -> Poster:
        me = self._me(repo).number
        return Poster(self._posting.of(repo), me, self.marker_secret, self.limits)

    def _me(self, repo: str) -> Identity:
        connection = self._posting.of(repo)
        if id(connection) not in self._who:
            self._needs.compare((repo,))
            self._who[id(connection)] = identity(connection)
        return self._who[id(connection)]


def _by_connection(
    accounts: Accounts, things: Sequence[Thing], repo_of: Callable[[Thing], str]
) -> Iterable[tuple[Connection, list[Thing]]]:
    groups: dict[Connection, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[accounts.of(repo_of(thing))].append(thing)
    return groups.items()
