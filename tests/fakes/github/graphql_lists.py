"""Which rows a GraphQL list has, and in what order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.fakes.github.graphql_pages import connection
from tests.fakes.github.rows import Pull, Repo

Arguments = dict[str, Any]
ORDERS: dict[str, Callable[[Any], Any]] = {
    "CREATED_AT": lambda row: (row.created_at, row.id),
    "UPDATED_AT": lambda row: (row.updated_at, row.id),
    "PUSHED_AT": lambda row: (row.pushed_at, row.id),
    "NAME": lambda row: (row.name.lower(), row.id),
}
PULL_STATES = {"OPEN": "open", "CLOSED": "closed", "MERGED": "merged"}


def chosen_repos(repos: list[Repo], arguments: Arguments) -> list[Repo]:
    """Those that `isArchived`, `isFork` and `privacy` let through."""
    asked = {
        "archived": arguments.get("isArchived"),
        "fork": arguments.get("isFork"),
        "private": arguments["privacy"] == "PRIVATE" if arguments.get("privacy") else None,
    }

    def fits(repo: Repo) -> bool:
        has = {"archived": repo.archived, "fork": repo.is_fork, "private": repo.private}
        return all(asked[name] in (None, value) for name, value in has.items())

    return [repo for repo in repos if fits(repo)]


def chosen_pulls(pulls: list[Pull], arguments: Arguments) -> list[Pull]:
    """Those that `states`, `baseRefName` and `headRefName` let through."""
    states = [PULL_STATES[one] for one in arguments.get("states") or PULL_STATES]
    base, head = arguments.get("baseRefName"), arguments.get("headRefName")
    return [
        one
        for one in pulls
        if one.state in states and base in (None, one.base_ref) and head in (None, one.head_ref)
    ]


def ordered(
    rows: list[Any], show: Callable[[Any], dict[str, Any]], arguments: Arguments, where: str
) -> dict[str, Any]:
    """A page of rows as `orderBy` asks, by default oldest first."""
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    return connection(
        rows,
        show,
        arguments,
        where=where,
        key=ORDERS[order["field"]],
        descending=order["direction"] == "DESC",
    )
