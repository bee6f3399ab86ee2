"""What people and programs said on a pull request, and what they did there, as its host shows it.

Times are seconds since the epoch. What is ours was written by the account that posts for us.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.core.models import HeadKey, Side


class PullState(StrEnum):
    """Whether a pull request still wants anything."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One comment. `id` is what the host calls it where it is edited or answered.

    The thumbs are other people's, never our own; `up_by` and `down_by` are the logins behind them,
    as far as the host tells. A minimised comment is folded up for readers. `may_steer` says that
    the writer opened the pull request, or owns the repository, or is a member or collaborator.
    """

    id: str
    author: str
    is_ours: bool = False
    is_bot: bool = False
    body: str
    said_at: float
    thumbs_up: int = 0
    thumbs_down: int = 0
    up_by: tuple[str, ...] = ()
    down_by: tuple[str, ...] = ()
    is_minimised: bool = False
    may_steer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Comments on lines of the diff, oldest first; never empty.

    `line` and `start_line` count in the file at `sha`, which the first comment was made on. It is
    resolved by the account `resolved_by`, which is empty where it is not.
    """

    id: str
    path: str
    line: int | None
    start_line: int | None = None
    side: Side = Side.RIGHT
    sha: str
    is_resolved: bool = False
    resolved_by: str = ""
    resolved_by_us: bool = False
    review_id: str | None = None
    said: tuple[Said, ...]

    @property
    def opening(self) -> Said:
        """The comment that the others answer."""
        return self.said[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A pull request at one moment; `key` is its head then, `version` as in a `Tip`.

    `author` opened it, and is empty where the host does not tell. `merged_as` is the commit that
    brought it into its base, `ended_at` when it was merged or closed. `remarks` are the comments
    that are on no line, and what others wrote above a review. `is_whole` is False where the host
    has more of them than it told.
    """

    key: HeadKey
    state: PullState
    author: str = ""
    version: str = ""
    merged_as: str | None = None
    ended_at: float | None = None
    threads: tuple[Thread, ...] = ()
    remarks: tuple[Said, ...] = ()
    is_whole: bool = True
