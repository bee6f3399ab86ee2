"""Every open pull request of many repositories in a handful of GraphQL queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.connection import Answer, Connection
from reviewer_cli.hosts.github.queries import ALIVE, MORE_TIPS, repository_variables, tips_query
from reviewer_cli.ports.host import RepositoryPoll

TOGETHER = 40
"""Repositories in one query: one point by the documented formula (40 connections of 100), and few
enough nodes to stay far below the limit of 500,000."""

FINAL = ("NOT_FOUND", "FORBIDDEN")
"""Errors that asking again does not mend; others may only say that the question was too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(RepositoryPoll):
    """A repository that does not exist, or that the credential may not see."""


class TooMuch(Exception):
    """The server answered this question without an answer to it, or with half of one."""


def poll(connection: Connection, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
    """The tips of each repository; a repository that fails does so alone.

    A question that the server could not finish is asked again in two halves. Raises
    HostUnavailable when the server answers nothing at all.
    """
    for start in range(0, len(repos), TOGETHER):
        yield from _poll_together(connection, repos[start : start + TOGETHER])


def _poll_together(connection: Connection, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
    variables = {**repository_variables(repos), "after": None}
    try:
        answer = _finished(connection, tips_query(len(repos)), variables)
    except TooMuch as error:
        if len(repos) == 1:
            yield _failed(repos[0], str(error))
        else:
            yield from _poll_in_halves(connection, repos)
        return
    again: list[str] = []
    for number, repo in enumerate(repos):
        trouble = _trouble(answer, f"r{number}")
        if trouble is None:
            yield _complete(connection, repo, answer.data[f"r{number}"])
        elif trouble.get("type") in FINAL:
            yield Refused(repo=repo, error=_refusal(repo, trouble))
        elif len(repos) == 1:
            yield _failed(repo, _said(trouble))
        else:
            again.append(repo)
    yield from _poll_in_halves(connection, again)


def _poll_in_halves(connection: Connection, repos: Sequence[str]) -> Iterator[RepositoryPoll]:
    half = (len(repos) + 1) // 2
    for some in (repos[:half], repos[half:]):
        if some:
            yield from _poll_together(connection, some)


def _finished(connection: Connection, text: str, variables: dict[str, Any]) -> Answer:
    """The answer; raises TooMuch when the server fails at this question but is there."""
    try:
        answer = connection.query(text, variables)
    except HostUnavailable as error:
        connection.query(ALIVE, {})
        raise TooMuch(str(error)) from error
    if nowhere := [one for one in answer.errors if not one.get("path")]:
        raise TooMuch(_said(nowhere[0]))
    return answer


def _trouble(answer: Answer, alias: str) -> dict[str, Any] | None:
    """The error anywhere below an alias: a list with a hole in it would make heads look closed."""
    for error in answer.errors:
        if error["path"][0] == alias:
            return error
    return {} if answer.data.get(alias) is None else None


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
            more = _finished(connection, MORE_TIPS, wanted)
        except TooMuch as error:
            return _failed(repo, str(error))
        trouble = _trouble(more, "node")
        if trouble is not None:
            return _failed(repo, _said(trouble))
        page = more.data["node"]["pullRequests"]
        nodes += page["nodes"]
    if None in nodes:
        return _failed(repo, "GitHub left pull requests out of its list.")
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


def _failed(repo: str, reason: str) -> RepositoryPoll:
    return RepositoryPoll(repo=repo, error=f"{repo} could not be polled: {reason}")


def _refusal(repo: str, trouble: dict[str, Any]) -> str:
    if trouble["type"] == "FORBIDDEN":
        return f"{repo} may not be read with this credential: {_said(trouble)}"
    return (
        f"{repo} does not exist or is hidden from this credential; "
        "check its name and the repositories that the credential may see."
    )


def _said(trouble: dict[str, Any]) -> str:
    return one_line(str(trouble.get("message", "")), 300) or "GitHub gave no reason."
