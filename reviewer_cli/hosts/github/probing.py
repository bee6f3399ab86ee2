"""What a credential may do, found out by reading alone: nothing is ever written to find out.

The `permissions` of a repository tell the role of the token's user, not what a fine-grained token
may do with it, so they are not asked for; the door that git pushes through is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import quote

import requests

from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.accounts import OF_AN_INSTALLATION
from reviewer_cli.hosts.github.connection import PAGE, Connection
from reviewer_cli.hosts.github.faults import (
    NotFound,
    PermissionMissing,
    RepositoryReadOnly,
    meaning,
    translated,
)
from reviewer_cli.hosts.github.queries import repository_variables, roles_query
from reviewer_cli.retry import while_busy

CLOSED = (NotFound, PermissionMissing, RepositoryReadOnly)
"""How GitHub refuses what a good credential may not do: 403, or 404 for what it hides."""

ROLES = ("READ", "TRIAGE", "WRITE", "MAINTAIN", "ADMIN")
"""GraphQL's RepositoryPermission, from the least to the most."""

AGENT = "git/reviewer"
"""GitHub speaks git's protocol to clients whose name begins like git's."""


def most_telling(connection: Connection, repos: Sequence[str]) -> str:
    """The repository in which the credential's user may do most, so that a token's excess shows.

    One request for a hundred of them, none for a single one. What an App may do, and the token of
    a workflow, does not hang on a user: there any repository tells.
    """
    if len(repos) == 1 or connection.auth.token.startswith(OF_AN_INSTALLATION):
        return repos[0]
    roles: dict[str, str] = {}
    for start in range(0, len(repos), PAGE):
        some = repos[start : start + PAGE]
        answer = connection.query(roles_query(len(some)), repository_variables(some))
        for number, repo in enumerate(some):
            roles[repo] = (answer.data.get(f"r{number}") or {}).get("viewerPermission") or ""
    return max(repos, key=lambda repo: ROLES.index(roles[repo]) if roles[repo] in ROLES else -1)


def may_read_pulls(connection: Connection, repo: str) -> bool:
    """Whether pull requests are shown."""
    return _shows(connection, f"/repos/{quote(repo)}/pulls?per_page=1")


def may_read_issues(connection: Connection, repo: str) -> bool:
    """Whether issues are shown."""
    return _shows(connection, f"/repos/{quote(repo)}/issues?per_page=1")


def may_administer(connection: Connection, repo: str) -> bool:
    """Whether the deploy keys are shown, for which the permission administration is needed.

    docs.github.com, “Permissions required for fine-grained personal access tokens”.
    """
    return _shows(connection, f"/repos/{quote(repo)}/keys?per_page=1")


def may_fetch(connection: Connection, repo: str) -> bool:
    """Whether git may fetch: contents read."""
    return while_busy(lambda: _opens(connection, repo, "git-upload-pack"), HostUnavailable)


def may_push(connection: Connection, repo: str) -> bool:
    """Whether git might push: contents write.

    A push begins with a GET that lists the branches, which GitHub refuses to those who may not
    write (git-scm.com, “gitprotocol-http”); we end there.
    """
    return while_busy(lambda: _opens(connection, repo, "git-receive-pack"), HostUnavailable)


def _shows(connection: Connection, path: str) -> bool:
    try:
        connection.get(path)
    except CLOSED:
        return False
    return True


def _opens(connection: Connection, repo: str, service: str) -> bool:
    """Whether git's service is offered; a repository that was just renamed is followed."""
    server = connection.server
    url = f"{server.web_url}/{quote(repo)}.git/info/refs?service={service}"
    with translated(server.name), _asked(connection, url) as answer:
        moved_to = answer.headers.get("location", "")
        if not answer.is_redirect or not moved_to.startswith(f"{server.web_url}/"):
            return _is_offered(server.name, service, answer)
        with _asked(connection, moved_to) as other:
            return _is_offered(server.name, service, other)


def _asked(connection: Connection, url: str) -> requests.Response:
    server = connection.server
    return requests.get(
        url,
        auth=("x-access-token", connection.token),
        headers={"user-agent": AGENT},
        verify=str(server.certificate) if server.certificate else True,
        timeout=server.timeout_s,
        allow_redirects=False,
        # The list of branches may be long, and is never read.
        stream=True,
    )


def _is_offered(server: str, service: str, answer: requests.Response) -> bool:
    """Raises what any answer means that is neither a yes nor a no."""
    if answer.status_code == 200:
        if service in answer.headers.get("content-type", ""):
            return True
        raise HostUnavailable(f"{server} answered with something that is not git.")
    reason = one_line(answer.raw.read(500, decode_content=True).decode(errors="replace"), 300)
    refusal = meaning(server, answer.status_code, answer.headers, reason, time.time())
    if isinstance(refusal, CLOSED):
        return False
    raise refusal
