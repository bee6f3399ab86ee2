"""Asking in the terminal which of the findings drawn at random are right."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from reviewer_cli.core.periods import Span
    from reviewer_cli.ledger.store import Store

QUIT, SKIP = "q", "s"


def ask(store: Store, span: Span, scope: str) -> None:
    """Ask about one finding after the other and keep each answer at once; the end of input quits.

    What became of a finding is told only behind the answer.
    """
    from reviewer_cli.digest.labelling import ANSWERS, answered, to_label
    from reviewer_cli.render import terminal

    waiting = tuple(to_label(store, span, scope))
    for number, one in enumerate(waiting, 1):
        where = f"{number} of {len(waiting)}: {one.repo}, pull request {one.pull}"
        terminal.print_all([terminal.literal(where, "dim"), terminal.finding(one.finding)])
        letter = _answer((*ANSWERS, SKIP, QUIT))
        if letter == QUIT:
            return
        if letter in ANSWERS:
            said = answered(store, one, ANSWERS[letter], time.time())
            terminal.print_all([terminal.literal(f"{said}\n", "dim")])
    typer.echo(
        "All of them were asked about; `reviewer digest` counts the labels from the next week on."
        if waiting
        else "No finding of that time waits for a label."
    )


def _answer(letters: tuple[str, ...]) -> str:
    """The letter that a person types, asked for until it is one of these."""
    from reviewer_cli.digest.labelling import QUESTION

    while True:
        typer.echo(f"{QUESTION}: ", nl=False)
        line = sys.stdin.readline()
        if not line:
            typer.echo()
            return QUIT
        if (letter := line.strip().lower()) in letters:
            return letter
        typer.echo(f"Type one of {', '.join(letters)}.")
