"""The breakers of a sweep's doors: found open when it begins, settled when it ends.

A door that asked to be left alone until a time is not asked before. Any other open one is asked
once, by a poll or a single head, before all else; see Nygard, “Release It!”, on circuit breakers
that are half open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from reviewer_cli.core.breaker import Kind, closed_for, is_closed, kind_of
from reviewer_cli.core.health import Health
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import AccessRefused, ProviderDown, ProviderWait, ReviewerError
from reviewer_cli.ledger import breakers
from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.render.breakers import still
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import engine_door, host_door
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.telemetry import BreakerOpen, shown

LONGEST_REASON = 500


class Breakers:
    """What earlier sweeps remember of the doors that this one goes through."""

    def __init__(self, doors: Doors, plan: Plan) -> None:
        """Look for open breakers, and say at once which there are."""
        self._doors = doors
        self._plan = plan
        self._availability = doors.availability
        self._kept = breakers.Breakers(doors.ledger.store)
        self._engine = engine_door(doors.engine.name)
        self._ours = {self._engine, *map(host_door, doors.hosts)}
        self._found = self.still_open()
        now = doors.clock()
        for one in self._found:
            left_alone = is_closed(one.last_failed_at, one.until, now, plan.longest_retry_s)
            if left_alone:
                self._availability.shut[one.door] = _unmended(one)
            elif one.kind == Kind.DOWN:
                self._availability.unproven[one.door] = one.failures
            doors.observe(
                BreakerOpen(
                    door=one.door,
                    since=one.opened_at,
                    reason=one.reason,
                    kind=Kind(one.kind),
                    until=one.until if left_alone else None,
                )
            )

    def probes(self, ids: Sequence[int]) -> Iterator[int]:
        """The heads to send alone, one after another, until the doors have shown that they work.

        An engine is asked by a single one; when that brought no answer, no other head asks it.
        """
        for head_id in ids:
            if self._engine_awaits_its_probe() or self._host_is_unproven(head_id):
                yield head_id
                self._close_a_silent_engine()

    async def look_again(self) -> None:
        """Ask an engine that failed us, and that no head has asked by now, for what costs nothing.

        Else a mended key would be unknown until the next pull request comes.
        """
        if not self._engine_awaits_its_probe():
            return
        with suppress(ReviewerError):
            signs = await aside(lambda: list(self._doors.engine.examine()))
            if all(sign.health is Health.GREEN for sign in signs):
                self._availability.let_in.add(self._engine)

    def settle(self, now: float) -> None:
        """Write what this sweep learnt into the ledger, without any secret."""
        failed = self._availability.never_answered() | self._availability.refused
        failures = {door: self._failure(door, error, now) for door, error in failed.items()}
        self._kept.settle(failures, self._availability.let_in, now)

    def still_open(self) -> tuple[BreakerRecord, ...]:
        """The open ones among this sweep's doors; other sweeps may go through others."""
        return tuple(one for one in self._kept.open() if one.door in self._ours)

    def trouble(self, posted: int) -> ReviewerError | None:
        """Why the sweep did not do all of its work, where nothing stopped it.

        A host that is down or asks to wait is not the sweep's trouble while another one answers,
        and a repository that takes no review is its own affair unless nothing was posted at all.
        """
        known = {one.door: _unmended(one) for one in self.still_open() if self._was_found(one)}
        for door, error in (known | self._availability.refused).items():
            partial = self._availability.others_let_in(door, self._doors.hosts)
            if kind_of(error) is Kind.AUTHENTICATION or door == self._engine or not partial:
                return error
        for forbidden in self._availability.forbidden.values():
            return None if posted else AccessRefused(str(forbidden))
        return None

    def _close_a_silent_engine(self) -> None:
        if self._engine_is_unproven() and self._availability.was_asked(self._engine):
            for one in self._found:
                if one.door == self._engine:
                    self._availability.shut.setdefault(one.door, _unmended(one))

    def _was_found(self, one: BreakerRecord) -> bool:
        return any(one.door == found.door for found in self._found)

    def _engine_is_unproven(self) -> bool:
        failed_before = any(one.door == self._engine for one in self._found)
        return failed_before and self._engine not in self._availability.let_in

    def _engine_awaits_its_probe(self) -> bool:
        asked = self._availability.was_asked(self._engine)
        return self._engine_is_unproven() and not asked and self._is_open(self._engine)

    def _host_is_unproven(self, head_id: int) -> bool:
        unproven = self._availability.unproven
        if not unproven:
            return False
        door = host_door(self._doors.ledger.load(head_id).head.key.host)
        return door in unproven and self._is_open(door)

    def _is_open(self, door: str) -> bool:
        return self._availability.against_door(door) is None

    def _failure(self, door: str, error: ReviewerError, now: float) -> breakers.Failure:
        """As it is kept: a rate limit with the time until which its door is left alone."""
        kind, until = kind_of(error), None
        if isinstance(error, ProviderWait) and kind is Kind.RATE_LIMIT:
            before = [one for one in self._found if one.door == door and one.kind == kind]
            until = now + closed_for(
                1 + sum(one.failures for one in before),
                error.retry_after,
                # The sweep itself has waited, and asked again, for as long as it may.
                first_s=max(self._plan.first_retry_s, self._plan.longest_pause_s),
                longest_s=self._plan.longest_retry_s,
                chance=self._doors.chance(),
            )
        return breakers.Failure(
            kind=kind, reason=one_line(shown(str(error)), LONGEST_REASON), until=until
        )


def _unmended(one: BreakerRecord) -> ReviewerError:
    """What a sweep ends with that did not hear from a door which failed an earlier one."""
    said = f"The {still(one)}"
    if one.kind == Kind.AUTHENTICATION:
        return AccessRefused(said)
    return ProviderWait(said) if one.kind == Kind.RATE_LIMIT else ProviderDown(said)
