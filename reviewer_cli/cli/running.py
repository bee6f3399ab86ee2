"""Running one sweep for a command: settings, live view, signals, and what is printed at the end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:  # a command that only prints help must not pay for these
    from reviewer_cli.config.load import Loaded
    from reviewer_cli.sweep.plan import Doors, Plan
    from reviewer_cli.sweep.report import Report
    from reviewer_cli.telemetry import Event

REFRESH_S = 0.125


def settings(
    config: Path | None,
    environment: str | None,
    *,
    engine: str | None,
    effort: str | None,
    batch_size: int | None,
    limit: int | None,
) -> Loaded:
    """The configuration with what the command line says on top of it."""
    from reviewer_cli.config.load import load
    from reviewer_cli.ports.engine import Effort

    loaded = load(config, os.environ, environment)
    base = loaded.settings
    engine_changes = {"name": engine} if engine else {}
    if effort:
        engine_changes["effort"] = Effort(effort)
    sweep_changes = {
        name: value for name, value in (("batch_size", batch_size), ("limit", limit)) if value
    }
    changed = base.model_copy(
        update={
            "engine": base.engine.model_copy(update=engine_changes),
            "sweep": base.sweep.model_copy(update=sweep_changes),
        }
    )
    return replace(loaded, settings=changed)


def run(
    loaded: Loaded, plan: Plan, *, as_json: bool, verbose: bool, sarif: Path | None = None
) -> None:
    """Sweep once and print what came of it; ends the process with the sweep's exit code."""
    from reviewer_cli import wiring
    from reviewer_cli.cli import results
    from reviewer_cli.cli.digesting import after_sweep
    from reviewer_cli.config.environments import keep_apart
    from reviewer_cli.ledger.records import reading
    from reviewer_cli.telemetry import log_event, log_to_error_output

    keep_apart(loaded, os.environ)
    where = wiring.places(loaded)
    view = _View(plan.batch_size)

    def observe(event: Event) -> None:
        view.observe(event)
        if verbose:
            log_event(event)

    if verbose:
        log_to_error_output(logging.INFO)
    with wiring.doors(loaded.settings, where, plan, observe) as doors:
        report = _to_the_end(doors, plan, view)
        undelivered = after_sweep(loaded, plan, doors.ledger.store)
    with reading(where.ledger) as records:
        reviews = records.posted_in(report.sweep_id)
        known = records.find(plan.only_pull)[:1] if plan.only_pull and report.is_quiet else ()
        waiting = records.status(time.time()).waiting if report.is_quiet else 0
        proposals = 0 if report.is_quiet else len(records.proposals())
    if sarif is not None:
        results.write_sarif(sarif, reviews)
    if as_json:
        typer.echo(results.as_json(report, reviews))
    elif not report.is_quiet or sys.stdout.isatty():
        results.show(report, reviews, waiting=waiting, known=known, proposals=proposals)
    if report.error is not None:
        raise report.error
    raise typer.Exit(report.exit_code or undelivered)


def rehearse(loaded: Loaded, plan: Plan, *, as_json: bool) -> None:
    """Print what a sweep would do, and do nothing."""
    from reviewer_cli import wiring
    from reviewer_cli.cli import output, results
    from reviewer_cli.config.environments import refuse_shared
    from reviewer_cli.sweep.rehearsal import rehearse as first_verbs

    refuse_shared(loaded, os.environ)
    with wiring.rehearsal_doors(loaded.settings, wiring.places(loaded), plan) as doors:
        planned = asyncio.run(first_verbs(doors, plan))
    if as_json:
        typer.echo(output.to_json(planned))
    else:
        results.show_rehearsal(planned)


def _to_the_end(doors: Doors, plan: Plan, view: _View) -> Report:
    heard: list[signal.Signals] = []
    try:
        return asyncio.run(_with_signals(doors, plan, view, heard))
    except asyncio.CancelledError:
        raise _stopped((*heard, signal.SIGTERM)[0]) from None
    except KeyboardInterrupt:  # before the loop listened
        raise _stopped(signal.SIGINT) from None


def _stopped(by: signal.Signals) -> typer.Exit:
    from reviewer_cli.telemetry import say

    say("reviewer: stopped by a signal; what was not finished is due again, and nothing is lost.")
    return typer.Exit(128 + by)


async def _with_signals(
    doors: Doors, plan: Plan, view: _View, heard: list[signal.Signals]
) -> Report:
    """The first SIGTERM or Ctrl-C lets the reviews in work end, the second gives all rows back."""
    from reviewer_cli.sweep.tick import tick

    def hear(number: signal.Signals) -> None:
        heard.append(number)
        if doors.stopping.ask(plan.drain_s):
            view.tell_of_draining(plan.drain_s)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, hear, number)
    with view:
        refreshing = asyncio.create_task(view.keep_fresh())
        try:
            return await tick(doors, plan)
        finally:
            refreshing.cancel()


class _View:
    """The live board on a terminal, silence anywhere else."""

    def __init__(self, batch_size: int) -> None:
        from rich.live import Live

        from reviewer_cli.render.board import Board
        from reviewer_cli.render.terminal import console

        self._screen = screen = console(stderr=True)
        self._board = Board(time.monotonic, batch_size)
        # Drawn from our own loop: a refreshing thread would read what the sweep is changing.
        self._live = (
            Live(self._board, console=screen, transient=True, auto_refresh=False)
            if screen.is_terminal
            else None
        )

    def observe(self, event: Event) -> None:
        from reviewer_cli.render.breakers import found
        from reviewer_cli.telemetry import BreakerOpen

        self._board.observe(event)
        if isinstance(event, BreakerOpen):
            self._screen.print(found(event), soft_wrap=True)

    def tell_of_draining(self, drain_s: float) -> None:
        """To whoever sits before it; a schedule is told at the end only."""
        if self._live is not None:
            self._screen.print(
                f"Finishing the reviews in work, for {drain_s:g} s at most; once more to stop now."
            )

    async def keep_fresh(self) -> None:
        while self._live is not None:
            self._live.refresh()
            await asyncio.sleep(REFRESH_S)

    def __enter__(self) -> None:
        if self._live is not None:
            self._live.start(refresh=True)

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
