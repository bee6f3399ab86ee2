"""Branches on one another: what is said of a commit on one pull request is not said on the next.

Two pull requests that merely contain equal lines are each told of them: either may be merged alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer_cli.core.models import Anchor, Disposition, HeadKey, Placement, Remark
from reviewer_cli.core.recall import span


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A finding that was posted on another pull request of the repository in the same sweep.

    `anchor` is its place on that one's head, `base` the commit where that one's diff begins.
    """

    id: int
    key: HeadKey
    base: str
    anchor: Anchor
    fingerprint: str
    text_fingerprint: str

    def says(self, remark: Remark) -> bool:
        """Whether it is about the same code, in the same words."""
        prints = (remark.fingerprint, remark.text_fingerprint)
        return prints == (self.fingerprint, self.text_fingerprint)


def across(found: Sequence[Remark], elsewhere: Sequence[Elsewhere]) -> tuple[Remark, ...]:
    """Mark kept remarks about a commit that another pull request has too, and that says so there.

    The `anchor` of each of `elsewhere` is where the lines of such a commit are on this head: of
    two pull requests that merely have a line in common, each is told of it.
    """
    return tuple(
        replace(remark, disposition=Disposition.REPEATED, reason=f"also said on {key}", said_on=key)
        if remark.disposition is Disposition.KEPT
        and (key := next((one.key for one in elsewhere if _is_there(remark, one)), None))
        else remark
        for remark in found
    )


def _is_there(remark: Remark, said: Elsewhere) -> bool:
    anchor, there = remark.anchor, said.anchor
    return (
        said.says(remark)
        and anchor.placement is there.placement is Placement.LINE
        and (anchor.path, anchor.side) == (there.path, there.side)
        and span(anchor) == span(there)
    )
