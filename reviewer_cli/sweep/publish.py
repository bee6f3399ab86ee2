"""Posting one saved review: draft, look, submit, record.

A draft that only we see comes first, so that whatever dies in between leaves either nothing or
something that the next sweep recognises by its marker. No POST is ever repeated blindly: a sweep
that finds a draft looks again before it submits, since it may have been submitted already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from reviewer_cli.core.models import Review
from reviewer_cli.errors import DraftGone, HeadGone, HeadRejected
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ports import CodeHost, Draft, Standing


async def publish(
    host: CodeHost,
    lease: Lease,
    review: Review,
    earlier_draft: str | None,
    clock: Callable[[], float],
) -> None:
    """Post the review once, whatever an earlier sweep did with it; then the row is posted.

    `earlier_draft` is the id of a draft that an earlier sweep recorded. Raises HeadGone when the
    pull request moved on or is closed: nothing is posted then.
    """
    if earlier_draft is not None:
        try:
            draft = Draft(review=review, draft_id=earlier_draft)
            lease.posted(await _submitted(host, draft), clock())
            return
        except DraftGone:
            pass  # then it is as if there had been none
    draft = await _prepared(host, review)
    lease.posting(draft.draft_id, clock(), draft.note)
    lease.posted(await _submitted(host, draft), clock())


async def _prepared(host: CodeHost, review: Review) -> Draft:
    """The draft; a head that the host rejects because it moved on is gone, not rejected."""
    try:
        return await asyncio.to_thread(host.prepare, review)
    except HeadRejected:
        seen = await asyncio.to_thread(host.look, review.key)
        if seen.current_sha != review.key.sha:
            raise _gone(seen) from None
        raise


async def _submitted(host: CodeHost, draft: Draft) -> str:
    """Look, then submit; the id of the one review that the host has afterwards."""
    key = draft.review.key
    seen = await asyncio.to_thread(host.look, key)
    if seen.posted is not None:
        if seen.posted != draft.draft_id:
            await asyncio.to_thread(host.discard, draft)
        return seen.posted
    if seen.current_sha != key.sha:
        await asyncio.to_thread(host.discard, draft)
        raise _gone(seen)
    return await asyncio.to_thread(host.submit, draft)


def _gone(seen: Standing) -> HeadGone:
    moved = f"moved to {seen.current_sha}" if seen.current_sha else "no longer open"
    return HeadGone(moved, successor=seen.current_sha)
