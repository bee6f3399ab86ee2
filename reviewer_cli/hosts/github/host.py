"""GitHub as a code host."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

from reviewer_cli.core.health import Health, Sign
from reviewer_cli.core.models import Head, HeadKey, Review, Tip
from reviewer_cli.errors import AccessRefused
from reviewer_cli.hosts.github import examination
from reviewer_cli.hosts.github.accounts import Accounts, Identity, identity
from reviewer_cli.hosts.github.check_runs import report
from reviewer_cli.hosts.github.connection import Connection, Server
from reviewer_cli.hosts.github.faults import posting_to
from reviewer_cli.hosts.github.installation import CHECKS, POSTING, POSTING_ALONE, READING
from reviewer_cli.hosts.github.poll import Refused, poll
from reviewer_cli.hosts.github.posting import Poster
from reviewer_cli.hosts.github.probing import most_telling
from reviewer_cli.hosts.github.pulls import describe, look
from reviewer_cli.hosts.github.rights import (
    Rights,
    refuse_excess,
    refuse_missing,
    rights,
    scopes_told,
    warn,
)
from reviewer_cli.hosts.github.selection import SelectionRules, select
from reviewer_cli.ports.host import Draft, PostLimits, Remote, RepositoryPoll, Standing


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
    ) -> None:
        """With `check_run` each posted review also makes a neutral check run.

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
        self._needed_to_post = POSTING if posting is reading else POSTING_ALONE
        if check_run:
            self._needed_to_post = self._needed_to_post | CHECKS
        self._known: dict[Connection, Rights] = {}
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
            if self._strict_scopes:
                self._refuse_scopes(answers)
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
        self._compare(tuple(dict.fromkeys(tip.key.repo for tip in tips)))
        heads: list[Head] = []
        groups: dict[Connection, list[Tip]] = defaultdict(list)
        for tip in tips:
            groups[self._posting.of(tip.key.repo)].append(tip)
        for connection, some in groups.items():
            heads += describe(connection, some, self.marker_secret)
        return heads

    def remote(self, repo: str) -> Remote:
        """HTTPS with the token in git's environment: in no argument, file or log."""
        token = self._reading.of(repo).token
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        url = f"{self._server.web_url}/{quote(repo)}.git"
        settings = {f"http.{self._server.web_url}/.extraHeader": f"Authorization: Basic {basic}"}
        if self._server.certificate is not None:
            settings["http.sslCAInfo"] = str(self._server.certificate)
        if url.startswith("http://"):
            settings["protocol.http.allow"] = "always"
        environment = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (name, value) in enumerate(settings.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = name
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return Remote(url=url, environment=environment)

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

    def rights(self, repo: str) -> tuple[Rights, ...]:
        """What each credential may do in a repository, the reading one's first; see `rights`."""
        return tuple(rights(one, repo, needed) for one, needed in self._needs(repo).items())

    def _polled(self, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
        """One account's trouble is that of its repositories; the others' are polled."""
        groups: dict[Connection, list[str]] = defaultdict(list)
        for repo in repos:
            try:
                groups[self._reading.of(repo)].append(repo)
            except AccessRefused as error:
                yield Refused(repo=repo, error=str(error))
        for connection, names in groups.items():
            try:
                yield from map(self._postable, poll(connection, names))
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

    def _needs(self, repo: str) -> dict[Connection, Mapping[str, str]]:
        """Each credential's need; what reads and posts needs what posting needs."""
        return {self._reading.of(repo): READING, self._posting.of(repo): self._needed_to_post}

    def _compare(self, repos: Sequence[str]) -> None:
        """Refuse credentials that may do too little or too much; each is looked at once."""
        reached: dict[Connection, list[str]] = defaultdict(list)
        needs: dict[Connection, Mapping[str, str]] = {}
        for repo in repos:
            for connection, needed in self._needs(repo).items():
                reached[connection].append(repo)
                needs[connection] = needed
        for connection, some in reached.items():
            is_new = connection not in self._known
            if is_new:
                where = most_telling(connection, some)
                self._known[connection] = rights(connection, where, needs[connection])
            found = self._known[connection]
            refuse_missing(found)
            if self._strict_scopes:
                refuse_excess(found)
            if is_new:
                warn(found)

    def _refuse_scopes(self, answers: Sequence[RepositoryPoll]) -> None:
        """What a classic token told while polling costs no request: idle sweeps refuse it too."""
        for one in answers:
            if one.error is None:
                connection = self._reading.of(one.repo)
                told = scopes_told(connection, one.repo, self._needs(one.repo)[connection])
                if told is not None:
                    refuse_excess(told)

    @contextmanager
    def _forgetful(self) -> Iterator[None]:
        """A sweep begins with these calls: a kept token that GitHub refuses is not used again."""
        try:
            yield
        except AccessRefused:
            self._reading.forget()
            self._posting.forget()
            raise

    def _poster(self, repo: str) -> Poster:
        connection = self._posting.of(repo)
        if id(connection) not in self._who:
            self._compare((repo,))
            self._who[id(connection)] = identity(connection)
        return Poster(connection, self._who[id(connection)].number, self.marker_secret, self.limits)
