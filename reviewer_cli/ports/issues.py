"""The door to a repository's issues, where something is kept up to date for everybody to read.

It is apart from the host's because it takes a credential of its own, and not every host has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reviewer_cli.core.health import Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """What one issue shall say in Markdown; a repository has one of each `kind`, of `[a-z-]`.

    The title is only that of a new one: people may give it another.
    """

    kind: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """An issue of ours that is there, with its number and all that it says now."""

    number: int
    body: str


class IssueBoard(Protocol):
    """The issues of one host's repositories. Every method may raise the errors of `errors.py`.

    `body_chars` is what a body may have, `lists_lag_s` for how long what `find` tells may still be
    the past. Nothing here is atomic: to keep a single issue, find none, let that time pass, find
    none again, and only then `open` it. Then also what died behind an `open` made no second one.
    """

    body_chars: int
    lists_lag_s: float

    def check(self, repos: Sequence[str]) -> None:
        """Raise AccessRefused when the credential may do too little or too much; at least one."""

    def find(self, repo: str, kind: str) -> Filed | None:
        """Our own issue of that kind, open or closed, found by its signed marker."""

    def open(self, repo: str, issue: Issue) -> None:
        """Open an issue that says this; never repeated by itself."""

    def edit(self, repo: str, filed: Filed, issue: Issue) -> None:
        """Give an issue of ours this body, unless it has it; repeating is fine."""

    def examine(self, repo: str) -> Iterator[Sign]:
        """Whether the credential may do what it needs, and no more."""

    def close(self) -> None:
        """Let go of connections, and end every wait at once."""


def kept(board: IssueBoard, repo: str, issue: Issue) -> bool:
    """Whether our issue is there, which then says this; the first look of the protocol above."""
    filed = board.find(repo, issue.kind)
    if filed is None:
        return False
    board.edit(repo, filed, issue)
    return True


def kept_or_opened(board: IssueBoard, repo: str, issue: Issue) -> None:
    """The second look, `lists_lag_s` after the first one found none: only now is one opened."""
    if not kept(board, repo, issue):
        board.open(repo, issue)
