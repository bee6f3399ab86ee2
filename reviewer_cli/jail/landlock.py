"""The jail that needs nothing installed and no namespace: Landlock and a filter of system calls."""

from __future__ import annotations

from pathlib import Path

from reviewer_cli.jail.inside.terms import Terms
from reviewer_cli.jail.system import PROGRAMS, settings
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.jail import Cell


class Landlock(Walled):
    """Walls that the program's own process builds; they need Linux 6.2 or newer.

    With an open network it has no Unix socket, not even the cell's: the two cannot be told apart.
    Names, sizes and dates of files outside stay visible to whoever guesses a path, as do the
    numbers of other processes.
    """

    name = "landlock"

    def _terms(self, program: Path, cell: Cell) -> Terms:
        checkout = [cell.checkout] if cell.checkout else []
        return self._written(
            cell,
            readable=[*settings(cell.network), *checkout],
            runnable=[*PROGRAMS, program, *cell.readable],
        )
