"""Draws the documentation's pictures out of a real sweep of the demo's repository.

The sweep runs as the command line runs it; its screens are recorded with rich and written as SVG
to docs/pictures/. The live view is the moment at which most heads were in review.
"""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, RenderableType

from demo.shop import build
from reviewer_cli import wiring
from reviewer_cli.cli import results
from reviewer_cli.config.load import Loaded
from reviewer_cli.config.settings import EngineTable, Settings, SweepTable
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.ledger.records import reading
from reviewer_cli.ports.engine import Reply, ReviewRequest
from reviewer_cli.render import terminal
from reviewer_cli.render.board import Board
from reviewer_cli.sweep.tick import tick
from reviewer_cli.telemetry import Event, HeadEnded, Phase, PhaseChanged

PICTURES = Path("docs/pictures")
WIDTH = 92
# The reader's own monospaced font: a picture must not fetch anything.
OWN_FONTS = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def main() -> None:
    """Sweep the shop once and draw the live view, one review and the status."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        settings = Settings(
            state_dir=str(place / "state"),
            cache_dir=str(place / "cache"),
            engine=EngineTable(name="offline"),
            sweep=SweepTable(batch_size=2),
        )
        loaded = Loaded(settings=settings, path=None)
        plan = wiring.plan(loaded, [str(build(place / "shop"))])
        camera = Camera(plan.batch_size)
        where = wiring.places(loaded)
        with wiring.doors(settings, where, plan, camera.observe) as doors:
            report = asyncio.run(tick(replace(doors, engine=Unhurried()), plan))
        with reading(where.ledger) as records:
            reviews = records.posted_in(report.sweep_id)
            status = terminal.status(records.status(time.time()), time.time())
    draw("sweep", "reviewer sweep --repo shop --engine offline", camera.best)
    wanted = [one for one in reviews if one.head.key.pull == "patch-1"]
    draw("review", "the review of a hostile branch", *map(terminal.review, wanted))
    last = results.lines(report, [one for one in reviews if one.head.key.pull == "feature/search"])
    draw("result", "the end of a sweep", *last)
    draw("status", "reviewer status", status)


class Unhurried(OfflineEngine):
    """The offline engine at a model's pace, since its own is too fast for a picture."""

    async def review(self, request: ReviewRequest) -> Reply:
        """The same answer, later."""
        await asyncio.sleep(0.3 + 0.1 * (request.diff.changed_line_count() % 7))
        return await super().review(request)


class Camera:
    """Watches a sweep's events and keeps the view in which most was going on."""

    def __init__(self, batch_size: int) -> None:
        self._board = Board(time.monotonic, batch_size)
        self._reviewing: set[object] = set()
        self._ended = 0
        self._most = (0, 0)
        self.best: RenderableType = ""

    def observe(self, event: Event) -> None:
        """Take a picture when this moment is the best so far."""
        self._board.observe(event)
        if isinstance(event, PhaseChanged):
            change = (
                self._reviewing.add if event.phase is Phase.REVIEWING else self._reviewing.discard
            )
            change(event.key)
        elif isinstance(event, HeadEnded):
            self._ended += 1
            self._reviewing.discard(event.key)
        moment = (min(self._ended, 1), len(self._reviewing))
        if moment > self._most:
            self._most = moment
            recorder = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True)
            recorder.print(self._board)
            self.best = _Ansi(recorder.export_text(styles=True))


class _Ansi:
    """A recorded screen as something to print again."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich__(self) -> RenderableType:
        from rich.text import Text

        return Text.from_ansi(self._text.rstrip("\n"))


def draw(name: str, title: str, *parts: RenderableType) -> None:
    """Write one picture; its id is its name, so that drawing it again changes nothing else."""
    recorder = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True)
    for part in parts:
        recorder.print(part)
    path = PICTURES / f"{name}.svg"
    path.write_text(
        recorder.export_svg(title=title, unique_id=name, code_format=OWN_FONTS), encoding="utf-8"
    )
    print(path)


if __name__ == "__main__":
    main()
