"""The command line as a whole: which commands there are."""

from __future__ import annotations

from typing import Annotated

import typer

from reviewer_cli import __version__
from reviewer_cli.cli import digest, doctor, ledger, review, status, sweep

app = typer.Typer(
    name="reviewer",
    help="Review pull requests on a schedule: one idempotent review per commit.",
    no_args_is_help=True,
    # Local variables of a frame can hold secrets, and our own errors are sentences.
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
app.command("sweep")(sweep.sweep)
app.command("review")(review.review)
app.command("digest")(digest.digest)
app.command("doctor")(doctor.doctor)
app.command("status")(status.status)
app.add_typer(ledger.app, name="ledger")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"reviewer {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Review pull requests on a schedule: one idempotent review per commit."""
