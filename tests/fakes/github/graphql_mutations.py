"""GraphQL's mutations, each with the permission that it asks of a token.

Threads are resolved with contents: write (github/gh-aw#35726); all the others ask for
pull_requests: write, reactions to comments of the conversation too (github/docs#43843).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLError

from tests.fakes.github import reviews, talk
from tests.fakes.github.graphql_nodes import Node, Nodes
from tests.fakes.github.graphql_pages import error
from tests.fakes.github.messages import Refused
from tests.fakes.github.places import Note, Place
from tests.fakes.github.rows import IssueComment, Pull, Repo, Review, ReviewComment, Thread
from tests.fakes.github.world import World

Asked = dict[str, Any]
SAID = (Review, ReviewComment, IssueComment)
READ_ONLY = "Repository was archived so is read-only."
TYPES = {403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


@dataclass(frozen=True, slots=True)
class Mutations:
    """The mutating root fields for one viewer."""

    world: World
    nodes: Nodes

    def fields(self) -> Mapping[str, Any]:
        """By name."""
        served: dict[str, Callable[[Asked], Node]] = {
            "resolveReviewThread": self._resolve,
            "minimizeComment": self._minimize,
            "addPullRequestReviewThread": self._add_thread,
            "updatePullRequestReviewComment": self._edit_comment,
            "addReaction": self._react,
        }
        return {name: self._field(mutation) for name, mutation in served.items()}

    def _field(self, mutation: Callable[[Asked], Node]) -> Any:
        def answered(info: object, input: Asked) -> Node:  # noqa: A002
            try:
                return {"clientMutationId": input.get("clientMutationId"), **mutation(input)}
            except Refused as refused:
                raise _as_error(refused) from refused

        return answered

    def _resolve(self, asked: Asked) -> Node:
        thread = self._row(asked["threadId"], Thread)
        self._permitted(thread.pull_id, "contents")
        done = talk.resolve(self.world, thread, self._viewer)
        return {"thread": self._fresh().thread(done)}

    def _minimize(self, asked: Asked) -> Node:
        row = self._row(asked["subjectId"], SAID)
        self._permitted(row.pull_id, "pull_requests")
        done = talk.minimise(self.world, row, asked["classifier"].lower())
        return {"minimizedComment": self._fresh().row(done)}

    def _edit_comment(self, asked: Asked) -> Node:
        comment = self._row(asked["pullRequestReviewCommentId"], ReviewComment)
        self._permitted(comment.pull_id, "pull_requests")
        done = reviews.edit_comment(self.world, comment, self._viewer, asked["body"])
        return {"pullRequestReviewComment": self._fresh().review_comment(done)}

    def _react(self, asked: Asked) -> Node:
        row = self._row(asked["subjectId"], (ReviewComment, IssueComment, Review))
        self._permitted(row.pull_id, "pull_requests")
        talk.react(self.world, row, self._viewer, asked["content"])
        return {"subject": self._fresh().row(row), "reaction": None, "reactionGroups": None}

    def _add_thread(self, asked: Asked) -> Node:
        review = self._review(asked)
        self._permitted(review.pull_id, "pull_requests")
        on_file = asked.get("subjectType") == "FILE"
        place = Place(
            path=asked.get("path") or "",
            line=None if on_file else asked.get("line"),
            side=asked.get("side") or "RIGHT",
            start_line=asked.get("startLine"),
            start_side=asked.get("startSide"),
        )
        thread = reviews.add_thread(self.world, review, Note(place=place, body=asked["body"]))
        return {"thread": self._fresh().thread(thread)}

    def _review(self, asked: Asked) -> Review:
        """The pending review that is named, or the viewer's own on the pull request."""
        if asked.get("pullRequestReviewId"):
            found: Review = self._row(asked["pullRequestReviewId"], Review)
        else:
            pull = self._row(asked["pullRequestId"], Pull)
            pending = reviews.pending_of(self.world, pull, self._viewer)
            found = pending or reviews.create(self.world, pull, self._viewer)
        if found.author_id != self.nodes.access.viewer_id:
            raise error("FORBIDDEN", "You can only add to your own review")
        return found

    @property
    def _viewer(self) -> Any:
        return self.nodes.tables.accounts[self.nodes.access.viewer_id or 0]

    def _row(self, node_id: str, kinds: Any) -> Any:
        row = self.nodes.tables.node(node_id)
        if not isinstance(row, kinds) or self.nodes.row(row) is None:
            raise error(
                "NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'"
            )
        return row

    def _permitted(self, pull_id: int, permission: str) -> None:
        repo: Repo = self.nodes.tables.repos[self.nodes.tables.pulls[pull_id].repo_id]
        if self.nodes.access.level(repo, permission) != "write":
            raise error("FORBIDDEN", self.nodes.access.refusal)
        if repo.archived:
            raise error("FORBIDDEN", READ_ONLY)

    def _fresh(self) -> Nodes:
        return replace(self.nodes, tables=self.world.tables)


def _as_error(refused: Refused) -> GraphQLError:
    sentences = [str(one) for one in refused.errors or (refused.message,)]
    return error(TYPES.get(refused.status, "UNPROCESSABLE"), "; ".join(sentences))
