"""Starting a program in a cell, without walls of its own; the jails with walls build on it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail.inside import limits
from reviewer_cli.jail.inside.terms import WRAPPER, Terms
from reviewer_cli.ports.jail import Cell, Network
from reviewer_cli.telemetry import LOGGER

ANSWER_S = 30
"""Seconds that `ask` waits; `claude --help` takes 0.2 s, a cold disk may take seconds."""
PACKAGES = Path(__file__).parents[2]
# -I and -S: neither the environment nor the working directory can add Python code.
LAUNCH = (
    *(sys.executable, "-I", "-S", "-c"),
    f"import sys; sys.path.append({str(PACKAGES)!r}); "
    "from reviewer_cli.jail.inside.launch import main; main()",
)


WRITE = ("/bin/sh", "-c", 'umask 077 && printf %s "$1" > "$0" && chmod 700 "$0"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a program and all that comes from it may take together.

    `memory` in bytes; `tasks` are processes and threads. An agent needs 120 MB and about 30.
    """

    memory: int = 4 << 30
    tasks: int = 512


class Launcher:
    """A scrubbed environment, limits, and death with the parent; no walls."""

    name = "none"

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._is_checked = False

    def check(self) -> None:
        """Say once in the log that there are no walls; whoever wants none has written so."""
        if not self._is_checked:
            LOGGER.warning(
                'sandbox = "none": only its own options keep the agent from the files and the '
                "network of this account; install bubblewrap and remove the setting."
            )
        self._is_checked = True

    def command(self, program: Path, cell: Cell) -> list[str]:
        """The argument list that starts the program in the cell; its own arguments follow.

        The process must be a child of this one. It ends as the program does, with the same exit
        code or signal; SIGTERM makes it end everything at once.
        """
        return [*LAUNCH, *self._terms(program, cell).words(), str(program)]

    def wrap(self, program: Path, cell: Cell) -> Path:
        """The same as one executable file beside the private directory; it removes itself.

        A process of its own writes it. Whatever another thread starts at the same moment would
        share our handle for an instant, and the kernel runs no file that somebody may write to
        (ETXTBSY, execve(2)).
        """
        wrapper = _wrapper(cell)
        text = f'#!/bin/sh\nexec {shlex.join(self.command(program, cell))} "$@"\n'
        written = (*WRITE, str(wrapper), text)
        subprocess.run(written, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return wrapper

    def kill(self, cell: Cell) -> None:
        """End at once what was started in this cell, with all its children; gone is fine.

        It is found among our own children by what the kernel says of them: nothing that a program
        inside can write to has a say in it.
        """
        wrapper = _wrapper(cell)
        wrapper.unlink(missing_ok=True)  # what has not started yet never will
        own = {os.fsencode(cell.private), os.fsencode(wrapper)}
        for child in limits.children(os.getpid()):
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if own & set(Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")):
                    os.kill(child, signal.SIGTERM)

    def ask(self, program: Path, cell: Cell, question: str) -> str:
        """What `program` prints for one argument such as `--help`, started in the cell.

        Raises ConfigurationError when it cannot be started, fails, or takes longer than 30 s.
        """
        own = {"HOME": str(cell.private), "TMPDIR": str(cell.private)}
        cell = replace(cell, variables=cell.variables | own.keys())
        try:
            return subprocess.run(
                [*self.command(program, cell), question],
                env=own,
                cwd=cell.private,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=ANSWER_S,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise ConfigurationError(
                f"{program} could not be started ({_reason(error)}); reinstall the package that "
                "holds it, or let programs run from the scratch directory."
            ) from error

    def _terms(self, program: Path, cell: Cell) -> Terms:
        return self._written(cell)

    def _written(
        self, cell: Cell, *, readable: Sequence[Path] = (), runnable: Sequence[Path] = ()
    ) -> Terms:
        return Terms(
            parent=os.getpid(),
            wall=self.name,
            variables=sorted(cell.variables),
            private=str(cell.private),
            readable=[str(path) for path in readable],
            runnable=[str(path) for path in runnable],
            socket=str(cell.socket or ""),
            is_networked=cell.network is Network.OPEN,
            memory=self._limits.memory,
            tasks=self._limits.tasks,
        )


def _wrapper(cell: Cell) -> Path:
    return cell.private.with_name(cell.private.name + WRAPPER)


def _reason(error: Exception) -> str:
    """Why, without the long argument list that subprocess would repeat."""
    if isinstance(error, subprocess.CalledProcessError):
        said = str(error.stderr).strip().splitlines()
        return f"it ended with {error.returncode}: {said[-1] if said else 'it said nothing'}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {ANSWER_S} s"
    return str(error)
