"""Which repositories are meant: names, patterns such as org/*, and everything the App sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reviewer_cli.errors import UsageError
from reviewer_cli.hosts.github.accounts import Accounts
from reviewer_cli.hosts.github.queries import OWNED

EVERYTHING = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRules:
    """What patterns leave out. A repository that is named in full is never left out silently.

    `topics`: at least one of them must be set. `exclude`: shell patterns of owner/name.
    """

    exclude: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    archived: bool = False
    forks: bool = True


def select(accounts: Accounts, selectors: Sequence[str], rules: SelectionRules) -> list[str]:
    """The names that the selectors mean, each once, in the order of the selectors."""
    names: dict[str, str] = {}
    for selector in selectors:
        for name in _meant(accounts, selector, rules):
            names.setdefault(name.lower(), name)
    return list(names.values())


def _meant(accounts: Accounts, selector: str, rules: SelectionRules) -> Iterator[str]:
    if selector == EVERYTHING:
        yield from (name for name in accounts.repositories() if not _excluded(name, rules))
        return
    owner, slash, pattern = selector.partition("/")
    if not (owner and slash and pattern) or "/" in pattern:
        raise UsageError(f"{selector!r} names no repository; write OWNER/NAME or OWNER/*.")
    if not any(sign in pattern for sign in "*?["):
        yield selector
        return
    for node in _owned(accounts, owner):
        name = node["nameWithOwner"]
        if fnmatchcase(name.partition("/")[2].lower(), pattern.lower()) and _wanted(node, rules):
            yield name


def _wanted(node: dict[str, Any], rules: SelectionRules) -> bool:
    topics = {one["topic"]["name"] for one in node["repositoryTopics"]["nodes"]}
    return (
        (rules.archived or not node["isArchived"])
        and (rules.forks or not node["isFork"])
        and (not rules.topics or bool(topics & set(rules.topics)))
        and not _excluded(node["nameWithOwner"], rules)
    )


def _excluded(name: str, rules: SelectionRules) -> bool:
    return any(fnmatchcase(name.lower(), one.lower()) for one in rules.exclude)


def _owned(accounts: Accounts, owner: str) -> Iterator[dict[str, Any]]:
    connection = accounts.of(f"{owner}/*")
    after: str | None = None
    while True:
        found = connection.query(OWNED, {"owner": owner, "after": after}).data.get(
            "repositoryOwner"
        )
        if found is None:
            raise UsageError(f"There is no organisation or user {owner!r} that this token sees.")
        yield from found["repositories"]["nodes"]
        page = found["repositories"]["pageInfo"]
        if not page["hasNextPage"]:
            return
        after = page["endCursor"]
