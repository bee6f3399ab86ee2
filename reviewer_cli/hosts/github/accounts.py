"""Who we are on GitHub: one token for everything, or an App with a token for each installation."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from github import Auth

from reviewer_cli.errors import AccessRefused, HostUnavailable
from reviewer_cli.hosts.github.connection import Connection, Server
from reviewer_cli.hosts.github.queries import VIEWER

PERMISSIONS = {"metadata": "read", "contents": "read", "pull_requests": "write"}
"""All that reading the code and posting a review needs."""

RENEW_BEFORE_S = 600.0
"""An installation token lives for an hour; one that is about to end is not used any more."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Our own account, as GitHub names it."""

    login: str
    number: int


class Accounts(Protocol):
    """The connections of this installation."""

    def of(self, repo: str) -> Connection:
        """The connection for a repository; raises AccessRefused when none may see it."""

    def all(self) -> Sequence[Connection]:
        """Every connection."""

    def repositories(self) -> Iterator[str]:
        """Every repository that the credential was given to."""


class TokenAccount:
    """A personal token, or the GITHUB_TOKEN of a workflow."""

    def __init__(self, server: Server, token: str, *, longest_wait_s: float) -> None:
        self._connection = Connection(server, Auth.Token(token), longest_wait_s=longest_wait_s)

    def of(self, repo: str) -> Connection:
        """The one connection there is."""
        return self._connection

    def all(self) -> Sequence[Connection]:
        """The one connection there is."""
        return (self._connection,)

    def repositories(self) -> Iterator[str]:
        """All that the token's user may see as owner, collaborator or member."""
        for repository in self._connection.pages("/user/repos?sort=full_name"):
            yield repository["full_name"]


class InstallationToken(Auth.Auth):
    """A token of one installation: minted when needed with only our permissions, then kept."""

    def __init__(self, app: Connection, installation: int, keep_in: Path) -> None:
        self._app = app
        self._installation = installation
        self._file = keep_in / f"installation-{installation}.json"
        self._token = ""
        self._ends_at = 0.0

    @property
    def token_type(self) -> str:
        """How the token is named in a request."""
        return "Bearer"

    @property
    def token(self) -> str:
        """A token that lives for some minutes more."""
        if self._ends_at - time.time() < RENEW_BEFORE_S and not self._restored():
            self._mint()
        return self._token

    def _mint(self) -> None:
        path = f"/app/installations/{self._installation}/access_tokens"
        answer = self._app.write("POST", path, {"permissions": PERMISSIONS})
        self._take(answer)
        text = json.dumps({"token": self._token, "expires_at": answer["expires_at"]})
        handle = os.open(self._file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)

    def _restored(self) -> bool:
        """Whether an earlier tick left a token that still lives; a broken file is no reason."""
        try:
            self._take(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, HostUnavailable):
            return False
        return self._ends_at - time.time() >= RENEW_BEFORE_S

    def _take(self, answer: dict[str, Any]) -> None:
        try:
            self._token = str(answer["token"])
            self._ends_at = datetime.fromisoformat(answer["expires_at"]).timestamp()
        except (KeyError, TypeError, ValueError) as error:
            raise HostUnavailable("GitHub answered without an installation token.") from error


class AppAccounts:
    """A GitHub App: each installation sees the repositories of one owner."""

    def __init__(
        self, server: Server, app_id: str, private_key: str, keep_in: Path, *, longest_wait_s: float
    ) -> None:
        self._server = server
        self._longest_wait_s = longest_wait_s
        self._keep_in = keep_in
        self._app = Connection(
            server, Auth.AppAuth(app_id, private_key), longest_wait_s=longest_wait_s
        )
        self._found: dict[str, Connection] | None = None

    def of(self, repo: str) -> Connection:
        """The connection of the installation that the repository's owner made."""
        owner = repo.partition("/")[0].lower()
        try:
            return self._by_owner()[owner]
        except KeyError:
            raise AccessRefused(
                f"The App is not installed for {owner}; install it there, or leave {repo} out."
            ) from None

    def all(self) -> Sequence[Connection]:
        """One connection for each installation that is not suspended."""
        return tuple(self._by_owner().values())

    def repositories(self) -> Iterator[str]:
        """Every repository that any installation sees."""
        for connection in self.all():
            number = 1
            while True:
                answer = connection.get(f"/installation/repositories?per_page=100&page={number}")
                yield from (one["full_name"] for one in answer["repositories"])
                if len(answer["repositories"]) < 100:
                    break
                number += 1

    def _by_owner(self) -> dict[str, Connection]:
        if self._found is None:
            self._found = {
                one["account"]["login"].lower(): Connection(
                    self._server,
                    InstallationToken(self._app, one["id"], self._keep_in),
                    longest_wait_s=self._longest_wait_s,
                )
                for one in self._app.pages("/app/installations")
                if not one.get("suspended_at")
            }
        return self._found


def identity(connection: Connection) -> Identity:
    """Our login and numeric id, asked of GitHub."""
    viewer = connection.query(VIEWER, {}).data.get("viewer")
    if not viewer or not isinstance(viewer.get("databaseId"), int):
        raise AccessRefused(
            f"{connection.server.name} does not say whose credential this is; make a new one."
        )
    return Identity(viewer["login"], viewer["databaseId"])
