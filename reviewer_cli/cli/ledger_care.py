"""reviewer ledger check, backup, export and retry: keeping the ledger, and its dead heads."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from reviewer_cli.cli import options

STANDARD_OUTPUT = "-"


def check(
    as_json: options.Json = False, config: options.Config = None, env: options.Environment = None
) -> None:
    """Look through the whole ledger; ends with 78 and says what is wrong when it is not sound."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.errors import LedgerRefused
    from reviewer_cli.ledger.audit import examined
    from reviewer_cli.render import terminal

    path = ledger_of(config, env)
    faults = examined(path)
    if as_json:
        typer.echo(to_json({"ledger": str(path), "sound": not faults, "faults": faults}))
    elif faults:
        terminal.print_all([terminal.literal(f"✗ {one}", "red") for one in faults])
    else:
        terminal.print_all([terminal.literal(f"✓ {path} is sound", "green")])
    if faults:
        raise LedgerRefused(
            f"The ledger {path} is not sound; it was left untouched. Restore a backup, or move it "
            "away and run reviewer ledger rebuild."
        )


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Copy the ledger, also while a sweep runs, and check the copy."""
    from reviewer_cli.cli.output import ledger_of
    from reviewer_cli.ledger.audit import back_up
    from reviewer_cli.render import terminal

    back_up(ledger_of(config, env), file)
    terminal.print_all([terminal.literal(f"✓ {file} is a checked copy of the ledger", "green")])


def export(
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="A file that is not there yet, or - for here.")
    ] = STANDARD_OUTPUT,
    table: Annotated[
        options.TableName, typer.Option(help="What to tell of.")
    ] = options.TableName.HEADS,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Write one table as JSON lines, without secrets."""
    from reviewer_cli.cli.output import ledger_of
    from reviewer_cli.ledger.export import Table, rows

    lines = rows(ledger_of(config, env), Table(table))
    with _output(file) as out:
        for line in lines:
            out.write(f"{line}\n")


def retry(
    head: Annotated[
        str | None,
        typer.Argument(metavar="[HEAD]", help="A head as in ledger show.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every dead head.")] = False,
    as_json: options.Json = False,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Let the next sweep try dead heads anew; a saved review is posted without paying again."""
    from reviewer_cli.cli.output import ledger_of, to_json
    from reviewer_cli.errors import UsageError
    from reviewer_cli.ledger.revival import revive, revive_all
    from reviewer_cli.render import terminal

    if (head is None) is not everything:
        raise UsageError("Name a dead head, or say --all; see reviewer ledger list --state dead.")
    path = ledger_of(config, env)
    revived = revive_all(path, time.time()) if head is None else revive(path, head, time.time())
    if as_json:
        typer.echo(to_json({"retried": revived}))
    else:
        heads = "1 head is" if len(revived) == 1 else f"{len(revived)} heads are"
        terminal.print_all([terminal.literal(f"{heads} due at the next sweep.")])


@contextmanager
def _output(file: str) -> Iterator[TextIO]:
    """Standard output, or a new private file; raises UsageError when it cannot be written."""
    from reviewer_cli.errors import UsageError

    if file == STANDARD_OUTPUT:
        yield sys.stdout
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            yield out
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written ({error.strerror}); name a file that does not exist yet."
        ) from error
