"""Reviews, threads and comments as GraphQL objects; see `graphql_nodes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.github import places, reviews
from tests.fakes.github.access import Access
from tests.fakes.github.graphql_pages import connection
from tests.fakes.github.rows import (
    Account,
    IssueComment,
    Pull,
    Reaction,
    Review,
    ReviewComment,
    Tables,
    Thread,
    iso,
)
from tests.fakes.github.world import World

Node = dict[str, Any]

REACTIONS = (
    "THUMBS_UP",
    "THUMBS_DOWN",
    "LAUGH",
    "HOORAY",
    "CONFUSED",
    "HEART",
    "ROCKET",
    "EYES",
)


@dataclass(frozen=True, slots=True)
class TalkNodes:
    """Renders what was said at one moment for one viewer."""

    world: World
    tables: Tables
    access: Access
    origin: str

    def account(self, account: Account | None) -> Node | None:
        """A user, bot or organisation."""
        raise NotImplementedError

    def pull(self, pull: Pull) -> Node:
        """A pull request."""
        raise NotImplementedError

    def review(self, review: Review) -> Node:
        """A review."""
        pull = self.tables.pulls[review.pull_id]
        return self._said(review) | {
            "__typename": "PullRequestReview",
            "state": review.state,
            "createdAt": iso(review.submitted_at or review.updated_at),
            "submittedAt": iso(review.submitted_at),
            "reactionGroups": lambda info: self.reactions(review),
            "commit": {"__typename": "Commit", "oid": review.commit_sha},
            "pullRequest": lambda info: self.pull(pull),
            "comments": lambda info, **args: connection(
                self.tables.comments_of(review), self.review_comment, args, where="comments"
            ),
        }

    def review_comment(self, comment: ReviewComment) -> Node:
        """A review comment."""
        review = self.tables.reviews[comment.review_id]
        return self._said(comment) | {
            "__typename": "PullRequestReviewComment",
            "path": comment.path,
            "line": lambda info: places.line_now(self.world, comment),
            "originalLine": comment.line,
            "originalStartLine": comment.start_line,
            "originalCommit": {"__typename": "Commit", "oid": comment.commit_sha},
            "outdated": lambda info: places.is_outdated(self.world, comment),
            "diffHunk": comment.hunk,
            "subjectType": "FILE" if comment.line is None else "LINE",
            "state": "PENDING" if review.state == reviews.PENDING else "SUBMITTED",
            "createdAt": iso(comment.created_at),
            "reactionGroups": lambda info: self.reactions(comment),
            "pullRequestReview": lambda info: self.review(review),
        }

    def thread(self, thread: Thread) -> Node:
        """A thread, told by its first comment."""
        viewer = self.access.viewer_id
        first = self.tables.review_comments[thread.id]
        repo = self.tables.repos[self.tables.pulls[thread.pull_id].repo_id]
        resolver = self.tables.accounts.get(thread.resolved_by_id or 0)
        return {
            "__typename": "PullRequestReviewThread",
            "id": thread.node_id,
            "path": first.path,
            "line": lambda info: places.line_now(self.world, first),
            "originalLine": first.line,
            "originalStartLine": first.start_line,
            "startLine": lambda info: _start_now(self.world, first),
            "diffSide": first.side,
            "subjectType": "FILE" if first.line is None else "LINE",
            "isResolved": thread.resolved_by_id is not None,
            "resolvedBy": self.account(resolver),
            "isOutdated": lambda info: places.is_outdated(self.world, first),
            "isCollapsed": thread.resolved_by_id is not None,
            # Measured by others: App and Actions tokens need contents:write to resolve.
            "viewerCanResolve": self.access.level(repo, "contents") == "write",
            "pullRequest": lambda info: self.pull(self.tables.pulls[thread.pull_id]),
            "comments": lambda info, **args: connection(
                self.tables.thread_of(thread, viewer), self.review_comment, args, where="comments"
            ),
        }

    def issue_comment(self, comment: IssueComment) -> Node:
        """A comment of the conversation."""
        return self._said(comment) | {
            "__typename": "IssueComment",
            "createdAt": iso(comment.created_at),
            "reactionGroups": lambda info: self.reactions(comment),
        }

    def reactions(self, comment: ReviewComment | IssueComment | Review) -> list[Node]:
        """Every kind of reaction, with how many there are."""
        to = self.tables.reactions_to(comment)
        return [
            self._group(content, [one for one in to if one.content == content])
            for content in REACTIONS
        ]

    def _group(self, content: str, reactions: list[Reaction]) -> Node:
        who = [one.account_id for one in reactions]
        return {
            "content": content,
            "viewerHasReacted": self.access.viewer_id in who,
            "createdAt": iso(min((one.created_at for one in reactions), default=None)),
            # GitHub wants no `first` where only the number is asked for.
            "reactors": lambda info, **args: {
                "totalCount": len(who),
                "nodes": [
                    self.account(self.tables.accounts[one]) for one in who[: args.get("first", 0)]
                ],
            },
        }

    def _said(self, row: Review | ReviewComment | IssueComment) -> Node:
        mine = row.author_id == self.access.viewer_id
        return {
            "id": row.node_id,
            "databaseId": row.id,
            "fullDatabaseId": str(row.id),
            "body": row.body,
            "author": self.account(self.tables.accounts.get(row.author_id)),
            "viewerDidAuthor": mine,
            "authorAssociation": self._association(row),
            "updatedAt": iso(row.updated_at),
            "isMinimized": row.minimized is not None,
            "minimizedReason": row.minimized,
            "viewerCanMinimize": mine,
        }

    def _association(self, row: Review | ReviewComment | IssueComment) -> str:
        """How the writer stands to the repository."""
        pull = self.tables.pulls[row.pull_id]
        repo = self.tables.repos[pull.repo_id]
        if row.author_id == repo.owner.id:
            return "OWNER"
        return "COLLABORATOR" if row.author_id in repo.roles else "NONE"


def _start_now(world: World, first: ReviewComment) -> int | None:
    line = places.line_now(world, first)
    if line is None or first.line is None or first.start_line is None:
        return None
    return line - (first.line - first.start_line)
