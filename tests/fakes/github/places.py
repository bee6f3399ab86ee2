"""Where a review comment may stand, and where it stands after later pushes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.github import diffs
from tests.fakes.github.messages import unprocessable
from tests.fakes.github.rows import ReviewComment
from tests.fakes.github.world import World

LINE_OUTSIDE = "Pull request review thread line must be part of the diff"
START_OUTSIDE = "Pull request review thread start line must be part of the same hunk as the line."
NO_HUNK = "Pull request review thread diff hunk can't be blank"
START_AFTER = "Pull request review thread start line must precede the end line."
NO_PATH = "Path could not be resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a comment is to stand; `line` None is the whole file."""

    path: str
    line: int | None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A comment that is to be written."""

    place: Place
    body: str


def check(place: Place, change: diffs.FileChange) -> None:
    """Raise Refused unless the lines lie in one hunk of the change, on their side."""
    hunk = change.anchors.get((place.side, place.line or 0))
    start = None
    if place.start_line is not None:
        start = change.anchors.get((place.start_side or place.side, place.start_line))
    if hunk is None:
        faults = [LINE_OUTSIDE, *([START_OUTSIDE] if place.start_line else []), NO_HUNK]
        joined = ", ".join(faults[:-1]) + ("," if len(faults) > 2 else "") + f" and {faults[-1]}"
        raise unprocessable(joined)
    same_side = (place.start_side or place.side) == place.side
    if place.start_line is not None and same_side and place.start_line >= (place.line or 0):
        raise unprocessable(START_AFTER)
    if place.start_line is not None and start != hunk:
        raise unprocessable(START_OUTSIDE)


def line_now(world: World, comment: ReviewComment) -> int | None:
    """Where the comment stands after later pushes; None when it is outdated or on a file."""
    if comment.line is None:
        return None
    pull = world.tables.pulls[comment.pull_id]
    store = world.tables.repos[pull.repo_id].store
    if comment.side == "LEFT":
        old, new = (
            diffs.merge_base(store, pull.base_sha, sha)
            for sha in (comment.commit_sha, pull.head_sha)
        )
        line = diffs.carried(store, comment.path, comment.line, old or "", new or "")
    else:
        line = diffs.carried(store, comment.path, comment.line, comment.commit_sha, pull.head_sha)
    change = next((one for one in world.changes(pull) if one.path == comment.path), None)
    return line if change and (comment.side, line) in change.anchors else None


def is_outdated(world: World, comment: ReviewComment) -> bool:
    """Whether the lines it is about have changed since."""
    return comment.line is not None and line_now(world, comment) is None
