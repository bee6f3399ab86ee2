"""The machine: git, the disk that state and cache are on, and the kind of its file system."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reviewer_cli.core.health import Sign, amber, green, red
from reviewer_cli.git.run import run

MOUNTS = Path("/proc/self/mountinfo")
REMOTE = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "gluster", "lustre", "fuse.sshfs", "virtiofs")
"""File systems whose locks or flushes SQLite cannot rely on
(https://sqlite.org/faq.html#q5, https://sqlite.org/lockingv3.html#how_to_corrupt)."""
ESCAPED = re.compile(r"\\([0-3][0-7]{2})")
"""Blanks and backslashes in mountinfo; everything else stands as it is."""
LITTLE, TOO_LITTLE = 500 << 20, 20 << 20
"""Bytes: a mirror and a few checkouts of a middle-sized project; a ledger alone."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a file system begins in the tree, and what it is."""

    place: Path
    kind: str


def git() -> Iterator[Sign]:
    """Git's version; raises ConfigurationError when it is missing."""
    yield green("git", run(["version"]).decode(errors="replace").strip())


def disk(state: Path, cache: Path) -> Iterator[Sign]:
    """Whether both directories have room, and whether the ledger's file system keeps promises."""
    for name, place in (("state", state), ("cache", cache)):
        free = shutil.disk_usage(_existing(place)).free
        said = f"{place}, {free / 1e9:.1f} GB free"
        if free < TOO_LITTLE:
            yield red(f"{name} directory", said, "free some space")
        elif free < LITTLE:
            yield amber(f"{name} directory", said, "free some space: mirrors and checkouts grow")
        else:
            yield green(f"{name} directory", said)
    if kind := network_file_system(state):
        yield amber(
            "state directory",
            f"it is on a network file system ({kind}), which may lose or damage the ledger",
            "move state_dir to a local disk",
        )


def network_file_system(path: Path) -> str | None:
    """The kind of network file system that a path is on, None for one of this machine."""
    kind = kind_of(path, mounts(MOUNTS.read_text(encoding="utf-8", errors="replace")))
    return kind if kind.startswith(REMOTE) else None


def mounts(table: str) -> list[Mount]:
    """The mounts of a mountinfo table (proc_pid_mountinfo(5)), in its order."""
    found = []
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        if after:
            place = ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
            found.append(Mount(Path(place), after.split()[0]))
    return found


def kind_of(path: Path, table: Iterable[Mount]) -> str:
    """The kind of file system that a path is on: that of the deepest mount above it."""
    real = Path(os.path.realpath(_existing(path)))
    above = [one for one in table if real.is_relative_to(one.place)]
    return max(above, key=lambda one: len(one.place.parts), default=Mount(Path("/"), "")).kind


def _existing(path: Path) -> Path:
    """The path, or the nearest directory above it that is there already."""
    return next(one for one in (path, *path.parents) if one.exists())
