"""Making and sending digests for a command: after a sweep, or because a person says so."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import tzinfo
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import typer

from reviewer_cli.errors import ReviewerError, UsageError, defect
from reviewer_cli.telemetry import say, shown

if TYPE_CHECKING:
    from reviewer_cli.config.load import Loaded
    from reviewer_cli.core.digest import Digest
    from reviewer_cli.core.periods import Span
    from reviewer_cli.digest.weekly import Make
    from reviewer_cli.ledger.outbox import Delivery
    from reviewer_cli.ledger.store import Store
    from reviewer_cli.sweep.plan import Plan

NO_MODEL = 'digest.words needs the agent\'s model; write engine.name = "agent" or words = false.'
UNDELIVERED = 3
"""Something is left to do, as for a sweep that could not post to some heads."""
STOPPED = "reviewer: stopped by a signal; the next sweep looks after the digest."
OUTDATED = "A newer digest took the place of deliveries that never came; there were"
NOT_OVER = (
    "{} is not final yet: it is not over, or the last sweep that began in it did not end; sweep "
    "once more afterwards, or show it without --deliver."
)


def after_sweep(loaded: Loaded, plan: Plan, store: Store) -> int:
    """Queue the week's digest where it is due, send what waits, and name what did not come.

    Nothing that fails here changes what the sweep did: the answer is an exit code, 0 where all is
    well. A sweep of one pull request leaves it to the others.
    """
    if plan.only_pull is not None:
        return 0
    try:
        with _stoppable():
            said = _weekly(loaded, store)
    except _Stopped as stopped:
        say(STOPPED)
        return stopped.code
    except ReviewerError as error:
        said = (f"The digest was not made: {error}",)
    except Exception as error:  # noqa: BLE001 - the sweep's own report is still to be printed
        said = (f"The digest was not made: {defect(error)}.",)
    return _tell(said)


def send(loaded: Loaded, span: Span, again: tuple[str, ...]) -> int:
    """Make the digest of a time, let it wait for its channels, and send what waits.

    `again` are channels that it is sent to whatever became of it before. Raises UsageError where
    there is nothing to send or nobody to send to, AlreadyRunning beside a sweep.
    """
    from reviewer_cli import wiring
    from reviewer_cli.config.environments import keep_apart
    from reviewer_cli.digest.due import span_name
    from reviewer_cli.digest.weekly import queue
    from reviewer_cli.ledger.ledger import Ledger
    from reviewer_cli.ledger.lock import exclusive
    from reviewer_cli.ledger.outbox import Outbox
    from reviewer_cli.wiring.notices import mailing
    from reviewer_cli.wiring.places import LOCK

    where, zone = wiring.places(loaded), loaded.settings.digest.zone
    to = mailing(loaded.settings)
    _refuse_unknown((*to.channels, *filter(None, (to.own,))), again)
    keep_apart(loaded, os.environ)
    now = time.time()
    with exclusive(where.state / LOCK, now), closing(Ledger(where.ledger)) as ledger:
        store = ledger.store
        troubles: list[str] = []
        make = _in_words(loaded, partial(_made, store, zone, now), span, troubles)
        done = queue(store, span, zone, to, make, now)
        if not done.digest_ids:
            raise UsageError(NOT_OVER.format(span_name(span, zone)))
        if done.dropped:
            troubles.append(f"{OUTDATED} {done.dropped}.")
        outbox = Outbox(store)
        for digest_id in done.digest_ids:
            outbox.hasten(digest_id, now)
            for channel in again:
                outbox.again(digest_id, channel, now)
        try:
            with _stoppable():
                said = (*troubles, *_delivered(loaded, store))
        except _Stopped as stopped:
            say(STOPPED)
            return stopped.code
        return _tell(said) | _settled(
            [one for each in done.digest_ids for one in outbox.of(each)], said
        )


def _settled(deliveries: Sequence[Delivery], said: Sequence[str]) -> int:
    """Print how each channel stands, and name what is open and was not `said` just now."""
    from reviewer_cli.digest.delivering import unsettled
    from reviewer_cli.ledger.outbox import Stage

    stages = Counter(f"{one.channel}: {one.state}" for one in deliveries)
    for stage, count in sorted(stages.items()):
        typer.echo(f"{stage} ({count})" if count > 1 else stage)
    late = unsettled(deliveries)
    code = _tell(tuple(one for one in late if not any(each.startswith(one) for each in said)))
    return (
        code
        if all(one.state in (Stage.DELIVERED, Stage.DROPPED) for one in deliveries)
        else UNDELIVERED
    )


def shown_digest(loaded: Loaded, store: Store, span: Span, scope: str) -> Digest:
    """The digest of a time as it was kept, or as it is made now.

    Raises UsageError where the scope means no repository that was known then.
    """
    from reviewer_cli.core.digest_json import from_json
    from reviewer_cli.ledger import as_of, digests

    if scope and not as_of.named(as_of.within(store, scope, span.until)):
        raise UsageError(
            f"Nothing was known of a repository with {scope!r} in its name then; see reviewer "
            "ledger list."
        )
    kept = digests.find(store, span, scope)
    if kept is not None:
        try:
            return from_json(kept.numbers)
        except ValueError:  # another version kept it
            pass
    return _made(store, loaded.settings.digest.zone, time.time(), span, scope)


def _refuse_unknown(names: tuple[str, ...], again: tuple[str, ...]) -> None:
    if not names:
        raise UsageError(
            "Nobody gets digests; name a service under [notify.NAME] in reviewer.toml, or write "
            "digest.file, digest.central_issue or digest.repository_issues."
        )
    if unknown := [one for one in again if one not in names]:
        raise UsageError(f"There is no channel {unknown[0]!r}; known are {', '.join(names)}.")


def _weekly(loaded: Loaded, store: Store) -> tuple[str, ...]:
    """One look at the week and one at what waits; all else only where there is something to do."""
    from reviewer_cli.digest.due import due_span
    from reviewer_cli.digest.weekly import weekly
    from reviewer_cli.ledger.outbox import Outbox
    from reviewer_cli.wiring.notices import mailing

    settings, now = loaded.settings, time.time()
    said: tuple[str, ...] = ()
    if settings.digest.enabled:
        zone, to = settings.digest.zone, mailing(settings)
        troubles: list[str] = []
        week = due_span(now, settings.digest.moment, zone)
        make = _in_words(loaded, partial(_made, store, zone, now), week, troubles)
        done = weekly(store, settings.digest.moment, zone, to, make, time.time)
        if done is not None and done.dropped:
            troubles.append(f"{OUTDATED} {done.dropped}.")
        said = tuple(troubles)
    return (*said, *_delivered(loaded, store)) if Outbox(store).open() else said


def _delivered(loaded: Loaded, store: Store) -> tuple[str, ...]:
    from reviewer_cli import wiring
    from reviewer_cli.digest.delivering import deliver
    from reviewer_cli.wiring.notices import outlets

    with outlets(loaded.settings, wiring.places(loaded), store) as opened:
        return deliver(opened)


def _in_words(loaded: Loaded, make: Make, told: Span, troubles: list[str]) -> Make:
    """The same, with a model's paragraph in the digest of that one time, if anybody wants one.

    Why there is none is added to the `troubles`; the digest is made all the same.
    """
    if not loaded.settings.digest.words:
        return make

    def made(span: Span, scope: str) -> Digest:
        digest = make(span, scope)
        if span != told or scope or not digest.period.is_final:
            return digest
        from reviewer_cli import wiring
        from reviewer_cli.digest.wording import worded
        from reviewer_cli.wiring.writer import writer

        try:
            found = writer(loaded.settings, wiring.places(loaded))
        except ReviewerError as error:
            troubles.append(f"The digest goes without the model's paragraph: {error}")
            return digest
        if found is None:
            troubles.append(NO_MODEL)
            return digest
        done = asyncio.run(worded(digest, found))
        if done.trouble:
            troubles.append(done.trouble)
        return done.digest

    return made


def _made(store: Store, zone: tzinfo, now: float, span: Span, scope: str) -> Digest:
    from reviewer_cli.digest.digest import digest_of

    return digest_of(store, span, zone, scope, now)


def _tell(said: tuple[str, ...]) -> int:
    for one in said:
        say(f"reviewer: {shown(one)}")
    return UNDELIVERED if said else 0


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and Ctrl-C raise _Stopped; a later sweep looks after what was being sent then."""

    def stop(number: int, _frame: FrameType | None) -> None:
        raise _Stopped(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stopped(BaseException):
    """A signal came; `code` is what a shell says of that.

    No KeyboardInterrupt: Python ends by SIGINT in the end where one passed through `exec`, which
    dataclasses use, although it was caught.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
