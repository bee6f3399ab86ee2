"""What became of lines of a file between two commits of a mirror, and in which commit."""

from __future__ import annotations

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.linemap import Whereabouts, whereabouts
from reviewer_cli.core.outcomes import Commit, LinesSince
from reviewer_cli.git.changes import compared
from reviewer_cli.git.mirror import Mirror, MirrorDamaged

MOST_COMMITS = 20
"""Commits that are asked one by one which of them changed the lines; then it is the last one."""

# A setting could else have every signature checked by a program.
LOG = ("log", "--no-show-signature")
FORMAT = "%H%x00%an%x00%ct%x00%B%x01"


def lines_since(
    mirror: Mirror, since: Diff, path: str, first: int, last: int, head_sha: str, limits: DiffLimits
) -> LinesSince | None:
    """What became of lines `first` to `last` of `path`, given the diff from their commit to a head.

    None where it cannot be told.
    """
    place = whereabouts(since, path, first, last)
    if place is None:
        return None
    if not place.is_changed:
        return LinesSince()
    earlier = since.merge_base
    commits = _touching(mirror, earlier, head_sha, path) or [_commit(mirror, head_sha)]
    for commit in commits[:MOST_COMMITS]:
        there = whereabouts(compared(mirror, earlier, commit.sha, limits), path, first, last)
        if there is not None and there.is_changed:
            return LinesSince(commit=commit, text=text_of(mirror, head_sha, place))
    return LinesSince(commit=commits[-1], text=text_of(mirror, head_sha, place))


def _touching(mirror: Mirror, earlier: str, head_sha: str, path: str) -> list[Commit]:
    """The head's commits that are not in the earlier one and change the file, oldest first."""
    told = mirror.git(
        *LOG,
        "--reverse",
        "--no-merges",
        f"--format={FORMAT}",
        f"{earlier}..{head_sha}",
        "--",
        f":(literal,top){path}",
    )
    return _commits(told)


def _commit(mirror: Mirror, sha: str) -> Commit:
    return _commits(mirror.git(*LOG, "-1", f"--format={FORMAT}", sha, "--"))[0]


def _commits(told: bytes) -> list[Commit]:
    made = []
    for entry in told.decode("utf-8", "replace").split("\x01")[:-1]:
        sha, author, at, message = entry.lstrip("\n").split("\0", 3)
        made.append(Commit(sha=sha, author=author, at=float(at), message=message))
    return made


def text_of(mirror: Mirror, sha: str, place: Whereabouts) -> tuple[str, ...] | None:
    """The lines that stand in a place at a commit; None where they cannot be read."""
    if place.first is None or place.last is None:
        return ()
    try:
        content = mirror.git("cat-file", "blob", f"{sha}:{place.path}")
    except MirrorDamaged:
        return None
    lines = content.decode("utf-8", "replace").split("\n")
    return tuple(lines[place.first - 1 : place.last])
