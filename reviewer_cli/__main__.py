"""The entry point: one door for the last exception, one table of exit codes."""

from __future__ import annotations

import logging
import os
import sys

from reviewer_cli import __version__
from reviewer_cli.errors import ReviewerError, defect

DEFECT = 1
ASK_FOR_MORE = "set REVIEWER_DEBUG=1 to see the whole traceback, and please report it."


def main() -> None:
    """Run the command line; every ReviewerError ends as one sentence and its exit code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before the command line is even built: scripts and health checks ask often.
        print(f"reviewer {__version__}")  # noqa: T201 - this is the whole command
        return
    from reviewer_cli import telemetry
    from reviewer_cli.cli.app import app

    telemetry.log_to_error_output(logging.WARNING)
    telemetry.log_strays()
    try:
        app()
    except ReviewerError as error:
        telemetry.say(f"reviewer: {telemetry.shown(str(error))}")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last door
        # The message of an unknown exception may hold anything that nobody knew to blank: say
        # the type, unless somebody asks for more.
        telemetry.say(f"reviewer: {defect(error)}. Nothing was lost;")
        if os.environ.get("REVIEWER_DEBUG"):
            telemetry.say(telemetry.shown_traceback(error))
        else:
            telemetry.say(f"reviewer: {ASK_FOR_MORE}")
        sys.exit(DEFECT)


if __name__ == "__main__":
    main()
