"""Which repositories are meant: names, patterns such as org/*, and everything we may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reviewer_cli.errors import AccessRefused, HostUnavailable, UsageError
from reviewer_cli.hosts.github.accounts import Accounts, Listed
from reviewer_cli.hosts.github.queries import OWNED

EVERYTHING = "*"
SIGNS = "*?["


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRules:
    """What patterns leave out. A repository that is named in full is never left out silently.

    `topics`: at least one of them must be set. `exclude`: shell patterns of owner/name.
    """

    exclude: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    archived: bool = False
    forks: bool = True

    def wants(self, one: Listed) -> bool:
        """Whether a pattern that matches this repository means it; letter case does not matter."""
        topics = {topic.lower() for topic in self.topics}
        return (
            (self.archived or not one.archived)
            and (self.forks or not one.fork)
            and (not topics or not topics.isdisjoint(one.topics))
            and not any(fnmatchcase(one.name.lower(), pattern.lower()) for pattern in self.exclude)
        )


def select(accounts: Accounts, selectors: Sequence[str], rules: SelectionRules) -> list[str]:
    """The names that the selectors mean, each once, in the order of the selectors.

    A pattern whose owner cannot be seen is handed on as it is: the poll names it as one that
    failed, and the others go on. Raises UsageError for what is neither a name nor a pattern.
    """
    names: dict[str, str] = {}
    for selector in selectors:
        for name in _meant(accounts, selector, rules):
            names.setdefault(name.lower(), name)
    return list(names.values())


def _meant(accounts: Accounts, selector: str, rules: SelectionRules) -> Iterator[str]:
    if selector == EVERYTHING:
        yield from (one.name for one in accounts.repositories() if rules.wants(one))
        return
    owner, slash, pattern = selector.partition("/")
    if not (owner and slash and pattern) or "/" in pattern or any(sign in owner for sign in SIGNS):
        raise UsageError(f"{selector!r} names no repository; write OWNER/NAME or OWNER/*.")
    if not any(sign in pattern for sign in SIGNS):
        yield selector
        return
    owned = _owned(accounts, owner)
    if owned is None:
        yield selector
        return
    for one in owned:
        name = one.name.partition("/")[2]
        if fnmatchcase(name.lower(), pattern.lower()) and rules.wants(one):
            yield one.name


def _owned(accounts: Accounts, owner: str) -> list[Listed] | None:
    """The owner's repositories, None when there is no such owner for us."""
    try:
        connection = accounts.of(f"{owner}/{EVERYTHING}")
    except AccessRefused:
        return None
    owned: list[Listed] = []
    after: str | None = None
    while True:
        answer = connection.query(OWNED, {"owner": owner, "after": after})
        found = answer.data.get("repositoryOwner")
        if found is None:
            if any(error.get("type") not in (None, "NOT_FOUND") for error in answer.errors):
                said = answer.errors[0].get("message")
                raise HostUnavailable(f"The repositories of {owner} could not be listed ({said}).")
            return None
        # Null stands for a repository that its organisation hides, by single sign-on for example.
        owned += [_listed(node) for node in found["repositories"]["nodes"] if node is not None]
        page = found["repositories"]["pageInfo"]
        if not page["hasNextPage"]:
            return owned
        after = page["endCursor"]


def _listed(node: dict[str, Any]) -> Listed:
    return Listed(
        name=node["nameWithOwner"],
        archived=node["isArchived"],
        fork=node["isFork"],
        topics=tuple(one["topic"]["name"] for one in node["repositoryTopics"]["nodes"]),
    )
