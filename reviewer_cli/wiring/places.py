"""The directories of one installation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reviewer_cli.config.load import Loaded

LEDGER = "ledger.db"
LOCK = "sweep.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The directories of one installation."""

    state: Path
    cache: Path

    @property
    def ledger(self) -> Path:
        """The ledger file."""
        return self.state / LEDGER

    @property
    def scratch(self) -> Path:
        """Private directories of jailed programs; empty between sweeps."""
        return self.state / "scratch"


def places(loaded: Loaded) -> Places:
    """Both directories, not made yet."""
    state, cache = loaded.directories(os.environ)
    return Places(state=state, cache=cache)
