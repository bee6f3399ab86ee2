"""A token of one App installation: minted with the fewest permissions, kept between sweeps."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from github import Auth

from reviewer_cli.errors import AccessRefused, HostUnavailable
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.faults import NotFound, OutcomeUnknown, Unprocessable
from reviewer_cli.retry import while_busy
from reviewer_cli.telemetry import SECRETS

POSTING = {"metadata": "read", "contents": "read", "pull_requests": "write"}
"""All that reading the code and posting a review needs."""

READING = {**POSTING, "pull_requests": "read"}
"""All that a credential needs which only reads, where another one posts."""

POSTING_ALONE = {"metadata": "read", "pull_requests": "write"}
"""All that a credential needs which only posts: it looks at pull requests and at no code."""

RESOLVING = {"metadata": "read", "contents": "write", "pull_requests": "write"}
"""All that a credential needs which only resolves threads: GitHub asks as much as for a push."""

REPORTING = {"metadata": "read", "issues": "write"}
"""All that a credential needs which only keeps issues: it sees no code and no pull request."""

CHECKS = {"checks": "write"}
"""Needed beside them to make check runs."""

RENEW_BEFORE_S = 600.0
"""An installation token lives for an hour; one that is about to end is not used any more."""


class InstallationToken(Auth.Auth):
    """Asked for with each request; any thread may ask."""

    def __init__(
        self,
        app: Connection,
        installation: int,
        *,
        owner: str,
        keep_in: Path,
        permissions: Mapping[str, str],
        installed: Mapping[str, str],
    ) -> None:
        """Nothing is minted or read before the first request.

        `permissions` are asked for, `installed` is what the installation could grant.
        """
        self.owner = owner
        self.installed = dict(installed)
        self._app = app
        self._installation = installation
        self._permissions = dict(permissions)
        levels = "-".join(f"{name}-{level}" for name, level in sorted(permissions.items()))
        self._file = keep_in / f"installation-{installation}-{levels}.json"
        self._token = ""
        self._granted: dict[str, str] = {}
        self._ends_at = 0.0
        self._one_at_a_time = threading.Lock()

    @property
    def token_type(self) -> str:
        """How the token is named in a request."""
        return "Bearer"

    @property
    def token(self) -> str:
        """A token that lives for some minutes more."""
        with self._one_at_a_time:
            if not self._lives() and not self._restored():
                self._mint()
            return self._token

    @property
    def granted(self) -> Mapping[str, str]:
        """What GitHub said that the token may do, which should be what was asked for."""
        _ = self.token
        return self._granted

    def forget(self) -> None:
        """Delete the kept token, so that the next one is minted."""
        with self._one_at_a_time:
            self._ends_at = 0.0
            self._file.unlink(missing_ok=True)

    def _lives(self) -> bool:
        return self._ends_at - time.time() >= RENEW_BEFORE_S

    def _mint(self) -> None:
        path = f"/app/installations/{self._installation}/access_tokens"
        asked = {"permissions": self._permissions}
        try:
            # One token too many harms nobody, so this write may be repeated.
            answer = while_busy(lambda: self._app.write("POST", path, asked), OutcomeUnknown)
        except OutcomeUnknown as error:
            raise HostUnavailable(f"No token for {self.owner}: {error}") from error
        except Unprocessable as error:
            needed = ", ".join(f"{name}: {level}" for name, level in self._permissions.items())
            raise AccessRefused(
                f"The App's installation for {self.owner} does not grant {needed} "
                f"({error.reason}); accept these permissions there."
            ) from error
        except NotFound as error:
            raise AccessRefused(
                f"The App is no longer installed for {self.owner}; install it there."
            ) from error
        self._take(answer)
        self._keep(json.dumps(self._record(answer["expires_at"])))

    def _record(self, expires_at: str) -> dict[str, Any]:
        return {
            "api": self._app.server.api_url,
            "token": self._token,
            "expires_at": expires_at,
            "permissions": self._granted,
        }

    def _keep(self, text: str) -> None:
        """Beside its place with the rights it will have, then moved there whole."""
        half = self._file.with_suffix(".half")
        half.unlink(missing_ok=True)
        flags = os.O_CREAT | os.O_WRONLY | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(half, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        half.replace(self._file)

    def _restored(self) -> bool:
        """Whether an earlier sweep left a token that still lives; a broken file is no reason."""
        with suppress(OSError, ValueError, HostUnavailable):
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if isinstance(kept, dict) and kept.get("api") == self._app.server.api_url:
                self._take(kept)
                return self._lives()
        return False

    def _take(self, answer: Mapping[str, Any]) -> None:
        try:
            token, ends_at = answer["token"], datetime.fromisoformat(answer["expires_at"])
            granted = dict(answer.get("permissions") or self._permissions)
        except (KeyError, TypeError, ValueError) as error:
            raise HostUnavailable("GitHub answered without an installation token.") from error
        self._token, self._ends_at = str(token), ends_at.timestamp()
        SECRETS.add(self._token)
        self._granted = granted
