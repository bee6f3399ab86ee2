"""Real services on loopback: an HTTP server that takes messages, and a mail server.

Apprise is loaded here: on Python 3.11 its mail service imports what is deprecated.
"""

from __future__ import annotations

import json
import socketserver
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from apprise import Apprise

    for known in ("json://127.0.0.1", "mailto://a:b@127.0.0.1", "discord://1/x", "ntfys://x"):
        Apprise.instantiate(known)


class Mood(StrEnum):
    """How a server treats what comes next."""

    TAKES = "takes"
    REFUSES = "refuses"
    SAYS_NOTHING = "says nothing"
    HANGS = "hangs"
    SENDS_ON = "sends on"


@dataclass
class PostOffice:
    """What arrived, and the mood in which it is met."""

    port: int = 0
    mood: Mood = Mood.TAKES
    arrived: list[dict[str, Any]] = field(default_factory=list)
    awake: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address for apprise, with a password that nobody may ever see."""
        return f"json://clerk:{PASSWORD}@127.0.0.1:{self.port}/{TOKEN}"


PASSWORD = "canary-password-8d1c"
TOKEN = "canary-token-77aa41"


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """A server on loopback until the block ends."""
    office = PostOffice()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", 0))
            office.arrived.append(json.loads(self.rfile.read(size)) | {"path": self.path})
            if office.mood is Mood.SAYS_NOTHING:
                self.close_connection = True
                return
            if office.mood is Mood.HANGS:
                office.awake.wait(30)
                return
            codes = {Mood.REFUSES: 500, Mood.SENDS_ON: 307}
            said = f"I know {PASSWORD}".encode()
            self.send_response(codes.get(office.mood, 200))
            if office.mood is Mood.SENDS_ON:
                self.send_header("location", f"http://127.0.0.1:{office.port}/elsewhere")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing on the error output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    server.daemon_threads = True
    office.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield office
    finally:
        office.awake.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """A mail server that takes everything: its port, and the mails as they came."""
    mails: list[str] = []

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline():
                word = line[:4].upper().strip()
                if word == b"DATA":
                    self._say("354 go on")
                    mails.append(self._mail())
                    self._say("250 taken")
                elif word == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 fine")

        def _mail(self) -> str:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.decode())
            return "".join(lines)

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1], mails
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
