"""Who we are on GitHub: one token for everything, or an App with a token for each owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from github import Auth

from reviewer_cli.errors import AccessRefused, ConfigurationError
from reviewer_cli.hosts.github.connection import PAGE, Connection, Server
from reviewer_cli.hosts.github.installation import InstallationToken
from reviewer_cli.hosts.github.queries import VIEWER

OF_AN_INSTALLATION = "ghs_"
"""How tokens of installations begin, the GITHUB_TOKEN of a workflow among them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Our own account, as GitHub names it."""

    login: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A repository of a list, with what selection rules ask about."""

    name: str
    archived: bool
    fork: bool
    topics: tuple[str, ...]


class Accounts(Protocol):
    """The connections of this installation."""

    def of(self, repo: str) -> Connection:
        """The connection for a repository; raises AccessRefused when none may see it."""

    def repositories(self) -> Iterator[Listed]:
        """Every repository that the credential was given to."""

    def forget(self) -> None:
        """Throw kept tokens away: GitHub refused one, so the next sweep begins with new ones."""

    def close(self) -> None:
        """End every wait and connection; asks GitHub nothing."""


class TokenAccount:
    """A personal token, or the GITHUB_TOKEN of a workflow."""

    def __init__(self, server: Server, token: str, *, longest_wait_s: float) -> None:
        """Raises AccessRefused for what cannot be a token; its text is not repeated."""
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise AccessRefused(
                "What was given as a token for GitHub has blanks or strange characters in it; "
                "put the token there and nothing else."
            )
        self.connection = Connection(server, Auth.Token(token), longest_wait_s=longest_wait_s)
        self._is_installations = token.startswith(OF_AN_INSTALLATION)

    def of(self, repo: str) -> Connection:
        """The one connection there is."""
        return self.connection

    def repositories(self) -> Iterator[Listed]:
        """All that the token's user may see as owner, collaborator or member."""
        if self._is_installations:
            yield from _of_installation(self.connection)
            return
        yield from map(_listed, self.connection.pages("/user/repos?sort=full_name"))

    def forget(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Close the one connection."""
        self.connection.close()


class AppAccounts:
    """A GitHub App: each installation sees the repositories of one owner."""

    def __init__(
        self,
        server: Server,
        app_id: str,
        private_key: str,
        *,
        keep_in: Path,
        permissions: Mapping[str, str],
        longest_wait_s: float,
    ) -> None:
        """Tokens get these permissions only and are kept in a directory between sweeps.

        Raises ConfigurationError when the private key is none.
        """
        self._server = server
        self._longest_wait_s = longest_wait_s
        self._keep_in = keep_in
        self._permissions = permissions
        auth = Auth.AppAuth(app_id, private_key)
        try:
            auth.create_jwt()
        except Exception as error:
            # The message of a library that was handed a key is not repeated.
            raise ConfigurationError(
                "The private key of the GitHub App cannot be used; github.private_key must lead "
                "to the PEM file that GitHub gave for it."
            ) from error
        self._app = self._connected(auth)
        self._found: dict[str, Connection] | None = None
        self._tokens: list[InstallationToken] = []

    def of(self, repo: str) -> Connection:
        """The connection of the installation that the repository's owner made."""
        owner = repo.partition("/")[0]
        try:
            return self._by_owner()[owner.lower()]
        except KeyError:
            raise AccessRefused(
                f"The GitHub App is not installed for {owner}, or suspended there; install it, "
                f"or leave {repo} out."
            ) from None

    def repositories(self) -> Iterator[Listed]:
        """Every repository that any installation sees."""
        for connection in self._by_owner().values():
            yield from _of_installation(connection)

    def forget(self) -> None:
        """Delete the kept tokens."""
        for token in self._tokens:
            token.forget()

    def close(self) -> None:
        """Close the App's own connection and those of its installations."""
        for connection in (self._app, *(self._found or {}).values()):
            connection.close()

    def _by_owner(self) -> dict[str, Connection]:
        if self._found is None:
            self._found = {
                one["account"]["login"].lower(): self._installed(one)
                for one in self._app.pages("/app/installations")
                if not one.get("suspended_at")
            }
        return self._found

    def _installed(self, installation: dict[str, Any]) -> Connection:
        token = InstallationToken(
            self._app,
            installation["id"],
            owner=installation["account"]["login"],
            keep_in=self._keep_in,
            permissions=self._permissions,
            installed=installation.get("permissions") or {},
        )
        self._tokens.append(token)
        return self._connected(token)

    def _connected(self, auth: Auth.Auth) -> Connection:
        return Connection(self._server, auth, longest_wait_s=self._longest_wait_s)


def identity(connection: Connection) -> Identity:
    """Our login and numeric id, asked of GitHub."""
    viewer = connection.query(VIEWER, {}).data.get("viewer")
    if not viewer or not isinstance(viewer.get("databaseId"), int):
        raise AccessRefused(
            f"{connection.server.name} does not say whose credential this is; make a new one."
        )
    return Identity(viewer["login"], viewer["databaseId"])


def _of_installation(connection: Connection) -> Iterator[Listed]:
    number = 1
    while True:
        answer = connection.get(f"/installation/repositories?per_page={PAGE}&page={number}")
        yield from map(_listed, answer["repositories"])
        if len(answer["repositories"]) < PAGE:
            return
        number += 1


def _listed(found: dict[str, Any]) -> Listed:
    return Listed(
        name=found["full_name"],
        archived=found["archived"],
        fork=found["fork"],
        topics=tuple(found.get("topics") or ()),
    )
