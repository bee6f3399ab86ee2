"""A Messages API on loopback that answers from a script, for the real agent program to talk to.

    with ScriptedModel([call("Read", file_path="a.py"), answer({"findings": []})]) as model:
        environment = model.environment()

A list is indexed by the number of assistant messages in the request, its last step repeating:
a retried request gets the same answer and concurrent conversations do not mix. A function
computes its step from the request's body instead.
"""

from __future__ import annotations

import itertools
import json
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Body = dict[str, Any]

POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The usage numbers of one answer."""

    input: int = 10
    output: int = 5
    cache_read: int = 0
    cache_write: int = 0

    def as_json(self) -> Body:
        return {
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation_input_tokens": self.cache_write,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """An answer: text, or a tool call when `tool` is named; `beside` it more tool calls."""

    text: str = ""
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    beside: Sequence[Say] = ()
    stop_reason: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """An error of the API, with the headers that come with it."""

    status: int
    type: str = "api_error"
    message: str = "scripted"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer until the client goes away or the server closes."""


Step = Say | Fail | Hang
Script = Sequence[Step] | Callable[[Body], Step]


def call(tool: str, **arguments: Any) -> Say:
    """The model asks for a tool."""
    return Say(tool=tool, arguments=arguments)


def together(calls: Sequence[Say]) -> Say:
    """The model asks for several tools in one answer."""
    return replace(calls[0], beside=calls[1:])


def answer(data: Mapping[str, Any], *, tokens: Tokens | None = None, delay_s: float = 0.0) -> Say:
    """The model gives its structured answer."""
    return Say(tool="StructuredOutput", arguments=data, tokens=tokens or Tokens(), delay_s=delay_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came; `raw` is its body byte for byte."""

    raw: bytes
    body: Body
    headers: Mapping[str, str]
    at: float

    @property
    def turn(self) -> int:
        """How many answers of the model the request already holds."""
        return sum(message["role"] == "assistant" for message in self.body["messages"])

    @property
    def conversation(self) -> str:
        """What tells the conversations of one server apart: the session the client names."""
        return str(self.body.get("metadata", {}).get("user_id", ""))

    def user_text(self) -> str:
        """Everything the user's side says, tool results included, joined."""
        return "\n".join(
            _texts([m["content"] for m in self.body["messages"] if m["role"] == "user"])
        )

    def prefix(self, mark: str) -> bytes:
        """Tools, system and messages up to the first `mark`: what a prompt cache sees first."""
        head = json.dumps(
            [self.body.get("tools", []), self.body.get("system", [])], separators=(",", ":")
        )
        messages = json.dumps(self.body["messages"], separators=(",", ":"))
        before, found, _ = messages.partition(json.dumps(mark)[1:-1])
        if not found:
            raise AssertionError(f"the request does not hold {mark!r}")
        return (head + before).encode()


class ScriptedModel:
    """The server; use it as a context manager. An error in a script function is raised at exit.

    Asked for its list of models it answers with `status_of_models`; `looked` has those headers.
    """

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.looked: list[dict[str, str]] = []
        self.status_of_models = 200
        self.peak = 0
        self._script = script
        self._running = 0
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._broken: list[Exception] = []

    def __enter__(self) -> ScriptedModel:
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": POLL_S}
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if error is None and self._broken:
            raise self._broken[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def environment(self, key: str = "scripted-key") -> dict[str, str]:
        """The variables that make the agent talk to this server."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": key}

    def conversations(self) -> Counter[str]:
        """Requests per conversation."""
        with self._lock:
            return Counter(request.conversation for request in self.requests)

    def decide(self, request: Request) -> Step:
        """Record a request and choose the step that answers it."""
        with self._lock:
            self.requests.append(request)
        if not callable(self._script):
            return self._script[min(request.turn, len(self._script) - 1)]
        try:
            return self._script(request.body)
        except Exception as error:  # noqa: BLE001 - raised again when the server closes
            self._broken.append(error)
            return Fail(status=400, type="invalid_request_error", message=repr(error))

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a request as running, for the peak."""
        with self._lock:
            self._running += 1
            self.peak = max(self.peak, self._running)
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1

    def wait(self, seconds: float | None, client: socket.socket) -> bool:
        """Sleep, for ever when None; False when the client left or the server is closing."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or time.monotonic() < end:
            if self._closing.wait(POLL_S) or _left(client):
                return False
        return True

    def message_id(self) -> int:
        return next(self._ids)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close() joins them and no socket stays open

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 2  # an idle connection cannot hold the server open

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        return

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        model = self.server.model
        model.looked.append(dict(self.headers))
        self._answer(model.status_of_models, "application/json", b'{"data": []}')

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        request = Request(
            raw=raw, body=json.loads(raw), headers=dict(self.headers), at=time.monotonic()
        )
        model = self.server.model
        with model.counted():
            step = model.decide(request)
            delay = None if isinstance(step, Hang) else step.delay_s
            if delay != 0.0 and not model.wait(delay, self.connection):
                return
            try:
                self._send(step, request.body)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client was killed; that is a case of its own in the tests

    def _send(self, step: Step, body: Body) -> None:
        if isinstance(step, Fail):
            error = {"type": step.type, "message": step.message}
            self._answer(
                step.status,
                "application/json",
                json.dumps({"type": "error", "error": error}).encode(),
                step.headers,
            )
        elif isinstance(step, Say):
            message = _message(step, body["model"], self.server.model.message_id())
            if body.get("stream"):
                self._answer(200, "text/event-stream", b"".join(_events(message)))
            else:
                self._answer(200, "application/json", json.dumps(message).encode())

    def _answer(
        self, status: int, kind: str, content: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _message(step: Say, model: str, number: int) -> Body:
    content: list[Body] = []
    if step.tool:
        content = [
            {
                "type": "tool_use",
                "id": f"toolu_{number}_{index}",
                "name": each.tool,
                "input": dict(each.arguments),
            }
            for index, each in enumerate((step, *step.beside))
        ]
    elif step.text:
        content = [{"type": "text", "text": step.text}]
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": step.stop_reason or ("tool_use" if step.tool else "end_turn"),
        "stop_sequence": None,
        "usage": step.tokens.as_json(),
    }


def _events(message: Body) -> Iterator[bytes]:
    """The message as the server-sent events of a streamed answer."""

    def event(kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()

    yield event("message_start", message={**message, "content": [], "stop_reason": None})
    for index, block in enumerate(message["content"]):
        if block["type"] == "tool_use":
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        else:
            empty = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block["text"]}
        yield event("content_block_start", index=index, content_block=empty)
        yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield event("message_delta", delta=stop, usage=message["usage"])
    yield event("message_stop")


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a message's content, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from _texts(value.get("text", value.get("content", "")))


def _left(client: socket.socket) -> bool:
    """Whether the other end has closed the connection."""
    readable, _, _ = select.select([client], [], [], 0)
    try:
        return bool(readable) and client.recv(1, socket.MSG_PEEK) == b""
    except ConnectionResetError:
        return True
