"""Whether a sweep that died at a point cost anybody anything, once others came after it."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

from reviewer_cli.sweep.report import PARTIAL
from tests.matrix.scene import Bill, Scene, scene

DONE = {("posted", None)}
ENOUGH = 4
"""Sweeps after which nothing may be left to do, whatever happened before."""


def undisturbed(root: Path) -> list[str]:
    """The points of a sweep that nothing happens to."""
    with scene(root) as here:
        return undisturbed_in(here)


def undisturbed_in(here: Scene) -> list[str]:
    """The same in a scene that is there."""
    done = here.sweep()
    assert done.returncode == 0, done.stderr
    assert wrong_in_the_end(here) == []
    assert here.paid() == here.due()
    return here.points()


def wrong_after(root: Path, point: str, *, again_at: str = "") -> list[str]:
    """What is wrong after a sweep died at `point`, and the next at `again_at`, if it is met."""
    with scene(root) as here:
        return wrong_when_killed(here, point, again_at)


def wrong_when_killed(here: Scene, point: str, again_at: str = "") -> list[str]:
    """The same in a scene that is there; without a `point` somebody else kills its first sweep."""
    died = here.sweep(point)
    if died.returncode != -signal.SIGKILL:
        return [f"it did not die: {died.returncode} {died.stderr}"]
    lost = in_flight(here)
    wrong = wrong_with_the_dead(here, lost)
    if again_at and here.sweep(again_at).returncode == -signal.SIGKILL:
        lost |= in_flight(here)
        wrong += wrong_with_the_dead(here, in_flight(here))
    wrong += wrong_until_quiet(here)
    if extra := here.paid() - here.due() - lost:
        wrong.append(f"paid for again: {extra}")
    return wrong


def in_flight(here: Scene) -> Bill:
    """The answers that were asked for and are in no ledger, of a sweep that has just died."""
    saved = here.saved()
    return Counter({one: times for one, times in here.paid().items() if one not in saved})


def wrong_with_the_dead(here: Scene, lost: Bill) -> list[str]:
    """What no sweep may do even as it dies: leave a process, lose more than one pass of a head."""
    wrong = [f"still alive: {one}" for one in here.living()]
    wrong += [f"told otherwise than posted: {one}" for one in here.told_otherwise()]
    heads = Counter(sha for sha, _ in lost)
    return wrong + [f"several answers of {sha} lost" for sha, times in heads.items() if times > 1]


def wrong_until_quiet(here: Scene) -> list[str]:
    """Sweep until a sweep has nothing to do; what is wrong then.

    A head may have to wait once more: the last request of the dead sweep can still be on its way.
    """
    here.let_an_hour_pass()
    said = []
    for _ in range(ENOUGH):
        done = here.sweep()
        said.append(f"{done.returncode}: {done.stdout}{done.stderr}")
        if done.returncode not in (0, PARTIAL):
            return [f"a later sweep ended with {said[-1]}"]
        if not done.stdout:
            return wrong_in_the_end(here)
        here.let_waits_end()
    return [f"it never became quiet: {said}"]


def wrong_in_the_end(here: Scene) -> list[str]:
    """What is not as it has to be when all is done."""
    wrong = [f"left behind: {path}" for path in here.left_behind()]
    wrong += [f"still alive: {one}" for one in here.living()]
    wrong += [f"told otherwise than posted: {one}" for one in here.told_otherwise()]
    if here.states() != DONE:
        wrong.append(f"heads: {here.states()}")
    return wrong + list(here.wrong_on_the_host())
