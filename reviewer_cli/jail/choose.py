"""Which jail: the one that the settings name, or the strongest that works here."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.command import Launcher
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.jail import Cell, Jail


def jail_called(name: str) -> Jail:
    """The jail for a value of `sandbox`: auto, bubblewrap, landlock or none."""
    if name == "auto":
        return Strongest(Bubblewrap(), Landlock())
    return {"bubblewrap": Bubblewrap, "landlock": Landlock, "none": Launcher}[name]()


class Strongest:
    """The first of several jails that works here; chosen when it is first needed, then its name.

    One that lets its probe out is a refusal, and no reason to try a weaker one: something is
    wrong here that nobody knows about. Every method may raise ConfigurationError for that.
    """

    def __init__(self, *jails: Walled) -> None:
        self.name = "auto"
        self._jails = jails

    @cached_property
    def _chosen(self) -> Walled:
        for jail in self._jails:
            if not jail.verdict().trouble:
                jail.check()
                self.name = jail.name
                return jail
        tried = "; ".join(f"{jail.name}: {jail.verdict().trouble}" for jail in self._jails)
        raise ConfigurationError(
            f"There is no jail here for the programs that read pull requests ({tried}); install "
            'bubblewrap, or accept the risk by writing sandbox = "none" in reviewer.toml.'
        )

    def check(self) -> None:
        """Raise ConfigurationError when no jail works here, or one does not hold."""
        self._chosen.check()

    def command(self, program: Path, cell: Cell) -> list[str]:
        """As the chosen jail does."""
        return self._chosen.command(program, cell)

    def wrap(self, program: Path, cell: Cell) -> Path:
        """As the chosen jail does."""
        return self._chosen.wrap(program, cell)

    def kill(self, cell: Cell) -> None:
        """As the chosen jail does."""
        self._chosen.kill(cell)

    def ask(self, program: Path, cell: Cell, question: str) -> str:
        """As the chosen jail does."""
        return self._chosen.ask(program, cell, question)
