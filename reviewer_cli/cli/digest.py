"""reviewer digest: what the reviews of a week were worth, what they cost, and what to change."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import date, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reviewer_cli.cli import options

if TYPE_CHECKING:
    from reviewer_cli.core.digest import Digest
    from reviewer_cli.core.periods import Span


NOT_WITH_DELIVER = (
    "--deliver sends what is configured to who is configured; leave out --repo, --format, --output "
    "and --label."
)

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Dates of other years have no weeks before or after them with which to compare."""
NO_SUCH_YEAR = f"Name a time between the years {FIRST_YEAR} and {LAST_YEAR}."


class FormatName(StrEnum):
    """What a digest is printed as."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


STANDARD_OUTPUT = Path("-")

Output = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write it there; .html, .md and .json say as what. - is the standard output.",
    ),
]


def digest(
    week: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-Www", help="A week, such as 2026-W47; the last whole one if not given."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Instead of a week: the first day.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="The last day, which is in it as a whole.")
    ] = None,
    repo: Annotated[
        str, typer.Option(metavar="NAME", help="Tell of this repository only.", show_default=False)
    ] = "",
    form: Annotated[
        FormatName | None,
        typer.Option("--format", help="As what; terminal on a terminal, else markdown."),
    ] = None,
    output: Output = None,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Send it to every channel that did not get it yet.")
    ] = False,
    again: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL", help="With --deliver: send it there in any case."),
    ] = None,
    label: Annotated[
        bool, typer.Option("--label", help="Ask which of the findings drawn at random are right.")
    ] = False,
    config: options.Config = None,
    env: options.Environment = None,
) -> None:
    """Tell what the reviews of a week were worth, what they cost, and what to do about it."""
    from reviewer_cli.cli import digesting, labelling, running
    from reviewer_cli.cli.output import ledger_of
    from reviewer_cli.errors import UsageError
    from reviewer_cli.ledger.store import Store

    loaded = running.settings(config, env, engine=None, effort=None, batch_size=None, limit=None)
    span = _span(week, since, until, loaded.settings.digest.zone, time.time())
    if again and not deliver:
        raise UsageError("--again says what --deliver sends once more; add --deliver.")
    if deliver and (repo or form or output or label):
        raise UsageError(NOT_WITH_DELIVER)
    path = ledger_of(config, env)
    if deliver:
        raise typer.Exit(digesting.send(loaded, span, tuple(again or ())))
    if label and (form or output):
        raise UsageError("--label asks here; leave out --format and --output.")
    chosen = _form(form, output)
    with closing(Store(path)) as store:
        if label:
            labelling.ask(store, span, repo)
        else:
            _print(digesting.shown_digest(loaded, store, span, repo), chosen, output)


def _span(week: str | None, since: str | None, until: str | None, zone: tzinfo, now: float) -> Span:
    """The time that is asked for; raises UsageError where there is none, or it is still to come."""
    from reviewer_cli.core import periods
    from reviewer_cli.errors import UsageError

    if (since is None) is not (until is None) or (week and since):
        raise UsageError("Name a --week, or both --since and --until, or nothing of these.")
    try:
        if since is not None and until is not None:
            span = periods.days(_day(since), _day(until), zone)
        else:
            span = periods.week(week, zone) if week else periods.last_week(now, zone)
        years = [int(periods.iso(at, zone)[:4]) for at in (span.since, span.until)]
    except OverflowError:
        raise UsageError(NO_SUCH_YEAR) from None
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    if span.since > now:
        raise UsageError("That has not begun yet; name a time of which there is something to tell.")
    if min(years) < FIRST_YEAR or max(years) > LAST_YEAR:
        raise UsageError(NO_SUCH_YEAR)
    return span


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day; days are written as 2026-11-23") from None


def _form(form: FormatName | None, output: Path | None) -> FormatName:
    """As what it is printed; raises UsageError where a file cannot be that."""
    from reviewer_cli.errors import ConfigurationError, UsageError
    from reviewer_cli.notify.file import form_of

    if output is None:
        return form or (FormatName.TERMINAL if sys.stdout.isatty() else FormatName.MARKDOWN)
    if output == STANDARD_OUTPUT:
        return form or FormatName.MARKDOWN
    if form is FormatName.TERMINAL:
        raise UsageError("A file is markdown, html or json; leave --output out for the terminal.")
    if form is not None:
        return form
    try:
        return FormatName(form_of(output).value)
    except ConfigurationError as error:
        raise UsageError(f"{error} Or add --format.") from None


def _print(told: Digest, form: FormatName, output: Path | None) -> None:
    from reviewer_cli.digest.notice import written
    from reviewer_cli.notify.file import write
    from reviewer_cli.ports.notices import Form
    from reviewer_cli.sweep.outgoing import masked_text

    if form is FormatName.TERMINAL:
        from reviewer_cli.render.digest_terminal import show_digest
        from reviewer_cli.render.terminal import console

        show_digest(told, console())
        return
    text = masked_text(written(told, Form(form.value)))
    if output is not None and output != STANDARD_OUTPUT:
        write(output, text)
    else:
        # As bytes: a digest is UTF-8 whatever the terminal's encoding is.
        typer.echo(text.encode("utf-8", "backslashreplace"), nl=False)
