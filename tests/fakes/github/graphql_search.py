"""GitHub's search, as far as a reviewer may use it; the index can lag behind on request."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.fakes.github.graphql_nodes import Node, Nodes
from tests.fakes.github.graphql_pages import connection
from tests.fakes.github.rows import Pull, Repo

MOST_RESULTS = 1000
QUALIFIER = re.compile(r'(-?)([a-z-]+):("[^"]*"|\S+)')


class UnknownQualifier(NotImplementedError):
    """The fake does not know this part of a search; GitHub would take it for a word."""


def search(nodes: Nodes, query: str, kind: str, arguments: dict[str, Any]) -> Node:
    """The pull requests (`ISSUE`, `ISSUE_ADVANCED`) or repositories (`REPOSITORY`) of a query.

    At most 1000 results, as on GitHub.
    """
    words = QUALIFIER.findall(query)
    rows: list[Any]
    if kind == "REPOSITORY":
        rows = [one for one in nodes.tables.repos.values() if _found(nodes, one, words)]
    else:
        rows = [one for one in nodes.tables.pulls.values() if _found(nodes, one, words)]
    show: Callable[[Any], Node] = nodes.repo if kind == "REPOSITORY" else nodes.pull
    page = connection(rows[:MOST_RESULTS], show, arguments, where="search")
    counts = {"issueCount": len(rows), "repositoryCount": len(rows)}
    return page | counts


def _found(nodes: Nodes, row: Repo | Pull, words: list[tuple[str, str, str]]) -> bool:
    repo = row if isinstance(row, Repo) else nodes.tables.repos[row.repo_id]
    if not nodes.access.sees(repo):
        return False
    if isinstance(row, Repo):
        return _all(words, functools.partial(_repo, row))
    return _all(words, functools.partial(_pull, nodes, row))


def _all(words: list[tuple[str, str, str]], holds: Callable[[str, str], bool]) -> bool:
    """Several repo:, org: or user: qualifiers widen a search; everything else narrows it."""
    places = [
        (name, value.strip('"')) for _, name, value in words if name in ("repo", "org", "user")
    ]
    others = [word for word in words if word[1] not in ("repo", "org", "user")]
    if places and not any(holds(name, value) for name, value in places):
        return False
    return all(holds(name, value.strip('"')) != bool(minus) for minus, name, value in others)


def _repo(repo: Repo, name: str, value: str) -> bool:
    if name in ("org", "user"):
        return repo.owner.login.lower() == value.lower()
    if name == "repo":
        return repo.full_name.lower() == value.lower()
    if name == "topic":
        return value in repo.topics
    if name == "archived":
        return repo.archived == (value == "true")
    if name == "fork":
        return value == "true" or not repo.is_fork
    if name == "is" and value in ("public", "private"):
        return repo.private == (value == "private")
    raise UnknownQualifier(f"{name}:{value}")


def _pull(nodes: Nodes, pull: Pull, name: str, value: str) -> bool:
    repo = nodes.tables.repos[pull.repo_id]
    if name in ("org", "user", "repo", "archived"):
        return _repo(repo, name, value)
    author = nodes.tables.accounts.get(pull.author_id or 0)
    flags = {
        "pr": True,
        "issue": False,
        "open": pull.state == "open",
        "closed": pull.state != "open",
        "merged": pull.state == "merged",
        "public": not repo.private,
        "private": repo.private,
        "draft": pull.draft,
    }
    if name in ("is", "type", "state") and value in flags:
        return flags[value]
    if name == "draft":
        return pull.draft == (value == "true")
    if name == "author":
        return author is not None and author.login.lower() == value.removeprefix("@").lower()
    if name == "label":
        return value in pull.labels
    if name == "base":
        return pull.base_ref == value
    if name in ("updated", "created"):
        return _compared(pull.updated_at if name == "updated" else pull.created_at, value)
    if name == "sort":
        return True
    raise UnknownQualifier(f"{name}:{value}")


def _compared(moment: float, value: str) -> bool:
    match = re.fullmatch(r"(>=|<=|>|<)?(.+)", value)
    if match is None:
        return False
    asked = datetime.fromisoformat(match[2])
    limit = (asked if asked.tzinfo else asked.replace(tzinfo=UTC)).timestamp()
    return {
        ">=": moment >= limit,
        "<=": moment <= limit,
        ">": moment > limit,
        "<": moment < limit,
    }.get(match[1] or "", moment == limit)
