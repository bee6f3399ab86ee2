"""The provider's side of the proxy: the real credential, and what a refusal of it means for all."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi

from reviewer_cli.engines.agent_credential import Credential
from reviewer_cli.engines.model_redaction import Redaction

CONNECT_S, SILENCE_S = 20.0, 300.0  # the second as API_TIMEOUT_MS has it
LARGEST_ERROR = 64 << 10  # bytes of an error's body that are handed on
REFUSED = (401, 403)
# What goes with each request whatever the process says; that the body is this was looked at.
OURS = {"accept-encoding": "identity", "content-type": "application/json"}
VERSION = "2023-06-01"  # of the API, which it wants to be told with each request
# Certificates as requests finds them, so that one setting serves the code host and the model.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
MORE_CERTIFICATES = "NODE_EXTRA_CA_CERTS"  # what the agent program itself reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The provider's words when it refused the credential."""

    status: int
    said: bytes


class CredentialRefused(Exception):
    """The provider refuses the credential, now or before; `refusal` is what it said."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


class Upstream:
    """Asks the provider with the real credential, for all passes of an engine.

    Until the provider has accepted the credential once, requests go out one at a time, and after
    a 401 or 403 none does: a revoked key costs one request, however many passes run at once.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._accepted = False
        self._refusal: Refusal | None = None
        self._first = asyncio.Lock()

    @staticmethod
    def session() -> aiohttp.ClientSession:
        """The connections of one pass; they end with it, and no answer can plant a cookie."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S)
        return aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())

    async def ask(
        self, session: aiohttp.ClientSession, path: str, body: bytes, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        """The provider's answer as soon as it begins; its body can be read bit by bit.

        Raises CredentialRefused, and aiohttp.ClientError, TimeoutError or OSError when the provider
        cannot be reached.
        """
        if not self._accepted:
            async with self._first:
                if not self._accepted:
                    return await self._ask(session, path, body, headers)
        return await self._ask(session, path, body, headers)

    async def _ask(
        self, session: aiohttp.ClientSession, path: str, body: bytes, headers: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        if self._refusal is not None:
            raise CredentialRefused(self._refusal)
        added = self._credential.headers(headers.get("anthropic-beta", ""))
        answer = await session.post(
            self._credential.base_url + path,
            data=body,
            headers={**headers, **OURS, **added},
            allow_redirects=False,
            ssl=self._trust,
            proxy=self._way_out,
        )
        if answer.status in REFUSED:
            # Latched before its words are read, which may take long or fail.
            self._refusal = Refusal(status=answer.status, said=b"")
            async with answer:
                self._refusal = Refusal(status=answer.status, said=await self.words(answer))
            raise CredentialRefused(self._refusal)
        if answer.status < 500:  # those may come from a gateway that has not looked at it
            self._accepted = True
        return answer

    async def status(self) -> int:
        """How the provider answers to a question that costs nothing: which models there are.

        Raises aiohttp.ClientError, TimeoutError or OSError when it cannot be reached.
        """
        async with (
            self.session() as session,
            session.get(
                f"{self._credential.base_url}/v1/models?limit=1",
                headers={"anthropic-version": VERSION, **self._credential.headers("")},
                allow_redirects=False,
                ssl=self._trust,
                proxy=self._way_out,
            ) as answer,
        ):
            return answer.status

    async def words(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body of an error, without the credential."""
        try:
            said = await start_of(answer.content, LARGEST_ERROR)
        except (aiohttp.ClientError, TimeoutError, OSError):
            said = b""  # the status says enough
        return self.redaction().whole(said)

    def redaction(self) -> Redaction:
        """Takes the credential out of one answer; some gateways repeat it."""
        return Redaction(self._credential.secrets())

    @cached_property
    def _trust(self) -> ssl.SSLContext | bool:
        return _trusted() if self._credential.base_url.startswith("https:") else True

    @cached_property
    def _way_out(self) -> str | None:
        parts = urlsplit(self._credential.base_url)
        if parts.scheme != "https" or proxy_bypass(parts.hostname or ""):
            return None
        return getproxies().get("https")


async def start_of(stream: aiohttp.StreamReader, most: int) -> bytes:
    """All that comes, or when it is more than `most` bytes, a little more than those."""
    read = bytearray()
    while len(read) <= most and (chunk := await stream.readany()):
        read += chunk
    return bytes(read)


def _trusted() -> ssl.SSLContext:
    bundle = next((os.environ[name] for name in CERTIFICATES if os.environ.get(name)), None)
    context = ssl.create_default_context(cafile=bundle or certifi.where())
    if more := os.environ.get(MORE_CERTIFICATES):
        context.load_verify_locations(more)
    return context
