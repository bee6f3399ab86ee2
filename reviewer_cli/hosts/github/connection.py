"""One account's way to one GitHub server: requests, waits obeyed, answers checked for shape.

PyGithub carries the requests. Only reading requests are repeated after a failure whose outcome is
unknown; a write that was refused for a rate limit had no effect and may be repeated.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

from github import Auth, Github

from reviewer_cli.core.backoff import delay
from reviewer_cli.errors import AccessRefused, HostUnavailable, ProviderWait, ReviewerError
from reviewer_cli.hosts.github.budget import Budget
from reviewer_cli.hosts.github.faults import (
    OutcomeUnknown,
    graphql_limit,
    graphql_meaning,
    meaning,
    said,
    translated,
)
from reviewer_cli.retry import while_busy

API_VERSION = "2022-11-28"
TIMEOUT_S = 30
PAGE = 100
MOST_REQUESTS = 50_000
"""Of one connection; github.com's hourly limits are a third of that for the largest account."""
WRITES_APART_S = 1.0
"""“Wait at least one second between each” write: docs.github.com, “Best practices for using the
REST API”."""
LISTS_LAG_S = 60.0
"""Ours: GitHub promises no time, and reports of lists that lag speak of seconds."""
FIRST_WAIT_S = 60.0
"""The same page: at least a minute after a secondary limit that names no time."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a GitHub is; `certificate` is the file of its own certificate authority."""

    api_url: str
    web_url: str
    certificate: Path | None = None
    timeout_s: int = TIMEOUT_S
    writes_apart_s: float = WRITES_APART_S
    lists_lag_s: float = LISTS_LAG_S

    @property
    def name(self) -> str:
        """The name in every head's key, such as github.com."""
        return self.web_url.split("://", 1)[-1].rstrip("/")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a GraphQL query gave: `data` may be partial, `errors` say for which paths and why."""

    data: dict[str, Any]
    errors: list[dict[str, Any]]


class Connection:
    """Requests with one credential, one after another, as GitHub asks; any thread may call."""

    def __init__(
        self,
        server: Server,
        auth: Auth.Auth,
        *,
        longest_wait_s: float,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """Wait for at most `longest_wait_s` seconds in all when GitHub asks for it.

        `scopes` is what a classic token's last answer told of its scopes, None for other kinds;
        `clock_off_s` how far our clock was ahead of the server's, as far as that was told.
        `clock` gives seconds since the epoch; `wait` lets seconds pass and says whether the
        connection was closed meanwhile.
        """
        self.server = server
        self.auth = auth
        self.scopes: str | None = None
        self.clock_off_s: float | None = None
        self._sent = 0
        self._clock = clock
        self._refusal: AccessRefused | None = None
        self._left_to_wait_s = longest_wait_s
        self._budget = Budget()
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._one_at_a_time = threading.RLock()
        # Two, because PyGithub's pause between writes would also hold up GraphQL's reading POSTs.
        self._reader = _github(server, auth, writes_apart_s=None)
        self._writer = _github(server, auth, writes_apart_s=server.writes_apart_s)

    @property
    def token(self) -> str:
        """The credential, for git to use; raises AccessRefused once the server refused it."""
        if self._refusal is not None:
            raise AccessRefused(str(self._refusal))
        return self.auth.token

    def close(self) -> None:
        """End every wait at once and close the connections."""
        self._closing.set()
        self._reader.close()
        self._writer.close()

    def get(self, path: str) -> Any:
        """The answer to a GET, repeated when the server fails."""
        return self._patiently(
            lambda: while_busy(lambda: self._send(self._reader, "GET", path), HostUnavailable)
        )[1]

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list over all its pages, fetched as they are asked for."""
        number = 1
        while True:
            joint = "&" if "?" in path else "?"
            items = self.get(f"{path}{joint}per_page={PAGE}&page={number}")
            if not isinstance(items, list):
                raise HostUnavailable(f"{self.server.name} did not answer with a list.")
            yield from items
            if len(items) < PAGE:
                return
            number += 1

    def write(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a writing request, an empty one as {}.

        Raises OutcomeUnknown when it may or may not have taken effect; it is not repeated then.
        """
        try:
            answer = self._patiently(lambda: self._send(self._writer, verb, path, body))[1]
        except HostUnavailable as error:
            raise OutcomeUnknown(
                f"{verb} to {self.server.name} got no usable answer ({error}); "
                "the next sweep looks what became of it."
            ) from error
        return answer if isinstance(answer, dict) else {}

    def query(self, text: str, variables: Mapping[str, Any]) -> Answer:
        """The answer to a GraphQL query, repeated like a GET."""
        return self._patiently(
            lambda: while_busy(lambda: self._ask(self._reader, text, variables), HostUnavailable)
        )

    def change(self, text: str, variables: Mapping[str, Any]) -> None:
        """Have a GraphQL mutation done that may be done twice, so that it is repeated like a GET.

        Raises what GitHub's first error means.
        """
        self._patiently(lambda: while_busy(lambda: self._do(text, variables), HostUnavailable))

    def _do(self, text: str, variables: Mapping[str, Any]) -> None:
        for error in self._ask(self._writer, text, variables).errors:
            kind, reason = str(error.get("type", "")), said({"errors": [error]})
            raise graphql_meaning(self.server.name, kind, reason, self._clock())

    def _ask(self, github: Github, text: str, variables: Mapping[str, Any]) -> Answer:
        self._budget.check(self.server.name, self._clock())
        url = github.requester.graphql_url
        asked = {"query": text, "variables": variables}
        headers, answer = self._send(github, "POST", url, asked)
        if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
            raise HostUnavailable(f"{self.server.name} did not answer with GraphQL data.")
        data = answer.get("data")
        errors = answer.get("errors") or []
        is_list = isinstance(errors, list) and all(isinstance(one, dict) for one in errors)
        if not isinstance(data, dict | None) or not is_list:
            raise HostUnavailable(f"{self.server.name} did not answer with GraphQL data.")
        if any(error.get("type") == "RATE_LIMITED" for error in errors):
            raise graphql_limit(self.server.name, headers, self._clock())
        self._budget.note(data or {})
        return Answer(data or {}, errors)

    def _send(
        self, github: Github, verb: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Mapping[str, str], Any]:
        """One request; after a refused credential there is no further one."""
        with self._one_at_a_time, translated(self.server.name):
            if self._refusal is not None:
                raise AccessRefused(str(self._refusal))
            if self._sent >= MOST_REQUESTS:
                raise ReviewerError(
                    f"{self.server.name} was asked {self._sent} times in one sweep, and its lists "
                    "do not end; look what answers at github.api_url."
                )
            self._sent += 1
            if self._closing.is_set():
                raise ReviewerError(f"Nothing more is asked of {self.server.name}: it was closed.")
            status, headers, text = github.requester.requestJson(verb, path, input=body)
            moved_to = str(headers.get("location", ""))
            if status in (307, 308) and moved_to.startswith(f"{self.server.api_url}/"):
                # As GitHub answers writes to a renamed repository; they had no effect yet.
                status, headers, text = github.requester.requestJson(verb, moved_to, input=body)
            self.scopes = headers.get("x-oauth-scopes", self.scopes)
            with suppress(KeyError, ValueError):  # a host that tells no time, or none we read
                then = parsedate_to_datetime(headers["date"]).timestamp()
                self.clock_off_s = self._clock() - then
            return headers, self._understood(status, headers, text)

    def _understood(self, status: int, headers: Mapping[str, str], text: str) -> Any:
        """The JSON of a good answer; raises what another one means."""
        is_json = "json" in headers.get("content-type", "")
        try:
            answer = json.loads(text) if text and is_json else None
        except ValueError:
            is_json = False
        if status >= 300:
            reason = said(answer) if is_json else said("")
            error = meaning(self.server.name, status, headers, reason, self._clock())
            if status == 401 and isinstance(error, AccessRefused):
                self._refusal = error
            raise error
        if text and not is_json:
            raise HostUnavailable(
                f"{self.server.name} answered with something that is not its API; "
                "check github.api_url."
            )
        return answer

    def _patiently(self, call: Callable[[], Result]) -> Result:
        """Wait out what GitHub asks for, as long as the sweep may still wait."""
        in_a_row = 0
        while True:
            try:
                return call()
            except ProviderWait as limit:
                in_a_row += 1
                seconds = limit.retry_after
                if seconds is None:
                    seconds = delay(
                        in_a_row,
                        first_s=2 * FIRST_WAIT_S,
                        longest_s=3600.0,
                        chance=random.random(),  # noqa: S311 - jitter is no secret
                    )
                if seconds > self._left_to_wait_s or self._closing.is_set():
                    raise
                self._left_to_wait_s -= seconds
                if self._wait(seconds):
                    raise


def _github(server: Server, auth: Auth.Auth, *, writes_apart_s: float | None) -> Github:
    github = Github(
        auth=auth,
        base_url=server.api_url,
        lazy=True,
        timeout=server.timeout_s,
        api_version=API_VERSION,
        user_agent="reviewer",
        verify=str(server.certificate) if server.certificate else True,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=writes_apart_s,
    )
    # PyGithub's import adds a handler that writes to stderr past our level and redaction.
    logging.getLogger("github").handlers.clear()
    return github
