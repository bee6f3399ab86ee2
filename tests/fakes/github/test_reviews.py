"""GitHub's rules for reviews hold in the fake: what is refused leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from github import GithubException

from tests.fakes.github.scene import Scene, connect, text


def post(scene: Scene, **asked: Any) -> dict[str, Any]:
    """Create a review without PyGithub's own ideas of it."""
    made: dict[str, Any] = call(scene, "POST", "/repos/acme/shop/pulls/1/reviews", **asked)
    return made


def call(scene: Scene, method: str, url: str, /, **asked: Any) -> Any:
    requester = connect(scene.hub, scene.token).requester
    return requester.requestJsonAndCheck(method, url, input=asked or None)[1]


def note(line: int | None = 10, path: str = "a.py", **other: Any) -> dict[str, Any]:
    """A comment of a review."""
    place = {} if line is None else {"line": line, "side": "RIGHT"}
    return {"path": path, "body": "Look here."} | place | other


def refused(scene: Scene, sentence: str, **asked: Any) -> None:
    """The review is refused with 422 and this sentence, and nothing is stored."""
    before = scene.hub.world.tables
    with pytest.raises(GithubException) as caught:
        post(scene, **asked)
    assert caught.value.status == 422
    assert sentence in str(caught.value.data)
    assert scene.hub.world.tables is before


def test_a_review_is_posted_in_one_request(scene: Scene) -> None:
    made = post(
        scene,
        body="Two remarks.",
        event="COMMENT",
        commit_id=scene.pull.head_sha,
        comments=[note(), note(2, "new.py")],
    )
    assert made["state"] == "COMMENTED"
    assert made["submitted_at"]
    comments = list(scene.seen.get_review_comments())
    assert [(one.path, one.line, one.pull_request_review_id) for one in comments] == [
        ("a.py", 10, made["id"]),
        ("new.py", 2, made["id"]),
    ]
    assert comments[0].diff_hunk.endswith("\n-line 10\n+ten")


def test_without_an_event_it_is_pending_and_only_its_author_sees_it(scene: Scene) -> None:
    made = post(scene, body="Draft.", comments=[note()])
    assert made["state"] == "PENDING"
    assert "submitted_at" not in made
    assert [one.state for one in scene.seen.get_reviews()] == ["PENDING"]
    assert list(scene.seen.get_review_comments()) == []
    other = scene.hub.tokens.classic(scene.hub.world.account("bob"), "repo")
    pull = connect(scene.hub, other).get_repo("acme/shop").get_pull(1)
    assert list(pull.get_reviews()) == []
    with pytest.raises(GithubException, match="404"):
        pull.get_review(made["id"])


def test_one_pending_review_stops_every_other_one_of_its_author(scene: Scene) -> None:
    post(scene, body="Draft.")
    sentence = "User can only have one pending review per pull request"
    refused(scene, sentence, body="Another.")
    refused(scene, sentence, body="Submitted at once.", event="COMMENT")


def test_of_many_pending_reviews_at_once_one_wins(scene: Scene) -> None:
    def attempt(number: int) -> int:
        try:
            post(scene, body=str(number))
        except GithubException as error:
            return error.status
        return 200

    with ThreadPoolExecutor(8) as threads:
        statuses = sorted(threads.map(attempt, range(8)))
    assert statuses == [200] + [422] * 7
    assert len(scene.hub.world.tables.reviews) == 1


def test_a_pending_review_is_submitted_under_its_id(scene: Scene) -> None:
    made = post(scene, body="Draft.", comments=[note()])
    at = f"/repos/acme/shop/pulls/1/reviews/{made['id']}"
    done = call(scene, "POST", f"{at}/events", event="COMMENT")
    assert (done["id"], done["state"]) == (made["id"], "COMMENTED")
    assert call(scene, "GET", at)["submitted_at"] == done["submitted_at"]
    with pytest.raises(GithubException, match="not pending"):
        call(scene, "POST", f"{at}/events", event="COMMENT")
    assert len(list(scene.seen.get_reviews())) == 1


def test_submitting_without_an_event_is_refused(careless: Scene) -> None:
    made = post(careless, body="Draft.")
    with pytest.raises(GithubException, match="422"):
        call(careless, "POST", f"/repos/acme/shop/pulls/1/reviews/{made['id']}/events", event="")
    assert [one.state for one in careless.seen.get_reviews()] == ["PENDING"]


def test_only_a_pending_review_can_be_deleted(scene: Scene) -> None:
    made = post(scene, body="Draft.", comments=[note()])
    at = f"/repos/acme/shop/pulls/1/reviews/{made['id']}"
    call(scene, "DELETE", at)
    assert not scene.hub.world.tables.reviews
    assert not scene.hub.world.tables.review_comments
    with pytest.raises(GithubException, match="404"):
        call(scene, "DELETE", at)
    made = post(scene, body="Submitted.", event="COMMENT")
    with pytest.raises(GithubException, match="Can not delete a non-pending pull request review"):
        call(scene, "DELETE", f"/repos/acme/shop/pulls/1/reviews/{made['id']}")


def test_a_submitted_review_can_be_edited(scene: Scene) -> None:
    made = post(scene, body="Old.", event="COMMENT")
    at = f"/repos/acme/shop/pulls/1/reviews/{made['id']}"
    assert call(scene, "PUT", at, body="New.")["body"] == "New."
    assert [one.body for one in scene.seen.get_reviews()] == ["New."]


def test_nobody_judges_their_own_pull_request(scene: Scene) -> None:
    scene.hub.world.edit(scene.pull, author_id=scene.bot.id)
    refused(scene, "Can not approve your own pull request", event="APPROVE")
    sentence = "Can not request changes on your own pull request"
    refused(scene, sentence, event="REQUEST_CHANGES", body="x")
    assert post(scene, event="COMMENT", body="x")["state"] == "COMMENTED"


def test_a_comment_needs_a_body_and_a_body_has_a_limit(scene: Scene) -> None:
    refused(scene, "blank", event="COMMENT")
    refused(scene, "blank", event="COMMENT", body="", comments=[note()])
    refused(scene, "65536", event="COMMENT", body="x" * 65_537)
    assert post(scene, event="COMMENT", body="x" * 65_536)["state"] == "COMMENTED"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (note(25), "line must be part of the diff"),
        (note(9, side="LEFT"), "line must be part of the diff"),
        (note(999), "line must be part of the diff"),
        (note(1, "README.md"), "Path could not be resolved"),
        (note(10, start_line=10, start_side="RIGHT"), "start line must precede the end line"),
        (note(10, start_line=12, start_side="RIGHT"), "start line must precede the end line"),
        (note(40, start_line=10, start_side="RIGHT"), "part of the same hunk as the line"),
        (note(13, start_line=2, start_side="RIGHT"), "part of the same hunk as the line"),
        (note(body=""), "blank"),
    ],
)
def test_one_bad_comment_refuses_the_whole_review(
    scene: Scene, wrong: dict[str, Any], sentence: str
) -> None:
    refused(scene, sentence, body="x", event="COMMENT", comments=[note(), wrong, note(40)])


@pytest.mark.parametrize(
    "right",
    [
        note(7),
        note(13),
        note(10, side="LEFT"),
        note(13, start_line=8, start_side="RIGHT"),
        note(1, "old.py", side="LEFT"),
        note(2, "new.py", start_line=1),
    ],
)
def test_every_line_of_a_hunk_takes_a_comment_on_its_side(
    scene: Scene, right: dict[str, Any]
) -> None:
    assert post(scene, body="x", event="COMMENT", comments=[right])["state"] == "COMMENTED"


def test_the_commit_belongs_to_the_pull_request_and_is_the_newest_by_default(scene: Scene) -> None:
    refused(
        scene, "commitOID is not part of the pull request", body="x", commit_id=scene.pull.base_sha
    )
    first = scene.pull.head_sha
    scene.pull = scene.hub.world.push(scene.pull, {"a.py": text(_10="ten")})
    old = post(scene, body="x", event="COMMENT", commit_id=first, comments=[note(40)])
    assert old["commit_id"] == first
    assert post(scene, body="x", event="COMMENT")["commit_id"] == scene.pull.head_sha


def test_a_comment_moves_with_its_line_and_is_outdated_when_that_changes(scene: Scene) -> None:
    post(scene, body="x", event="COMMENT", comments=[note(40), note(9, start_line=8)])
    lines = text(_10="ten", _40="forty").splitlines(keepends=True)
    scene.hub.world.push(scene.pull, {"a.py": "".join(["top\n", *lines])})
    assert [(one.line, one.start_line) for one in scene.seen.get_review_comments()] == [
        (41, None),
        (10, 9),
    ]
    lines[39] = "FORTY\n"
    scene.hub.world.push(scene.pull, {"a.py": "".join(["top\n", *lines])})
    seen = [one.raw_data for one in scene.seen.get_review_comments()]
    assert [(one["line"], one["original_line"]) for one in seen] == [(None, 40), (10, 9)]
    assert seen[0]["commit_id"] == scene.pull.head_sha


def test_a_comment_on_a_whole_file_and_an_answer(scene: Scene) -> None:
    at = "/repos/acme/shop/pulls/1/comments"
    sha = scene.pull.head_sha
    whole = call(
        scene, "POST", at, path="a.py", body="All of it.", subject_type="file", commit_id=sha
    )
    assert (whole["subject_type"], whole["line"]) == ("file", None)
    first = call(scene, "POST", at, path="a.py", body="Here.", line=10, commit_id=sha)
    answer = call(
        scene, "POST", at, path="a.py", body="Why?", commit_id=sha, in_reply_to=first["id"]
    )
    assert answer["in_reply_to_id"] == first["id"]
    assert [one.state for one in scene.seen.get_reviews()] == ["COMMENTED"] * 3
    post(scene, body="Draft.")
    with pytest.raises(GithubException, match="one pending review"):
        call(scene, "POST", at, path="a.py", body="x", line=10, commit_id=sha)


def test_a_comment_is_edited_and_taken_back_by_its_author(scene: Scene) -> None:
    post(scene, body="x", event="COMMENT", comments=[note()])
    (comment,) = scene.seen.get_review_comments()
    comment.edit("Never mind.")
    assert [one.body for one in scene.seen.get_review_comments()] == ["Never mind."]
    other = scene.hub.tokens.classic(scene.hub.world.account("bob"), "repo")
    theirs = connect(scene.hub, other).get_repo("acme/shop").get_pull(1)
    with pytest.raises(GithubException, match="your own"):
        theirs.get_review_comment(comment.id).edit("Mine now.")
    comment.delete()
    assert list(scene.seen.get_review_comments()) == []


def test_reviews_come_in_pages_of_at_most_100(scene: Scene) -> None:
    for number in range(103):
        post(scene, body=str(number), event="COMMENT")
    assert [one.body for one in scene.seen.get_reviews()] == [str(n) for n in range(103)]
    assert len(scene.hub.exchanges("GET", "/repos/*/*/pulls/*/reviews")) == 2


def test_comments_of_one_review(scene: Scene) -> None:
    made = post(scene, body="x", event="COMMENT", comments=[note()])
    post(scene, body="y", event="COMMENT", comments=[note(40)])
    found = scene.seen.get_single_review_comments(made["id"])
    assert [one.path for one in found] == ["a.py"]
