"""Directories for a while: removed whatever a jailed program left there, or whoever was killed."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reviewer_cli.telemetry import LOGGER

SHORT_PLACE = "/tmp"  # noqa: S108 - a directory of our own is made in it
"""Where the path of a Unix socket is never too long."""
PREFIX = "reviewer-tmp-"
OURS = re.compile(rf"{PREFIX}\w{{8}}")


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


@contextmanager
def temporary_directory(place: str | Path | None = None) -> Iterator[Path]:
    """The same straight in `place`; one that a killed process leaves there is found again."""
    path, lock = _locked(place)
    try:
        yield path
    finally:
        remove(path)
        os.close(lock)


def remove_abandoned(place: Path | None = None) -> None:
    """Remove the temporary directories of processes that are dead, whichever sweep they were of.

    They are looked for in `place`, or where the system has such.
    """
    for each in [place] if place else {tempfile.gettempdir(), SHORT_PLACE}:
        with suppress(OSError), os.scandir(each) as entries:
            for entry in entries:
                if OURS.fullmatch(entry.name):
                    _remove_if_abandoned(Path(entry))


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


def _locked(place: str | Path | None) -> tuple[Path, int]:
    """A new directory and the lock on it, which the kernel takes back however we die."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        # Another process may take it for abandoned before it is locked.
        with suppress(FileNotFoundError, BlockingIOError):
            lock = _open_and_lock(path)
            if path.exists():
                return path, lock
            os.close(lock)


def _remove_if_abandoned(path: Path) -> None:
    with suppress(OSError):  # locked, another user's, or no directory
        found = path.lstat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o777 == 0o700:
            lock = _open_and_lock(path)
            remove(path)
            os.close(lock)


def _open_and_lock(path: Path) -> int:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
