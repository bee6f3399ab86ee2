"""What was said on many pull requests, in one question for each 25 of them.

Threads are followed over all their pages; of the other lists, the newest are taken as far as one
page reaches, and a conversation that has more says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from reviewer_cli.core.conversation import Conversation, PullState, Said, Thread
from reviewer_cli.core.models import HeadKey, Side
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.conversation_queries import MORE_THREADS, conversations_query
from reviewer_cli.hosts.github.faults import PermissionMissing
from reviewer_cli.hosts.github.halves import Question, Told, TooMuch, ask, finished, said, trouble
from reviewer_cli.hosts.github.pulls import GHOST, TOGETHER
from reviewer_cli.hosts.github.queries import pull_variables
from reviewer_cli.hosts.github.thumbs import with_thumbs

COMMITS = ("mergeCommit", "originalCommit")
"""Fields that need contents: read, which a credential that only posts has not."""

STEERING = ("OWNER", "MEMBER", "COLLABORATOR")

MOST_PAGES = 20
"""Of threads: a thousand on one pull request, which no person reads."""

LOGGER = logging.getLogger("reviewer")

MOST_UNTOLD = 3
"""Pull requests asked about one by one; if nothing is told of any of them, it will not be."""

Node = dict[str, Any]


class Untold(HostUnavailable):
    """GitHub tells nothing of one pull request."""


def conversations(connection: Connection, heads: Sequence[HeadKey]) -> Iterator[Conversation]:
    """The pull requests of these heads as they are now, each once; what is not there is left out.

    So is what GitHub does not tell of, or not to us: that is named in the log. What is ours was
    written with this connection's account. Needs pull_requests: read, and contents: read to tell
    commits. Raises HostUnavailable when GitHub tells nothing at all.
    """
    pulls = list({(key.repo, key.pull): key for key in heads}.values())
    found: list[Conversation] = []
    untold: list[Untold] = []
    try:
        for start in range(0, len(pulls), TOGETHER):
            for told in ask(connection, pulls[start : start + TOGETHER], _question, COMMITS):
                try:
                    found += _told(connection, told)
                except Untold as error:
                    untold.append(error)
                    if len(untold) == MOST_UNTOLD and not found:
                        raise
        yield from with_thumbs(connection, found)
    except PermissionMissing as missing:
        LOGGER.warning("What people say cannot be read: %s", missing)
    for one in untold:
        LOGGER.warning("%s", one)


def _told(connection: Connection, told: Told[HeadKey]) -> Iterator[Conversation]:
    pull = None if told.node is None else told.node["pullRequest"]
    if pull is not None:
        yield _conversation(connection, told.thing, pull)
    elif told.kind != "NOT_FOUND":
        raise _untold(told.thing, told.reason or "GitHub gave no reason.")


def _question(heads: Sequence[HeadKey]) -> Question:
    return Question(conversations_query(len(heads)), pull_variables(heads))


def _conversation(connection: Connection, asked: HeadKey, pull: Node) -> Conversation:
    key = replace(asked, sha=pull["headRefOid"])
    threads, has_all = _threads(connection, key, pull)
    opener = (pull["author"] or GHOST)["login"]
    remarks, reviews = pull["comments"], pull["reviews"] or {"nodes": (), "pageInfo": {}}
    earlier = [page["pageInfo"].get("hasPreviousPage") for page in (remarks, reviews)]
    above = [node for node in reviews["nodes"] if node and _is_of_others(node)]
    return Conversation(
        key=key,
        state=PullState(pull["state"].lower()),
        author=opener,
        version=pull["updatedAt"],
        merged_as=(pull["mergeCommit"] or {}).get("oid"),
        ended_at=_moment(pull["mergedAt"] or pull["closedAt"]),
        threads=threads,
        remarks=tuple(_said(node, opener) for node in (*remarks["nodes"], *above) if node),
        is_whole=has_all and not any(earlier),
    )


def _threads(connection: Connection, key: HeadKey, pull: Node) -> tuple[tuple[Thread, ...], bool]:
    """The threads of all pages, and whether nothing is missing in them."""
    page = pull["reviewThreads"]
    nodes = list(page["nodes"])
    for _ in range(MOST_PAGES):
        if not page["pageInfo"]["hasNextPage"]:
            break
        page = _more(connection, key, {"id": pull["id"], "after": page["pageInfo"]["endCursor"]})
        nodes += page["nodes"]
    shown = [node for node in nodes if node and _published(node)]
    has_all = not page["pageInfo"]["hasNextPage"] and not any(
        node is None or node["comments"]["pageInfo"]["hasNextPage"] for node in nodes
    )
    opener = (pull["author"] or GHOST)["login"]
    return tuple(_thread(key, node, opener) for node in shown), has_all


def _more(connection: Connection, key: HeadKey, after: dict[str, Any]) -> Node:
    try:
        answer = finished(connection, MORE_THREADS, after)
    except TooMuch as error:
        raise _untold(key, str(error)) from error
    if (wrong := trouble(answer, "node", COMMITS)) is not None:
        raise _untold(key, said(wrong))
    page: Node = answer.data["node"]["reviewThreads"]
    return page


def _thread(key: HeadKey, node: Node, opener: str) -> Thread:
    """Without the commit that its lines count in, a thread has no line."""
    comments = _published(node)
    commit, review = comments[0]["originalCommit"], comments[0]["pullRequestReview"]
    resolver = (node["resolvedBy"] or GHOST) if node["isResolved"] else {}
    return Thread(
        id=node["id"],
        path=node["path"],
        line=node["originalLine"] if commit else None,
        start_line=node["originalStartLine"] if commit else None,
        side=Side(node["diffSide"]),
        sha=commit["oid"] if commit else key.sha,
        is_resolved=node["isResolved"],
        resolved_by=resolver.get("login", ""),
        resolved_by_us=bool(resolver.get("isViewer")),
        review_id=str(review["fullDatabaseId"]) if review else None,
        said=tuple(_said(one, opener) for one in comments),
    )


def _published(thread: Node) -> list[Node]:
    """Without those of a draft of ours, which nobody else sees."""
    return [one for one in thread["comments"]["nodes"] if one and one["state"] != "PENDING"]


def _said(node: Node, opener: str) -> Said:
    author = node["author"] or GHOST
    thumbs = {
        one["content"]: one["reactors"]["totalCount"] - one["viewerHasReacted"]
        for one in node["reactionGroups"] or ()
    }
    return Said(
        id=node["id"],
        author=author["login"],
        is_ours=node["viewerDidAuthor"],
        is_bot=author["__typename"] == "Bot",
        body=node["body"],
        said_at=_moment(node["createdAt"]) or 0.0,
        thumbs_up=thumbs.get("THUMBS_UP", 0),
        thumbs_down=thumbs.get("THUMBS_DOWN", 0),
        is_minimised=node["isMinimized"],
        may_steer=author["login"] == opener or node["authorAssociation"] in STEERING,
    )


def _is_of_others(review: Node) -> bool:
    """Whether somebody else wrote it, and more than comments on lines."""
    return bool(review["body"]) and not review["viewerDidAuthor"]


def _moment(written: str | None) -> float | None:
    return None if written is None else datetime.fromisoformat(written).timestamp()


def _untold(key: HeadKey, reason: str) -> Untold:
    return Untold(
        f"What was said on {key} could not be read ({reason}); the next sweep asks again."
    )
