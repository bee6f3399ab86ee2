"""reviewer sweep: one tick, from poll to record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reviewer_cli.cli import options


def sweep(
    repo: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH|OWNER/NAME",
            help="A repository to sweep, or a pattern such as OWNER/*. May be given several times.",
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, metavar="N", help="Reviews in flight at one moment; 4 if not configured."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Heads that one sweep works on at most; 50 if not configured."
        ),
    ] = None,
    engine: options.Engine = None,
    effort: options.Effort = None,
    merged_since: options.MergedSince = None,
    merged_issue: options.MergedIssue = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the work list with reasons; change nothing.")
    ] = False,
    as_json: options.Json = False,
    sarif: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write each review as a SARIF file into DIR."),
    ] = None,
    if_locked: Annotated[
        options.IfLocked, typer.Option(help="When another sweep runs: exit 75, or skip with 0.")
    ] = options.IfLocked.FAIL,
    config: options.Config = None,
    env: options.Environment = None,
    verbose: options.Verbose = False,
) -> None:
    """Review every open pull request whose head is new, once per commit."""
    from reviewer_cli import wiring
    from reviewer_cli.cli import running
    from reviewer_cli.errors import AlreadyRunning

    loaded = running.settings(
        config, env, engine=engine, effort=effort, batch_size=batch_size, limit=limit
    )
    plan = wiring.plan(loaded, repo or (), merged_since, merged_issue=merged_issue)
    if dry_run:
        running.rehearse(loaded, plan, as_json=as_json)
        return
    try:
        running.run(loaded, plan, as_json=as_json, verbose=verbose, sarif=sarif)
    except AlreadyRunning:
        if if_locked is options.IfLocked.FAIL:
            raise
