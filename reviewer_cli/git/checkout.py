"""A head's files in a directory of their own: no .git, link or picture, none of git's side effects.

A pool keeps the directories ("slots") of finished reviews. The next head of the same repository
writes only what differs. A slot is trusted for the files that its manifest lists and that still
have the size and the time we gave them; everything else in it is removed or written again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from reviewer_cli.core.coverage import shown
from reviewer_cli.core.models import Unreviewed
from reviewer_cli.core.tree import (
    CheckoutLimits,
    Entry,
    TreePlan,
    content_reason,
    plan,
    records,
)
from reviewer_cli.errors import HeadError
from reviewer_cli.git.files import Writer, inventory, remove
from reviewer_cli.git.flock import try_exclusive
from reviewer_cli.git.mirror import Mirror


class CheckoutFailed(HeadError):
    """The files of a head could not be written, most likely for want of space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A directory with a head's regular files, and what was left out of it."""

    path: Path
    skipped: tuple[Unreviewed, ...]


class CheckoutPool:
    """The checkout slots of all repositories below one cache directory.

    `keep` slots per repository stay filled when nobody uses them. Threads and processes may
    share a pool: each borrower has a slot alone.
    """

    def __init__(self, root: Path, *, keep: int = 2) -> None:
        self._root = root
        self._keep = keep

    @contextmanager
    def borrow(self, mirror: Mirror, sha: str, limits: CheckoutLimits) -> Iterator[Checkout]:
        """A checkout of a fetched commit, valid until the block ends.

        Raises MirrorDamaged when git cannot read the commit, CheckoutFailed when a file cannot
        be written; the slot is then filled anew by whoever borrows it next.
        """
        slots = self._root / mirror.path.stem
        for number in count():
            slot = Slot(slots / f"slot-{number}")
            lock = try_exclusive(slot.directory.with_suffix(".lock"))
            if lock is None:
                continue
            try:
                yield slot.fill(mirror, sha, limits)
            finally:
                if number >= self._keep:
                    slot.clear()
                os.close(lock)
            return

    def tidy(self) -> None:
        """Empty what a killed process left: slots half written, and those that are not kept."""
        for directory in self._root.glob("*/slot-*/"):
            lock = try_exclusive(directory.with_suffix(".lock"))
            if lock is None:
                continue
            slot = Slot(directory)
            if not slot.is_whole or int(directory.name.removeprefix("slot-")) >= self._keep:
                slot.clear()
            os.close(lock)


class Slot:
    """One directory of a pool: `tree` with the files, `written` with git's records of them.

    That manifest is there only while the tree is whole, and names no file that was left out.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._tree = directory / "tree"
        self._manifest = directory / "written"

    @property
    def is_whole(self) -> bool:
        """Whether all that belongs into it was written."""
        return self._manifest.exists()

    def fill(self, mirror: Mirror, sha: str, limits: CheckoutLimits) -> Checkout:
        """Make the tree hold this commit's files and no others."""
        listing = mirror.git("ls-tree", "-r", "-z", "-l", "--full-tree", sha)
        wanted = plan(listing, limits)
        try:
            left_out = self._update(mirror, wanted)
        except OSError as error:
            self.clear()
            raise CheckoutFailed(
                f"the checkout {self.directory} could not be written ({error.strerror}); "
                "free space on its disk, or delete that directory: it is only a cache"
            ) from error
        return Checkout(path=self._tree, skipped=(*wanted.skipped, *left_out))

    def clear(self) -> None:
        """Remove the slot's files; what cannot be removed is left to the next borrower."""
        self._manifest.unlink(missing_ok=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _update(self, mirror: Mirror, wanted: TreePlan) -> list[Unreviewed]:
        known = self._known()
        self._manifest.unlink(missing_ok=True)
        self._tree.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        present = inventory(self._tree)
        missing = [
            entry
            for entry in wanted.entries
            if entry.record not in known or present.files.get(entry.path) != entry.size
        ]
        kept = {entry.path for entry in wanted.entries} - {entry.path for entry in missing}
        remove(self._tree, present.files.keys() - kept, present.directories)
        left_out = self._write(mirror, missing)
        self._write_manifest(e.record for e in wanted.entries if e.path not in left_out)
        return [Unreviewed(path=shown(path), reason=why) for path, why in left_out.items()]

    def _write(self, mirror: Mirror, missing: Sequence[Entry]) -> dict[bytes, str]:
        """Write files that are not there; returns why some of these paths were left out."""
        left_out: dict[bytes, str] = {}
        with Writer(self._tree) as writer, closing(mirror.blobs(missing)) as contents:
            for entry, content in zip(missing, contents, strict=True):
                if reason := content_reason(content):
                    left_out[entry.path] = reason
                    continue
                try:
                    writer.write(entry.path, content)
                except (FileExistsError, NotADirectoryError):
                    left_out[entry.path] = "its name differs from another only in case"
        return left_out

    def _known(self) -> frozenset[bytes]:
        try:
            return frozenset(records(self._manifest.read_bytes()))
        except FileNotFoundError:
            return frozenset()

    def _write_manifest(self, written: Iterable[bytes]) -> None:
        half = self._manifest.with_suffix(".half")
        half.write_bytes(b"".join(record + b"\0" for record in written))
        half.replace(self._manifest)
