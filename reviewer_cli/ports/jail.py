"""The door of the cell in which a program runs that reads what a stranger wrote."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Network(StrEnum):
    """What a jailed program may speak to."""

    NONE = "none"
    """Nothing but the Unix socket of its cell, where it has one."""

    OPEN = "open"
    """Everything: for a program that must reach its provider by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All that one jailed program may see; the rest of the machine is closed to it.

    `private` is a directory of this run alone (0700), the only place it may write to; `checkout`
    the tree it may read; `readable` what it needs besides the system's own libraries. `socket` is
    the one Unix socket that it may connect to. `variables` names the environment variables that
    reach it; all others are gone.
    """

    private: Path
    checkout: Path | None = None
    socket: Path | None = None
    readable: tuple[Path, ...] = ()
    variables: frozenset[str] = frozenset()
    network: Network = Network.NONE


class Jail(Protocol):
    """How a program is started that reads what a stranger wrote."""

    name: str

    def check(self) -> None:
        """Put a probe inside and raise ConfigurationError when it reaches anything outside."""

    def command(self, program: Path, cell: Cell) -> list[str]:
        """The argument list that starts the program in the cell; its own arguments follow."""

    def wrap(self, program: Path, cell: Cell) -> Path:
        """The same as one executable file beside the private directory, for a single start."""

    def kill(self, cell: Cell) -> None:
        """End at once what was started in this cell, with all its children; gone is fine."""

    def ask(self, program: Path, cell: Cell, question: str) -> str:
        """What the program prints for one argument such as `--help`.

        Raises ConfigurationError when it cannot be started, fails, or takes longer than 30 s.
        """
