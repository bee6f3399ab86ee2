"""Who refused our credentials in this sweep, and who let us in.

Whatever asks a door tells it here; whoever is about to ask looks here first. Between sweeps the
ledger's breakers remember it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reviewer_cli.core.models import HeadKey
from reviewer_cli.errors import AccessRefused, PostingForbidden, ReviewerError


def engine_door(name: str) -> str:
    """How an engine is named in a breaker."""
    return f"engine {name}"


def host_door(name: str) -> str:
    """How a host is named in a breaker."""
    return f"host {name}"


class Refusals:
    """The memory of one sweep; any thread may call.

    `refused` holds each door's first refusal, `let_in` the doors that answered, and `forbidden`
    the repositories, as (host, name), that we may read but not post to.
    """

    def __init__(self) -> None:
        self.refused: dict[str, AccessRefused] = {}
        self.forbidden: dict[tuple[str, str], PostingForbidden] = {}
        self.let_in: set[str] = set()
        self._asked: set[str] = set()

    @contextmanager
    def watching(self, door: str) -> Iterator[None]:
        """Ask a door inside: what it says to our credential is remembered."""
        self._asked.add(door)
        try:
            yield
        except AccessRefused as error:
            self.refused.setdefault(door, error)
            raise
        self.let_in.add(door)

    @contextmanager
    def posting(self, key: HeadKey) -> Iterator[None]:
        """Post a head's review inside; a repository that takes none is remembered as well."""
        try:
            with self.watching(host_door(key.host)):
                yield
        except PostingForbidden as error:
            self.forbidden.setdefault((key.host, key.repo), error)
            raise

    def against(self, key: HeadKey) -> ReviewerError | None:
        """Why nothing can be posted to a head now, so that neither money nor a request is spent."""
        refused = self.refused.get(host_door(key.host))
        return refused or self.forbidden.get((key.host, key.repo))

    def was_asked(self, door: str) -> bool:
        """Whether this sweep has asked the door, whatever became of it."""
        return door in self._asked
