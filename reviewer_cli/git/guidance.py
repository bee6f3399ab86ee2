"""What a project says to its reviewers, read from one commit with git alone."""

from __future__ import annotations

from reviewer_cli.core.coverage import shown, size
from reviewer_cli.core.guidance import READ, Guidance, GuidanceFile, guidance
from reviewer_cli.core.models import Unreviewed
from reviewer_cli.core.tree import LINK, Entry, mode_reason
from reviewer_cli.git.mirror import Mirror

LARGEST = 1 << 20
"""Bytes of a file that are read at all; little of that is shown."""


def project_guidance(mirror: Mirror, base_sha: str) -> Guidance:
    """The guidance in the root of a fetched commit, which must be the tip of the base branch.

    Only regular files count. A link is not followed; where it leads to another of the files it
    is not even worth a word. Raises MirrorDamaged when git cannot read the commit.
    """
    listing = mirror.git("ls-tree", "-z", "-l", "--full-tree", base_sha, "--", *READ)
    entries: list[Entry] = []
    unread: list[Unreviewed] = []
    for record in listing.split(b"\0")[:-1]:
        meta, path = record.split(b"\t", 1)
        mode, _, oid, length = meta.split()
        count = int(length) if length.isdigit() else 0
        if count > LARGEST:
            unread.append(_unread(path, f"larger than {size(LARGEST)}"))
        elif mode == LINK or mode_reason(mode) is None:
            entries.append(Entry(path, oid, count, record))
        else:
            unread.append(_unread(path, str(mode_reason(mode))))
    files: list[GuidanceFile] = []
    targets: dict[bytes, bytes] = {}
    for entry, content in zip(entries, mirror.blobs(entries), strict=True):
        if entry.record.startswith(LINK):
            targets[entry.path] = content
        else:
            files.append(GuidanceFile(name=entry.path.decode("ascii"), content=content))
    read = {file.name.encode("ascii") for file in files}
    unread += [_unread(path, "symbolic link") for path, to in targets.items() if to not in read]
    return guidance(files, unread)


def _unread(path: bytes, reason: str) -> Unreviewed:
    return Unreviewed(path=shown(path), reason=f"not read, {reason}")
