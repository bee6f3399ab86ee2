"""Directories in which a jailed program may write; they can be removed whatever it left there."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviewer_cli.telemetry import LOGGER


@contextmanager
def private_directory(prefix: str, place: Path | None = None) -> Iterator[Path]:
    """An empty directory (0700), removed afterwards; below `place`, or where the system has such.

    One that cannot be removed is named in the log and costs nothing that was done in it.
    """
    if place is not None:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    try:
        yield path
    finally:
        remove(path)


def remove(path: Path) -> None:
    """Remove a directory in which no program runs any more; one that is not there is fine.

    What lies deep is first moved up: the standard library goes down by recursion, which a tree of
    some thousand levels ends for good, and follows links when it has to change rights.
    """
    try:
        if path.exists():
            path.chmod(0o700)
            while entries := list(os.scandir(path)):
                for entry in entries:
                    _remove_entry(entry, path)
            path.rmdir()
    except OSError as error:
        LOGGER.warning("%s cannot be removed (%s); remove it by hand.", path, error.strerror)


def _remove_entry(entry: os.DirEntry[str], top: Path) -> None:
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry)
        return
    os.chmod(entry, 0o700)
    for child in list(os.scandir(entry)):
        if child.is_dir(follow_symlinks=False):
            os.chmod(child, 0o700)  # a directory that we may not write to cannot be moved
        os.rename(child, top / secrets.token_hex(16))
    os.rmdir(entry)
