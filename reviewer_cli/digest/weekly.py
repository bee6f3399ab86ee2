"""Making digests for keeps, and letting them wait for whoever shall get them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo
from itertools import takewhile

from reviewer_cli import __version__
from reviewer_cli.core.digest import Digest
from reviewer_cli.core.periods import TREND_WEEKS, Span
from reviewer_cli.digest.due import At, due_span, missed
from reviewer_cli.ledger import digests
from reviewer_cli.ledger.outbox import Outbox
from reviewer_cli.ledger.store import Store

Make = Callable[[Span, str], Digest]
"""The digest of a time, and of one repository where the scope names it."""

OWN_S = 30.0
"""How long a sweep makes repositories' own digests; others wait for its lock meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """Who gets digests: `channels` those of everything, `own` each repository its own of `host`.

    These are names of channels; `own` is None where no repository gets one.
    """

    channels: tuple[str, ...]
    own: str | None = None
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The digests that are kept, of everything first; none where the time is not final yet.

    `dropped` older deliveries were never made, and now are no more worth it.
    """

    digest_ids: tuple[int, ...] = ()
    dropped: int = 0


def weekly(
    store: Store, at: At, zone: tzinfo, mailing: Mailing, make: Make, clock: Callable[[], float]
) -> Queued | None:
    """Queue the newest week's digest if it is due and was not yet; None where nothing was to do.

    Weeks that were missed are kept without being told. Repositories' own digests that there was no
    time for are left to the next sweeps. One look at an index where nothing is due, and one at the
    week's reviews where repositories get their own. `clock` gives seconds since the epoch.
    """
    now = clock()
    span = due_span(now, at, zone)
    desk = _Desk(store, zone, make, now)
    kept = digests.same_week(store, span)
    if kept is None:
        if not digests.is_told_of(store, span.until):
            return None
        for older in missed(digests.newest(store), span, TREND_WEEKS, zone):
            desk.queue(older, "", ())
        if not desk.queue(span, "", mailing.channels):
            return Queued()
    if mailing.own is not None:
        week = kept or span
        scopes = digests.left(store, week, mailing.host)
        in_time = takewhile(lambda _: clock() < now + OWN_S, scopes)
        desk.queue_own(week, in_time, mailing.own)
    return desk.done() if desk.ids else None


def queue(
    store: Store, span: Span, zone: tzinfo, mailing: Mailing, make: Make, now: float
) -> Queued:
    """Keep the digests of a time and let them wait for their channels.

    That of everything comes first, then each repository's own, so that one that is interrupted can
    be gone on with. What waits already or was delivered stays as it is, also a week that was kept
    by the clocks of another time zone.
    """
    span = digests.same_week(store, span) or span
    desk = _Desk(store, zone, make, now)
    if desk.queue(span, "", mailing.channels) and mailing.own is not None:
        desk.queue_own(span, digests.reviewed(store, span, mailing.host), mailing.own)
    return desk.done()


class _Desk:
    """Where one digest after the other is made, kept and queued, each in its own transaction."""

    def __init__(self, store: Store, zone: tzinfo, make: Make, now: float) -> None:
        self.ids: list[int] = []
        self._dropped = 0
        self._store, self._zone, self._make, self._now = store, zone, make, now

    def done(self) -> Queued:
        """All of it so far."""
        return Queued(digest_ids=tuple(self.ids), dropped=self._dropped)

    def queue_own(self, span: Span, scopes: Iterable[str], channel: str) -> None:
        """Each repository's own, as long as they are final."""
        for scope in scopes:
            if not self.queue(span, scope, (channel,)):
                return

    def queue(self, span: Span, scope: str, channels: Iterable[str]) -> bool:
        """False where the time is not final yet; nothing is kept then."""
        there = digests.find(self._store, span, scope)
        if there is not None:
            with self._store.transaction():
                self._let_wait(there.digest_id, channels)
            return True
        made = self._make(span, scope)
        if not made.period.is_final:
            return False
        with self._store.transaction():
            self._let_wait(self._keep(span, scope, made), channels)
        return True

    def _let_wait(self, digest_id: int, channels: Iterable[str]) -> None:
        self._dropped += Outbox(self._store).queue(digest_id, channels, self._now)
        self.ids.append(digest_id)

    def _keep(self, span: Span, scope: str, made: Digest) -> int:
        # A sweep that makes none need not load it.
        from reviewer_cli.core.digest_json import to_json

        return digests.keep(
            self._store,
            span,
            scope,
            zone=str(self._zone),
            program=__version__,
            numbers=to_json(made),
            now=self._now,
        )
