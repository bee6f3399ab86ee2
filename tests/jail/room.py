"""Cells for the tests of the jails, and programs that run in them for real."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from reviewer_cli.ports.jail import Cell, Jail

PYTHON = Path(sys.executable).resolve()
SH = Path("/bin/sh")
SECRET = "canary-41c0ffee"


@dataclass(frozen=True, kw_only=True)
class Room:
    """A cell with something in its checkout, and a secret in another directory."""

    cell: Cell
    outside: Path

    @property
    def private(self) -> Path:
        return self.cell.private

    @property
    def checkout(self) -> Path:
        assert self.cell.checkout is not None
        return self.cell.checkout

    def with_cell(self, **changes: object) -> Room:
        return replace(self, cell=replace(self.cell, **changes))  # type: ignore[arg-type]

    def run(
        self, jail: Jail, program: Path, *arguments: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*jail.command(program, self.cell), *arguments],
            env=env or {},
            cwd=self.checkout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    def python(self, jail: Jail, code: str, *arguments: str) -> str:
        """What a Python program prints inside; it has to end well."""
        done = self.run(jail, PYTHON, "-I", "-S", "-c", code, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def make_room(place: Path) -> Room:
    for name in ("private", "checkout", "outside"):
        (place / name).mkdir(mode=0o700)
    (place / "checkout" / "a.py").write_text("x = 1\n")
    secret = place / "outside" / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    cell = Cell(
        private=place / "private",
        checkout=place / "checkout",
        readable=(Path(sys.base_prefix),),
    )
    return Room(cell=cell, outside=secret)


def running(mark: str) -> list[int]:
    """The processes, zombies aside, that have the mark as a word of their command line."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in words:
            found.append(int(entry))
    return found


def wait_until(running_as_expected: object, *, within_s: float) -> bool:
    """Whether a condition came true in time."""
    assert callable(running_as_expected)
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if running_as_expected():
            return True
        time.sleep(0.02)
    return False
