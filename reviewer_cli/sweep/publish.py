"""Posting one saved review: draft, rest, look, submit, record.

A draft that only we see comes first, so that whatever dies in between leaves either nothing or
something that the next sweep recognises by its marker. No POST is ever repeated blindly: a sweep
that finds a draft looks again before it submits, since it may have been submitted already. A round
with nothing new to say edits our newest review instead, which needs neither.

The draft rests for as long as the host may tell of the past. While it is there nobody else can
post under our account; so the look that follows shows whatever another ledger of ours, lost,
restored or alive elsewhere, posted before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from reviewer_cli.core.amending import amended
from reviewer_cli.core.models import Review
from reviewer_cli.errors import DraftGone, HeadGone, HeadRejected, SecretInOutput
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.rows import Work
from reviewer_cli.ports.host import CodeHost, Draft, Standing
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.outgoing import check_review


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A draft that the ledger knows of, and whether an earlier sweep made it.

    From `rested_at` on, in elapsed seconds, a look at its host tells the truth about it.
    """

    draft: Draft
    rested_at: float
    is_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """`clock` gives seconds since the epoch and may jump, `elapsed` seconds that never do."""

    clock: Callable[[], float]
    elapsed: Callable[[], float]


def recorded(host: CodeHost, work: Work, times: Times) -> Recorded | None:
    """The draft of an earlier sweep, if there is one.

    It has rested since it was made; a clock that jumped makes it rest no longer than a new one.
    """
    if work.review is None or work.draft_id is None:
        return None
    now = times.clock()
    age = now - (work.drafted_at if work.drafted_at is not None else now)
    left = max(0.0, min(host.lists_lag_s, host.lists_lag_s - age))
    draft = Draft(review=work.review, draft_id=work.draft_id)
    return Recorded(draft=draft, rested_at=times.elapsed() + left, is_earlier=True)


async def publish(
    host: CodeHost, lease: Lease, review: Review, known: Recorded | None, times: Times
) -> Recorded | None:
    """Bring the review as far as it comes now: None when it is posted, else the draft that rests.

    `known` is its draft, if it has one: publish it again when that has rested. Raises HeadGone
    when the pull request moved on or is closed, SecretInOutput when the review holds a secret:
    nothing is posted then, and the draft is taken back.
    """
    try:
        check_review(review)
    except SecretInOutput:
        if known is not None:
            await aside(partial(host.discard, known.draft))
        raise
    if known is None and (noted := await _amended(host, review)):
        lease.posted(noted, times.clock())
        return None
    if known is None:
        draft = await _prepared(host, review)
        lease.posting(draft.draft_id, times.clock(), draft.note)
        known = Recorded(draft=draft, rested_at=times.elapsed() + host.lists_lag_s)
    if times.elapsed() < known.rested_at:
        return known
    try:
        posted = await _submitted(host, known.draft)
    except DraftGone:
        if not known.is_earlier:
            raise  # somebody else posts at this moment: the next sweep looks
        return await publish(host, lease, review, None, times)
    lease.posted(posted, times.clock())
    return None


async def _amended(host: CodeHost, review: Review) -> str | None:
    """Say in an earlier review that this head was checked as well; its id.

    An edit is no second review, and the same one may be made twice: nothing has to rest. None when
    that review is gone or full, or there is something new to say.
    """
    if review.amends is None:
        return None
    seen = await aside(partial(host.look, review.key))
    if said := seen.posted or seen.noted:
        return said
    if seen.current_sha != review.key.sha:
        raise _gone(seen)
    body = await aside(partial(host.review_body, review.key, review.amends))
    body = None if body is None else amended(body, review.marker, host.limits.body_chars)
    if body is None:
        return None
    await aside(partial(host.amend, review.key, review.amends, body))
    return review.amends


async def _prepared(host: CodeHost, review: Review) -> Draft:
    """The draft; a head that the host rejects because it moved on is gone, not rejected."""
    try:
        return await aside(partial(host.prepare, review))
    except HeadRejected:
        seen = await aside(partial(host.look, review.key))
        if seen.current_sha != review.key.sha:
            raise _gone(seen) from None
        raise


async def _submitted(host: CodeHost, draft: Draft) -> str:
    """Look, then submit; the id of the one review that the host has afterwards.

    Where only an earlier one notes the head, somebody has asked for another look since, and it
    found something.
    """
    key = draft.review.key
    seen = await aside(partial(host.look, key))
    if seen.posted is not None:
        if seen.posted != draft.draft_id:
            await aside(partial(host.discard, draft))
        return seen.posted
    if seen.current_sha != key.sha:
        await aside(partial(host.discard, draft))
        raise _gone(seen)
    return await aside(partial(host.submit, draft))


def _gone(seen: Standing) -> HeadGone:
    moved = f"moved to {seen.current_sha}" if seen.current_sha else "no longer open"
    return HeadGone(moved, successor=seen.current_sha)
