"""An examination on a terminal: a mark that reads without colour, what was found, the mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reviewer_cli.core.health import Health, Sign
from reviewer_cli.render.terminal import literal

MARK = {Health.GREEN: "✓", Health.AMBER: "!", Health.RED: "✗"}
STYLE = {Health.GREEN: "green", Health.AMBER: "yellow", Health.RED: "bold red"}


def checkup(signs: Sequence[Sign]) -> RenderableType:
    """One line for each sign, its mend below it, and how many there are of each colour."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for sign in signs:
        style = STYLE[sign.health]
        said = Text(literal(sign.said).plain)
        if sign.mend:
            said.append(f"\n→ {literal(sign.mend).plain}", style="dim")
        table.add_row(Text(MARK[sign.health], style=style), literal(sign.subject, "bold"), said)
    counts = Counter(sign.health for sign in signs)
    summary = ", ".join(f"{counts[one]} {one}" for one in Health if counts[one])
    return Group(table, Text(f"{summary}.", style="dim"))
