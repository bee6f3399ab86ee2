"""The jail of namespaces: the program sees a file system, processes and a network of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from reviewer_cli.jail.command import LAUNCH
from reviewer_cli.jail.inside.launch import FILTER
from reviewer_cli.jail.system import PROGRAMS, settings
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.jail import Cell, Network

PROGRAM = "bwrap"
# Without a new session the program could type into our terminal (CVE-2017-5226).
ALONE = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")


class Bubblewrap(Walled):
    """Walls built by bubblewrap 0.5 or newer, and a filter of system calls inside them.

    A bubblewrap that has to be setuid root does not start here; it would be no wall of ours.
    """

    name = "bubblewrap"

    def command(self, program: Path, cell: Cell) -> list[str]:
        """As `Launcher.command`, with bubblewrap between the launcher and the program."""
        walls = [
            *(shutil.which(PROGRAM) or f"/usr/bin/{PROGRAM}", *ALONE),
            *("--share-net",) * (cell.network is Network.OPEN),
            *("--seccomp", str(FILTER)),
            *(word for mount in self._mounts(program, cell) for word in mount),
        ]
        return [*LAUNCH, *self._terms(program, cell).words(), *walls, "--", str(program)]

    def _mounts(self, program: Path, cell: Cell) -> Iterator[tuple[str, ...]]:
        """What lies where, at the same paths as outside; a deeper mount comes later and covers."""
        for path in PROGRAMS:
            if path.is_symlink():
                yield "--symlink", os.readlink(path), str(path)
            elif path.exists():
                yield "--ro-bind", str(path), str(path)
        yield "--proc", "/proc"
        # /proc/sys asks who we are, not what we may: root writes there without any capability.
        yield "--remount-ro", "/proc"
        yield "--dev", "/dev"
        yield "--dir", "/tmp"  # noqa: S108 - the jail's own, and empty
        read = [*settings(cell.network), *cell.readable, cell.checkout, program, cell.socket]
        mounts = {path: "--ro-bind" for path in read if path} | {cell.private: "--bind"}
        for path in sorted(mounts, key=lambda path: len(path.parts)):
            yield mounts[path], str(path), str(path)
        # What is held in memory would not be counted, so nothing but `private` can be written.
        yield "--remount-ro", "/dev"
        yield "--remount-ro", "/"
