"""The entry point: one door for the last exception, one table of exit codes."""

from __future__ import annotations

import os
import sys

from reviewer_cli import __version__
from reviewer_cli.errors import ReviewerError, defect

DEFECT = 1


def main() -> None:
    """Run the command line; every ReviewerError ends as one sentence and its exit code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before the command line is even built: scripts and health checks ask often.
        print(f"reviewer {__version__}")  # noqa: T201 - this is the whole command
        return
    from reviewer_cli.cli.app import app

    try:
        app()
    except ReviewerError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except Exception as error:
        if os.environ.get("REVIEWER_DEBUG"):
            raise
        # The message of an unknown exception may hold anything, a secret included: say the type.
        _say(f"{defect(error)}. Nothing was lost;")
        _say("set REVIEWER_DEBUG=1 to see the whole traceback, and please report it.")
        sys.exit(DEFECT)


def _say(sentence: str) -> None:
    from reviewer_cli.core.sanitise import visible

    print(f"reviewer: {visible(sentence)}", file=sys.stderr)  # noqa: T201 - the last door


if __name__ == "__main__":
    main()
