"""Posting one saved review: draft, look, submit, record.

A draft that only we see comes first, so that whatever dies in between leaves either nothing or
something that the next sweep recognises by its marker. No POST is ever repeated blindly: a sweep
that finds a draft looks again before it submits, since it may have been submitted already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from reviewer_cli.core.models import Review
from reviewer_cli.errors import DraftGone, HeadGone, HeadRejected, SecretInOutput
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ports import CodeHost, Draft, Standing
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.outgoing import check_review


async def publish(
    host: CodeHost,
    lease: Lease,
    review: Review,
    earlier_draft: str | None,
    clock: Callable[[], float],
) -> None:
    """Post the review once, whatever an earlier sweep did with it; then the row is posted.

    `earlier_draft` is the id of a draft that an earlier sweep recorded. Raises HeadGone when the
    pull request moved on or is closed, SecretInOutput when the review holds a secret: nothing is
    posted then, and the draft is taken back.
    """
    earlier = Draft(review=review, draft_id=earlier_draft) if earlier_draft is not None else None
    try:
        check_review(review)
    except SecretInOutput:
        if earlier is not None:
            await aside(partial(host.discard, earlier))
        raise
    if earlier is not None:
        try:
            lease.posted(await _submitted(host, earlier), clock())
            return
        except DraftGone:
            pass  # then it is as if there had been none
    draft = await _prepared(host, review)
    lease.posting(draft.draft_id, clock(), draft.note)
    lease.posted(await _submitted(host, draft), clock())


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
    """Look, then submit; the id of the one review that the host has afterwards."""
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
