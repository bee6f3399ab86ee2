"""Making digests for keeps, and letting them wait for whoever shall get them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from reviewer_cli import __version__
from reviewer_cli.core.digest import Digest
from reviewer_cli.core.periods import TREND_WEEKS, Span
from reviewer_cli.digest.due import At, due_span, missed
from reviewer_cli.ledger import digests
from reviewer_cli.ledger.outbox import Outbox
from reviewer_cli.ledger.store import Store

Make = Callable[[Span, str], Digest]
"""The digest of a time, and of one repository where the scope names it."""


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
    """What became of a wish to tell of a time: its digest, unless that is not final yet.

    `dropped` older deliveries were never made, and now are no more worth it.
    """

    digest_id: int | None
    own: tuple[int, ...] = ()
    dropped: int = 0


def weekly(
    store: Store, at: At, zone: tzinfo, mailing: Mailing, make: Make, now: float
) -> Queued | None:
    """Queue the newest week's digest if it is due and was not yet; None where nothing was to do.

    Weeks that were missed are kept without being told. One look at an index where nothing is due.
    """
    span = due_span(now, at, zone)
    if digests.find(store, span, "") is not None or not digests.is_told_of(store, span.until):
        return None
    for older in missed(digests.newest(store), span, TREND_WEEKS, zone):
        unseen = {"": make(older, "")}
        if unseen[""].period.is_final:
            with store.transaction():
                _keep(store, older, zone, "", unseen, now)
    return queue(store, span, zone, mailing, make, now)


def queue(
    store: Store, span: Span, zone: tzinfo, mailing: Mailing, make: Make, now: float
) -> Queued:
    """Keep the digests of a time and let them wait for their channels, all or nothing.

    What waits already or was delivered stays as it is.
    """
    scopes = [""]
    if mailing.own is not None:
        scopes += digests.reviewed(store, span, mailing.host)
    made = {one: make(span, one) for one in scopes if digests.find(store, span, one) is None}
    if not all(one.period.is_final for one in made.values()):
        return Queued(digest_id=None)
    outbox, dropped, own = Outbox(store), 0, []
    with store.transaction():
        everything = _keep(store, span, zone, "", made, now)
        dropped += outbox.queue(everything, mailing.channels, now)
        for scope in scopes[1:]:
            own.append(_keep(store, span, zone, scope, made, now))
            dropped += outbox.queue(own[-1], (str(mailing.own),), now)
    return Queued(digest_id=everything, own=tuple(own), dropped=dropped)


def _keep(
    store: Store, span: Span, zone: tzinfo, scope: str, made: Mapping[str, Digest], now: float
) -> int:
    """The id of a digest that is kept from now on, if it was not already."""
    if (there := digests.find(store, span, scope)) is not None:
        return there.digest_id
    from reviewer_cli.core.digest_json import to_json  # a sweep that makes none need not load it

    numbers = to_json(made[scope])
    return digests.keep(
        store, span, scope, zone=str(zone), program=__version__, numbers=numbers, now=now
    )
