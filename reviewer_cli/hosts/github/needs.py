"""Our credentials beside what they are needed for: nothing is done with too little or too much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reviewer_cli.hosts.github.accounts import Accounts
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.installation import (
    CHECKS,
    POSTING,
    POSTING_ALONE,
    READING,
    RESOLVING,
)
from reviewer_cli.hosts.github.probing import most_telling
from reviewer_cli.hosts.github.rights import (
    Rights,
    refuse_excess,
    refuse_missing,
    rights,
    scopes_told,
    warn,
)
from reviewer_cli.ports.host import RepositoryPoll


class Needs:
    """The rights of our accounts, each for its own task; each credential is looked at once."""

    def __init__(
        self,
        reading: Accounts,
        posting: Accounts,
        resolving: Accounts | None = None,
        *,
        check_run: bool,
        strict_scopes: bool,
    ) -> None:
        """With `check_run` posting needs more; without `strict_scopes` excess is only logged.

        `resolving` is the credential that may write contents, where there is one.
        """
        self._reading = reading
        self._posting = posting
        self._resolving = resolving
        self._strict_scopes = strict_scopes
        self._to_post = POSTING if posting is reading else POSTING_ALONE
        if check_run:
            self._to_post = self._to_post | CHECKS
        self._known: dict[Connection, Rights] = {}

    def found(self, repo: str) -> tuple[Rights, ...]:
        """What each credential may do in a repository, the reading one's first; see `rights`."""
        return tuple(rights(one, repo, needed) for one, needed in self._of(repo).items())

    def compare(self, repos: Sequence[str]) -> None:
        """Refuse credentials that may do too little or too much; each is looked at once."""
        reached: dict[Connection, list[str]] = defaultdict(list)
        needs: dict[Connection, Mapping[str, str]] = {}
        for repo in repos:
            for connection, needed in self._of(repo).items():
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

    def refuse_told(self, answers: Sequence[RepositoryPoll]) -> None:
        """What a classic token told while polling costs no request: idle sweeps refuse it too."""
        if not self._strict_scopes:
            return
        for one in answers:
            if one.error is None:
                connection = self._reading.of(one.repo)
                told = scopes_told(connection, one.repo, self._of(one.repo)[connection])
                if told is not None:
                    refuse_excess(told)

    def _of(self, repo: str) -> dict[Connection, Mapping[str, str]]:
        """Each credential's need; what reads and posts needs what posting needs."""
        needs: dict[Connection, Mapping[str, str]] = {}
        needs[self._reading.of(repo)] = READING
        needs[self._posting.of(repo)] = self._to_post
        if self._resolving is not None:
            needs[self._resolving.of(repo)] = RESOLVING
        return needs
