"""A digest on a terminal of 80 columns or more; it reads without colour, and in plain ASCII too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from reviewer_cli.core.digest import Advice, Digest
from reviewer_cli.core.digest_figures import period
from reviewer_cli.core.digest_words import recorded, written_for
from reviewer_cli.core.sanitise import one_line, visible
from reviewer_cli.render.digest_sections import details
from reviewer_cli.render.digest_tables import (
    LABEL_HINT,
    Counsel,
    Section,
    Table,
    advised,
    changes,
    figures,
    nearly_missed,
    to_judge,
)
from reviewer_cli.render.digest_trends import trend_table, trends
from reviewer_cli.render.terminal import literal

TONES = {"better": "bold green", "worse": "bold red"}
VERDICT = 3
"""The column of a table of changes that its tone is about."""
MOST_OF_A_CELL = 100
ROOMY = 100
"""Columns from which on the table of changes has room for what it rests on."""
BAR_WIDTH = 12
EIGHTHS = " ▏▎▍▌▋▊▉"
PLAIN = str.maketrans("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉▲▼·…→“”", '_.:-=+*#   ####^v.~>""')
"""For a terminal that has no more than ASCII; one character each, so that columns stay."""


def show_digest(digest: Digest, console: Console) -> None:
    """Print a digest; a file gets no blanks at the ends of its lines."""
    view = digest_view(digest, console.width)
    is_plain = not console.encoding.lower().startswith("utf")
    if console.is_terminal and not is_plain:
        console.print(view)
        return
    with console.capture() as captured:
        console.print(view)
    text = "\n".join(line.rstrip() for line in captured.get().split("\n"))
    if is_plain:
        told = text.translate(PLAIN).encode(console.encoding, "replace")
        text = told.decode(console.encoding)
    console.out(text, end="", highlight=False)


def digest_view(digest: Digest, width: int) -> RenderableType:
    """All of a digest as something to print in so many columns."""
    return Group(*_parts(digest, width))


def _parts(digest: Digest, width: int) -> Iterator[RenderableType]:
    yield from _head(digest)
    yield from _section(changes(digest) if width >= ROOMY else _short(changes(digest)))
    yield from _advice(advised(digest))
    yield from _findings(nearly_missed(digest))
    yield from _findings(to_judge(digest))
    if digest.draw:
        yield Padding(literal(LABEL_HINT, "dim"), (0, 0, 0, 2))
    followed = trend_table(trends(digest))
    if followed.rows:
        yield _heading(followed.caption)
        yield _grid(followed)
    for one in details(digest):
        yield from _section(one)


def _head(digest: Digest) -> Iterator[RenderableType]:
    scope = f" of {one_line(digest.scope, 60)}" if digest.scope else ""
    yield Text.assemble((f"Review quality{scope}  ", "dim"), literal(period(digest.period)))
    if note := recorded(digest.period):
        yield literal(note, "yellow")
    yield Text()
    for at, sentence in enumerate(digest.headline):
        yield literal(sentence, "" if at else "bold")
    yield Text()
    grid = Grid.grid(padding=(0, 2))
    for one in figures(digest):
        grid.add_row(Text(one.name), Text(one.value, style="bold"), Text(one.detail, style="dim"))
    yield Padding(grid, (0, 0, 0, 2))
    if digest.words is not None:
        yield Text()
        yield literal(digest.words.text, "italic")
        yield literal(
            f"Written by {digest.words.model}{written_for(digest.words)}, not computed.", "dim"
        )


def _heading(title: str) -> RenderableType:
    return Text(f"\n{title}", style="bold")


def _section(told: Section) -> Iterator[RenderableType]:
    if not told.sentences and not told.tables:
        return
    yield _heading(told.title)
    for sentence in told.sentences:
        yield literal(sentence)
    for at, one in enumerate(told.tables):
        if at or told.sentences:
            yield Text()
        if len(told.tables) > 1:
            yield Padding(Text(one.caption, style="underline"), (0, 0, 0, 2))
        yield _grid(one)


def _short(told: Section) -> Section:
    return replace(told, tables=tuple(_without_last(one) for one in told.tables))


def _without_last(told: Table) -> Table:
    rows = tuple(row[:-1] for row in told.rows)
    return replace(told, columns=told.columns[:-1], sides=told.sides[:-1], rows=rows)


def _grid(told: Table) -> RenderableType:
    grid = Grid(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, side in zip(told.columns, told.sides, strict=True):
        is_number = side == "r"
        grid.add_column(
            name, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold"
        )
    if told.bars:
        grid.add_column("", no_wrap=True)
    for at, row in enumerate(told.rows):
        bars = [_bar(told.bars[at])] if told.bars else []
        cells = [literal(one_line(text, MOST_OF_A_CELL)) for text in row]
        if told.tones and told.tones[at]:
            cells[0].stylize("bold")
            cells[VERDICT].stylize(TONES[told.tones[at]])
        grid.add_row(*cells, *bars)
    parts: list[RenderableType] = [grid]
    if told.note:
        parts.append(literal(told.note, "dim"))
    return Padding(Group(*parts), (0, 0, 0, 2))


def _bar(share: float | None) -> Text:
    """A share as a bar of blocks, to an eighth of one."""
    eighths = round(8 * BAR_WIDTH * min(1.0, max(0.0, share or 0.0)))
    whole, rest = divmod(eighths, 8)
    return Text("█" * whole + (EIGHTHS[rest] if rest else ""), style="blue")


def _advice(counsels: tuple[Counsel, ...]) -> Iterator[RenderableType]:
    if counsels:
        yield _heading("What to do")
    for counsel in counsels:
        yield Padding(Text(counsel.title, style="underline"), (0, 0, 0, 2))
        for one in counsel.pieces:
            yield Padding(_piece(one), (0, 0, 0, 2))


def _piece(one: Advice) -> RenderableType:
    parts: list[RenderableType] = [
        Text.assemble(literal(one.sentence), " ", literal(one.evidence, "dim"))
    ]
    if one.text:
        parts.append(literal(f"Into {one.file}:", "dim"))
        parts.append(Padding(Text(visible(one.text.rstrip()), style="cyan"), (0, 0, 0, 2)))
    return Group(*parts)


def _findings(told: Table) -> Iterator[RenderableType]:
    """Two lines for each finding: a table would break paths at 80 columns."""
    if told.rows:
        yield _heading(told.caption)
    for title, *rest in told.rows:
        yield Padding(literal(one_line(title, 2 * MOST_OF_A_CELL)), (0, 0, 0, 2))
        yield Padding(literal("; ".join(rest), "dim"), (0, 0, 0, 4))
