"""Rows as GraphQL objects: dicts whose values are computed when the query asks for them.

A field that is not here is refused loudly by `graphql_api`, never answered with null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.github import bare
from tests.fakes.github.access import SSO
from tests.fakes.github.graphql_lists import chosen_pulls, chosen_repos, ordered
from tests.fakes.github.graphql_pages import connection, error
from tests.fakes.github.graphql_talk import Node, TalkNodes
from tests.fakes.github.messages import Refused
from tests.fakes.github.rows import (
    Account,
    IssueComment,
    Pull,
    Repo,
    Review,
    ReviewComment,
    Row,
    Thread,
    iso,
)


@dataclass(frozen=True, slots=True)
class Nodes(TalkNodes):
    """Renders one moment for one viewer."""

    def of(self, node_id: str) -> Node:
        """The node of a global id; raises NOT_FOUND."""
        row = self.tables.node(node_id)
        found = self.row(row) if row is not None else None
        if found is None:
            raise error(
                "NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'."
            )
        return found

    def row(self, row: Row) -> Node | None:
        """A row as its node, None when the viewer does not see it."""
        if isinstance(row, Account):
            return self.account(row)
        if isinstance(row, Repo):
            return self.repo(row) if self.access.sees(row) else None
        pull_id = row.id if isinstance(row, Pull) else getattr(row, "pull_id", 0)
        pull = self.tables.pulls.get(pull_id)
        if pull is None or not self.access.sees(self.tables.repos[pull.repo_id]):
            return None
        if isinstance(row, Review) and row not in self._reviews(pull):
            return None
        shows: dict[type, Callable[[Any], Node]] = {
            Pull: self.pull,
            Review: self.review,
            ReviewComment: self.review_comment,
            Thread: self.thread,
            IssueComment: self.issue_comment,
        }
        return shows[type(row)](row)

    def repository(self, owner: str, name: str, *, follow: bool) -> Node:
        """The repository of a name; raises NOT_FOUND or FORBIDDEN for this one only."""
        repo = self.tables.repo(owner, name)
        moved = repo is not None and repo.full_name.lower() != f"{owner}/{name}".lower()
        if repo is None or not self.access.sees(repo) or (moved and not follow):
            raise error(
                "NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'."
            )
        if repo.sso:
            raise error("FORBIDDEN", SSO)
        return self.repo(repo)

    def account(self, account: Account | None) -> Node | None:
        """A user, bot or organisation; null for a deleted one."""
        if account is None:
            return None
        shown: Node = {
            "__typename": account.kind,
            "id": account.node_id,
            "databaseId": account.id,
            "login": account.graphql_login,
            "url": f"{self.origin}/{account.graphql_login}",
        }
        shown["isViewer"] = account.id == self.access.viewer_id
        if account.kind != "Bot":
            shown["name"] = None
            shown["repositories"] = lambda info, **args: self._repositories(account, args)
        return shown

    def repo(self, repo: Repo) -> Node:
        """A repository."""
        return {
            "__typename": "Repository",
            "id": repo.node_id,
            "databaseId": repo.id,
            "name": repo.name,
            "nameWithOwner": repo.full_name,
            "owner": self.account(repo.owner),
            "url": f"{self.origin}/{repo.full_name}",
            "isArchived": repo.archived,
            "isDisabled": False,
            "isFork": repo.is_fork,
            "isPrivate": repo.private,
            "visibility": "PRIVATE" if repo.private else "PUBLIC",
            "createdAt": iso(repo.created_at),
            "updatedAt": iso(repo.pushed_at),
            "pushedAt": iso(repo.pushed_at),
            "viewerPermission": lambda info: self._permission(repo),
            "defaultBranchRef": lambda info: self._branch(repo),
            "repositoryTopics": lambda info, **args: connection(
                repo.topics,
                lambda topic: {"topic": {"name": topic}},
                args,
                where="repositoryTopics",
                key=str,
            ),
            "pullRequests": lambda info, **args: self._pulls(repo, args),
            "pullRequest": lambda info, number: self._numbered(repo, number),
        }

    def pull(self, pull: Pull) -> Node:
        """A pull request."""
        repo = self.tables.repos[pull.repo_id]
        source = self.tables.repos.get(pull.head_repo_id or 0)
        viewer = self.access.viewer_id
        return {
            "__typename": "PullRequest",
            "id": pull.node_id,
            "databaseId": pull.id,
            "fullDatabaseId": str(pull.id),
            "number": pull.number,
            "title": pull.title,
            "body": pull.body or "",
            "url": f"{self.origin}/{repo.full_name}/pull/{pull.number}",
            "state": pull.state.upper(),
            "closed": pull.state != "open",
            "merged": pull.state == "merged",
            "isDraft": pull.draft,
            "locked": False,
            "isCrossRepository": pull.cross,
            "headRefOid": pull.head_sha,
            "headRefName": pull.head_ref,
            "baseRefOid": pull.base_sha,
            "baseRefName": pull.base_ref,
            "createdAt": iso(pull.created_at),
            "updatedAt": iso(pull.updated_at),
            "closedAt": iso(pull.closed_at),
            "mergedAt": iso(pull.merged_at),
            "mergeCommit": lambda info: self._commit(repo, pull.merge_sha),
            "authorAssociation": "CONTRIBUTOR",
            "author": self.account(self.tables.accounts.get(pull.author_id or 0)),
            "repository": lambda info: self.repo(repo),
            "baseRepository": lambda info: self.repo(repo),
            "headRepository": lambda info: (
                self.repo(source) if source and self.access.sees(source) else None
            ),
            "headRepositoryOwner": lambda info: self.account(source.owner) if source else None,
            "additions": lambda info: sum(one.additions for one in self.world.changes(pull)),
            "deletions": lambda info: sum(one.deletions for one in self.world.changes(pull)),
            "changedFiles": lambda info: len(self.world.changes(pull)),
            "mergeable": lambda info: (
                "CONFLICTING"
                if bare.conflicts(repo.store, pull.base_sha, pull.head_sha)
                else "MERGEABLE"
            ),
            "labels": lambda info, **args: connection(
                pull.labels,
                lambda name: {"__typename": "Label", "name": name, "color": "ededed"},
                args,
                where="labels",
                key=str,
            ),
            "reviews": lambda info, **args: self._review_page(pull, args),
            "reviewThreads": lambda info, **args: connection(
                [
                    one
                    for one in self.tables.threads.values()
                    if one.pull_id == pull.id and self.tables.thread_of(one, viewer)
                ],
                self.thread,
                args,
                where="reviewThreads",
            ),
            "comments": lambda info, **args: connection(
                [one for one in self.tables.issue_comments.values() if one.pull_id == pull.id],
                self.issue_comment,
                args,
                where="comments",
            ),
        }

    def _repositories(self, owner: Account, arguments: dict[str, Any]) -> Node:
        seen = [one for one in self.tables.repos_of(owner) if self.access.sees(one) and not one.sso]
        return ordered(chosen_repos(seen, arguments), self.repo, arguments, "repositories")

    def _pulls(self, repo: Repo, arguments: dict[str, Any]) -> Node:
        self._check(repo, "pull_requests")
        found = chosen_pulls(self.tables.pulls_of(repo), arguments)
        return ordered(found, self.pull, arguments, "pullRequests")

    def _numbered(self, repo: Repo, number: int) -> Node:
        self._check(repo, "pull_requests")
        pull = self.tables.pull(repo, number)
        if pull is None:
            raise error(
                "NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}."
            )
        return self.pull(pull)

    def _reviews(self, pull: Pull) -> list[Review]:
        return self.tables.reviews_of(pull, self.access.viewer_id)

    def _review_page(self, pull: Pull, arguments: dict[str, Any]) -> Node:
        found = self._reviews(pull)
        if arguments.get("states"):
            found = [one for one in found if one.state in arguments["states"]]
        if author := arguments.get("author"):
            accounts = self.tables.accounts
            found = [one for one in found if accounts[one.author_id].graphql_login == author]
        return connection(found, self.review, arguments, where="reviews")

    def _commit(self, repo: Repo, sha: str | None) -> Node | None:
        if sha is None:
            return None
        parents = bare.git(repo.store, "rev-list", "--parents", "-1", sha).decode().split()[1:]
        return {
            "__typename": "Commit",
            "oid": sha,
            "parents": lambda info, **args: connection(
                list(enumerate(parents)),
                lambda one: {"__typename": "Commit", "oid": one[1]},
                args,
                where="parents",
                key=lambda one: one[0],
            ),
        }

    def _check(self, repo: Repo, permission: str) -> None:
        try:
            self.access.check(repo, permission, "read")
        except Refused as refused:
            raise error("FORBIDDEN", refused.message) from refused

    def _permission(self, repo: Repo) -> str | None:
        may = self.access.permissions(repo)
        names = {"admin": "ADMIN", "maintain": "MAINTAIN", "push": "WRITE", "triage": "TRIAGE"}
        best = next((shown for name, shown in names.items() if may[name]), None)
        return best or ("READ" if may["pull"] else None)

    def _branch(self, repo: Repo) -> Node:
        ref = f"refs/heads/{repo.default_branch}"
        sha = bare.tip(repo.path, ref)
        target = {"__typename": "Commit", "oid": sha}
        return {"name": repo.default_branch, "prefix": "refs/heads/", "target": target}
