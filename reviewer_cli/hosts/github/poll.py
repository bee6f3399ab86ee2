"""Every open pull request of many repositories in a handful of GraphQL queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.halves import Question, Told, TooMuch, ask, finished, said, trouble
from reviewer_cli.hosts.github.queries import MORE_TIPS, repository_variables, tips_query
from reviewer_cli.ports.host import RepositoryPoll

TOGETHER = 40
"""Repositories in one query: one point by the documented formula (40 connections of 100), and few
enough nodes to stay far below the limit of 500,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(RepositoryPoll):
    """A repository that does not exist, or that the credential may not see."""


def poll(connection: Connection, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
    """The tips of each repository; a repository that fails does so alone.

    A question that the server could not finish is asked again in two halves. Raises
    HostUnavailable when the server answers nothing at all.
    """
    for start in range(0, len(repos), TOGETHER):
        for told in ask(connection, repos[start : start + TOGETHER], _question):
            if told.node is None:
                yield without_answer(told)
            else:
                yield _complete(connection, told.thing, told.node)


def without_answer(told: Told[str]) -> RepositoryPoll:
    """The poll of a repository of which nothing was told."""
    repo = told.thing
    if told.kind == "FORBIDDEN":
        reason = f"{repo} may not be read with this credential: {told.reason}"
        return Refused(repo=repo, error=reason)
    if told.kind:
        return Refused(
            repo=repo,
            error=f"{repo} does not exist or is hidden from this credential; "
            "check its name and the repositories that the credential may see.",
        )
    return failed(repo, told.reason)


def failed(repo: str, reason: str) -> RepositoryPoll:
    """The poll of a repository that GitHub did not tell of, or not whole."""
    return RepositoryPoll(repo=repo, error=f"{repo} could not be polled: {reason}")


def _question(repos: Sequence[str]) -> Question:
    return Question(tips_query(len(repos)), {**repository_variables(repos), "after": None})


def _complete(connection: Connection, repo: str, found: dict[str, Any]) -> RepositoryPoll:
    """All pages of one repository; half of them would make the other heads look closed."""
    name = found["nameWithOwner"]
    if found["isArchived"]:
        return RepositoryPoll(
            repo=name,
            error=f"{name} is archived, nothing can be posted to it; leave it out of repositories.",
        )
    page = found["pullRequests"]
    nodes = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        wanted = {"id": found["id"], "after": page["pageInfo"]["endCursor"]}
        try:
            more = finished(connection, MORE_TIPS, wanted)
        except TooMuch as error:
            return failed(repo, str(error))
        if (wrong := trouble(more, "node")) is not None:
            return failed(repo, said(wrong))
        page = more.data["node"]["pullRequests"]
        nodes += page["nodes"]
    if None in nodes:
        return failed(repo, "GitHub left pull requests out of its list.")
    tips = tuple(_tip(connection, name, node) for node in nodes)
    return RepositoryPoll(repo=name, tips=tips, asked_as=repo)


def _tip(connection: Connection, repo: str, node: dict[str, Any]) -> Tip:
    return Tip(
        key=HeadKey(connection.server.name, repo, str(node["number"]), node["headRefOid"]),
        head_ref=node["headRefName"],
        base_ref=node["baseRefName"],
        base_sha=node["baseRefOid"],
        version=node["updatedAt"],
    )
