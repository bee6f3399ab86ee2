"""What people say and do on a pull request, made short: a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reviewer_cli.core.conversation import Said, Thread
from reviewer_cli.core.models import Anchor, Earlier, Placement, Remark
from tests.core.making import finding

SUGGESTED = "y = 2\nz = 3"


def said(body: str = "Something is wrong", author: str = "author", **changes: Any) -> Said:
    """A comment of somebody."""
    usual = {"id": f"c-{author}", "author": author, "body": body, "said_at": 100.0}
    return Said(**{**usual, **changes})


def ours(body: str = "**high** · correctness\n\n**Something is wrong**", **changes: Any) -> Said:
    """A comment of our own account, which is an App's."""
    return said(body, "reviewer", **{"is_ours": True, "is_bot": True, **changes})


def thread(*replies: Said, **changes: Any) -> Thread:
    """A thread on line 1 of a.py that we opened, and what was answered."""
    usual = {"id": "t", "path": "a.py", "line": 1, "sha": "a" * 40, "said": (ours(), *replies)}
    return Thread(**{**usual, **changes})


def with_thumbs(thread: Thread, *, up: tuple[str, ...] = (), down: tuple[str, ...] = ()) -> Thread:
    """The same thread with thumbs on our comment."""
    opening = replace(
        thread.opening, thumbs_up=len(up), thumbs_down=len(down), up_by=up, down_by=down
    )
    return replace(thread, said=(opening, *thread.said[1:]))


def earlier(**changes: Any) -> Earlier:
    """A finding of the first round, with a suggestion that takes the place of its line."""
    anchor = Anchor(placement=Placement.LINE, path="a.py", line=1, replaceable=True)
    remark = Remark(finding=finding(suggestion=SUGGESTED), anchor=anchor)
    usual = {"id": 7, "sha": "a" * 40, "round": 1, "remark": remark, "comment_id": "c-reviewer"}
    return Earlier(**{**usual, **changes})
