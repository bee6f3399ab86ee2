"""Every open pull request of many repositories in a handful of GraphQL queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.connection import Answer, Connection
from reviewer_cli.hosts.github.queries import MORE_TIPS, repository_variables, tips_query
from reviewer_cli.ports import RepositoryPoll

TOGETHER = 40
"""Repositories in one query: one point by the documented formula (40 connections of 100), and few
enough nodes to stay far below the limit of 500,000."""


def poll(connection: Connection, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
    """The tips of each repository, in order; a repository that fails does so alone.

    A query that the server could not finish is asked again in two halves; HostUnavailable is
    raised when even one repository alone is too much.
    """
    for start in range(0, len(repos), TOGETHER):
        yield from _poll_together(connection, repos[start : start + TOGETHER])


def _poll_together(connection: Connection, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
    variables = {**repository_variables(repos), "after": None}
    try:
        answer = connection.query(tips_query(len(repos)), variables)
    except HostUnavailable:
        if len(repos) == 1:
            raise  # not the size of the question: nobody gets an answer now
        half = len(repos) // 2
        yield from _poll_together(connection, repos[:half])
        yield from _poll_together(connection, repos[half:])
        return
    for number, repo in enumerate(repos):
        yield _one(connection, repo, answer, f"r{number}")


def _one(connection: Connection, repo: str, answer: Answer, alias: str) -> RepositoryPoll:
    found = answer.data.get(alias)
    trouble = next((one for one in answer.errors if one.get("path", [None])[0] == alias), None)
    if found is None or trouble is not None:
        return RepositoryPoll(repo=repo, error=_sentence(repo, trouble or {}))
    name = found["nameWithOwner"]
    if found["isArchived"]:
        return RepositoryPoll(repo=name, error=f"{name} is archived; nothing can be posted to it.")
    tips = [_tip(connection, name, node) for node in found["pullRequests"]["nodes"]]
    page = found["pullRequests"]["pageInfo"]
    while page["hasNextPage"]:
        more = connection.query(MORE_TIPS, {"id": found["id"], "after": page["endCursor"]})
        node = more.data.get("node")
        if node is None:
            # Half a list would make the rest look closed.
            return RepositoryPoll(repo=repo, error=_sentence(repo, next(iter(more.errors), {})))
        tips += [_tip(connection, name, one) for one in node["pullRequests"]["nodes"]]
        page = node["pullRequests"]["pageInfo"]
    return RepositoryPoll(repo=name, tips=tuple(tips), asked_as=repo)


def _tip(connection: Connection, repo: str, node: dict[str, Any]) -> Tip:
    return Tip(
        key=HeadKey(connection.server.name, repo, str(node["number"]), node["headRefOid"]),
        head_ref=node["headRefName"],
        base_ref=node["baseRefName"],
        base_sha=node["baseRefOid"],
        version=node["updatedAt"],
    )


def _sentence(repo: str, trouble: dict[str, Any]) -> str:
    if trouble.get("type") in ("NOT_FOUND", None):
        return (
            f"{repo} does not exist or is hidden from this credential; "
            "check its name and the repositories that the credential may see."
        )
    return f"{repo} could not be polled: {trouble.get('message', 'no reason given')}"
