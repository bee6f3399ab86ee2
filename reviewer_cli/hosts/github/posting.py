"""Posting in two phases: a pending review that only we see, then its submission.

GitHub keeps one pending review per account and pull request, which makes it a mutex as well as
the first phase of a commit. A submitted review can never be deleted, so nothing is submitted
that was not looked at twice. The event is COMMENT: a reviewer that runs unattended neither
approves nor blocks.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from reviewer_cli.core.marker import MARKER, carries_marker
from reviewer_cli.core.models import Comment, HeadKey, Review
from reviewer_cli.errors import DraftGone, HeadError, HeadRejected
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.faults import NotFound, OutcomeUnknown, Unprocessable
from reviewer_cli.ports.host import Draft, PostLimits
from reviewer_cli.render.markdown import with_comments_in_body

ONE_PENDING = "one pending review"
PENDING = "PENDING"


class Blocked(HeadError):
    """A person's draft review under our account stands in the way; it is never touched."""

    waits_for_person = True


class Poster:
    """Posts reviews with one account, whose numeric id is `me`."""

    def __init__(self, connection: Connection, me: int, secret: bytes, limits: PostLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._me = me
        self._secret = secret

    def prepare(self, review: Review) -> Draft:
        """Make the pending review, or adopt the same one that an earlier sweep made.

        Raises Blocked, HeadRejected when GitHub takes neither the review nor its plain body, and
        OutcomeUnknown when it may have been made: then the next sweep adopts it.
        """
        try:
            return self._create(review)
        except Unprocessable as refusal:
            pending = self._pending(review.key)
            if pending is None:
                return self._without_comments(review, refusal)
        if self._is_whole(pending, review):
            return Draft(review=review, draft_id=str(pending["id"]))
        self._clear(pending, review.key)
        try:
            return self._create(review)
        except Unprocessable as refusal:
            return self._without_comments(review, refusal)

    def submit(self, draft: Draft) -> str:
        """Publish the draft. Raises DraftGone when it is no longer there.

        A refusal that its state does not explain is a read from the past: a new draft would then
        be a second review, so that nothing is done before the next sweep looks again.
        """
        path = f"{_reviews(draft.review.key)}/{_number(draft.draft_id)}"
        try:
            answer = self._connection.write("POST", f"{path}/events", {"event": "COMMENT"})
        except (Unprocessable, NotFound) as refusal:
            state = self._state(path)
            if state is None and isinstance(refusal, NotFound):
                raise DraftGone(f"The draft could not be submitted ({refusal}).") from refusal
            if state in (None, PENDING):
                raise HeadError(
                    f"GitHub refused to submit the draft ({refusal}); the next sweep looks."
                ) from refusal
            return draft.draft_id
        if answer.get("state") in (None, PENDING):
            raise OutcomeUnknown("GitHub did not confirm the submission; the next sweep looks.")
        return draft.draft_id

    def discard(self, draft: Draft) -> None:
        """Delete a draft; one that is gone, or was submitted meanwhile, is left as it is."""
        try:
            self._connection.write(
                "DELETE", f"{_reviews(draft.review.key)}/{_number(draft.draft_id)}"
            )
        except (Unprocessable, NotFound):
            return

    def _create(self, review: Review, note: str = "") -> Draft:
        body = {
            "commit_id": review.key.sha,
            "body": review.body,
            "comments": [_comment(one) for one in review.comments],
        }
        answer = self._connection.write("POST", _reviews(review.key), body)
        if not isinstance(answer.get("id"), int):
            raise OutcomeUnknown("GitHub did not confirm the draft; the next sweep looks.")
        return Draft(review=review, draft_id=str(answer["id"]), note=note)

    def _without_comments(self, review: Review, refusal: Unprocessable) -> Draft:
        """GitHub refuses a whole review for one line that it does not take, and not which."""
        if ONE_PENDING in refusal.reason:
            raise HeadError("GitHub tells of a draft but does not list it; the next sweep looks.")
        if not review.comments:
            raise HeadRejected(str(refusal)) from refusal
        note = f"{len(review.comments)} comments moved into the body ({refusal.reason})"
        try:
            return self._create(with_comments_in_body(review, self._limits), note)
        except Unprocessable as again:
            raise HeadRejected(str(again)) from again

    def _is_whole(self, pending: dict[str, Any], review: Review) -> bool:
        """Whether a draft is this very review: a later engine run may have found other things."""
        if pending.get("body") != review.body or pending.get("commit_id") != review.key.sha:
            return False
        path = f"{_reviews(review.key)}/{_number(pending['id'])}/comments"
        drafted = sorted((one["path"], one["body"]) for one in self._connection.pages(path))
        return drafted == sorted((one.path, one.body) for one in review.comments)

    def _clear(self, pending: dict[str, Any], key: HeadKey) -> None:
        """Delete a draft of ours, whichever head it is of; leave a person's alone."""
        body = pending.get("body") or ""
        found = MARKER.search(body.rstrip("\n").rsplit("\n", 1)[-1])
        if found is None or not carries_marker(body, replace(key, sha=found[1]), self._secret):
            raise Blocked(
                f"A draft review of {key} under this account blocks ours; "
                "submit or discard it, or give reviewer an account of its own."
            )
        with suppress(NotFound):  # the list was of the past: a sweep that died had deleted it
            self._connection.write("DELETE", f"{_reviews(key)}/{_number(pending['id'])}")

    def _pending(self, key: HeadKey) -> dict[str, Any] | None:
        for review in self._connection.pages(_reviews(key)):
            if review["state"] == PENDING and (review["user"] or {}).get("id") == self._me:
                return dict(review)
        return None

    def _state(self, path: str) -> str | None:
        try:
            return str(self._connection.get(path)["state"])
        except NotFound:
            return None


def _comment(comment: Comment) -> dict[str, Any]:
    posted: dict[str, Any] = {
        "path": comment.path,
        "line": comment.line,
        "side": str(comment.side),
        "body": comment.body,
    }
    if comment.start_line is not None:
        posted |= {"start_line": comment.start_line, "start_side": str(comment.side)}
    return posted


def _reviews(key: HeadKey) -> str:
    return f"/repos/{quote(key.repo)}/pulls/{int(key.pull)}/reviews"


def _number(draft_id: str | int) -> int:
    return int(draft_id)
