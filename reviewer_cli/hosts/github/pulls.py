"""Details of single pull requests: what a review needs, and where it stands while we post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reviewer_cli.core.marker import carries_marker, is_led_by_marker
from reviewer_cli.core.models import Head, HeadKey, Tip
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.connection import Answer, Connection
from reviewer_cli.hosts.github.queries import details_query, pull_variables, standing_query
from reviewer_cli.ports.host import Merged, Standing

TOGETHER = 25
"""Pull requests described in one query; with their labels and reviews that is one point."""

GHOST = {"__typename": "User", "login": "ghost"}
"""As GitHub itself shows an author whose account is gone."""


NONE: dict[str, Any] = {"nodes": ()}


def describe(connection: Connection, tips: Sequence[Tip], secret: bytes) -> Iterator[Head]:
    """The heads of tips that are still open, each with our own submitted review of it if any.

    What moved or closed since the poll is left to the next one.
    """
    for tip, node in _details(connection, tips):
        if _current(node) == tip.key.sha:
            yield _head(connection, tip, node, secret)


def describe_merged(connection: Connection, tips: Sequence[Tip], secret: bytes) -> Iterator[Merged]:
    """The same for tips that were merged; what they went into is what the tip says."""
    for tip, node in _details(connection, tips):
        if node["mergedAt"] and node["headRefOid"] == tip.key.sha:
            head = _head(connection, tip, node, secret)
            head = replace(head, base_ref=tip.base_ref, base_sha=tip.base_sha)
            yield Merged(head=head, at=moment(node["mergedAt"]))


def moment(written: str) -> float:
    """A time as GitHub writes it, in seconds since the epoch."""
    return datetime.fromisoformat(written).timestamp()


def _details(connection: Connection, tips: Sequence[Tip]) -> Iterator[tuple[Tip, dict[str, Any]]]:
    for start in range(0, len(tips), TOGETHER):
        some = tips[start : start + TOGETHER]
        variables = {**pull_variables([tip.key for tip in some]), "before": None}
        answer = connection.query(details_query(len(some)), variables)
        for number, tip in enumerate(some):
            node = _pull(connection, answer, number)
            if node is not None:
                yield tip, node


def look(connection: Connection, key: HeadKey, secret: bytes) -> Standing:
    """Whether the head is still the tip of an open pull request, and our review of it."""
    node = _standing(connection, key, None)
    if node is None:
        return Standing(current_sha=None, posted=None)
    posted, noted = _said(connection, key, node, secret)
    return Standing(current_sha=_current(node), posted=posted, noted=noted)


def _head(connection: Connection, tip: Tip, node: dict[str, Any], secret: bytes) -> Head:
    author = node["author"] or GHOST
    posted, noted = _said(connection, tip.key, node, secret)
    return Head(
        key=tip.key,
        version=tip.version,
        # A push is such an activity too, so it was at the latest when something last was.
        pushed_at=moment(tip.version) if tip.version else None,
        head_ref=tip.head_ref,
        base_ref=node["baseRefName"],
        base_sha=node["baseRefOid"],
        title=node["title"],
        body=node["body"],
        author=author["login"],
        author_is_bot=author["__typename"] == "Bot",
        is_draft=node["isDraft"],
        from_fork=node["isCrossRepository"],
        changed_lines=node["additions"] + node["deletions"],
        labels=tuple(label["name"] for label in filter(None, (node["labels"] or NONE)["nodes"])),
        posted=posted or noted,
    )


def _current(node: dict[str, Any]) -> str | None:
    return str(node["headRefOid"]) if node["state"] == "OPEN" else None


def _said(
    connection: Connection, key: HeadKey, node: dict[str, Any], secret: bytes
) -> tuple[str | None, str | None]:
    """The ids of our submitted review of this head, and of one that notes it.

    However many reviews came after them.
    """
    noted: str | None = None
    page: dict[str, Any] | None = node
    while page is not None:
        for review in filter(None, page["reviews"]["nodes"]):
            if not review["viewerDidAuthor"] or review["state"] == "PENDING":
                continue
            review_id, body = str(review["fullDatabaseId"]), review["body"]
            if is_led_by_marker(body, key, secret):
                return review_id, noted
            if carries_marker(body, key, secret):
                noted = review_id
        earlier = page["reviews"]["pageInfo"]
        more = earlier["hasPreviousPage"]
        page = _standing(connection, key, earlier["startCursor"]) if more else None
    return None, noted


def _standing(connection: Connection, key: HeadKey, before: str | None) -> dict[str, Any] | None:
    variables = {**pull_variables([key]), "before": before}
    return _pull(connection, connection.query(standing_query(), variables), 0)


def _pull(connection: Connection, answer: Answer, number: int) -> dict[str, Any] | None:
    """The pull request of an alias, None when GitHub says that it does not exist.

    Silence is no such word: a head would be given up for a server that was only busy.
    """
    alias = f"r{number}"
    about = [one for one in answer.errors if (one.get("path") or [alias])[0] == alias]
    node = (answer.data.get(alias) or {}).get("pullRequest")
    if node is not None and node["reviews"] is not None:
        return dict(node)
    if node is None and any(one.get("type") == "NOT_FOUND" for one in about):
        return None
    reason = next((str(one.get("message")) for one in about), "no reason given")
    raise HostUnavailable(
        f"{connection.server.name} could not tell of a pull request ({one_line(reason, 300)})."
    )
