"""One review in two phases: what GitHub is told, and what happens when it does not take it."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import Clean, Comment, HeadKey, Review, Side, State
from reviewer_cli.errors import DraftGone, HeadError, HeadRejected, HostUnavailable
from reviewer_cli.hosts.github.posting import Blocked
from reviewer_cli.ports.host import CodeHost
from tests.fakes.engine import found, nothing
from tests.fakes.github import bare, faults, reviews
from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import SECRET, CountingEngine, GitHubStage, github_stage
from tests.hosts.contract import CodeHostContract, review_of

REVIEWS = "/repos/*/*/pulls/*/reviews"
REVIEW = f"{REVIEWS}/*"
EVENTS = f"{REVIEW}/events"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        yield made


class GitHubPlace:
    """The fake's one repository for the contract."""

    def __init__(self, stage: GitHubStage) -> None:
        self.stage = stage
        self.host: CodeHost = stage.github()
        self.repo = stage.shop.full_name
        self._pulls: dict[str, Pull] = {}

    def open(self, name: str) -> HeadKey:
        pull = self.stage.hub.world.pull(self.stage.shop, {"a.py": text(_1=name)}, head=name)
        self._pulls[str(pull.number)] = pull
        return self.stage.key(pull)

    def move(self, key: HeadKey) -> HeadKey:
        moved = self.stage.hub.world.push(self._pulls[key.pull], {"b.py": "b = 1\n"})
        return self.stage.key(moved)

    def close(self, key: HeadKey) -> None:
        self.stage.hub.world.close(self._pulls[key.pull])

    def merge(self, key: HeadKey) -> str:
        return str(self.stage.hub.world.merge(self._pulls[key.pull]).merge_sha)

    def base(self) -> str:
        return bare.tip(self.stage.shop.path, "refs/heads/main")

    def published(self, key: HeadKey) -> list[str]:
        tables = self.stage.hub.world.tables
        return [
            "\n".join([*(one.body for one in tables.comments_of(review)), review.body])
            for review in tables.reviews_of(self._pulls[key.pull], None)
            if review.commit_sha == key.sha
        ]


class TestGitHub(CodeHostContract):
    """The contract, on the fake."""

    @pytest.fixture
    def place(self, stage: GitHubStage) -> Iterator[GitHubPlace]:
        made = GitHubPlace(stage)
        yield made
        made.host.close()


@pytest.fixture
def host(stage: GitHubStage) -> Iterator[CodeHost]:
    made = stage.github()
    yield made
    made.close()


def lines(stage: GitHubStage, pull: Pull, *comments: Comment, body: str = "**Words.**") -> Review:
    key = stage.key(pull)
    signed = marker(key, SECRET)
    return Review(key=key, body=f"{body}\n\n{signed}", marker=signed, comments=comments)


def on(line: int, **more: Any) -> Comment:
    return Comment(**{"path": "a.py", "line": line, "side": Side.RIGHT, "body": "It fails."} | more)


def told(stage: GitHubStage, pattern: str, method: str = "POST") -> list[Any]:
    return [json.loads(one.request_body) for one in stage.hub.exchanges(method, pattern)]


# What GitHub is told


@pytest.mark.threat("T17", layer="posting")
def test_a_review_is_one_pending_post_with_all_comments_and_a_submission_as_comment(
    stage: GitHubStage,
) -> None:
    pull = stage.pull()
    stage.engine = CountingEngine(
        lambda request: {
            "findings": [
                found("a.py", 10, "ten", suggestion="10"),
                found("a.py", 41, "forty\nline 41", start_line=40),
                found("a.py", 10, "line 10", side="LEFT", title="It was better"),
            ]
        }
    )
    assert stage.sweep().exit_code == 0
    (made,) = told(stage, REVIEWS)
    assert "event" not in made
    assert made["commit_id"] == pull.head_sha
    places = [{name: one[name] for name in one if name != "body"} for one in made["comments"]]
    assert sorted(places, key=str) == sorted(
        [
            {"path": "a.py", "line": 10, "side": "RIGHT"},
            {"path": "a.py", "line": 41, "side": "RIGHT", "start_line": 40, "start_side": "RIGHT"},
            {"path": "a.py", "line": 10, "side": "LEFT"},
        ],
        key=str,
    )
    suggested = next(one["body"] for one in made["comments"] if "suggestion" in one["body"])
    assert "```suggestion\n10\n```" in suggested
    assert told(stage, EVENTS) == [{"event": "COMMENT"}]
    (posted,) = stage.posted(pull)
    assert (posted.state, posted.commit_sha) == ("COMMENTED", pull.head_sha)
    assert len(stage.hub.world.tables.comments_of(posted)) == 3


def test_more_comments_than_a_review_takes_go_into_its_body(stage: GitHubStage) -> None:
    changed = "".join(f"new {number}\n" for number in range(1, 91))
    pull = stage.hub.world.pull(stage.shop, {"many.py": changed})
    stage.engine = CountingEngine(
        lambda request: {
            "findings": [found("many.py", number, f"new {number}") for number in range(1, 91)]
        }
    )
    assert stage.sweep().exit_code == 0
    (posted,) = stage.posted(pull)
    limit = stage.github().limits.comments
    assert len(stage.hub.world.tables.comments_of(posted)) == limit
    assert posted.body.count("### `many.py:") == 90 - limit
    assert posted.body.endswith(marker(stage.key(pull), SECRET))


def test_a_body_that_is_too_long_is_cut_and_the_marker_stays_last(stage: GitHubStage) -> None:
    pull = stage.pull()
    stage.engine = CountingEngine(
        lambda request: {
            "findings": [
                found(
                    "a.py",
                    20 + number % 9,
                    f"not there {number}",
                    body="ä" * 3900,
                    title=f"T{number}",
                )
                for number in range(40)
            ]
        }
    )
    assert stage.sweep().exit_code == 0
    (posted,) = stage.posted(pull)
    assert 55_000 < len(posted.body) <= 65_536
    assert "more parts do not fit" in posted.body
    assert posted.body.endswith(marker(stage.key(pull), SECRET))


# What GitHub does not take


def test_one_line_that_is_refused_never_loses_the_review(stage: GitHubStage) -> None:
    pull = stage.pull()
    stage.hub.fail("POST", REVIEWS, faults.unprocessable("Line could not be resolved"))
    assert stage.sweep().exit_code == 0
    (posted,) = stage.posted(pull)
    assert stage.pending(pull) == []
    assert stage.hub.world.tables.comments_of(posted) == []
    assert "### `a.py:10`" in posted.body
    assert "### `a.py:40`" in posted.body
    assert posted.body.endswith(marker(stage.key(pull), SECRET))
    with closing(sqlite3.connect(stage.ledger_path)) as ledger:
        ((note,),) = ledger.execute("SELECT note FROM reviews").fetchall()
    assert note.startswith("2 comments moved into the body (")
    assert "Line could not be resolved" in note


def test_a_comment_outside_the_diff_takes_no_other_with_it(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    draft = host.prepare(lines(stage, pull, on(10), on(25, body="Nobody changed this.")))
    assert draft.note.startswith("2 comments moved into the body")
    host.submit(draft)
    (posted,) = stage.posted(pull)
    assert "It fails." in posted.body
    assert "Nobody changed this." in posted.body


def test_a_review_that_is_refused_whatever_it_says_is_rejected_with_the_reason(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    with pytest.raises(HeadRejected, match="Body is too long"):
        host.prepare(lines(stage, pull, body="x" * 70_000))
    assert stage.own(pull) == []


def test_content_that_comes_too_quickly_is_waited_for_not_given_up(stage: GitHubStage) -> None:
    pull = stage.pull()
    stage.hub.fail("POST", REVIEWS, faults.unprocessable("was submitted too quickly"))
    assert stage.sweep().exit_code == 0
    assert stage.waited[0] >= 60.0
    (posted,) = stage.posted(pull)
    assert len(stage.hub.world.tables.comments_of(posted)) == 2


def test_an_archived_repository_ends_the_head_with_the_reason(stage: GitHubStage) -> None:
    stage.pull()
    archive = faults.first(lambda: stage.hub.world.change(stage.shop, archived=True))
    stage.hub.fail("POST", REVIEWS, archive)
    assert stage.sweep().exit_code == 3
    (row,) = stage.rows()
    assert row.state is State.DEAD
    assert "read-only" in row.reason


def test_a_write_to_a_renamed_repository_follows_it(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    review = lines(stage, pull)
    renamed = stage.hub.world.rename(stage.shop, "acme/store")
    moved = f"{stage.hub.api_url}/repos/{renamed.full_name}/pulls/{pull.number}/reviews"
    stage.hub.fail("POST", "/repos/acme/shop/**", faults.redirect(moved, 307))
    draft = host.prepare(review)
    assert [one.id for one in stage.pending(pull)] == [int(draft.draft_id)]


# Drafts that stand in the way


@pytest.mark.threat("T28", layer="posting")
def test_the_same_draft_of_an_earlier_sweep_is_adopted(stage: GitHubStage, host: CodeHost) -> None:
    review = lines(stage, stage.pull(), on(10), on(40))
    first = host.prepare(review)
    assert host.prepare(review).draft_id == first.draft_id
    assert stage.hub.exchanges("DELETE") == []


@pytest.mark.threat("T28", layer="posting")
@pytest.mark.parametrize(
    "changed", [{"body": "Other words"}, {"comments": (on(10, body="Other words"),)}]
)
def test_another_draft_of_the_same_head_is_replaced(
    stage: GitHubStage, host: CodeHost, changed: dict[str, Any]
) -> None:
    """A sweep that lost its ledger paid for another review: that one is in the ledger now."""
    pull = stage.pull()
    review = lines(stage, pull, on(10))
    first = host.prepare(review)
    if "body" in changed:
        changed = {"body": f"{changed['body']}\n\n{review.marker}"}
    second = host.prepare(replace(review, **changed))
    assert second.draft_id != first.draft_id
    assert [one.id for one in stage.pending(pull)] == [int(second.draft_id)]


@pytest.mark.threat("T28", layer="posting")
@pytest.mark.parametrize("comments", [(on(10),), (on(25),)], ids=["good line", "bad line"])
def test_our_draft_of_an_older_head_is_cleared_away(
    stage: GitHubStage, host: CodeHost, comments: tuple[Comment, ...]
) -> None:
    pull = stage.pull()
    old = stage.debris(pull)
    pull = stage.hub.world.push(pull, {"c.py": "c = 1\n"})
    host.submit(host.prepare(lines(stage, pull, *comments)))
    (only,) = stage.own(pull)
    assert only.id != old.id
    assert only.commit_sha == pull.head_sha


@pytest.mark.threat("T28", layer="posting")
def test_an_old_draft_that_is_deleted_already_holds_nobody_up(
    stage: GitHubStage, host: CodeHost
) -> None:
    """A request of a sweep that was killed took effect, and the list does not show it yet."""
    pull = stage.pull()
    old = stage.debris(pull)
    done = faults.first(lambda: reviews.delete(stage.hub.world, old, stage.bot))
    stage.hub.fail("DELETE", REVIEW, done)
    draft = host.prepare(lines(stage, pull))
    assert [one.status for one in stage.hub.exchanges("DELETE")] == [404]
    assert [one.id for one in stage.pending(pull)] == [int(draft.draft_id)]


@pytest.mark.threat("T27", layer="posting")
def test_the_draft_of_a_person_is_never_touched(stage: GitHubStage) -> None:
    pull = stage.pull()
    drafted = reviews.create(
        stage.hub.world, pull, stage.bot, body="My thoughts", commit=pull.head_sha
    )
    assert stage.sweep().exit_code == 3
    (row,) = stage.rows()
    assert (row.state, row.error_class) == (State.REVIEWED, Blocked.__name__)
    assert row.next_due_at is not None
    assert row.next_due_at > stage.now
    assert stage.own(pull) == [drafted]
    reviews.delete(stage.hub.world, drafted, stage.bot)
    stage.sweep_until_quiet()
    assert len(stage.posted(pull)) == 1
    assert stage.engine_asked() == [pull.head_sha]


@pytest.mark.threat("T27", layer="posting")
def test_a_review_waits_for_a_person_however_long_that_takes(stage: GitHubStage) -> None:
    pull = stage.pull()
    reviews.create(stage.hub.world, pull, stage.bot, body="Mine", commit=pull.head_sha)
    for _ in range(4):
        stage.sweep(max_attempts=2)
        stage.now += 86_400.0
    (row,) = stage.rows()
    assert (row.state, row.attempts) == (State.REVIEWED, 4)


@pytest.mark.threat("T22", layer="posting")
@pytest.mark.threat("T27", layer="posting")
def test_a_draft_with_a_marker_of_another_pull_request_is_a_persons(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull, other = stage.pull(), stage.pull()
    copied = marker(stage.key(other), SECRET)
    reviews.create(stage.hub.world, pull, stage.bot, body=f"x\n{copied}", commit=pull.head_sha)
    with pytest.raises(Blocked, match="submit or discard it"):
        host.prepare(lines(stage, pull))


@pytest.mark.threat("T28", layer="posting")
def test_a_draft_that_is_told_of_but_not_listed_is_left_to_the_next_sweep(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    stage.debris(pull)
    stage.hub.fail("GET", REVIEWS, faults.stale())
    with pytest.raises(HeadError, match="the next sweep looks") as raised:
        host.prepare(lines(stage, pull))
    assert not raised.value.permanent


def test_a_draft_that_somebody_deleted_is_gone(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    draft = host.prepare(lines(stage, pull))
    reviews.delete(stage.hub.world, stage.pending(pull)[0], stage.bot)
    with pytest.raises(DraftGone):
        host.submit(draft)


def test_a_draft_that_was_submitted_meanwhile_is_as_good(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    draft = host.prepare(lines(stage, pull))
    reviews.submit(stage.hub.world, stage.pending(pull)[0], stage.bot, "COMMENT", None)
    assert host.submit(draft) == draft.draft_id
    host.discard(draft)
    assert len(stage.posted(pull)) == 1


# A head that moves


def force_push(stage: GitHubStage, pull: Pull) -> None:
    stage.hub.world.force_push(pull, {"a.py": text(_11="eleven")})


def push(stage: GitHubStage, pull: Pull) -> None:
    stage.hub.world.push(pull, {"a.py": text(_11="eleven")})


def close(stage: GitHubStage, pull: Pull) -> None:
    stage.hub.world.close(pull)


@pytest.mark.threat("T21", layer="posting")
@pytest.mark.parametrize("act", [push, force_push, close])
@pytest.mark.parametrize(
    ("method", "path", "word", "moment"),
    [
        ("POST", REVIEWS, "", faults.first),
        ("POST", REVIEWS, "", faults.then),
        ("POST", "/graphql", "query Standing", faults.first),
    ],
    ids=["before create", "after create", "before look"],
)
def test_a_head_that_moves_before_its_last_look_is_superseded_and_leaves_nothing(
    stage: GitHubStage, act: Any, method: str, path: str, word: str, moment: Any
) -> None:
    pull = stage.pull()
    stage.trouble(method, path, moment(lambda: act(stage, pull)), word, left=1)
    report = stage.sweep()
    assert report.exit_code == 0, report.ended
    (row,) = stage.rows()
    assert row.state is State.SUPERSEDED
    assert stage.own(pull) == []
    if act is not close:
        stage.sweep_until_quiet()
        moved = stage.hub.world.fresh(pull)
        assert [one.commit_sha for one in stage.posted(pull)] == [moved.head_sha]


@pytest.mark.threat("T21", layer="posting")
@pytest.mark.parametrize("act", [push, force_push, close])
@pytest.mark.parametrize("moment", [faults.first, faults.then])
def test_a_head_that_moves_during_its_submission_and_the_next_one_are_said_once_each(
    stage: GitHubStage, act: Any, moment: Any
) -> None:
    pull = stage.pull()
    stage.trouble("POST", EVENTS, moment(lambda: act(stage, pull)), left=1)
    stage.sweep()
    stage.sweep_until_quiet()
    bodies = [one.body for one in stage.posted(pull)]
    assert stage.posted(pull)[0].commit_sha == pull.head_sha
    for sha in (pull.head_sha, stage.hub.world.fresh(pull).head_sha):
        assert sum(f"sha={sha} " in body for body in bodies) == 1


# Whether a head has our review


def test_our_review_is_found_behind_a_hundred_others(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    review_id = host.submit(host.prepare(review_of(host, stage.key(pull))))
    ada = stage.hub.world.account("ada")
    for number in range(205):
        reviews.create(stage.hub.world, pull, ada, body=f"Thought {number}", event="COMMENT")
    assert host.look(stage.key(pull)).posted == review_id
    (answer,) = host.open_tips([stage.shop.full_name])
    assert [head.posted for head in host.describe(answer.tips)] == [review_id]


SILENCE = [
    {"data": None, "errors": [{"message": "Something went wrong."}]},
    {"data": {"r0": None}},
    {"data": {"r0": {"pullRequest": {"reviews": None}}}},
    {"data": {"r0": None}, "errors": [{"path": ["r0"], "type": "FORBIDDEN", "message": "SSO"}]},
]


@pytest.mark.parametrize("answer", SILENCE)
def test_an_answer_that_says_nothing_is_no_word_that_a_head_is_gone(
    stage: GitHubStage, host: CodeHost, answer: object
) -> None:
    key = stage.key(stage.pull())
    stage.hub.fail("POST", "/graphql", faults.answer(200, answer))
    with pytest.raises(HostUnavailable, match="could not tell of a pull request"):
        host.look(key)
    assert host.look(key).current_sha == key.sha


@pytest.mark.threat("T22", layer="posting", tries=5)
def test_markers_that_are_not_ours_do_not_count(stage: GitHubStage, host: CodeHost) -> None:
    """Another author's, one that we only quoted, one of another pull request, a bad signature."""
    pull, other = stage.pull(), stage.pull()
    world, ada, key = stage.hub.world, stage.hub.world.account("ada"), stage.key(pull)
    good = marker(key, SECRET)
    forged = [
        (ada, f"Words\n\n{good}"),
        (stage.bot, f"Somebody wrote:\n{good}\nand that was it."),
        (stage.bot, f"> {good}"),
        (stage.bot, marker(replace(key, pull=str(other.number)), SECRET)),
        (stage.bot, marker(key, b"another secret")),
    ]
    for author, body in forged:
        reviews.create(world, pull, author, body=body, event="COMMENT")
    assert host.look(key).posted is None
    world.close(other)  # what is said there would not be said here
    assert stage.sweep().exit_code == 0
    ours = [one for one in stage.posted(pull) if one.body.startswith("**2 findings")]
    assert len(ours) == 1


# The rest of a review


def test_a_check_run_is_neutral_and_counts(stage: GitHubStage) -> None:
    stage.check_run = True
    pull = stage.pull()
    assert stage.sweep().exit_code == 0
    (run,) = told(stage, "/repos/*/*/check-runs")
    assert (run["head_sha"], run["conclusion"]) == (pull.head_sha, "neutral")
    assert run["output"]["title"] == "2 findings: 1 high, 1 low."
    assert "2 comments" in run["output"]["summary"]


@pytest.mark.parametrize(
    "fault", [faults.bad_gateway_before, faults.answer(403, {"message": "Resource not accessible"})]
)
def test_a_check_run_that_fails_is_only_logged(
    stage: GitHubStage, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    stage.check_run = True
    pull = stage.pull()
    stage.hub.fail("POST", "/repos/*/*/check-runs", fault)
    with caplog.at_level(logging.WARNING):
        assert stage.sweep().exit_code == 0
    assert len(stage.posted(pull)) == 1
    assert "No check run for" in caplog.text


def test_a_clean_review_may_keep_quiet_and_is_not_made_again(stage: GitHubStage) -> None:
    pull = stage.pull()
    stage.engine = CountingEngine(nothing)
    for _ in range(2):
        assert stage.sweep(clean=Clean.SILENT).exit_code == 0
    assert stage.own(pull) == []
    assert stage.engine_asked() == [pull.head_sha]
