"""The only way out of an agent's jail: a Unix socket that leads to the model's API and no further.

The jailed process holds a nonce of its pass, which is worth nothing elsewhere; the credential is
added outside. Each pass has a socket of its own, served by the event loop that runs the review, so
that nothing goes on when the pass has ended, and a process that misbehaves harms itself alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from reviewer_cli.engines.agent_credential import Credential
from reviewer_cli.engines.agent_outcome import Seen
from reviewer_cli.engines.model_request import NotAllowed, model_of
from reviewer_cli.engines.model_upstream import CredentialRefused, Refusal, Upstream, start_of
from reviewer_cli.scratch import SHORT_PLACE, temporary_directory

PATHS = ("/v1/messages", "/v1/messages/count_tokens")
LARGEST_BODY = 32 << 20  # bytes; the API takes no more
MOST_CONNECTIONS = 16  # of one pass; the agent program uses one or two
BODY_S = 60.0  # seconds in which a whole request must have come
LONGEST_SOCKET_PATH = 107  # bytes, unix(7)
CLOSING_S = 0.05

BUSY = (429, 529)
LONGEST_WAIT_S = 86_400.0  # that a provider is believed; after it, it can be asked again
SECONDS = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10})?")
# Everything else that the process sends or the provider answers stays on its side. The first are
# those of the agent program 2.1.330.
ASKED = (
    *("accept", "anthropic-beta", "anthropic-dangerous-direct-browser-access"),
    *("anthropic-version", "user-agent", "x-app", "x-claude-code-session-id", "x-stainless-"),
)
ANSWERED = ("anthropic-ratelimit-", "content-type", "request-id", "retry-after", "x-should-retry")
NO_RETRY = {"x-should-retry": "false"}

# What a hostile peer sends must not fill the log; what it was refused for is in `Seen`.
QUIET = logging.getLogger("reviewer.model_proxy")
QUIET.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One pass's way to the model: connect to `socket` and show the `nonce` as the key."""

    socket: Path
    nonce: str
    seen: Seen


class ModelProxy:
    """Opens a door to the provider for each pass, with one credential behind all of them."""

    def __init__(self, credential: Credential) -> None:
        self._upstream = Upstream(credential)

    @contextlib.asynccontextmanager
    async def door(self, private: Path, *, most_requests: int) -> AsyncIterator[Door]:
        """A door in `private` (0700), or in a directory of its own where that path is too long.

        After `most_requests` nothing more is sent, so that a hijacked process cannot spend for
        ever. Leaving ends every request at once, and removes the socket.
        """
        with _socket_path(private) as path:
            door = Door(socket=path, nonce=secrets.token_hex(16), seen=Seen())
            async with self._upstream.session() as session:
                visit = _Visit(self._upstream, session, door, most_requests)
                async with _serving(visit, path):
                    yield door


class _Visit:
    """What one door answers."""

    def __init__(
        self, upstream: Upstream, session: aiohttp.ClientSession, door: Door, most: int
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._door = door
        self._seen = door.seen
        self._most = most
        self._model = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The provider's answer to a conversation of this pass, a refusal to anything else."""
        if request.method == "HEAD" and request.path == "/":
            return web.Response()
        if request.method != "POST" or request.path not in PATHS:
            return _error(403, "permission_error", "this leads to the model alone")
        if not hmac.compare_digest(_shown(request.headers), self._door.nonce.encode()):
            return _error(401, "authentication_error", "this is not the key of this pass")
        try:
            async with asyncio.timeout(BODY_S):
                body = await start_of(request.content, LARGEST_BODY)
            self._object(body)
        except TimeoutError:
            return _error(408, "invalid_request_error", "the request came too slowly")
        except NotAllowed as refused:
            self._seen.objection = str(refused)
            return _error(400, "invalid_request_error", str(refused))
        return await self._forward(request, body)

    def _object(self, body: bytes) -> None:
        """Raise NotAllowed for a request that is none of a review's."""
        if len(body) > LARGEST_BODY:
            raise NotAllowed("the request is larger than 32 MB")
        if self._seen.requests >= self._most:
            raise NotAllowed(f"it asked the model more than {self._most} times")
        # The first request comes before the program has read anything of the change.
        model = model_of(body)
        self._model = self._model or model
        if model != self._model:
            raise NotAllowed("the request is for another model")

    async def _forward(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        path = f"{request.path}?beta=true" if "beta" in request.query else request.path
        self._seen.requests += 1
        try:
            answer = await self._upstream.ask(
                self._session, path, body, _only(ASKED, request.headers)
            )
        except CredentialRefused as latched:
            return self._refused(latched.refusal)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._seen.unanswered += 1
            # Only its kind: the message may name a proxy of the operator's.
            return _error(502, "api_error", f"no connection: {type(error).__name__}", headers={})
        async with answer:
            return await self._relay(request, answer)

    async def _relay(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        self._note(answer)
        redaction = self._upstream.redaction()
        headers = {
            name: redaction.whole(value.encode()).decode()
            for name, value in _only(ANSWERED, answer.headers).items()
        }
        if answer.status >= 400:
            said = await self._upstream.words(answer)
            return web.Response(status=answer.status, body=said, headers=headers)
        relayed = web.StreamResponse(status=answer.status, headers=headers)
        await relayed.prepare(request)
        try:
            while chunk := await answer.content.readany():
                await relayed.write(redaction.piece(chunk))
            await relayed.write(redaction.rest())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # These come from the provider's side; the process may break off whenever it likes.
            if isinstance(error, aiohttp.ClientPayloadError | TimeoutError):
                self._seen.unanswered += 1
            # Half an answer must look like one.
            if request.transport is not None:
                request.transport.abort()
        return relayed

    def _refused(self, refusal: Refusal) -> web.Response:
        self._seen.refused = True
        headers = {"content-type": "application/json", **NO_RETRY}
        return web.Response(status=refusal.status, body=refusal.said, headers=headers)

    def _note(self, answer: aiohttp.ClientResponse) -> None:
        self._seen.statuses.append(answer.status)
        wait = answer.headers.get("retry-after", "")
        if answer.status in BUSY and SECONDS.fullmatch(wait):
            self._seen.retry_after = min(float(wait), LONGEST_WAIT_S)


def _shown(headers: Mapping[str, str]) -> bytes:
    shown = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    return shown.encode("utf-8", "surrogateescape")


def _only(names: tuple[str, ...], headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with one of these names, or that begin with the likes of `x-stainless-`."""
    return {
        name.lower(): value
        for name, value in headers.items()
        if value.isascii()
        and any(
            name.lower() == each or (each.endswith("-") and name.lower().startswith(each))
            for each in names
        )
    }


def _error(
    status: int, kind: str, message: str, headers: Mapping[str, str] = NO_RETRY
) -> web.Response:
    """An error in the form of the provider's own, which is how the agent program understands it."""
    return web.json_response(
        {"type": "error", "error": {"type": kind, "message": message}},
        status=status,
        headers=headers,
    )


@contextlib.asynccontextmanager
async def _serving(visit: _Visit, path: Path) -> AsyncIterator[None]:
    server = web.Server(
        visit.answer, handler_cancellation=True, access_log=None, logger=QUIET, lingering_time=0
    )

    def connected() -> asyncio.Protocol:
        return server() if len(server.connections) < MOST_CONNECTIONS else _Full()

    listening = await asyncio.get_running_loop().create_unix_server(connected, path)
    try:
        yield
    finally:
        listening.close()
        await server.shutdown(CLOSING_S)


class _Full(asyncio.Protocol):
    """What a connection too many gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


@contextlib.contextmanager
def _socket_path(private: Path) -> Iterator[Path]:
    path = private / "model.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        with temporary_directory(SHORT_PLACE) as place:
            yield place / path.name
        return
    try:
        yield path
    finally:
        # The process may have put anything in its place: `private` is removed as a whole.
        with contextlib.suppress(OSError):
            path.unlink()
