"""Whether a sweep's doors can be asked: which failed us or were found shut, which let us in.

Whatever asks a door tells it here; whoever is about to ask looks here first. Between sweeps the
ledger's breakers remember it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from reviewer_cli.core.models import HeadKey
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HostUnavailable,
    PostingForbidden,
    ProviderDown,
    ProviderUnavailable,
    ProviderWait,
    ReviewerError,
)

FAILURES_OF_EVERYBODY = 3
"""Heads in a row that met no answer, after which a door is down for everybody, not for one head."""


def engine_door(name: str) -> str:
    """How an engine is named in a breaker."""
    return f"engine {name}"


def host_door(name: str) -> str:
    """How a host is named in a breaker."""
    return f"host {name}"


@dataclass(slots=True, kw_only=True)
class _Silence:
    """Heads in a row that a door gave no answer, and what the last of them met."""

    heads: int
    error: ReviewerError


class Availability:
    """What one sweep knows of its doors; any thread may call.

    `refused` holds what each door's first failure was that concerns everybody, `let_in` the doors
    that answered, and `forbidden` the repositories, as (host, name), that we may read but not post
    to. `shut` are doors that earlier sweeps were asked to leave alone until a time to come, and
    `unproven` those, with the number of their failures, that were down and had not yet a head
    that came through.
    """

    def __init__(self) -> None:
        self.refused: dict[str, ReviewerError] = {}
        self.forbidden: dict[tuple[str, str], PostingForbidden] = {}
        self.let_in: set[str] = set()
        self.shut: dict[str, ReviewerError] = {}
        self.unproven: dict[str, int] = {}
        self._proven: set[str] = set()
        self._silent: dict[str, _Silence] = {}
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
    def working(self, door: str) -> Iterator[None]:
        """Ask an engine inside for what only a door that is well can give: a proof that it is."""
        with self.watching(door):
            yield
        self._prove(door)

    @contextmanager
    def polling(self, host: str) -> Iterator[None]:
        """Ask a host for many heads inside: one that gives no answer is asked nothing more."""
        try:
            with self.fetching(host):
                yield
        except HostUnavailable as error:
            self.refused.setdefault(host_door(host), error)
            raise

    @contextmanager
    def fetching(self, host: str) -> Iterator[None]:
        """Ask a host for one head inside; it waited by itself as long as a sweep may."""
        door = host_door(host)
        try:
            with self.watching(door):
                yield
        except ProviderWait as error:
            self.refused.setdefault(door, error)
            raise
        except HostUnavailable as error:
            self.is_everybodys(door, error)
            raise

    @contextmanager
    def posting(self, key: HeadKey) -> Iterator[None]:
        """Post a head's review inside; a repository that takes none is remembered as well."""
        try:
            with self.fetching(key.host):
                yield
        except HostUnavailable:
            raise
        except HeadError as error:
            self._prove(host_door(key.host))
            if isinstance(error, PostingForbidden):
                self.forbidden.setdefault((key.host, key.repo), error)
            raise
        self._prove(host_door(key.host))

    def is_everybodys(self, door: str, error: ReviewerError) -> bool:
        """Count a head that met no answer; whether the door is down for all heads by now.

        One that was down before, and has not come up since, is down at the first.
        """
        silence = self._silent.setdefault(door, _Silence(heads=0, error=error))
        silence.heads, silence.error = silence.heads + 1, error
        if silence.heads >= FAILURES_OF_EVERYBODY or door in self.unproven:
            self.refused.setdefault(door, error)
        return door in self.refused

    @contextmanager
    def waiting(self, door: str) -> Iterator[None]:
        """Decide inside whether a wait can be borne; one that is raised again is everybody's."""
        try:
            yield
        except ProviderWait as error:
            self.refused.setdefault(door, error)
            raise

    def engine_failed(self, door: str, error: ProviderUnavailable) -> None:
        """Count a failure of an engine; raises ProviderDown when it is everybody's."""
        if self.is_everybodys(door, error):
            down = ProviderDown(
                f"The model provider failed all that asked it lately ({error}); the rest waits "
                "for a later sweep."
            )
            self.refused[door] = down
            raise down from error

    def against(self, key: HeadKey) -> ReviewerError | None:
        """Why nothing can be posted to a head now, so that neither money nor a request is spent."""
        return self.against_door(host_door(key.host)) or self.forbidden.get((key.host, key.repo))

    def against_door(self, door: str) -> ReviewerError | None:
        """Why a door is not asked now."""
        return self.refused.get(door) or self.shut.get(door)

    def was_asked(self, door: str) -> bool:
        """Whether this sweep has asked the door, whatever became of it."""
        return door in self._asked

    def never_answered(self) -> dict[str, ReviewerError]:
        """The doors that gave no answer to any head that wanted one, be it only one head."""
        return {
            door: silence.error
            for door, silence in self._silent.items()
            if door not in self._proven
        }

    def others_let_in(self, door: str, hosts: Collection[str]) -> bool:
        """Whether another host than the one behind this door answered."""
        return any(host_door(host) in self.let_in - {door} for host in hosts)

    def _prove(self, door: str) -> None:
        self._proven.add(door)
        self._silent.pop(door, None)
        self.unproven.pop(door, None)
