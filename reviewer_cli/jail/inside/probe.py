"""What a hijacked program would try first; prints all that it could get hold of.

Run in a jail by self_test.py, which judges by what it finds in the output and outside.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NamedTuple


class Targets(NamedTuple):
    """Where the baits lie: paths, the number of a process, a port, and a name without a file."""

    directory: str
    checkout: str
    process: int
    tcp: int
    udp: int
    abstract: str
    door: str


CANARY, LISTENING, DATAGRAMS, LEFT_BEHIND = "canary", "listening", "datagrams", "left-behind"
HERE = b"the probe was here"
KERNEL_SETTING = "/proc/sys/kernel/domainname"
"""It is opened for writing, and never written to."""


def main() -> None:
    """Try everything; one failure never keeps it from the next."""
    targets = Targets(*json.loads(sys.argv[1]))
    _say(os.environ)
    for attempt in (*_looking(targets), *_changing(targets), *_calling(targets)):
        try:
            _say(attempt())
        except OSError as error:
            _say(error.strerror)
    _call(targets.door)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


Attempts = list[Callable[[], object]]


def _looking(targets: Targets) -> Attempts:
    return [
        lambda: _read(os.path.join(targets.directory, CANARY)),
        lambda: os.listdir(targets.directory),
        lambda: _read(f"/proc/{targets.process}/environ"),
        lambda: _read(f"/proc/{targets.process}/root{targets.directory}/{CANARY}"),
    ]


def _changing(targets: Targets) -> Attempts:
    return [
        lambda: _write(os.path.join(targets.directory, LEFT_BEHIND)),
        lambda: os.chmod(os.path.join(targets.directory, CANARY), 0o644),
        lambda: _write(os.path.join(targets.checkout, LEFT_BEHIND)),
        lambda: os.truncate(os.path.join(targets.checkout, CANARY), 0),
        lambda: os.kill(targets.process, signal.SIGKILL),
        lambda: _opened(KERNEL_SETTING) and f"{targets.abstract}-kernel",
    ]


def _calling(targets: Targets) -> Attempts:
    return [
        lambda: socket.create_connection(("127.0.0.1", targets.tcp), timeout=1).sendall(HERE),
        lambda: _send(socket.AF_INET, ("127.0.0.1", targets.udp)),
        lambda: _send(socket.AF_UNIX, os.path.join(targets.directory, DATAGRAMS)),
        lambda: _call(os.path.join(targets.directory, LISTENING)),
        lambda: _call(f"\0{targets.abstract}"),
        lambda: _lead(targets.door, os.path.join(targets.directory, LISTENING)),
    ]


def _read(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read(1 << 16)


def _write(path: str) -> None:
    with open(path, "wb") as file:
        file.write(HERE)


def _opened(path: str) -> bool:
    os.close(os.open(path, os.O_WRONLY))
    return True


def _send(family: int, address: object) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.sendto(HERE, address)  # type: ignore[call-overload] # of any family


def _lead(door: str, elsewhere: str) -> None:
    """Whoever connects us to the door may be sent to another one."""
    os.rename(door, f"{door}-before")
    os.symlink(elsewhere, door)
    _call(door)


def _call(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(1)
        line.connect(path)
        line.sendall(HERE)


if __name__ == "__main__":
    main()
