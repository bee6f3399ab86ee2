"""What a sweep prints when it ends: the reviews, what was not posted, and one line of sums."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from reviewer_cli.cli.output import to_json
from reviewer_cli.core.models import State
from reviewer_cli.errors import UsageError
from reviewer_cli.ledger.views import HeadHistory, HeadRecord
from reviewer_cli.render.breakers import breaker
from reviewer_cli.render.sarif import documents
from reviewer_cli.render.terminal import (
    STATE_STYLE,
    STATE_WORD,
    burial,
    head_name,
    literal,
    print_all,
    review,
    suggestion,
)
from reviewer_cli.sweep.rehearsal import Action, Rehearsal
from reviewer_cli.sweep.report import Report
from reviewer_cli.sweep.retro import UNREVIEWED

ACTION_STYLE = {
    Action.REVIEW: "bold green",
    Action.POST: "green",
    Action.SKIP: "dim",
    Action.WAIT: "yellow",
}


def show(
    report: Report,
    reviews: Sequence[HeadHistory],
    *,
    waiting: int = 0,
    known: Sequence[HeadRecord] = (),
    proposals: int = 0,
) -> None:
    """Print the report for people.

    `waiting` counts the heads whose time is still to come; `known` are heads that were
    asked for and are done already, `proposals` count what could be declared as known.
    """
    print_all(lines(report, reviews))
    if waiting and report.is_quiet:
        those = "1 head waits" if waiting == 1 else f"{waiting} heads wait"
        print_all([literal(f"{those} until later; reviewer status tells when.")])
    if proposals:
        print_all([suggestion(proposals)])
    for head in known:
        name = head.key.pull
        said = f"{name} is {head.state} at {head.key.sha[:12]} already ({head.reason or 'done'})"
        print_all([literal(f"{said}; reviewer ledger show {name} tells all.")])


def lines(report: Report, reviews: Sequence[HeadHistory]) -> list[RenderableType]:
    """The report as renderables, for the terminal and for pictures of it."""
    parts: list[RenderableType] = [review(one) for one in reviews]
    for ended in report.ended:
        if ended.state is not State.POSTED:
            word = STATE_WORD.get(ended.state, ended.state)
            parts.append(
                Text.assemble(
                    "· ",
                    head_name(ended.key, short=True),
                    (f"  {word}  ", STATE_STYLE[ended.state]),
                    literal(ended.reason, "dim"),
                )
            )
    parts += [literal(f"✗ {one.reason}", "red") for one in report.failures]
    parts += [breaker(one) for one in report.breakers]
    counts = report.counts
    if counts.polled or not (report.failures or report.error):
        parts.append(Text(summary(report), style="bold"))
    if counts.dead:
        parts.append(burial(counts.dead))
    return parts


def summary(report: Report) -> str:
    """One line: what the sweep saw and did."""
    counts = report.counts
    unreviewed = sum(one.reason == UNREVIEWED for one in report.ended)
    done = [
        f"{number} {word}"
        for number, word in (
            (counts.posted - unreviewed, "posted"),
            (unreviewed, UNREVIEWED),
            (counts.skipped, "skipped"),
            (counts.superseded, "superseded"),
            (counts.retried, "to be retried"),
            (counts.dead, "dead"),
        )
        if number
    ]
    heads = open_heads(counts.polled)
    if counts.new:
        heads = f"{heads}, {counts.new} new"
    if report.error is not None:
        done.append("stopped before the end")
    if not done:
        return f"{heads}, nothing new to review."
    money = f", ${counts.usd:.2f}" if counts.usd else ""
    return f"{heads}: {', '.join(done)}{money}."


def as_json(report: Report, reviews: Sequence[HeadHistory]) -> str:
    """The report for programs; `heads` holds every head that this sweep ended."""
    return to_json(
        {
            "sweep": report.sweep_id,
            "exit_code": report.exit_code,
            "error": str(report.error) if report.error else None,
            "counts": report.counts,
            "heads": report.ended,
            "failures": report.failures,
            "breakers": report.breakers,
            "reviews": reviews,
        }
    )


def write_sarif(directory: Path, reviews: Sequence[HeadHistory]) -> None:
    """Write each review as one SARIF file; raises UsageError when the directory takes none."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in documents(reviews).items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"The reviews are posted, but {directory} takes no file ({error.strerror})."
        ) from error


def show_rehearsal(rehearsal: Rehearsal) -> None:
    """Print the work list of a dry run."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("would", "head", "title", "why"):
        table.add_column(name)
    for one in rehearsal.heads:
        table.add_row(
            Text(one.action, style=ACTION_STYLE[one.action]),
            Text.assemble(head_name(one.key, short=True), " ", (one.key.sha[:8], "dim")),
            literal(one.title),
            literal(one.reason, "dim"),
        )
    todo = sum(one.action in (Action.REVIEW, Action.POST) for one in rehearsal.heads)
    print_all(
        [
            *([table] if rehearsal.heads else []),
            *(literal(f"✗ {failure.reason}", "red") for failure in rehearsal.failures),
            Text(f"{open_heads(rehearsal.open_heads)}, {todo} to work on now.", style="bold"),
        ]
    )


def open_heads(count: int) -> str:
    """So many of them, for a sentence."""
    return "1 open head" if count == 1 else f"{count} open heads"
