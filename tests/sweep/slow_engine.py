"""The real program with an engine that takes as long as a file `latency` below HOME says."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

from reviewer_cli import __main__
from reviewer_cli.ports.engine import Engine
from tests.fakes.engine import ScriptedEngine


def slow(*_: object) -> Engine:
    """In the place of every engine."""
    latency = float(Path(os.environ["HOME"], "latency").read_text())
    return ScriptedEngine(latency=lambda request: latency)


if __name__ == "__main__":
    vars(import_module("reviewer_cli.wiring.doors"))["engine"] = slow
    __main__.main()
