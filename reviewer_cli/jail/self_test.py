"""Whether a jail holds: baits are laid outside, and a probe inside tries to get at them.

What counts is what arrived outside, or came out of the probe, never what the probe says of itself.
A jail that lets one bait be reached is not used; one in which no program starts is none either.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reviewer_cli.jail.inside import probe
from reviewer_cli.ports.jail import Cell, Jail
from reviewer_cli.scratch import SHORT_PLACE, temporary_directory

PROBE_S = 20
"""Seconds for a probe that takes 0.06; a loaded machine may take much longer."""
PLANTED, PRIVATE = "REVIEWER_PLANTED", "private"
LONGEST_PLACE = 64
"""Bytes that leave room for the longest bait in the 107 of unix(7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`reached` names what the probe got at; `trouble` says why it could not be put to work."""

    reached: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Baits:
    """Everything that must stay out of reach, and the door that must not."""

    outside: Path
    checkout: Path
    canary: str
    bystander: subprocess.Popen[bytes]
    listeners: dict[str, socket.socket]
    door: socket.socket

    def targets(self) -> probe.Targets:
        """Where the probe has to look."""
        return probe.Targets(
            directory=str(self.outside),
            checkout=str(self.checkout),
            process=self.bystander.pid,
            tcp=self.listeners["a TCP port"].getsockname()[1],
            udp=self.listeners["a UDP port"].getsockname()[1],
            abstract=self.canary,
            door=self.door.getsockname(),
        )

    def reached(self, output: str) -> Iterator[str]:
        """In words, what the probe has got at."""
        seen = {
            "a file outside": f"{self.canary}-file",
            "the names of files outside": f"{self.canary}-name",
            "the environment of another process": f"{self.canary}-bystander",
            "an environment variable of ours": f"{self.canary}-planted",
            "the settings of the kernel, by writing": f"{self.canary}-kernel",
        }
        yield from (what for what, word in seen.items() if word in output)
        yield from (what for what, listener in self.listeners.items() if _was_called(listener))
        if (self.outside / probe.CANARY).stat().st_mode & 0o077:
            yield "the permissions of a file outside"
        if (self.outside / probe.LEFT_BEHIND).exists():
            yield "a directory outside, by writing"
        if (self.checkout / probe.LEFT_BEHIND).exists() or not _size(self.checkout / probe.CANARY):
            yield "the checkout, by writing"
        if self.bystander.poll() is not None:
            yield "another process, by a signal"


def self_test(jail: Jail) -> Verdict:
    """Put the probe into a cell of the jail; takes about 0.1 s."""
    try:
        with temporary_directory(_place()) as place:
            return _tested(jail, place)
    except OSError as error:
        return Verdict(trouble=f"the test could not be laid out: {error}")


def _place() -> str | None:
    """Where the test is laid out: a Unix socket has no room for the path of a deep directory."""
    return None if len(os.fsencode(tempfile.gettempdir())) <= LONGEST_PLACE else SHORT_PLACE


def _tested(jail: Jail, place: Path) -> Verdict:
    with _laid(place) as baits:
        python = Path(sys.executable).resolve()
        script = Path(probe.__file__)
        cell = Cell(
            private=place / PRIVATE,
            checkout=baits.checkout,
            socket=Path(baits.door.getsockname()),
            readable=(Path(sys.base_prefix), script),
        )
        try:
            done = subprocess.run(
                [*jail.command(python, cell), "-I", "-S", script, json.dumps(baits.targets())],
                env={PLANTED: f"{baits.canary}-planted"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Verdict(trouble=type(error).__name__)
        reached = tuple(baits.reached(done.stdout.decode(errors="replace")))
        if reached:
            return Verdict(reached=reached)
        if done.returncode or not _was_called(baits.door):
            return Verdict(trouble=_last_line(done.stderr) or f"it ended with {done.returncode}")
        return Verdict()


@contextlib.contextmanager
def _laid(place: Path) -> Iterator[_Baits]:
    outside, checkout, canary = place / "outside", place / "checkout", secrets.token_hex(16)
    (place / PRIVATE).mkdir(0o700)
    for directory in (outside, checkout):
        directory.mkdir(0o700)
        (directory / probe.CANARY).touch(0o600)
        (directory / probe.CANARY).write_text(f"{canary}-file" if directory == outside else "x")
    (outside / f"{canary}-name").touch(0o600)
    with contextlib.ExitStack() as stack:
        # It ends with us: its input then does.
        bystander = stack.enter_context(
            subprocess.Popen(
                ["/bin/sh", "-c", "read line"],
                env={"BAIT": f"{canary}-bystander"},
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        lines = {
            "a TCP port": _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "a UDP port": _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "a Unix socket": _unix(socket.SOCK_STREAM, str(outside / probe.LISTENING)),
            "a Unix datagram socket": _unix(socket.SOCK_DGRAM, str(outside / probe.DATAGRAMS)),
            "an abstract Unix socket": _unix(socket.SOCK_STREAM, f"\0{canary}"),
        }
        # As the agent's own lies: where the program can put something else in its place.
        door = _unix(socket.SOCK_STREAM, str(place / PRIVATE / "door"))
        for line in (*lines.values(), door):
            stack.enter_context(line)
        yield _Baits(
            outside=outside,
            checkout=checkout,
            canary=canary,
            bystander=bystander,
            listeners=lines,
            door=door,
        )


def _unix(kind: socket.SocketKind, address: str) -> socket.socket:
    return _bound(socket.AF_UNIX, kind, address)


def _bound(
    family: socket.AddressFamily, kind: socket.SocketKind, address: str | tuple[str, int]
) -> socket.socket:
    line = socket.socket(family, kind)
    line.bind(address)
    if kind is socket.SOCK_STREAM:
        line.listen()
    line.setblocking(False)
    return line


def _was_called(line: socket.socket) -> bool:
    """Whether somebody connected or sent something; the kernel keeps it until we look."""
    try:
        if line.type is socket.SOCK_DGRAM:
            return bool(line.recv(64))
        line.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _size(path: Path) -> int:
    return os.stat(path).st_size


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
