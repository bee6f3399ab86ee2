"""Everything a sweep acts through, opened together and closed together."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from reviewer_cli.config.paths import private
from reviewer_cli.config.settings import Settings
from reviewer_cli.doctor.machine import network_file_system
from reviewer_cli.jail.choose import jail_called
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.lock import exclusive
from reviewer_cli.ledger.store import copy_ledger
from reviewer_cli.scratch import remove, remove_abandoned, temporary_directory
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.workshop import Workshop
from reviewer_cli.telemetry import LOGGER, Observer
from reviewer_cli.wiring.engines import engine
from reviewer_cli.wiring.hosts import host, issue_board
from reviewer_cli.wiring.places import LEDGER, LOCK, Places


@contextmanager
def doors(settings: Settings, where: Places, plan: Plan, observe: Observer) -> Iterator[Doors]:
    """Everything a sweep acts through, held under the lock of the state directory.

    Raises AlreadyRunning, ConfigurationError or LedgerRefused before anything is touched.
    """
    private(where.state)
    private(where.cache)
    with (
        exclusive(where.state / LOCK, time.time()),
        closing(Ledger(where.ledger)) as ledger,
    ):
        _warn_of_network(where)
        # A killed sweep leaves its programs' private directories behind; nobody uses them now.
        remove(where.scratch)
        remove_abandoned()
        with _closed(_doors(settings, where, plan, ledger, observe)) as opened:
            yield opened


def _warn_of_network(where: Places) -> None:
    if kind := network_file_system(where.state):
        LOGGER.warning(
            "The state directory %s is on a network file system (%s), which may lose or damage "
            "the ledger; move state_dir to a local disk.",
            where.state,
            kind,
        )


@contextmanager
def rehearsal_doors(settings: Settings, where: Places, plan: Plan) -> Iterator[Doors]:
    """The same doors with a copy of the ledger, which is thrown away."""
    with temporary_directory() as place:
        copy = place / LEDGER
        if where.ledger.exists():
            copy_ledger(where.ledger, copy)
        with closing(Ledger(copy)) as ledger:
            opened = _doors(settings, where, plan, ledger, lambda event: None)
            with _closed(opened):
                yield opened


@contextmanager
def _closed(opened: Doors) -> Iterator[Doors]:
    try:
        yield opened
    finally:
        for host in opened.hosts.values():
            host.close()
        for board in opened.issues.values():
            board.close()
        for each in filter(None, (opened.engine, opened.evidence)):
            each.close()


def _doors(
    settings: Settings, where: Places, plan: Plan, ledger: Ledger, observe: Observer
) -> Doors:
    wants_evidence = settings.engine.evidence and settings.engine.name != "offline"
    jail = jail_called(settings.sandbox)  # one for both, so that it is tested once
    hosts = {name: host(name, settings, where) for name in plan.selectors}
    boards = {
        name: board
        for name, one in hosts.items()
        if plan.merged_issue and (board := issue_board(one, settings)) is not None
    }
    return Doors(
        hosts=hosts,
        issues=boards,
        engine=engine(settings.engine.name, settings, where, jail),
        evidence=engine("offline", settings, where, jail) if wants_evidence else None,
        ledger=ledger,
        workshop=Workshop(where.cache, plan.limits, batch_size=plan.batch_size),
        clock=time.time,
        chance=random.random,
        sleep=asyncio.sleep,
        observe=observe,
    )
