"""File locks between the processes and threads that share a directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviewer_cli.errors import ConfigurationError, RepositoryUnusable


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock of `path` alone, waiting as long as another process or thread holds it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def try_exclusive(path: Path) -> int | None:
    """Take the lock at once or not at all; closing the returned descriptor gives it back.

    The lock file itself is never removed: whoever waits for it would then hold a lock on nothing.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory itself, waiting for it; no file is made.

    Raises RepositoryUnusable when there is no such directory.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise RepositoryUnusable(f"{directory} cannot be opened ({error.strerror}).") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"the cache directory {path.parent} cannot be used ({error.strerror}); "
            "make it writable for this user or choose another one"
        ) from error
