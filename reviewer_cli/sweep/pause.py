"""The pause that all reviews of a sweep share when the provider asks to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from reviewer_cli.core.backoff import delay
from reviewer_cli.errors import ProviderWait
from reviewer_cli.telemetry import Observer, Paused

FIRST_PAUSE_S = 5.0
"""Where the back-off starts when the provider gives no hint of its own."""


class Pause:
    """Holds new reviews back until the provider may be asked again.

    The provider's own hint is obeyed; without one the pause doubles each time, with jitter.
    `clock` must not jump as the time of day may. `door` names who is asked.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        chance: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        longest_s: float,
        observe: Observer,
        door: str,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._sleep = sleep
        self._longest_s = longest_s
        self._observe = observe
        self._door = door
        self._until = 0.0
        self._in_a_row = 0

    async def over(self) -> None:
        """Return when no pause is left."""
        while (left := self._until - self._clock()) > 0:
            await self._sleep(left)

    def ask(self, request: ProviderWait) -> None:
        """Start or prolong the pause; raises the request itself when it would last too long.

        Several reviews are refused at about the same moment: one without a hint that comes during
        a pause is part of the same refusal and does not double it.
        """
        left = self._until - self._clock()
        if request.retry_after is not None:
            wanted = request.retry_after + self._chance()
        elif left > 0:
            return
        else:
            self._in_a_row += 1
            wanted = delay(
                self._in_a_row,
                first_s=FIRST_PAUSE_S,
                longest_s=2 * self._longest_s,
                chance=self._chance(),
            )
        if wanted > self._longest_s:
            raise request
        if wanted > left:
            self._until = self._clock() + wanted
            self._observe(
                Paused(
                    seconds=wanted,
                    reason=str(request),
                    door=self._door,
                    added_s=wanted - max(left, 0.0),
                )
            )

    def relax(self) -> None:
        """A review came through: the next pause starts small again."""
        self._in_a_row = 0
