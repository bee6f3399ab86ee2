"""The breakers of a sweep's doors: found open when it begins, settled when it ends.

A door whose breaker is open is asked once, by a single head, before anything else is tried; see
Nygard, “Release It!”, on circuit breakers that are half open.
"""

from __future__ import annotations

from contextlib import suppress

from reviewer_cli.core.health import Health
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import AccessRefused, ReviewerError
from reviewer_cli.ledger import breakers
from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.sweep.plan import Doors
from reviewer_cli.sweep.refusals import engine_door, host_door
from reviewer_cli.telemetry import BreakerOpen, shown

LONGEST_REASON = 500


class Breakers:
    """What earlier sweeps remember of the doors that this one goes through."""

    def __init__(self, doors: Doors) -> None:
        """Look for open breakers, and say at once which there are."""
        self._refusals = doors.refusals
        self._kept = breakers.Breakers(doors.ledger.store)
        self._asked = doors.engine
        self._engine = engine_door(doors.engine.name)
        self._ours = {self._engine, *map(host_door, doors.hosts)}
        self._found = self.still_open()
        for one in self._found:
            doors.observe(BreakerOpen(door=one.door, since=one.opened_at, reason=one.reason))

    def engine_is_unproven(self) -> bool:
        """Whether the engine refused an earlier sweep and has not let this one in yet."""
        refused_before = any(one.door == self._engine for one in self._found)
        return refused_before and self._engine not in self._refusals.let_in

    def engine_was_asked(self) -> bool:
        """Whether the one probe of this sweep was made."""
        return self._refusals.was_asked(self._engine)

    def look_again(self) -> None:
        """Ask an engine that refused us, and that no head has asked by now, for what costs nothing.

        Else a mended key would be unknown until the next pull request comes.
        """
        if not self.engine_is_unproven() or self.engine_was_asked():
            return
        with suppress(ReviewerError):
            if all(sign.health is Health.GREEN for sign in self._asked.examine()):
                self._refusals.let_in.add(self._engine)

    def settle(self, now: float) -> None:
        """Write what this sweep learnt into the ledger, without any secret."""
        refused = self._refusals.refused.items()
        reasons = {door: one_line(shown(str(error)), LONGEST_REASON) for door, error in refused}
        self._kept.settle(reasons, self._refusals.let_in, now)

    def still_open(self) -> tuple[BreakerRecord, ...]:
        """The open ones among this sweep's doors; other sweeps may go through others."""
        return tuple(one for one in self._kept.open() if one.door in self._ours)

    def trouble(self, posted: int) -> ReviewerError | None:
        """Why the sweep did not do all of its work, where nothing stopped it.

        A repository that takes no review is its own affair unless nothing at all was posted.
        """
        for refused in self._refusals.refused.values():
            return refused
        for one in self.still_open():
            return AccessRefused(
                f"The {one.door} refused its credential in an earlier sweep, and no answer has "
                f"shown yet that it is mended; it said: {one.reason}"
            )
        for forbidden in self._refusals.forbidden.values():
            return None if posted else AccessRefused(str(forbidden))
        return None
