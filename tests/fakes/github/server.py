"""The fake GitHub on loopback: one server for REST, GraphQL and git, with a log and faults.

with FakeGitHub(tmp_path) as hub:
    repo = hub.world.repo("acme/shop", {"a.py": "a = 1\n"})
    pull = hub.world.pull(repo, {"a.py": "a = 2\n"})
    token = hub.tokens.fine_grained(bot, repo.owner, pull_requests="write", contents="read")
    Github(base_url=hub.api_url, auth=Auth.Token(token))
    hub.fail("POST", "/repos/*/*/pulls/*/reviews", faults.bad_gateway_after)
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.github import rest_accounts, rest_issues, rest_pulls, rest_reviews, spec
from tests.fakes.github.exchange import Counters, Exchange, count
from tests.fakes.github.faults import Fault, Planned, planned
from tests.fakes.github.git_http import GitHttp
from tests.fakes.github.graphql_api import GraphQL
from tests.fakes.github.limits import Limits
from tests.fakes.github.messages import Dropped, Outcome, Request, Response, Silence
from tests.fakes.github.rest import Rest
from tests.fakes.github.rows import Repo
from tests.fakes.github.tokens import Tokens
from tests.fakes.github.world import World

ROOMS = (rest_accounts, rest_issues, rest_pulls, rest_reviews)
"""Imported for the routes that they enter into the table."""

POLL_S = 0.02


class FakeGitHub:
    """Serves a world while it is entered; leaving raises the first defect of the fake itself.

    `log` has every exchange in the order of their ends, `latency_s` passes before each answer.
    The addresses are those of an Enterprise Server: REST below /api/v3, GraphQL at /api/graphql,
    git at the root.
    """

    def __init__(self, root: Path, *, now: float | None = None, latency_s: float = 0.0) -> None:
        """A server with an empty world whose repositories live below `root`."""
        self.world = World(root, now=now)
        self.tokens = Tokens(self.world)
        self.limits = Limits()
        self.latency_s = latency_s
        self.log: list[Exchange] = []
        self.defects: list[Exception] = []
        self.peak_parallel = 0
        self._running = 0
        self._faults: list[Planned] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.hub = self
        self.origin = f"http://127.0.0.1:{self._http.server_port}"
        self.api_url = f"{self.origin}/api/v3"
        self.graphql_url = f"{self.origin}/api/graphql"
        parts = {"world": self.world, "tokens": self.tokens, "origin": self.origin}
        self.rest = Rest(**parts, limits=self.limits, api_url=self.api_url)  # type: ignore[arg-type]
        self.graphql = GraphQL(**parts, limits=self.limits)  # type: ignore[arg-type]
        self.git = GitHttp(**parts)  # type: ignore[arg-type]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": POLL_S}, daemon=True
        )

    def __enter__(self) -> FakeGitHub:
        # Here rather than within the first request, whose client may be impatient.
        spec.example("pull-request")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if self.defects and error is None:
            raise self.defects[0]

    def close(self) -> None:
        """Cut every connection and end; closing again does nothing."""
        if not self._closing.is_set():
            self._closing.set()
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()

    def fail(self, method: str, path_pattern: str, fault: Fault, times: int = 1) -> None:
        """Let a fault meet the next requests; see `faults.planned` for the pattern.

        The path is that below the API root, `/graphql`, or git's; `*` as method means any.
        """
        with self._lock:
            self._faults.append(planned(method, path_pattern, fault, times))

    def git_url(self, repo: Repo) -> str:
        """Where git fetches the repository from, without a credential."""
        return f"{self.origin}/{self.world.fresh(repo).full_name}.git"

    def exchanges(self, method: str, path_pattern: str = "**") -> list[Exchange]:
        """The logged exchanges of a method whose path matches, as in `fail`."""
        wanted = planned(method, path_pattern, _untouched, 1)
        return [one for one in list(self.log) if wanted.meets(one.method, one.path)]

    @property
    def counters(self) -> Counters:
        """What the requests so far cost."""
        return count(list(self.log), self.peak_parallel)

    def handle(self, kind: str, request: Request) -> tuple[Outcome, str]:
        """The outcome of one request and the name of the fault that it met."""
        with self._lock:
            self._running += 1
            self.peak_parallel = max(self.peak_parallel, self._running)
            hit = next(
                (one for one in self._faults if one.meets(request.method, request.path)), None
            )
            if hit is not None:
                hit.times -= 1
        try:
            if self.latency_s:
                time.sleep(self.latency_s)
            if hit is None:
                return self._answer(kind, request), ""
            outcome = hit.fault(request, lambda asked: self._answer(kind, asked))
            return outcome, getattr(hit.fault, "__qualname__", "fault")
        except Exception as error:  # noqa: BLE001 - raised again when the server is left
            self.defects.append(error)
            return Response.of(501, {"message": f"The fake GitHub failed: {error!r}"}), "defect"
        finally:
            with self._lock:
                self._running -= 1

    def wait_for_client(self, connection: socket.socket) -> None:
        """Return when the client has gone or the server closes."""
        connection.settimeout(POLL_S)
        while not self._closing.is_set():
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def _answer(self, kind: str, request: Request) -> Response:
        if kind == "git":
            return self.git.answer(request)
        with self.world.lock:
            return (self.graphql if kind == "graphql" else self.rest).answer(request)


class _Server(ThreadingHTTPServer):
    """Waits at its end for every connection, after cutting those that clients keep alive."""

    daemon_threads = False
    request_queue_size = 128
    hub: FakeGitHub

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    _numbers = itertools.count(1)

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The log is a list, not a text."""

    def _any(self) -> None:
        started = time.monotonic()
        hub, parts = self.server.hub, urlsplit(self.path)
        kind, path = _place(parts.path)
        request = Request(
            method=self.command,
            path=path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )
        outcome, fault = hub.handle(kind, request)
        response = outcome if isinstance(outcome, Response) else Response(status=0)
        hub.log.append(
            Exchange(
                kind=kind,
                method=request.method,
                path=path,
                query=request.query,
                request_headers=request.headers,
                request_body=request.body,
                status=response.status,
                response_type=response.headers.get("content-type", ""),
                response_headers=response.headers,
                response_body=response.body,
                points=int(response.headers.get("x-fake-points", "0")),
                fault=fault,
                started=started,
                ended=time.monotonic(),
            )
        )
        if isinstance(outcome, Response):
            self._send(outcome.status, outcome.headers, outcome.body)
            return
        if isinstance(outcome, Silence):
            hub.wait_for_client(self.connection)
        self.close_connection = True
        self._cut()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        self.send_header("x-github-request-id", f"FAKE:{next(self._numbers):06d}")
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if status != 304 and self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _place(path: str) -> tuple[str, str]:
    """Which interface a path belongs to, and the path below its root."""
    if path in ("/api/graphql", "/graphql"):
        return "graphql", "/graphql"
    if path.startswith("/api/v3/"):
        return "rest", path.removeprefix("/api/v3")
    return "git", path


def _untouched(request: Request, handle: object) -> Outcome:
    return Dropped()
