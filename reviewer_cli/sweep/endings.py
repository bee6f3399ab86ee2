"""How a head's way through a sweep ends: whatever happened becomes its row's next state."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reviewer_cli.core.backoff import delay
from reviewer_cli.core.models import State
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HeadGone,
    HostUnavailable,
    LeaseLost,
    LedgerUnwritable,
    PostingForbidden,
    ProviderDown,
    ProviderWait,
    RepositoryUnusable,
    ReviewerError,
    SecretInOutput,
    defect,
)
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.rows import Work
from reviewer_cli.sweep.availability import engine_door, host_door
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.telemetry import LOGGER, SECRETS, HeadEnded, Observer


class Endings:
    """Writes the ends of heads into their rows, and tells of them."""

    def __init__(self, doors: Doors, plan: Plan, observe: Observer) -> None:
        self._doors = doors
        self._plan = plan
        self._observe = observe

    @contextmanager
    def of(self, work: Work, lease: Lease) -> Iterator[None]:
        """Work on a head inside: what concerns it alone ends in its row, all else is raised.

        What the head's host says to everybody ends here as well: it is remembered elsewhere.
        """
        clock = self._doors.clock
        try:
            yield
        except LeaseLost:
            self._end(work, State.DUE, "another process took it over")
        except HeadGone as gone:
            lease.supersede(str(gone), clock())
            self._end(work, State.SUPERSEDED, str(gone))
        except PostingForbidden as error:
            _blank(error)
            lease.release(clock(), error)
            self._end(work, State.DUE, str(error))
        except HostUnavailable as error:
            self._met_no_answer(work, lease, error)
        except ProviderDown as error:
            self._put_off(work, lease, error, engine_door(self._doors.engine.name))
            raise
        except HeadError as error:
            self._fail(work, lease, error)
        except RepositoryUnusable as error:
            self._fail(work, lease, HeadError(str(error)))
        except (AccessRefused, ProviderWait):
            self.release(lease)
            if host_door(work.head.key.host) not in self._doors.availability.refused:
                raise  # the engine's: its host's would keep no other host's heads back
        except (ReviewerError, asyncio.CancelledError):
            self.release(lease)  # not this head's fault
            raise
        except Exception as error:  # noqa: BLE001 - one head never breaks the others
            LOGGER.error("%s, with %s", defect(error), work.head.key)
            self._fail(work, lease, HeadError(defect(error)))

    def skip(self, work: Work, lease: Lease, reason: str) -> None:
        """Leave a head out, for this reason."""
        lease.skip(reason, self._doors.clock())
        self._end(work, State.SKIPPED, reason)

    def release(self, lease: Lease) -> None:
        """Give a row back with its attempt; the next sweep finds it as it was."""
        # A ledger that cannot be written is what recovery is for.
        with suppress(LedgerUnwritable, LeaseLost):
            lease.release(self._doors.clock())

    def _met_no_answer(self, work: Work, lease: Lease, error: HostUnavailable) -> None:
        """It costs an attempt only while the host is thought to be well."""
        door = host_door(work.head.key.host)
        if self._doors.availability.against_door(door):
            self._put_off(work, lease, error, door)
        else:
            self._fail(work, lease, error)

    def _put_off(self, work: Work, lease: Lease, error: ReviewerError, door: str) -> None:
        """Nobody's fault but the door's: the row keeps its attempt, and another probes next."""
        _blank(error)
        wait = delay(
            1 + self._doors.availability.unproven.get(door, 0),
            first_s=self._plan.first_retry_s,
            longest_s=self._plan.longest_retry_s,
            chance=self._doors.chance(),
        )
        now = self._doors.clock()
        with suppress(LedgerUnwritable, LeaseLost):
            lease.release(now, error, now + wait)
        self._end(work, State.DUE, str(error))

    def _fail(self, work: Work, lease: Lease, error: HeadError) -> None:
        now = self._doors.clock()
        _blank(error)
        if isinstance(error, SecretInOutput):
            LOGGER.critical("%s: %s", work.head.key, error)
        used_up = lease.attempts >= self._plan.max_attempts and not error.waits_for_person
        if error.permanent or used_up:
            lease.bury(error, now)
            self._end(work, State.DEAD, str(error))
            return
        wait = delay(
            lease.attempts,
            first_s=self._plan.first_retry_s,
            longest_s=self._plan.longest_retry_s,
            chance=self._doors.chance(),
        )
        lease.retry(error, now + wait, now)
        self._end(work, State.DUE, str(error))

    def _end(self, work: Work, state: State, reason: str) -> None:
        self._observe(HeadEnded(key=work.head.key, state=state, reason=reason))


def _blank(error: ReviewerError) -> None:
    """Whoever refused something may have quoted what it refused: no secret enters the row."""
    error.args = (SECRETS.redacted(str(error)),)
