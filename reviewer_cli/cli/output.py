"""What reading commands share: which ledger, and values as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, is_dataclass
from pathlib import Path

from reviewer_cli import wiring
from reviewer_cli.config.load import load
from reviewer_cli.errors import UsageError


def ledger_of(config: Path | None, environment: str | None) -> Path:
    """The ledger that the configuration names; raises UsageError when no sweep has made it yet."""
    path = wiring.places(load(config, os.environ, environment)).ledger
    if not path.exists():
        raise UsageError(f"There is no ledger at {path} yet; run reviewer sweep first.")
    return path


def to_json(value: object) -> str:
    """Indented JSON of dataclasses, mappings and sequences of them."""
    return json.dumps(value, default=_plain, indent=2, ensure_ascii=True)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
