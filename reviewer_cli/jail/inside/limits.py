"""How much a jailed program may take: what the kernel enforces, and what has to be watched.

RLIMIT_AS and RLIMIT_DATA do not suit: the agent program reserves 5 GB that it never touches.
RLIMIT_NPROC counts the account's tasks everywhere and does not bind root. So memory is looked at a
few times a second, and tasks are counted by gate.py; the figures below are only backstops.
"""

from __future__ import annotations

import contextlib
import os
import resource

MOST_BYTES_PER_FILE = 1 << 30
MOST_OPEN_FILES = 4096
MOST_CPU_S = 3600
"""Of one process; a review's wall clock is limited by its engine."""
MOST_TASKS = 8192
"""Threads of the whole account; a batch of 64 agents has about 2600."""
FIRST_TO_DIE = "1000"
"""oom_score_adj: when memory runs out, the jailed program goes before anything of ours."""
LEAST_FREE = 0.05
"""Of the machine's memory: with less, each jail ends, since not all that it holds can be counted.

What lies in the buffers of sockets, or in shared memory that nobody maps, is in no process.
"""
_COUNTED = (b"RssAnon:", b"RssShmem:", b"VmSwap:")


def apply() -> None:
    """Set the backstops for this process and all that come from it."""
    for limit, most in (
        (resource.RLIMIT_CORE, 0),  # a core file would hold what the program has read
        (resource.RLIMIT_FSIZE, MOST_BYTES_PER_FILE),
        (resource.RLIMIT_NOFILE, MOST_OPEN_FILES),
        (resource.RLIMIT_CPU, MOST_CPU_S),
        (resource.RLIMIT_NPROC, MOST_TASKS),
    ):
        hard = resource.getrlimit(limit)[1]
        lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (lowest, lowest))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write(FIRST_TO_DIE)


def memory(watcher: int) -> int:
    """Bytes that the processes below `watcher` have for themselves together."""
    return sum(map(_bytes_of, descendants(watcher)))


def is_exhausted() -> bool:
    """Whether the machine has hardly any memory left, whoever took it."""
    with open("/proc/meminfo", "rb") as file:
        sizes = {line[0]: int(line[1]) for line in map(bytes.split, file)}
    return sizes[b"MemAvailable:"] < sizes[b"MemTotal:"] * LEAST_FREE


def tasks(watcher: int) -> int:
    """How many threads the processes below `watcher` have together, each at least one."""
    return sum(map(_threads_of, descendants(watcher)))


def descendants(process: int) -> list[int]:
    """The processes below one, from a look at all of them: not every kernel lists children."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            children.setdefault(_parent_of(name), []).append(int(name))
    found = [process]
    for one in found:
        found += children.get(one, ())
    return found[1:]


def children(process: int) -> list[int]:
    """The processes that this one started, or that were left to it."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if _parent_of(name) == process:
                found.append(int(name))
    return found


def _parent_of(process: str) -> int:
    return _figure(process, 1)


def _threads_of(process: int) -> int:
    try:
        return _figure(str(process), 17)
    except OSError:
        return 0  # it has ended meanwhile


def _figure(process: str, position: int) -> int:
    """A field of proc(5)'s stat, counted from the state as 0, which follows the name."""
    with open(f"/proc/{process}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[position])


def _bytes_of(process: int) -> int:
    """Memory that is the process's own; pages of program files are shared and cost nothing."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            lines = [line.split() for line in file]  # bytes: the name is whatever it chose
    except OSError:
        return 0  # it has ended meanwhile
    return sum(int(line[1]) << 10 for line in lines if line and line[0] in _COUNTED)
