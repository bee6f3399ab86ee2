"""Digests in issues that are kept up to date: one for all repositories, or one in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from reviewer_cli.core.health import Sign
from reviewer_cli.ports.issues import Issue, IssueBoard, kept, kept_or_opened
from reviewer_cli.ports.notices import Form, Notice

OWN_KIND, CENTRAL_KIND = "digest", "digest-all"
"""Two issues, since the central one may be in a repository that has one of its own."""
FOOTER = (
    "_Each week's digest takes the place of the one before; comments stay. An issue that was "
    "closed stays closed._"
)
CUT = "_The rest is too long for an issue; `reviewer digest` has all of it._"


class IssueChannel:
    """Keeps one issue in a repository: in `repo`, or in the one that a digest is about."""

    forms = (Form.MARKDOWN,)
    is_repeatable = True
    keeps_newest = True

    def __init__(
        self, name: str, board: Callable[[], IssueBoard], repo: str, *, shows_titles: bool
    ) -> None:
        """`repo` is empty where each digest goes to its own repository."""
        self.name = name
        self.shows_titles = shows_titles
        self._open = board
        self._repo = repo

    @cached_property
    def _board(self) -> IssueBoard:
        return self._open()

    @property
    def pause_s(self) -> float:
        """For so long an issue that was opened just now may not be seen yet."""
        return self._board.lists_lag_s

    def send(self, notice: Notice) -> bool:
        """Edit the issue that is there; where none is seen, `finish` opens one."""
        repo = self._place(notice)
        self._board.check([repo])
        return kept(self._board, repo, self._issue(notice))

    def finish(self, notice: Notice) -> None:
        """Look once more, and open one."""
        kept_or_opened(self._board, self._place(notice), self._issue(notice))

    def examine(self) -> Iterator[Sign]:
        """The credential, as far as one repository tells."""
        if self._repo:
            yield from self._board.examine(self._repo)

    def close(self) -> None:
        """Let go of the host."""
        if "_board" in self.__dict__:
            self._board.close()

    def _place(self, notice: Notice) -> str:
        return self._repo or notice.scope

    def _issue(self, notice: Notice) -> Issue:
        body = _within(notice.text(Form.MARKDOWN), self._board.body_chars - len(FOOTER) - 2)
        whole = f"{body}\n\n{FOOTER}"
        if self._repo:
            return Issue(kind=CENTRAL_KIND, title="Review digest of all repositories", body=whole)
        return Issue(kind=OWN_KIND, title="Review digest", body=whole)


def _within(text: str, limit: int) -> str:
    """As many whole lines as fit, and a word about the rest."""
    if len(text) <= limit:
        return text.rstrip("\n")
    whole, _, _ = text[: limit - len(CUT) - 2].rpartition("\n")
    return f"{whole}\n\n{CUT}"
