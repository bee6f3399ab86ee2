"""A model provider on loopback, raw enough to be slow, half-finished or gone; and who asks it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BODY: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": "Review."}]}


@dataclass(frozen=True)
class Heard:
    """One message of HTTP as it came, a request or an answer."""

    start: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.start.split()[1])

    @property
    def path(self) -> str:
        return self.start.split()[1]

    @property
    def error(self) -> str:
        return str(json.loads(self.body)["error"]["type"])


Answer = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


def said(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    """The same answer to every request."""

    async def answer(request: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(message(f"HTTP/1.1 {status} x", body, headers))

    return answer


async def silence(request: Heard, writer: asyncio.StreamWriter) -> None:
    """No answer until the other side leaves."""
    await asyncio.sleep(3600)


@dataclass
class Provider:
    """Where the proxy leads; `left` counts the requests whose asker went away unanswered."""

    answer: Answer
    requests: list[Heard] = field(default_factory=list)
    url: str = ""
    running: int = 0
    peak: int = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = await heard(reader)
                self.requests.append(request)
                self.running += 1
                self.peak = max(self.peak, self.running)
                gone = asyncio.ensure_future(reader.read(1))
                answering = asyncio.ensure_future(self.answer(request, writer))
                await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
                self.running -= 1
                answering.cancel()
                gone.cancel()
                await asyncio.wait({gone, answering})
                break
        writer.close()


@contextlib.asynccontextmanager
async def providing(
    answer: Answer, context: ssl.SSLContext | None = None
) -> AsyncIterator[Provider]:
    """Serve one request per connection until the block ends."""
    provider = Provider(answer)
    server = await asyncio.start_server(provider._serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    provider.url = f"http{'s' if context else ''}://127.0.0.1:{port}"
    try:
        yield provider
    finally:
        server.close()


async def heard(reader: asyncio.StreamReader) -> Heard:
    """Read one message with its whole body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Heard(start, headers, body)


def message(start: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """One message of HTTP with its length."""
    lines = {"content-length": str(len(body)), **(headers or {})}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{start}\r\n{head}\r\n".encode() + body


async def ask(
    socket: Path,
    nonce: str,
    *,
    start: str = "POST /v1/messages?beta=true HTTP/1.1",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Heard:
    """One request as the agent program sends it, and the answer."""
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        sent = {"host": "127.0.0.1:9", "x-api-key": nonce, "content-type": "application/json"}
        whole = json.dumps(BODY).encode() if body is None else body
        writer.write(message(start, whole, {**sent, **(headers or {})}))
        return await heard(reader)
    finally:
        writer.close()
