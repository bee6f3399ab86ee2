"""Pull requests that were merged lately, newest first, for reviews after the fact."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.conversation_queries import MERGED, MORE_MERGED, merged_query
from reviewer_cli.hosts.github.halves import Question, TooMuch, ask, finished, said, trouble
from reviewer_cli.hosts.github.poll import failed, without_answer
from reviewer_cli.hosts.github.pulls import moment
from reviewer_cli.hosts.github.queries import repository_variables
from reviewer_cli.ports.host import RepositoryPoll

LOGGER = logging.getLogger("reviewer")

TOGETHER = 20
"""Repositories in one question, which is 10 points; see `merged_query`."""

MOST_PAGES = 20
"""For each repository: a thousand pull requests."""


def merged_since(
    connection: Connection, repos: Sequence[str], since: float
) -> Iterator[RepositoryPoll]:
    """The last heads of what was merged at `since` or later; a repository fails alone.

    Needs pull_requests: read, and contents: read for merge commits.
    """
    for start in range(0, len(repos), TOGETHER):
        for told in ask(connection, repos[start : start + TOGETHER], _question):
            if told.node is None:
                yield without_answer(told)
            else:
                yield _complete(connection, told.thing, told.node, since)


def _question(repos: Sequence[str]) -> Question:
    return Question(merged_query(len(repos)), {**repository_variables(repos), "after": None})


def _complete(
    connection: Connection, repo: str, found: dict[str, Any], since: float
) -> RepositoryPoll:
    """As many pages as reach back to `since`; what was merged was updated then or later."""
    name, page = found["nameWithOwner"], found["pullRequests"]
    nodes = list(filter(None, page["nodes"]))
    for _ in range(MOST_PAGES):
        if not _goes_on(page, since):
            break
        wanted = {"id": found["id"], "after": page["pageInfo"]["endCursor"]}
        try:
            more = finished(connection, MORE_MERGED, wanted)
        except TooMuch as error:
            return failed(repo, str(error))
        if (wrong := trouble(more, "node")) is not None:
            return failed(repo, said(wrong))
        page = more.data["node"]["pullRequests"]
        nodes += filter(None, page["nodes"])
    if _goes_on(page, since):
        LOGGER.warning(
            "Of %s only the %d pull requests that were touched last are looked at; "
            "ask for a shorter time.",
            name,
            MERGED * (MOST_PAGES + 1),
        )
    # A pull request that is touched between two pages is on both.
    merged = {one["number"]: one for one in nodes if moment(one["mergedAt"]) >= since}
    newest = sorted(merged.values(), key=lambda one: moment(one["mergedAt"]), reverse=True)
    tips = tuple(_tip(connection, name, one) for one in newest)
    return RepositoryPoll(repo=name, tips=tips, asked_as=repo)


def _goes_on(page: dict[str, Any], since: float) -> bool:
    updated = [moment(one["updatedAt"]) for one in page["nodes"] if one]
    return bool(page["pageInfo"]["hasNextPage"]) and min(updated, default=since) >= since


def _tip(connection: Connection, repo: str, node: dict[str, Any]) -> Tip:
    return Tip(
        key=HeadKey(connection.server.name, repo, str(node["number"]), node["headRefOid"]),
        head_ref=node["headRefName"],
        base_ref=node["baseRefName"],
        base_sha=_base(node),
        version=node["updatedAt"],
        ended_at=moment(node["mergedAt"]),
    )


def _base(node: dict[str, Any]) -> str:
    """The first parent of the merge commit.

    Not where the head was pushed to the base as it is: its parent would be its own last commit but
    one. The pull request's base, as it was when it ended, is the best that is told then.
    """
    merge = node["mergeCommit"]
    parents = merge["parents"]["nodes"] if merge and merge["oid"] != node["headRefOid"] else ()
    return str(parents[0]["oid"] if parents else node["baseRefOid"])
