"""Issues that are kept up to date, by a credential that may write issues and nothing else.

GitHub cannot be told to open an issue only where there is none, and lists those of a repository
with its pull requests among them (docs.github.com, “REST API endpoints for issues”). So whoever
opens one has to look before, and ours are known by author and marker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlencode

from reviewer_cli.core.health import Health, Sign
from reviewer_cli.core.marker import carries_issue_marker, issue_marker
from reviewer_cli.errors import HeadError
from reviewer_cli.hosts.github import examination
from reviewer_cli.hosts.github.accounts import Identity, identity
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.faults import NotFound, OutcomeUnknown, posting_to
from reviewer_cli.hosts.github.installation import REPORTING
from reviewer_cli.hosts.github.probing import most_telling
from reviewer_cli.hosts.github.rights import refuse_excess, refuse_missing, rights, warn
from reviewer_cli.ports.issues import Filed, Issue
from reviewer_cli.retry import while_busy

LONGEST = 65_536
"""Characters of an issue's body; GitHub says so when it refuses a longer one."""


class GitHubIssues:
    """The issues of the repositories that one credential may see; see `ports/issues.py`."""

    body_chars = LONGEST - 200  # the marker and what stands before it

    def __init__(self, connection: Connection, *, secret: bytes, strict_scopes: bool) -> None:
        """`secret` signs the markers; a credential that may do too much is refused if strict."""
        self.lists_lag_s = connection.server.lists_lag_s
        self._connection = connection
        self._secret = secret
        self._strict_scopes = strict_scopes
        self._who: Identity | None = None

    def check(self, repos: Sequence[str]) -> None:
        """Where its user may do most, so that too much shows; see `rights`."""
        found = rights(self._connection, most_telling(self._connection, repos), REPORTING)
        refuse_missing(found)
        if self._strict_scopes:
            refuse_excess(found)
        warn(found)

    def find(self, repo: str, kind: str) -> Filed | None:
        """The newest with the marker among those that our account opened."""
        wanted = {"creator": self._me.login, "state": "all", "sort": "created", "direction": "desc"}
        host = self._connection.server.name
        for one in self._connection.pages(f"{_issues(repo)}?{urlencode(wanted)}"):
            is_ours = (one.get("user") or {}).get("id") == self._me.number
            body = one.get("body") or ""
            if "pull_request" in one or not is_ours:
                continue
            if carries_issue_marker(body, host, kind, self._secret):
                return Filed(number=int(one["number"]), body=body)
        return None

    def open(self, repo: str, issue: Issue) -> None:
        """Raises OutcomeUnknown when it may have been opened; then the next `find` tells."""
        asked = {"title": issue.title, "body": self._signed(issue)}
        try:
            with posting_to(repo):
                answer = self._connection.write("POST", _issues(repo), asked)
        except NotFound as error:
            raise HeadError(
                f"{repo} has no issues that this credential may open; are they switched on in its "
                "settings?"
            ) from error
        if not isinstance(answer.get("number"), int):
            raise OutcomeUnknown("GitHub did not confirm the issue; the next sweep looks.")

    def edit(self, repo: str, filed: Filed, issue: Issue) -> None:
        """A closed issue stays closed; raises NotFound when it is gone."""
        body = self._signed(issue)
        if filed.body == body:
            return
        path = f"{_issues(repo)}/{filed.number}"
        with posting_to(repo):
            while_busy(
                lambda: self._connection.write("PATCH", path, {"body": body}), OutcomeUnknown
            )

    def examine(self, repo: str) -> Iterator[Sign]:
        """As far as reading tells; see `examination.permissions`."""
        too_much = Health.RED if self._strict_scopes else Health.AMBER
        yield from examination.permissions(rights(self._connection, repo, REPORTING), too_much)

    def close(self) -> None:
        """End waits and connections."""
        self._connection.close()

    def _signed(self, issue: Issue) -> str:
        marker = issue_marker(self._connection.server.name, issue.kind, self._secret)
        return f"{issue.body}\n\n{marker}"

    @property
    def _me(self) -> Identity:
        if self._who is None:
            self._who = identity(self._connection)
        return self._who


def _issues(repo: str) -> str:
    return f"/repos/{quote(repo)}/issues"
