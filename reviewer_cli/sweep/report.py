"""What a sweep did: counted while it runs, frozen when it ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from reviewer_cli.core.models import State
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger.rows import Met, SweepCounts
from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.telemetry import (
    SECRETS,
    Event,
    HeadEnded,
    Observer,
    Paused,
    Polled,
    RepositoryFailed,
)

PARTIAL = 3
"""Exit code of a sweep that leaves heads to a later one, or that could not poll a repository."""

MOST_UNPOLLED = 50
"""Repositories of one sweep whose failures are remembered; where more fail, they fail together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The end of a sweep; `error` is what stopped it early or kept a part of the work back.

    `breakers` are those of its doors that are open now.
    """

    sweep_id: int
    counts: SweepCounts
    ended: tuple[HeadEnded, ...]
    failures: tuple[RepositoryFailed, ...]
    error: ReviewerError | None
    breakers: tuple[BreakerRecord, ...]

    @property
    def exit_code(self) -> int:
        """0 when nothing is left to mend; see the exit codes in the README."""
        if self.error is not None:
            return self.error.exit_code
        if self.failures and not self.counts.polled:
            return 1
        unfinished = self.counts.retried or self.counts.dead or self.breakers
        return PARTIAL if self.failures or unfinished else 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened that anybody would want to read."""
        return not (self.ended or self.failures or self.error or self.breakers)


class Tally:
    """Listens to a sweep's events, keeps what the report needs and hands each one on."""

    def __init__(self, observe: Observer) -> None:
        self._observe = observe
        self.ended: list[HeadEnded] = []
        self._failures: list[RepositoryFailed] = []
        self._polled = 0
        self._due: int | None = None
        self._paused_s = 0.0
        self._paused_by = ""
        self.new = 0
        self.superseded = 0

    @property
    def posted(self) -> int:
        """How many heads were posted so far."""
        return sum(one.state is State.POSTED for one in self.ended)

    def observe(self, event: Event) -> None:
        """Count an event and hand it on, without any secret that a host may have quoted."""
        if isinstance(event, RepositoryFailed):
            event = replace(event, reason=SECRETS.redacted(event.reason))
            self._failures.append(event)
        elif isinstance(event, HeadEnded):
            self.ended.append(event)
        elif isinstance(event, Polled):
            self._polled, self._due = event.open_heads, event.due
        elif isinstance(event, Paused):
            self._paused_s += event.added_s
            self._paused_by = event.door
        self._observe(event)

    @property
    def met(self) -> Met:
        """What the sweep met so far besides its heads; each repository that failed counts once.

        Only an engine asks for pauses that are told of here: hosts wait by themselves.
        """
        return Met(
            due=self._due,
            unpolled=tuple(sorted({one.repo for one in self._failures})[:MOST_UNPOLLED]),
            paused_s=self._paused_s,
            door=self._paused_by,
        )

    def report(
        self,
        sweep_id: int,
        usd: float,
        error: ReviewerError | None,
        breakers: tuple[BreakerRecord, ...] = (),
    ) -> Report:
        """The report of everything counted so far."""
        states = Counter(one.state for one in self.ended)
        counts = SweepCounts(
            polled=self._polled,
            new=self.new,
            posted=states[State.POSTED],
            skipped=states[State.SKIPPED],
            superseded=states[State.SUPERSEDED] + self.superseded,
            retried=states[State.DUE],
            dead=states[State.DEAD],
            usd=usd,
        )
        return Report(
            sweep_id=sweep_id,
            counts=counts,
            ended=tuple(self.ended),
            failures=tuple(self._failures),
            error=error,
            breakers=breakers,
        )
