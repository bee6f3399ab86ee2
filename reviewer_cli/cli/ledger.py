"""reviewer ledger: what is recorded of each head."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from reviewer_cli.cli import options
from reviewer_cli.core.models import State

app = typer.Typer(help="Look into the ledger.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_heads(
    state: Annotated[State | None, typer.Option(help="Only heads in this state.")] = None,
    repo: Annotated[
        str | None, typer.Option(help="Only repositories with this in their name.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many at most.")] = 50,
    as_json: options.Json = False,
    config: options.Config = None,
) -> None:
    """Heads, the last changed first."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.ledger.records import reading
    from reviewer_cli.render import terminal

    with reading(ledger_of(config)) as records:
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
) -> None:
    """Everything that is known of a head: its state, findings, passes and cost."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.errors import UsageError
    from reviewer_cli.ledger.records import reading
    from reviewer_cli.render import terminal

    with reading(ledger_of(config)) as records:
        told = [records.history(one) for one in records.find(head)]
    if not told:
        raise UsageError(f"The ledger knows no head {head!r}; see reviewer ledger list.")
    if as_json:
        typer.echo(to_json({"heads": told}))
        return
    terminal.print_all([terminal.history(one, time.time()) for one in told])
