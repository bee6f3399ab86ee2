"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class EngineName(StrEnum):
    """What reads the change."""

    AGENT = "agent"
    OFFLINE = "offline"


class EffortName(StrEnum):
    """How thoroughly."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


class IfLocked(StrEnum):
    """What to do when another sweep runs."""

    FAIL = "fail"
    SKIP = "skip"


class TableName(StrEnum):
    """What of the ledger is exported."""

    HEADS = "heads"
    REVIEWS = "reviews"
    FINDINGS = "findings"
    REPLIES = "replies"
    SWEEPS = "sweeps"
    PULLS = "pulls"
    OUTCOMES = "outcomes"
    COMMANDS = "commands"
    TOLD = "told"
    EVENTS = "events"
    ENDS = "ends"
    SIGNALS = "signals"
    LABELS = "labels"
    DIGESTS = "digests"
    DELIVERIES = "deliveries"


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Read this reviewer.toml instead of looking for one."
    ),
]
Environment = Annotated[
    str | None,
    typer.Option(
        "--env", metavar="NAME", help="Use the settings of [env.NAME]; also $REVIEWER_ENV."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Engine = Annotated[
    EngineName | None, typer.Option(help="What reads the change; agent if not configured.")
]
Effort = Annotated[
    EffortName | None,
    typer.Option(help="How thoroughly the agent reads; standard if not configured."),
]
MergedSince = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        help="Also review what was merged unreviewed so lately, such as 7d; told in the report "
        "and the ledger only.",
    ),
]
MergedIssue = Annotated[
    bool,
    typer.Option(
        "--merged-issue",
        help="Also keep one issue in each GitHub repository that tells what --merged-since found; "
        "takes github.issues_token.",
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Log each event on the error output.")
]
