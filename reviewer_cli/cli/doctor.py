"""reviewer doctor: would a sweep work here, and if not, what mends it."""

from __future__ import annotations

from typing import Annotated

import typer

from reviewer_cli.cli import options


def doctor(
    repo: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH|OWNER/NAME", help="Look at this instead of what is configured."),
    ] = None,
    engine: options.Engine = None,
    as_json: options.Json = False,
    config: options.Config = None,
    environment: options.Environment = None,
) -> None:
    """Look at everything a sweep needs and say what mends it; nothing is reviewed or posted."""
    from reviewer_cli.cli import running
    from reviewer_cli.cli.output import to_json
    from reviewer_cli.core.health import exit_code
    from reviewer_cli.render import health, terminal
    from reviewer_cli.wiring.checkup import checkup

    loaded = running.settings(
        config, environment, engine=engine, effort=None, batch_size=None, limit=None
    )
    signs = tuple(checkup(loaded, repo or ()))
    code = exit_code(signs)
    if as_json:
        typer.echo(to_json({"exit_code": code, "signs": signs}))
    else:
        terminal.print_all([health.checkup(signs)])
    raise typer.Exit(code)
