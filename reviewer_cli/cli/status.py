"""reviewer status: the queue at a glance."""

from __future__ import annotations

import time

import typer

from reviewer_cli.cli import options


def status(
    as_json: options.Json = False, config: options.Config = None, env: options.Environment = None
) -> None:
    """Show the queue, what is unfinished, the last sweeps and the spend."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.digest.delivering import unsettled
    from reviewer_cli.ledger.records import reading
    from reviewer_cli.render import terminal
    from reviewer_cli.render.breakers import breaker

    now = time.time()
    with reading(ledger_of(config, env)) as records:
        seen = records.status(now)
    if as_json:
        typer.echo(to_json(seen))
    else:
        late = [terminal.literal(one, "yellow") for one in unsettled(seen.deliveries)]
        terminal.print_all([terminal.status(seen, now), *map(breaker, seen.breakers), *late])
