"""reviewer ledger: what is recorded of each head."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from reviewer_cli.cli import ledger_advice, ledger_care, options
from reviewer_cli.cli.results import open_heads
from reviewer_cli.core.models import State

app = typer.Typer(
    help="Look into the ledger and care for it.", no_args_is_help=True, rich_markup_mode=None
)
app.command("check")(ledger_care.check)
app.command("backup")(ledger_care.backup)
app.command("export")(ledger_care.export)
app.command("retry")(ledger_care.retry)
app.command("proposals")(ledger_advice.proposals)
app.command("baseline")(ledger_advice.baseline)


@app.command("list")
def list_heads(
    state: Annotated[State | None, typer.Option(help="Only heads in this state.")] = None,
    repo: Annotated[
        str | None, typer.Option(help="Only repositories with this in their name.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many at most.")] = 50,
    as_json: options.Json = False,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Heads, the last changed first."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.ledger.records import reading
    from reviewer_cli.render import terminal

    with reading(ledger_of(config, env)) as records:
        found = records.heads(state, repo, limit)
    if as_json:
        typer.echo(to_json({"heads": found}))
    else:
        terminal.print_all([terminal.heads(found, time.time())])


@app.command("show")
def show(
    head: Annotated[
        str,
        typer.Argument(
            metavar="HEAD",
            help="A row's id, a pull request's name, REPOSITORY@BRANCH, or a SHA's beginning.",
            show_default=False,
        ),
    ],
    as_json: options.Json = False,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Everything that is known of a head, or of a whole pull request: what was said and done."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.errors import UsageError
    from reviewer_cli.ledger.records import reading
    from reviewer_cli.render import terminal
    from reviewer_cli.render.history import history
    from reviewer_cli.render.story import story

    with reading(ledger_of(config, env)) as records:
        told = [records.history(one) for one in records.find(head)]
        stories = records.stories(head)
    if not told:
        raise UsageError(f"The ledger knows no head {head!r}; see reviewer ledger list.")
    if as_json:
        pulls = [{"pull": one.pull, "commands": one.commands} for one in stories]
        typer.echo(to_json({"heads": told, "pulls": pulls}))
        return
    in_stories = {one.head.head_id for each in stories for one in each.heads}
    alone = [history(one, time.time()) for one in told if one.head.head_id not in in_stories]
    terminal.print_all([*(story(one, time.time()) for one in stories), *alone])


@app.command("rebuild")
def rebuild(
    repo: Annotated[
        list[str] | None,
        typer.Option(help="Only this repository: a path, or OWNER/NAME. May be given repeatedly."),
    ] = None,
    as_json: options.Json = False,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Find the reviews that the hosts already have of open heads; reviews and posts nothing."""
    import asyncio
    import os

    from reviewer_cli import wiring
    from reviewer_cli.cli.output import to_json
    from reviewer_cli.config.environments import keep_apart
    from reviewer_cli.config.load import load
    from reviewer_cli.render import terminal
    from reviewer_cli.sweep.rebuild import rebuild as from_the_hosts
    from reviewer_cli.sweep.report import PARTIAL

    loaded = load(config, os.environ, env)
    keep_apart(loaded, os.environ)
    plan, where = wiring.plan(loaded, repo or ()), wiring.places(loaded)
    with wiring.doors(loaded.settings, where, plan, lambda event: None) as doors:
        rebuilt = asyncio.run(from_the_hosts(doors, plan))
    if as_json:
        typer.echo(to_json(rebuilt))
    else:
        out = terminal.console()
        for failure in rebuilt.failures:
            out.print(terminal.literal(f"✗ {failure.reason}", "red"))
        out.print(f"{open_heads(rebuilt.open_heads)}, {len(rebuilt.found)} found reviewed.")
    if rebuilt.failures:
        raise typer.Exit(PARTIAL)
