"""Regular files below one directory: listed, removed and written without following any link."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

#: Every file we write carries this time (in nanoseconds), so that any later write shows.
WRITTEN_AT_NS = 1_000_000_000

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What lies below a directory, by path relative to it.

    `files` holds the size of each file as we wrote it, None for one that somebody changed, a
    link or anything else; `directories` come before their parents.
    """

    files: dict[bytes, int | None]
    directories: tuple[bytes, ...]


def inventory(root: Path) -> Inventory:
    """Look at every name below a directory once."""
    files: dict[bytes, int | None] = {}
    directories: list[bytes] = []
    waiting = [b""]
    while waiting:
        above = waiting.pop()
        with os.scandir(os.path.join(os.fsencode(root), above)) as found:
            for item in found:
                path = above + b"/" + item.name if above else item.name
                if item.is_dir(follow_symlinks=False):
                    directories.append(path)
                    waiting.append(path)
                    continue
                status = item.stat(follow_symlinks=False)
                ours = status.st_mtime_ns == WRITTEN_AT_NS and item.is_file(follow_symlinks=False)
                files[path] = status.st_size if ours else None
    return Inventory(files=files, directories=tuple(reversed(directories)))


def remove(root: Path, files: Iterable[bytes], directories: Iterable[bytes]) -> None:
    """Remove files, then those of the directories that are empty, given deepest first."""
    base = os.fsencode(root) + b"/"
    for path in files:
        os.unlink(base + path)
    for path in directories:
        with suppress(OSError):
            os.rmdir(base + path)


class Writer:
    """Writes new files below a directory, each name opened from its parent's descriptor."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, DIRECTORY)
        self._parent, self._parent_path = os.dup(self._root), b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._parent)
        os.close(self._root)

    def write(self, path: bytes, content: bytes) -> None:
        """Create a file that is not there yet, with the directories above it."""
        directory, _, name = path.rpartition(b"/")
        if directory != self._parent_path:
            self._descend(directory)
        descriptor = os.open(name, NEW_FILE, 0o600, dir_fd=self._parent)
        try:
            with os.fdopen(descriptor, "wb", buffering=0, closefd=False) as file:
                file.write(content)
            os.utime(descriptor, ns=(WRITTEN_AT_NS, WRITTEN_AT_NS))
        finally:
            os.close(descriptor)

    def _descend(self, directory: bytes) -> None:
        current = os.dup(self._root)
        try:
            for part in directory.split(b"/") if directory else ():
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=current)
                below = os.open(part, DIRECTORY, dir_fd=current)
                os.close(current)
                current = below
        except BaseException:
            os.close(current)
            raise
        os.close(self._parent)
        self._parent, self._parent_path = current, directory
