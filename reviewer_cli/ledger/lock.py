"""One sweep at a time in a state directory; the kernel lets go of the lock even after SIGKILL."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from reviewer_cli.errors import AlreadyRunning, ConfigurationError

LOCKS = Path("/proc/locks")


@contextmanager
def exclusive(path: Path, now: float) -> Iterator[None]:
    """Hold the lock file at `path`; raises AlreadyRunning, which says who holds it since when."""
    handle = _open(path)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"Another sweep holds {path} ({_holder(handle)}); this one does nothing."
            ) from None
        note = {"pid": os.getpid(), "machine": socket.gethostname(), "since": now}
        # The kernel's lock is what counts: on a full disk only the note is missing.
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(note).encode(), 0)
        yield
    finally:
        os.close(handle)


def holder(path: Path) -> str | None:
    """Who holds the lock since when, None when nobody does; a sweep that starts is not disturbed.

    Read from /proc/locks (proc_locks(5)), because trying a lock takes it for a moment.
    """
    found = path.stat()
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    locks = LOCKS.read_text(encoding="ascii").splitlines()
    if not any("FLOCK" in line and place in line.split() for line in locks):
        return None
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return _holder(handle)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The lock file {path} cannot be opened ({error.strerror}); "
            "check the state directory, or remove that file if it is a link."
        ) from error
    found = os.fstat(handle)
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        os.close(handle)
        raise ConfigurationError(
            f"The lock file {path} is not ours alone, so that others could hold it; remove it."
        )
    return handle


def _holder(handle: int) -> str:
    try:
        note = json.loads(os.pread(handle, 4096, 0))
        since = datetime.fromtimestamp(note["since"], UTC).isoformat(timespec="seconds")
        return f"process {note['pid']} on {note['machine']} since {since}"
    except (ValueError, KeyError, TypeError, OverflowError):
        return "it has just started"
