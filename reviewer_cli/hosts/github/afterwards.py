"""What is done about a review after it was posted; each act may be repeated at no harm.

All of it needs pull_requests: write, and asking for a role metadata: read. For editing and reviews
that is documented (docs.github.com, “Permissions required for fine-grained personal access
tokens”). For folding up and for reactions in the conversation it was tried by others
(dotnet/maui#36021, github/docs#43843). Resolving a thread needs contents: write as well
(github/gh-aw#35726), so that a credential of its own does it, where one was given.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from urllib.parse import quote

from reviewer_cli.core.models import HeadKey
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.conversation_queries import ACKNOWLEDGE, RESOLVE, SETTLE
from reviewer_cli.hosts.github.faults import NotFound, OutcomeUnknown, PermissionMissing
from reviewer_cli.retry import while_busy

LOGGER = logging.getLogger("reviewer")

LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""A person's name; that of an enterprise's user ends with an underscore and a short name."""

WRITERS = ("write", "maintain", "admin")
"""REST tells base roles, in which maintain is write and triage is read."""


def review_body(connection: Connection, key: HeadKey, review_id: str) -> str | None:
    """What a submitted review says now; None where it is gone."""
    try:
        body = connection.get(_review(key, review_id)).get("body")
    except NotFound:
        return None
    return body if isinstance(body, str) else None


def amend(connection: Connection, key: HeadKey, review_id: str, body: str) -> None:
    """Put another body in place of that of a submitted review.

    Raises NotFound when there is no such review of ours, Unprocessable when GitHub does not take
    the body.
    """
    path = _review(key, review_id)
    while_busy(lambda: connection.write("PUT", path, {"body": body}), OutcomeUnknown)


def settle(connection: Connection, comment_id: str, body: str) -> None:
    """Edit a comment of ours and fold it up as outdated; one that is gone needs neither."""
    with suppress(NotFound):
        connection.change(SETTLE, {"id": comment_id, "body": body})


def resolve(connection: Connection, thread_id: str) -> None:
    """Mark a thread as resolved; one that is gone needs no more, nor one that is resolved."""
    with suppress(NotFound):
        connection.change(RESOLVE, {"id": thread_id})


def acknowledge(connection: Connection, comment_id: str) -> None:
    """Put eyes under a comment, where they are once; one that is gone needs none."""
    with suppress(NotFound):
        connection.change(ACKNOWLEDGE, {"id": comment_id})


def may_write(connection: Connection, repo: str, login: str) -> bool:
    """Whether a person may push; False, and said in the log, where their role is not shown to us.

    Never ask for a bot, whose name may be a person's as well.
    """
    if not LOGIN.fullmatch(login):
        return False
    path = f"/repos/{quote(repo)}/collaborators/{login}/permission"
    try:
        return connection.get(path).get("permission") in WRITERS
    except NotFound:
        return False
    except PermissionMissing as error:
        LOGGER.warning("Nobody in %s can give commands by a comment: %s", repo, error)
        return False


def _review(key: HeadKey, review_id: str) -> str:
    return f"/repos/{quote(key.repo)}/pulls/{int(key.pull)}/reviews/{int(review_id)}"
