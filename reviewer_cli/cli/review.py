"""reviewer review: one pull request now, through the same story and the same ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from reviewer_cli.cli import options


def review(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PULL",
            help="The pull request: OWNER/NAME#NUMBER or PATH@BRANCH.",
            show_default=False,
        ),
    ],
    engine: options.Engine = None,
    effort: options.Effort = None,
    as_json: options.Json = False,
    config: options.Config = None,
    env: options.Environment = None,
    verbose: options.Verbose = False,
) -> None:
    """Review one pull request now, even one that a rule skips."""
    from reviewer_cli import wiring
    from reviewer_cli.cli import running

    loaded = running.settings(
        config, env, engine=engine, effort=effort, batch_size=None, limit=None
    )
    plan = wiring.plan_for_one(loaded, target)
    running.run(loaded, plan, as_json=as_json, verbose=verbose)
