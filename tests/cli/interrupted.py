"""A program that is stopped while it makes classes, as an import does: python -m, as cron may."""

from __future__ import annotations

import sys

from reviewer_cli.cli.digesting import _stoppable, _Stopped

STOPPED_IN_EXEC = """
import os, signal
os.kill(os.getpid(), signal.SIGTERM)
for _ in range(10**6):
    pass
"""

if __name__ == "__main__":
    try:
        with _stoppable():
            exec(STOPPED_IN_EXEC)  # noqa: S102 - as dataclasses do
    except _Stopped as stopped:
        sys.exit(stopped.code)
