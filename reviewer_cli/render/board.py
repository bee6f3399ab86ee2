"""The live view of a sweep: the queue rising and draining, each head with its phase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from reviewer_cli.core.models import HeadKey, State
from reviewer_cli.render.markdown import count_by_severity
from reviewer_cli.render.terminal import STATE_STYLE, STATE_WORD, head_name, literal, span
from reviewer_cli.telemetry import (
    Event,
    HeadEnded,
    Paused,
    Phase,
    PhaseChanged,
    Polled,
    RepositoryFailed,
)

SHOWN_ENDED = 8
BAR_WIDTH = 60
AHEAD = (Phase.PREPARING, Phase.READY)
"""Phases of heads that are made ready while they wait for a place in the batch."""
PHASE_STYLE = {
    Phase.PREPARING: "dim",
    Phase.READY: "dim",
    Phase.REVIEWING: "bold blue",
    Phase.SAVED: "green",
    Phase.POSTING: "green",
}


@dataclass(frozen=True, slots=True)
class _Active:
    phase: Phase
    note: str
    since: float


class Board:
    """Listens to a sweep's events and draws what they add up to."""

    def __init__(self, clock: Callable[[], float], batch_size: int) -> None:
        self._clock = clock
        self._batch_size = batch_size
        self._started = clock()
        self._open: int | None = None
        self._due = 0
        self._active: dict[HeadKey, _Active] = {}
        self._ended: list[HeadEnded] = []
        self._skipped = 0
        self._spent = 0.0
        self._failures: list[RepositoryFailed] = []
        self._paused_until = 0.0
        self._pause_reason = ""
        self._spinner = Spinner("dots")

    def observe(self, event: Event) -> None:
        """Take in one event."""
        now = self._clock()
        if isinstance(event, Polled):
            self._open, self._due = event.open_heads, event.due
        elif isinstance(event, PhaseChanged):
            self._active[event.key] = _Active(event.phase, event.note, now)
        elif isinstance(event, HeadEnded):
            self._take_end(event)
        elif isinstance(event, RepositoryFailed):
            self._failures.append(event)
        elif isinstance(event, Paused):
            self._paused_until = now + event.seconds
            self._pause_reason = event.reason

    def _take_end(self, event: HeadEnded) -> None:
        worked_on = self._active.pop(event.key, None) is not None
        self._spent += event.usd
        if worked_on:
            self._ended.append(event)
        else:
            self._skipped += 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._lines()

    def _lines(self) -> list[RenderableType]:
        now = self._clock()
        lines: list[RenderableType] = [self._summary(now)]
        if self._due:
            lines.append(self._bar())
        lines.append(Group(*(self._ended_line(one) for one in self._ended[-SHOWN_ENDED:])))
        if self._active:
            lines.append(self._active_table(now))
        lines += [literal(f"✗ {one.reason}", "red") for one in self._failures]
        if self._paused_until > now:
            left = span(self._paused_until - now)
            lines.append(literal(f"⏸ paused for {left}: {self._pause_reason}", "yellow"))
        return lines

    def _summary(self, now: float) -> Text:
        if self._open is None:
            return Text(f"asking for open pull requests … {span(now - self._started)}", "dim")
        begun = sum(one.phase not in AHEAD for one in self._active.values())
        waiting = self._due - len(self._ended) - begun
        return Text.assemble(
            (f"{max(0, waiting)} waiting", "bold"),
            (f"  {self._reviewing()}/{self._batch_size} in review", "bold blue"),
            (f"  {len(self._ended)} done", "green"),
            (f"  {self._skipped} skipped" if self._skipped else "", "dim"),
            (f"  ${self._spent:.2f}", "dim"),
            (f"  {span(now - self._started)}", "dim"),
        )

    def _bar(self) -> Text:
        done = BAR_WIDTH * len(self._ended) // self._due
        reviewing = BAR_WIDTH * self._reviewing() // self._due
        rest = BAR_WIDTH - done - reviewing
        return Text.assemble(("━" * done, "green"), ("━" * reviewing, "blue"), ("─" * rest, "dim"))

    def _reviewing(self) -> int:
        return sum(one.phase is Phase.REVIEWING for one in self._active.values())

    def _ended_line(self, event: HeadEnded) -> Text:
        word = STATE_WORD.get(event.state, event.state)
        detail = (
            count_by_severity(event.severities) if event.state is State.POSTED else event.reason
        )
        mark = "✓" if event.state is State.POSTED else "·"
        return Text.assemble(
            (f"{mark} ", STATE_STYLE[event.state]),
            head_name(event.key, short=True),
            (f"  {word}  ", STATE_STYLE[event.state]),
            literal(detail, "dim"),
        )

    def _active_table(self, now: float) -> Table:
        table = Table.grid(padding=(0, 2))
        for key, active in self._active.items():
            table.add_row(
                self._spinner.render(now) if active.phase is Phase.REVIEWING else Text(" "),
                head_name(key, short=True),
                Text(f"{active.phase} {active.note}".rstrip(), style=PHASE_STYLE[active.phase]),
                Text(span(now - active.since), style="dim"),
            )
        return table
