"""What people and bots do about comments, as the fake's clients see it."""

from __future__ import annotations

from typing import Any

import pytest
from github import GithubException

from tests.fakes.github import reviews, spec, talk
from tests.fakes.github.places import Note, Place
from tests.fakes.github.rows import Review, ReviewComment
from tests.fakes.github.scene import Scene, connect
from tests.fakes.github.test_graphql import ask

pytestmark = spec.needs_graphql

EDIT = """mutation($id: ID!, $body: String!) { updatePullRequestReviewComment(input: {
  pullRequestReviewCommentId: $id, body: $body, clientMutationId: "7" }) {
    clientMutationId pullRequestReviewComment { body } } }"""
REACT = """mutation($id: ID!, $content: ReactionContent!) { addReaction(input: {
  subjectId: $id, content: $content }) { subject {
    reactionGroups { content viewerHasReacted reactors { totalCount } } } } }"""


def posted(scene: Scene) -> tuple[Review, ReviewComment]:
    note = Note(place=Place(path="a.py", line=10), body="It fails.")
    world = scene.hub.world
    review = reviews.create(world, scene.pull, scene.bot, body="x", event="COMMENT", notes=[note])
    return review, world.tables.comments_of(review)[0]


def role(scene: Scene, login: str) -> dict[str, Any]:
    requester = connect(scene.hub, scene.token).requester
    at = f"/repos/acme/shop/collaborators/{login}/permission"
    _, answer = requester.requestJsonAndCheck("GET", at)
    assert answer is not None
    return answer


def test_a_comment_is_edited_by_its_author_alone(scene: Scene) -> None:
    world = scene.hub.world
    review, words = posted(scene)
    done = ask(scene, EDIT, id=words.node_id, body="Never mind.")["data"]
    assert done["updatePullRequestReviewComment"] == {
        "clientMutationId": "7",
        "pullRequestReviewComment": {"body": "Never mind."},
    }
    theirs = talk.note(world, review, world.account("ada"), "a.py", 40, "Why?")
    first = world.tables.review_comments[theirs.id]
    refused = ask(scene, EDIT, id=first.node_id, body="Mine.")
    assert refused["errors"][0]["type"] == "FORBIDDEN"
    gone = ask(scene, EDIT, id="PRRC_kwDO0000ffff", body="x")
    assert gone["errors"][0]["type"] == "NOT_FOUND"


def test_a_reaction_is_there_once_for_each_account(scene: Scene) -> None:
    world = scene.hub.world
    _, words = posted(scene)
    remark = world.comment(scene.pull, world.account("ada"), "@sweeper review")
    talk.react(world, words, world.account("ada"), "THUMBS_UP")
    for row in (words, remark):
        for _ in range(2):
            done = ask(scene, REACT, id=row.node_id, content="THUMBS_UP")["data"]
        groups = {
            one["content"]: (one["viewerHasReacted"], one["reactors"]["totalCount"])
            for one in done["addReaction"]["subject"]["reactionGroups"]
        }
        assert groups["THUMBS_UP"] == (True, 2 if row is words else 1)
        assert groups["THUMBS_DOWN"] == (False, 0)
    weak = scene.hub.tokens.fine_grained(scene.bot, scene.repo.owner, pull_requests="read")
    refused = ask(scene, REACT, weak, id=remark.node_id, content="EYES")
    assert refused["errors"][0]["type"] == "FORBIDDEN"


def test_roles_have_an_old_and_a_new_name(scene: Scene) -> None:
    world = scene.hub.world
    ada = world.account("ada")
    assert (role(scene, "ada")["permission"], role(scene, "ada")["role_name"]) == ("read", "read")
    for name, old in (("triage", "read"), ("maintain", "write"), ("admin", "admin")):
        world.grant(scene.repo, ada, name)
        shown = role(scene, "ada")
        assert (shown["permission"], shown["role_name"]) == (old, name)
    with pytest.raises(GithubException):
        role(scene, "nobody")


def test_squashed_commits_have_one_parent_and_merges_two(scene: Scene) -> None:
    world = scene.hub.world
    query = """query { repository(owner: "acme", name: "shop") { pullRequests(first: 9,
      states: MERGED) { nodes { mergeCommit { oid parents(first: 9) { totalCount } } } } } }"""
    merged = world.merge(scene.pull)
    squashed = world.squash(world.pull(scene.repo, {"more.py": "1\n"}))
    nodes = ask(scene, query)["data"]["repository"]["pullRequests"]["nodes"]
    assert [one["mergeCommit"] for one in nodes] == [
        {"oid": merged.merge_sha, "parents": {"totalCount": 2}},
        {"oid": squashed.merge_sha, "parents": {"totalCount": 1}},
    ]
