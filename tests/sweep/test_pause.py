"""The pause that all reviews share: the provider's own hint, else doubling, and its limits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from reviewer_cli.errors import ProviderWait
from reviewer_cli.sweep.pause import FIRST_PAUSE_S, Pause
from reviewer_cli.telemetry import Event, Paused


@dataclass
class Clock:
    """Time that passes only in sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def pause(self, longest_s: float = 600.0, chance: float = 0.5) -> Pause:
        return Pause(
            clock=lambda: self.now,
            chance=lambda: chance,
            sleep=self.sleep,
            longest_s=longest_s,
            observe=self.events.append,
            door="engine scripted",
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    """A clock at 1000 s."""
    return Clock()


def test_nobody_waits_when_nobody_asked(clock: Clock) -> None:
    asyncio.run(clock.pause().over())
    assert clock.slept == []


def test_the_hint_of_the_provider_is_obeyed_with_a_little_jitter(clock: Clock) -> None:
    pause = clock.pause()
    pause.ask(ProviderWait("slow down", retry_after=30.0))
    asyncio.run(pause.over())
    assert clock.slept == [30.5]
    (told,) = clock.events
    assert told == Paused(seconds=30.5, reason="slow down", door="engine scripted", added_s=30.5)


def test_refusals_of_one_moment_make_one_pause(clock: Clock) -> None:
    pause = clock.pause()
    for _ in range(5):
        pause.ask(ProviderWait("slow down"))
    asyncio.run(pause.over())
    assert clock.slept == [0.75 * FIRST_PAUSE_S]
    assert len(clock.events) == 1


def test_a_longer_hint_prolongs_the_pause_and_a_shorter_one_does_not(clock: Clock) -> None:
    pause = clock.pause()
    for seconds in (30.0, 60.0, 10.0):
        pause.ask(ProviderWait("slow down", retry_after=seconds))
    asyncio.run(pause.over())
    assert clock.slept == [60.5]
    told = [event for event in clock.events if isinstance(event, Paused)]
    assert [event.seconds for event in told] == [30.5, 60.5]
    assert sum(event.added_s for event in told) == 60.5, "what was waited, once"


def test_a_pause_that_is_prolonged_while_others_wait_holds_them_all(clock: Clock) -> None:
    pause = clock.pause()

    async def sleep(seconds: float) -> None:
        if not clock.slept:
            pause.ask(ProviderWait("still", retry_after=100.0))
        await Clock.sleep(clock, seconds)

    pause._sleep = sleep
    pause.ask(ProviderWait("slow down", retry_after=10.0))
    asyncio.run(pause.over())
    assert clock.now == 1100.5


def test_without_hints_pauses_double_until_a_review_comes_through(clock: Clock) -> None:
    pause = clock.pause()
    for _ in range(3):
        pause.ask(ProviderWait("slow down"))
        asyncio.run(pause.over())
    pause.relax()
    pause.ask(ProviderWait("slow down"))
    asyncio.run(pause.over())
    assert clock.slept == [3.75, 7.5, 15.0, 3.75]


@pytest.mark.parametrize("hint", [601.0, 1e9, float("inf")])
def test_a_hint_beyond_the_limit_ends_the_sweep(clock: Clock, hint: float) -> None:
    request = ProviderWait("come back tomorrow", retry_after=hint)
    with pytest.raises(ProviderWait) as raised:
        clock.pause().ask(request)
    assert raised.value is request
    assert clock.events == []


def test_doubling_ends_the_sweep_at_the_limit_too(clock: Clock) -> None:
    pause = clock.pause(longest_s=20.0)

    def refused_for_ever() -> None:
        while True:
            pause.ask(ProviderWait("slow down"))
            asyncio.run(pause.over())

    with pytest.raises(ProviderWait):
        refused_for_ever()
    assert sum(clock.slept) < 60.0


@pytest.mark.parametrize("hint", [0.0, -5.0])
def test_a_hint_of_nothing_still_ends(clock: Clock, hint: float) -> None:
    pause = clock.pause()
    pause.ask(ProviderWait("now", retry_after=hint))
    asyncio.run(pause.over())
    assert clock.now < 1001.0
