"""What may leave about one head: no secret of ours, and of the author's own tokens only the kind.

A token that stands in the change already is public, and the review must be able to say so: it is
masked. Everything else that looks like a secret stops the review, whoever made the model say it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from reviewer_cli.core.diff import Diff
from reviewer_cli.core.leaks import Leak
from reviewer_cli.core.models import Head, Remark, Review
from reviewer_cli.errors import InvalidReply, SecretInOutput
from reviewer_cli.ports.engine import Reply
from reviewer_cli.telemetry import SECRETS

LARGEST_REPLY = 2_000_000
"""Characters of an answer that are searched; a hundred findings of full length have 1.2 million."""


class Outgoing:
    """The gate of one head; it knows what its author wrote."""

    def __init__(self, head: Head, diff: Diff) -> None:
        self._head = head
        self._diff = diff

    def check_reply(self, reply: Reply) -> None:
        """Raise SecretInOutput when the engine's answer holds a secret that is not the author's.

        InvalidReply when it is too large to be searched.
        """
        text = reply_text(reply)
        _stop(leak for leak in SECRETS.found(text) if not self._is_own(text, leak))

    def masked(self, remark: Remark) -> Remark:
        """The remark without the author's own tokens; a suggestion that holds one is dropped."""
        finding = remark.finding
        masked = replace(
            finding,
            title=SECRETS.redacted(finding.title),
            body=SECRETS.redacted(finding.body),
            quote=SECRETS.redacted(finding.quote),
            rule=SECRETS.redacted(finding.rule),
            suggestion=None if SECRETS.found(finding.suggestion or "") else finding.suggestion,
        )
        return replace(remark, finding=masked, reason=SECRETS.redacted(remark.reason))

    def checked(self, review: Review) -> Review:
        """The review as it may be saved: paths and names may hold tokens of the author as well."""
        text = _posted_text(review)
        _stop(leak for leak in SECRETS.found(text) if not self._is_own(text, leak))
        return replace(
            review,
            body=SECRETS.redacted(review.body),
            comments=tuple(
                replace(comment, body=SECRETS.redacted(comment.body)) for comment in review.comments
            ),
        )

    def _is_own(self, text: str, leak: Leak) -> bool:
        """Whether the change shows the very same token, or each word of the very same key."""
        if leak.known:
            return False
        return all(word in self._own_text for word in text[leak.start : leak.end].split())

    @cached_property
    def _own_text(self) -> str:
        head, diff = self._head, self._diff
        lines = (line.text for file in diff.files for hunk in file.hunks for line in hunk.lines)
        said = (head.title, head.body, head.head_ref, head.base_ref, *diff.paths())
        return "\n".join((*said, *lines))


def check_review(review: Review) -> None:
    """Raise SecretInOutput when the final bytes of a review hold a secret, whoever saved it."""
    text = _posted_text(review)
    paths = "\n".join(comment.path for comment in review.comments)
    # A path is an address that has to be given as it is, and the change shows it already.
    known = [leak for leak in SECRETS.found(paths) if leak.known]
    _stop([*SECRETS.found(text), *known])


def masked_text(text: str) -> str:
    """What heads of several authors say, with whatever looks like a secret masked.

    Raises SecretInOutput when one of our own is in it.
    """
    _stop(leak for leak in SECRETS.found(text) if leak.known)
    return SECRETS.redacted(text)


def reply_text(reply: Reply) -> str:
    """Every text and number of an answer, one to a line: the values in order, then the names.

    Raises InvalidReply for more than 2 million characters, before anybody searches them for long.
    """
    values: list[str] = []
    names = [reply.model]
    size = len(reply.model)
    left: list[object] = [reply.data]
    while left:  # not by recursion: an answer may be nested deeper than Python goes
        one = left.pop()
        if isinstance(one, dict):
            keys = list(map(str, one))
            names += keys
            size += sum(map(len, keys)) + len(keys)
            left += reversed(one.values())
        elif isinstance(one, list | tuple):
            left += reversed(one)
        else:
            values.append(str(one))
            size += len(values[-1]) + 1
        if size > LARGEST_REPLY:
            raise InvalidReply("The engine's reply is too large; the head will be tried again.")
    return "\n".join((*values, *names))


def _posted_text(review: Review) -> str:
    return "\n".join((review.body, *(comment.body for comment in review.comments)))


def _stop(leaks: Iterable[Leak]) -> None:
    kinds = sorted({leak.kind for leak in leaks})
    if kinds:
        raise SecretInOutput(
            f"secret in output ({'; '.join(kinds)}): nothing was posted; read what was answered "
            "with `reviewer ledger show`, and revoke the secret if it is yours."
        )
