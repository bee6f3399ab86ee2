"""Posting one saved review: look, draft, look again, submit, record.

A draft that only we see comes first, so that whatever dies in between leaves either nothing or
something that the next sweep recognises by its marker. No POST is ever repeated blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from reviewer_cli.core.models import Review
from reviewer_cli.errors import HeadGone
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ports import CodeHost, Draft


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
    key = review.key
    if review_id := await asyncio.to_thread(host.posted_review, key):
        if earlier_draft is not None:
            await asyncio.to_thread(host.discard, Draft(review=review, draft_id=earlier_draft))
        lease.posted(review_id, clock())
        return
    draft: Draft = await asyncio.to_thread(host.prepare, review)
    lease.posting(draft.draft_id, clock())
    current = await asyncio.to_thread(host.current_sha, key)
    if current != key.sha:
        await asyncio.to_thread(host.discard, draft)
        raise HeadGone(f"moved to {current}" if current else "no longer open", successor=current)
    if review_id := await asyncio.to_thread(host.posted_review, key):
        await asyncio.to_thread(host.discard, draft)
    else:
        review_id = await asyncio.to_thread(host.submit, draft)
    lease.posted(review_id, clock())
