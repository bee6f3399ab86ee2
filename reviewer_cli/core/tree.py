"""Which entries of a commit's tree become files of a checkout; the others are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reviewer_cli.core.coverage import name_reason, shown, size
from reviewer_cli.core.models import Unreviewed

LINK, SUBMODULE = b"120000", b"160000"

#: A model sees these as such, so they can tell it what no reader of the text would notice.
PICTURE = "a picture, PDF or notebook, which can hide instructions"

#: The agent's program (2.1.330) goes by the extension first, and shows a file that has none as a
#: picture when it begins as PNG, JPEG, GIF or WebP does.
PICTURE_NAMES = (
    *(b".png", b".apng", b".jpg", b".jpeg", b".jpe", b".jfif", b".gif", b".webp", b".bmp", b".ico"),
    *(b".tif", b".tiff", b".heic", b".heif", b".avif", b".pdf", b".ipynb"),
)
#: PNG, JPEG, GIF, WebP, PDF, TIFF in both byte orders, BMP, and HEIF with AVIF.
PICTURE_START = re.compile(
    rb"(?s)\x89PNG|\xff\xd8\xff|GIF8[79]|RIFF....WEBP|%PDF-|II\*\0|MM\0\*"
    rb"|BM....\0\0\0\0|....ftyp(?:hei|hev|mif1|msf1|avi)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutLimits:
    """How large a checkout may grow: bytes of one file, of all together, and their number."""

    max_file_bytes: int = 1 << 20
    max_total_bytes: int = 300 << 20
    max_files: int = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file of a tree; `record` is git's own line, equal only for equal content."""

    path: bytes
    oid: bytes
    size: int
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePlan:
    """The files to write, in git's order, and what is left out."""

    entries: tuple[Entry, ...]
    skipped: tuple[Unreviewed, ...]


def records(listing: bytes) -> list[bytes]:
    """The lines of `git ls-tree -r -z -l --full-tree`."""
    return listing.split(b"\0")[:-1]


def plan(listing: bytes, limits: CheckoutLimits) -> TreePlan:
    """Decide about every entry of `git ls-tree -r -z -l --full-tree`, by all but its content.

    No accepted path leaves the checkout, is a link, or lies below another accepted file.
    """
    entries: dict[bytes, Entry] = {}
    directories: set[bytes] = set()
    skipped: list[Unreviewed] = []
    total = 0
    for record in records(listing):
        meta, path = record.split(b"\t", 1)
        mode, _, oid, length = meta.split()
        reason = mode_reason(mode) or name_reason(path)
        if reason is None and path.lower().endswith(PICTURE_NAMES):
            reason = PICTURE
        if reason is None:
            # git writes BAD for a blob that it cannot find: asking for its content then fails.
            count = int(length) if length.isdigit() else 0
            if count > limits.max_file_bytes:
                reason = f"larger than {size(limits.max_file_bytes)}"
            elif total + count > limits.max_total_bytes:
                reason = f"the checkout stops at {size(limits.max_total_bytes)}"
            elif len(entries) >= limits.max_files:
                reason = f"the checkout stops at {limits.max_files} files"
            elif path in directories or any(above in entries for above in _upward(path)):
                reason = "its name is in the tree twice"
        if reason is not None:
            skipped.append(Unreviewed(path=shown(path), reason=reason))
            continue
        entries[path] = Entry(path, oid, count, record)
        total += count
        directories.update(_upward(path.rpartition(b"/")[0]))
    return TreePlan(entries=tuple(entries.values()), skipped=tuple(skipped))


def content_reason(content: bytes) -> str | None:
    """Why a file that begins like this is left out whatever its name; None when it may be there.

    That it is named is what matters: code that is dressed up as a picture is missing too.
    """
    return PICTURE if PICTURE_START.match(content) else None


def mode_reason(mode: bytes) -> str | None:
    """Why an entry of this mode is no text to review; None for a regular file."""
    if mode == LINK:
        return "symbolic link"
    if mode == SUBMODULE:
        return "submodule"
    return None if mode.startswith(b"100") else "not a regular file"


def _upward(path: bytes) -> Iterator[bytes]:
    """The path and every directory above it."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]
