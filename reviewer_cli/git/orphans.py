"""No git in a mirror outlives us, not even when SIGKILL takes us: a small process watches.

A signal at the parent's death (prctl) would reach git alone and not the programs that a fetch
starts, and a list of process ids always lacks the newest. Therefore such a git carries a mark in
its environment, which its children inherit. The watcher sleeps in a read of a pipe that only we
hold the other end of; the kernel closes it however we die, and the watcher then ends every process
that carries the mark. It costs 15 ms of processor once, and nothing per git. Git in a repository
of the user's is not marked: it ends by itself within moments, and what it writes stays whole.

This file is also the watcher's program, so it imports the standard library only.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

MARK = "REVIEWER_SWEEP"
CLEAN_LOOKS = 3
"""So often nothing must be found: a process that was just being started shows no mark yet."""
LOOK_EVERY_S = 0.05
GENTLE_LOOKS = 6
"""So often SIGTERM is sent, at which git removes its lock files; then SIGKILL."""

_STARTING = threading.Lock()


def marked() -> dict[str, str]:
    """For the environment of a git that is to end with us; the first call starts the watcher."""
    with _STARTING:
        return {MARK: _watched(os.getpid())}


@cache
def _watched(pid: int) -> str:
    """The mark of this process, under watch from now on; a forked copy of us has its own."""
    mark = f"{pid}-{secrets.token_hex(8)}"
    reading, _ = os.pipe()  # the other end stays open for as long as we live
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    # A session of its own, so that no signal from a terminal ends it before us.
    os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", __file__, mark],
        {},
        file_actions=[(os.POSIX_SPAWN_DUP2, reading, 0), *nowhere],
        setsid=True,
    )
    os.close(reading)
    return mark


def watch(mark: str) -> None:
    """Wait until the pipe at standard input closes, then end whatever carries the mark."""
    os.chdir("/")
    while os.read(0, 1):
        pass
    clean = looks = 0
    while clean < CLEAN_LOOKS:
        number = signal.SIGTERM if looks < GENTLE_LOOKS else signal.SIGKILL
        clean = 0 if _send_all(number, f"{MARK}={mark}".encode()) else clean + 1
        looks += 1
        time.sleep(LOOK_EVERY_S)


def _send_all(number: signal.Signals, wanted: bytes) -> int:
    """Signal the processes with these words in their environment, and count them."""
    found = 0
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            if wanted in place.joinpath("environ").read_bytes().split(b"\0"):
                found += 1
                os.kill(int(place.name), number)
    return found


if __name__ == "__main__":
    watch(sys.argv[1])
