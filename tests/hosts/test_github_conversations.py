"""What was said on pull requests, and what is done about our reviews after they were posted."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github import Auth
from graphql import parse

from reviewer_cli import retry
from reviewer_cli.core.amending import amended
from reviewer_cli.core.conversation import Conversation, PullState, Said
from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import HeadKey, Side
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HostUnavailable,
    PostingForbidden,
    ProviderWait,
)
from reviewer_cli.hosts.github import conversations as rooms
from reviewer_cli.hosts.github.accounts import TokenAccount
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.conversation_queries import conversations_query, merged_query
from reviewer_cli.hosts.github.faults import NotFound, RepositoryReadOnly, Unprocessable
from reviewer_cli.hosts.github.host import GitHub
from reviewer_cli.hosts.github.merged import TOGETHER as MERGED_TOGETHER
from reviewer_cli.hosts.github.pulls import TOGETHER
from reviewer_cli.hosts.github.selection import SelectionRules
from reviewer_cli.ports.host import CodeHost
from tests.fakes.github import bulk, faults, graphql_cost, reviews, spec, talk
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome, Request
from tests.fakes.github.places import Note, Place
from tests.fakes.github.rows import Account, Pull, Review, ReviewComment, Thread
from tests.fakes.github.scene import text
from tests.fakes.github_stage import SECRET, GitHubStage, StageAccount, github_stage
from tests.hosts.contract import review_of

pytestmark = spec.needs_graphql
GRAPHQL = "/graphql"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        # Nothing of what is tried here needs more than this.
        made.token = made.hub.tokens.fine_grained(
            made.bot, made.shop.owner, pull_requests="write", contents="read"
        )
        made.hub.world.change(made.shop, private=True)
        yield made


@pytest.fixture
def host(stage: GitHubStage) -> Iterator[CodeHost]:
    made = stage.github()
    yield made
    made.close()


@pytest.fixture
def ada(stage: GitHubStage) -> Account:
    return stage.hub.world.account("ada")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)


def reviewed(stage: GitHubStage, pull: Pull, *lines: int, **place: Any) -> Review:
    """A submitted review of ours with a comment on each of these lines."""
    notes = [Note(place=Place(path="a.py", line=line, **place), body="It fails.") for line in lines]
    return reviews.create(
        stage.hub.world, pull, stage.bot, body="Two things.", event="COMMENT", notes=notes
    )


def threads(stage: GitHubStage, review: Review) -> list[Thread]:
    tables = stage.hub.world.tables
    return [tables.threads[one.id] for one in tables.comments_of(review)]


def comment(stage: GitHubStage, thread: Thread) -> ReviewComment:
    return stage.hub.world.tables.review_comments[thread.id]


def told(stage: GitHubStage, host: CodeHost, pull: Pull) -> Conversation:
    (found,) = host.conversations([stage.key(pull)])
    return found


def asked(stage: GitHubStage) -> list[str]:
    """The names of the GraphQL questions so far."""
    texts = [json.loads(one.request_body)["query"] for one in stage.hub.exchanges("POST", GRAPHQL)]
    return [one.split("(", 1)[0].split()[1] for one in texts]


NOT_ACCESSIBLE = {"message": "Resource not accessible by personal access token"}


def when(word: str, fault: Fault) -> Fault:
    """The fault for those requests only that have a word in them."""

    def chosen(request: Request, handle: Handler) -> Outcome:
        return fault(request, handle) if word.encode() in request.body else handle(request)

    return chosen


def about(key: HeadKey, fault: Fault) -> Fault:
    """The fault for those questions only that are about this pull request."""

    def chosen(request: Request, handle: Handler) -> Outcome:
        asked_about = json.loads(request.body)["variables"].values()
        return fault(request, handle) if int(key.pull) in asked_about else handle(request)

    return chosen


# What was said


def test_a_conversation_tells_who_said_what_and_where(
    stage: GitHubStage, host: CodeHost, ada: Account
) -> None:
    world = stage.hub.world
    pull = stage.pull()
    review = reviewed(stage, pull, 10)
    (thread,) = threads(stage, review)
    reply = talk.answer(world, thread, ada, "Not a bug: line 9 guards it.")
    remark = world.comment(pull, ada, "@sweeper full review")
    found = told(stage, host, pull)
    assert (found.key, found.state) == (stage.key(pull), PullState.OPEN)
    assert (found.merged_as, found.ended_at, found.is_whole) == (None, None, True)
    (shown,) = found.threads
    assert (shown.path, shown.line, shown.start_line) == ("a.py", 10, None)
    assert (shown.side, shown.sha, shown.review_id) == (Side.RIGHT, pull.head_sha, str(review.id))
    assert shown.opening == Said(
        id=comment(stage, thread).node_id,
        author="sweeper",
        is_ours=True,
        body="It fails.",
        said_at=comment(stage, thread).created_at,
    )
    assert [(one.author, one.is_ours, one.body) for one in shown.said[1:]] == [
        ("ada", False, "Not a bug: line 9 guards it.")
    ]
    assert shown.said[1].said_at == reply.created_at
    assert [(one.id, one.author, one.body) for one in found.remarks] == [
        (remark.node_id, "ada", "@sweeper full review")
    ]
    assert host.review_body(stage.key(pull), str(review.id)) == "Two things."


def test_lines_count_at_the_commit_that_a_comment_was_made_on(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    reviewed(stage, pull, 11, start_line=9)
    moved = stage.hub.world.push(pull, {"a.py": "top\n" + text(_10="ten", _40="forty")})
    found = told(stage, host, moved)
    assert found.key.sha == moved.head_sha
    (shown,) = found.threads
    assert (shown.start_line, shown.line, shown.sha) == (9, 11, pull.head_sha)


def test_a_comment_on_a_deleted_line_counts_in_the_base(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    reviewed(stage, pull, 10, side="LEFT")
    (shown,) = told(stage, host, pull).threads
    assert (shown.line, shown.side) == (10, Side.LEFT)


def test_who_resolved_a_thread_is_told_and_forgotten_when_it_opens_again(
    stage: GitHubStage, host: CodeHost, ada: Account
) -> None:
    world = stage.hub.world
    pull = stage.pull()
    first, second = threads(stage, reviewed(stage, pull, 10, 40))
    talk.resolve(world, first, ada)
    talk.resolve(world, second, stage.bot)
    shown = told(stage, host, pull).threads
    assert [(one.is_resolved, one.resolved_by, one.resolved_by_us) for one in shown] == [
        (True, "ada", False),
        (True, "sweeper", True),
    ]
    talk.unresolve(world, first)
    shown = told(stage, host, pull).threads
    assert (shown[0].is_resolved, shown[0].resolved_by) == (False, "")


def test_the_thumbs_are_those_of_others(stage: GitHubStage, host: CodeHost, ada: Account) -> None:
    world = stage.hub.world
    pull = stage.pull()
    (thread,) = threads(stage, reviewed(stage, pull, 10))
    words = comment(stage, thread)
    bob = world.account("bob")
    for who, what in [
        (ada, "THUMBS_UP"),
        (bob, "THUMBS_UP"),
        (stage.bot, "THUMBS_UP"),
        (ada, "THUMBS_DOWN"),
        (ada, "HEART"),
    ]:
        talk.react(world, words, who, what)
    remark = world.comment(pull, ada, "Hm.")
    talk.react(world, remark, bob, "THUMBS_DOWN")
    found = told(stage, host, pull)
    opening = found.threads[0].opening
    assert (opening.thumbs_up, opening.thumbs_down) == (2, 1)
    assert (found.remarks[0].thumbs_up, found.remarks[0].thumbs_down) == (0, 1)


def test_a_draft_of_ours_is_no_part_of_it(stage: GitHubStage, host: CodeHost, ada: Account) -> None:
    world = stage.hub.world
    pull = stage.pull()
    notes = [Note(place=Place(path="a.py", line=10), body="Not yet.")]
    reviews.create(world, pull, stage.bot, body="Draft.", notes=notes)
    found = told(stage, host, pull)
    assert (found.threads, found.remarks) == ((), ())


def test_bots_deleted_accounts_and_folded_comments_are_told(
    stage: GitHubStage, host: CodeHost
) -> None:
    world = stage.hub.world
    pull = stage.pull()
    app = stage.hub.tokens.app("checker")
    talk.minimise(world, world.comment(pull, app.bot, "Coverage fell."))
    ghost = world.account("gone")
    world.comment(pull, ghost, "Bye.")
    world.save(drop=(ghost,))
    first, second = told(stage, host, pull).remarks
    assert (first.author, first.is_bot, first.is_minimised) == ("checker", True, True)
    assert (second.author, second.is_bot, second.is_minimised) == ("ghost", False, False)


def test_what_others_wrote_above_a_review_is_a_remark(
    stage: GitHubStage, host: CodeHost, ada: Account
) -> None:
    world = stage.hub.world
    pull = stage.pull(author=world.account("eve"))
    reviews.create(world, pull, stage.bot, body="Ours.", event="COMMENT")
    reviews.create(world, pull, ada, event="APPROVE")
    above = reviews.create(world, pull, ada, body="@sweeper review", event="COMMENT")
    (remark,) = told(stage, host, pull).remarks
    assert (remark.author, remark.body, remark.is_ours) == ("ada", "@sweeper review", False)
    assert remark.said_at == above.submitted_at
    host.acknowledge(stage.key(pull), remark.id)
    (eyes,) = world.tables.reactions_to(above)
    assert eyes.content == "EYES"


def test_merged_and_closed_pull_requests_say_when_and_how(
    stage: GitHubStage, host: CodeHost
) -> None:
    world = stage.hub.world
    merged = world.merge(stage.pull())
    closed = world.close(stage.pull())
    found = host.conversations([stage.key(merged), stage.key(closed)])
    assert [(one.state, one.merged_as, one.ended_at) for one in found] == [
        (PullState.MERGED, merged.merge_sha, merged.merged_at),
        (PullState.CLOSED, None, closed.closed_at),
    ]


def test_a_pull_request_that_there_is_not_is_left_out(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    missing = [
        HeadKey(host.name, stage.shop.full_name, "99", "0" * 40),
        HeadKey(host.name, "acme/nowhere", "1", "0" * 40),
    ]
    found = host.conversations([missing[0], stage.key(pull), missing[1]])
    assert [one.key for one in found] == [stage.key(pull)]
    assert len(asked(stage)) == 1


def test_several_heads_of_a_pull_request_are_one_conversation(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    moved = stage.hub.world.push(pull, {"b.py": "b = 1\n"})
    (found,) = host.conversations([stage.key(pull), stage.key(moved)])
    assert found.key == stage.key(moved)


def test_ours_is_what_the_posting_account_wrote(stage: GitHubStage, ada: Account) -> None:
    pull = stage.pull()
    (thread,) = threads(stage, reviewed(stage, pull, 10))
    talk.answer(stage.hub.world, thread, ada, "Thank you.")
    reading = stage.hub.tokens.fine_grained(
        ada, stage.shop.owner, pull_requests="read", contents="read"
    )
    posting = stage.hub.tokens.fine_grained(stage.bot, stage.shop.owner, pull_requests="write")
    accounts = [TokenAccount(stage.server, token, longest_wait_s=0) for token in (reading, posting)]
    made = GitHub(
        stage.server,
        reading=accounts[0],
        posting=accounts[1],
        rules=SelectionRules(),
        marker_secret=SECRET,
        check_run=False,
    )
    with closing(made) as host:
        (shown,) = told(stage, host, pull).threads
        assert [one.is_ours for one in shown.said] == [True, False]
        host.settle(stage.key(pull), shown.opening.id, "Fixed.")
    assert comment(stage, thread).minimized == "outdated"


def test_an_owner_who_took_our_app_away_hides_its_pull_requests_and_no_others(
    stage: GitHubStage,
) -> None:
    class Installed(StageAccount):
        def of(self, repo: str) -> Connection:
            if repo.startswith("gone/"):
                raise AccessRefused("The App is not installed for gone.")
            return self.connection

    auth = Auth.Token(stage.token)
    stage.accounts = lambda connect: Installed(connect(auth))
    pull = stage.pull()
    lost = HeadKey(stage.server.name, "gone/shop", "1", "0" * 40)
    with closing(stage.github()) as host:
        found = host.conversations([lost, stage.key(pull)])
    assert [one.key for one in found] == [stage.key(pull)]


def test_numbers_of_reviews_may_have_more_than_32_bits(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.hub.world.pull(stage.shop, {"a.py": text(_1="one")})
    stage.hub.world.begin_ids_at(2_714_256_167)
    key = stage.key(pull)
    review_id = host.submit(host.prepare(review_of(host, key)))
    assert int(review_id) > 2**31
    assert host.look(key).posted == review_id
    found = told(stage, host, pull)
    assert host.review_body(key, review_id) == review_of(host, key).body
    assert [one.review_id for one in found.threads] == [review_id]
    host.amend(key, review_id, "Also checked.")


# How it is asked


def test_one_request_asks_for_25_pull_requests(stage: GitHubStage, host: CodeHost) -> None:
    pulls = bulk.populate(stage.hub.world, "acme", repos=10, pulls=5, files={"b.py": "b = 1\n"})
    keys = [
        HeadKey(host.name, stage.hub.world.tables.repos[one.repo_id].full_name, str(one.number), "")
        for one in pulls
    ]
    found = host.conversations(keys)
    assert {(one.key.repo, one.key.pull) for one in found} == {(one.repo, one.pull) for one in keys}
    assert asked(stage) == ["Conversations"] * 2
    assert len(keys) == 2 * TOGETHER


@pytest.mark.parametrize(
    ("question", "points", "nodes"),
    [(conversations_query(TOGETHER), 13, 66_250), (merged_query(MERGED_TOGETHER), 10, 2_000)],
)
def test_what_a_full_question_costs(question: str, points: int, nodes: int) -> None:
    price = graphql_cost.cost(parse(question), {})
    assert (price.points, price.nodes) == (points, nodes)


def test_further_threads_are_fetched_for_that_pull_request_alone(
    stage: GitHubStage, host: CodeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = "".join(f"new {number}\n" for number in range(1, 131))
    long = stage.hub.world.pull(stage.shop, {"big.py": big})
    short = stage.pull()
    notes = [Note(place=Place(path="big.py", line=n), body="x") for n in range(1, 121)]
    reviews.create(stage.hub.world, long, stage.bot, body="x", event="COMMENT", notes=notes)
    first, second = host.conversations([stage.key(long), stage.key(short)])
    assert [one.line for one in first.threads] == list(range(1, 121))
    assert (first.is_whole, second.is_whole) == (True, True)
    assert asked(stage) == ["Conversations", "MoreThreads", "MoreThreads"]
    monkeypatch.setattr(rooms, "MOST_PAGES", 1)
    (cut,) = host.conversations([stage.key(long)])
    assert (len(cut.threads), cut.is_whole) == (100, False)


def test_a_list_beyond_its_bound_is_not_whole(
    stage: GitHubStage, host: CodeHost, ada: Account
) -> None:
    world = stage.hub.world
    chatty, deep = stage.pull(), stage.pull()
    for number in range(51):
        world.comment(chatty, ada, f"remark {number}")
    (thread,) = threads(stage, reviewed(stage, deep, 10))
    for number in range(50):
        talk.answer(world, thread, ada, f"answer {number}")
    first, second = host.conversations([stage.key(chatty), stage.key(deep)])
    assert [one.body for one in first.remarks] == [f"remark {number}" for number in range(1, 51)]
    assert len(second.threads[0].said) == 50
    assert (first.is_whole, second.is_whole) == (False, False)


@pytest.mark.usefixtures("_impatient")
def test_what_the_server_cannot_finish_is_asked_in_halves(
    stage: GitHubStage, host: CodeHost
) -> None:
    keys = [stage.key(stage.pull()) for _ in range(4)]
    stage.hub.fail("POST", GRAPHQL, when("$p3", faults.bad_gateway_before), times=99)
    assert [one.key for one in host.conversations(keys)] == keys


@pytest.mark.usefixtures("_impatient")
def test_what_the_server_cannot_finish_alone_is_no_closed_pull_request(
    stage: GitHubStage, host: CodeHost
) -> None:
    keys = [stage.key(stage.pull()) for _ in range(5)]
    stage.hub.fail("POST", GRAPHQL, when("Conversations", faults.bad_gateway_before), times=99)
    with pytest.raises(HostUnavailable, match="could not be read"):
        host.conversations(keys)


@pytest.mark.usefixtures("_impatient")
def test_one_that_cannot_be_told_is_left_out_and_named(
    stage: GitHubStage, host: CodeHost, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [stage.key(stage.pull()) for _ in range(3)]
    stage.hub.fail("POST", GRAPHQL, about(keys[1], faults.bad_gateway_before), times=99)
    assert {one.key for one in host.conversations(keys)} == {keys[0], keys[2]}
    (line,) = caplog.messages
    assert f"What was said on {keys[1]} could not be read" in line


def test_a_credential_that_may_not_read_them_is_named_and_no_more(
    stage: GitHubStage, host: CodeHost, caplog: pytest.LogCaptureFixture
) -> None:
    key = stage.key(stage.pull())
    stage.hub.fail("POST", GRAPHQL, when("Conversations", faults.answer(403, NOT_ACCESSIBLE)))
    assert host.conversations([key]) == []
    assert "What people say cannot be read" in caplog.text


@pytest.mark.usefixtures("_impatient")
def test_half_an_answer_is_none(
    stage: GitHubStage, host: CodeHost, caplog: pytest.LogCaptureFixture
) -> None:
    """A conversation with a hole could settle what is open, or repeat what was declined."""
    pull = stage.pull()
    reviewed(stage, pull, 10)

    def holed(request: Request, handle: Handler) -> Outcome:
        response = handle(request)
        answer = json.loads(response.body)
        answer["data"]["r0"]["pullRequest"]["reviewThreads"]["nodes"][0] = None
        path = ["r0", "pullRequest", "reviewThreads", "nodes", 0]
        answer["errors"] = [{"path": path, "message": "Something went wrong."}]
        return replace(response, body=json.dumps(answer).encode())

    stage.hub.fail("POST", GRAPHQL, holed)
    assert host.conversations([stage.key(pull)]) == []
    assert "Something went wrong" in caplog.text


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    "fault",
    [
        faults.answer(200, {"data": {"node": None}, "errors": [{"path": ["node"]}]}),
        faults.bad_gateway_before,
    ],
)
def test_without_a_further_page_there_is_no_conversation(
    stage: GitHubStage, host: CodeHost, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    big = "".join(f"new {number}\n" for number in range(1, 61))
    pull = stage.hub.world.pull(stage.shop, {"big.py": big})
    notes = [Note(place=Place(path="big.py", line=n), body="x") for n in range(1, 61)]
    reviews.create(stage.hub.world, pull, stage.bot, body="x", event="COMMENT", notes=notes)
    stage.hub.fail("POST", GRAPHQL, when("MoreThreads", fault), times=99)
    assert host.conversations([stage.key(pull)]) == []
    assert "could not be read" in caplog.text


def without_commits(kind: str) -> Fault:
    def lacking(request: Request, handle: Handler) -> Outcome:
        response = handle(request)
        answer = json.loads(response.body)
        found = answer["data"]["r0"]["pullRequest"]
        said = found["reviewThreads"]["nodes"][0]["comments"]["nodes"][0]
        said["originalCommit"] = found["mergeCommit"] = None
        paths = (["r0", "pullRequest", "mergeCommit"], ["r0", "x", 0, "originalCommit"])
        answer["errors"] = [{"type": kind, "path": path, "message": "No."} for path in paths]
        return replace(response, body=json.dumps(answer).encode())

    return lacking


def test_a_credential_that_sees_no_commits_tells_the_rest(
    stage: GitHubStage, host: CodeHost, caplog: pytest.LogCaptureFixture
) -> None:
    pull = stage.pull()
    reviewed(stage, pull, 10)
    stage.hub.fail("POST", GRAPHQL, without_commits("FORBIDDEN"))
    (shown,) = told(stage, host, pull).threads
    assert (shown.line, shown.sha, shown.path) == (None, pull.head_sha, "a.py")
    assert shown.opening.body == "It fails."
    stage.hub.fail("POST", GRAPHQL, without_commits("TIMEOUT"))
    assert host.conversations([stage.key(pull)]) == []
    assert "(No.)" in caplog.text


# What is done afterwards


def test_a_review_gets_another_body(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    review = reviewed(stage, pull, 10)
    for _ in range(2):
        host.amend(stage.key(pull), str(review.id), "Also checked later.")
    assert host.review_body(stage.key(pull), str(review.id)) == "Also checked later."
    assert host.review_body(stage.key(pull), "99999") is None
    with pytest.raises(NotFound):
        host.amend(stage.key(pull), "99999", "x")
    with pytest.raises(Unprocessable):
        host.amend(stage.key(pull), str(review.id), "x" * 70_000)


def test_a_head_that_an_earlier_review_notes_has_no_review_of_its_own(
    stage: GitHubStage, host: CodeHost
) -> None:
    pull = stage.pull()
    key = stage.key(pull)
    first = host.submit(host.prepare(review_of(host, key)))
    moved = stage.key(stage.hub.world.push(pull, {"b.py": "b = 1\n"}))
    body = host.review_body(key, first) or ""
    noted = amended(body, marker(moved, host.marker_secret), host.limits.body_chars)
    host.amend(moved, first, noted or "")
    seen = host.look(moved)
    assert (seen.posted, seen.noted) == (None, first)
    second = host.submit(host.prepare(review_of(host, moved)))
    seen = host.look(moved)
    assert (seen.posted, seen.noted) in [(second, first), (second, None)]
    (tip,) = (tip for one in host.open_tips([key.repo]) for tip in one.tips)
    (described,) = host.describe([tip])
    assert described.posted == second


@pytest.mark.parametrize("fault", [faults.bad_gateway_before, faults.dropped_after])
def test_amending_is_repeated_when_nobody_knows_what_became_of_it(
    stage: GitHubStage, host: CodeHost, fault: Fault
) -> None:
    pull = stage.pull()
    review = reviewed(stage, pull, 10)
    stage.hub.fail("PUT", "/repos/*/*/pulls/*/reviews/*", fault)
    host.amend(stage.key(pull), str(review.id), "Again.")
    assert stage.hub.world.fresh(review).body == "Again."


@pytest.mark.parametrize("fault", [None, faults.bad_gateway_after, faults.dropped_before])
def test_a_comment_is_settled_by_one_request(
    stage: GitHubStage, host: CodeHost, fault: Fault | None
) -> None:
    pull = stage.pull()
    (thread,) = threads(stage, reviewed(stage, pull, 10))
    key, words = stage.key(pull), comment(stage, thread)
    if fault is not None:
        stage.hub.fail("POST", GRAPHQL, when("Settle", fault))
    for _ in range(2):
        host.settle(key, words.node_id, "Fixed in 1234567.")
    settled = comment(stage, thread)
    assert (settled.body, settled.minimized) == ("Fixed in 1234567.", "outdated")
    (shown,) = told(stage, host, pull).threads
    assert (shown.opening.is_minimised, shown.is_resolved) == (True, False)
    assert asked(stage).count("Settle") == (2 if fault is None else 3)


def test_a_comment_of_somebody_else_is_not_settled(
    stage: GitHubStage, host: CodeHost, ada: Account
) -> None:
    pull = stage.pull()
    review = reviewed(stage, pull, 10)
    words = comment(stage, talk.note(stage.hub.world, review, ada, "a.py", 40, "Why?"))
    with pytest.raises(PostingForbidden, match="your own"):
        host.settle(stage.key(pull), words.node_id, "Settled.")
    assert stage.hub.world.fresh(words).body == "Why?"


def test_eyes_are_put_under_a_comment_once(
    stage: GitHubStage, host: CodeHost, ada: Account
) -> None:
    world = stage.hub.world
    pull = stage.pull()
    (thread,) = threads(stage, reviewed(stage, pull, 10))
    remark = world.comment(pull, ada, "@sweeper review")
    reply = talk.answer(world, thread, ada, "@sweeper ignore")
    for words in (remark, remark, reply):
        host.acknowledge(stage.key(pull), words.node_id)
    seen = [(one.subject, one.content) for one in world.tables.reactions.values()]
    assert seen == [(remark.node_id, "EYES"), (reply.node_id, "EYES")]


def test_what_is_gone_needs_nothing_more(stage: GitHubStage, host: CodeHost, ada: Account) -> None:
    world = stage.hub.world
    pull = stage.pull()
    (thread,) = threads(stage, reviewed(stage, pull, 10))
    remark, words = world.comment(pull, ada, "@sweeper review"), comment(stage, thread)
    world.save(drop=(remark, words, thread))
    host.acknowledge(stage.key(pull), remark.node_id)
    host.settle(stage.key(pull), words.node_id, "Fixed.")
    assert asked(stage)[-2:] == ["Acknowledge", "Settle"]


def test_without_the_permission_nothing_is_written_and_the_other_repositories_go_on(
    stage: GitHubStage,
) -> None:
    pull = stage.pull()
    review = reviewed(stage, pull, 10)
    (thread,) = threads(stage, review)
    words, key = comment(stage, thread), stage.key(pull)
    stage.token = stage.hub.tokens.fine_grained(
        stage.bot, stage.shop.owner, pull_requests="read", contents="read"
    )
    with closing(stage.github()) as host:
        for write in (
            lambda: host.amend(key, str(review.id), "x"),
            lambda: host.settle(key, words.node_id, "x"),
            lambda: host.acknowledge(key, words.node_id),
        ):
            with pytest.raises(PostingForbidden, match=f"Nothing can be posted to {key.repo}"):
                write()
        assert len(host.conversations([key])) == 1
    assert (comment(stage, thread), stage.hub.world.fresh(review)) == (words, review)


def test_nothing_is_written_to_an_archived_repository(stage: GitHubStage, host: CodeHost) -> None:
    pull = stage.pull()
    (thread,) = threads(stage, reviewed(stage, pull, 10))
    stage.hub.world.change(stage.shop, archived=True)
    with pytest.raises(RepositoryReadOnly):
        host.settle(stage.key(pull), comment(stage, thread).node_id, "x")


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("kind", "message", "error"),
    [
        ("UNPROCESSABLE", "Body is too long", Unprocessable),
        ("UNPROCESSABLE", "was submitted too quickly", ProviderWait),
        ("INSUFFICIENT_SCOPES", "Your token has not been granted", PostingForbidden),
        ("RATE_LIMITED", "API rate limit exceeded", ProviderWait),
        (None, "Something went wrong while executing your query.", HostUnavailable),
    ],
)
def test_what_graphql_refuses_with_status_200_is_what_rest_says(
    stage: GitHubStage, kind: str | None, message: str, error: type[Exception]
) -> None:
    pull = stage.pull()
    fault = faults.answer(
        200, {"data": {"addReaction": None}, "errors": [{"type": kind, "message": message}]}
    )
    stage.hub.fail("POST", GRAPHQL, when("Acknowledge", fault), times=99)
    with closing(stage.github(longest_wait_s=0.0)) as host, pytest.raises(error):
        host.acknowledge(stage.key(pull), "IC_kwDO00000001")


@pytest.mark.parametrize(
    ("role", "may"),
    [("read", False), ("triage", False), ("write", True), ("maintain", True), ("admin", True)],
)
def test_writers_may_write(
    stage: GitHubStage, host: CodeHost, ada: Account, role: str, may: bool
) -> None:
    stage.hub.world.grant(stage.shop, ada, role)
    assert host.may_write(stage.shop.full_name, "ada") is may


def test_whoever_is_nobody_here_may_not_write(
    stage: GitHubStage, host: CodeHost, ada: Account, caplog: pytest.LogCaptureFixture
) -> None:
    repo = stage.shop.full_name
    assert not host.may_write(repo, "ada")
    assert not host.may_write(repo, "no-such-person")
    assert not host.may_write(repo, "../../../../user?x=")
    stage.hub.world.change(stage.shop, private=False)
    assert not host.may_write(repo, "ada")
    stage.hub.world.grant(stage.shop, ada, "admin")
    refusal = {"message": "Must have push access to view collaborator permission."}
    stage.hub.fail("GET", "/repos/*/*/collaborators/**", faults.answer(403, refusal))
    with caplog.at_level(logging.WARNING, "reviewer"):
        assert not host.may_write(repo, "ada")
    assert "Nobody in acme/shop can give commands" in caplog.text


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_is_away_is_no_answer_about_rights(
    stage: GitHubStage, host: CodeHost
) -> None:
    stage.hub.fail("GET", "/repos/*/*/collaborators/**", faults.bad_gateway_before, times=99)
    with pytest.raises(HeadError):
        host.may_write(stage.shop.full_name, "ada")


# What was merged


def test_merged_pull_requests_are_found_newest_first_with_what_they_were_merged_into(
    stage: GitHubStage, host: CodeHost
) -> None:
    world = stage.hub.world
    before = world.merge(world.pull(stage.shop, {"early.py": "1\n"}))
    merged = world.pull(stage.shop, {"merged.py": "1\n"})
    squashed = world.pull(stage.shop, {"squashed.py": "1\n"})
    world.pull(stage.shop, {"open.py": "1\n"})
    world.close(world.pull(stage.shop, {"closed.py": "1\n"}))
    onto = world.commit(stage.shop, {"other.py": "1\n"})
    merged = world.merge(world.push(merged, {"more.py": "2\n"}))
    squashed = world.squash(squashed)
    assert merged.merged_at is not None
    (found,) = host.merged_since([stage.shop.full_name], merged.merged_at)
    assert found.error is None
    assert [(one.key, one.base_sha, one.base_ref) for one in found.tips] == [
        (stage.key(squashed), merged.merge_sha, "main"),
        (stage.key(merged), onto, "main"),
    ]
    assert [one.ended_at for one in found.tips] == [squashed.merged_at, merged.merged_at]
    (more,) = host.merged_since([stage.shop.full_name], merged.merged_at - 1000.0)
    assert [one.key for one in more.tips][-1] == stage.key(before)


def test_a_head_that_was_pushed_to_the_base_has_the_base_that_github_tells(
    stage: GitHubStage, host: CodeHost
) -> None:
    world = stage.hub.world
    pull = world.push(stage.pull(), {"b.py": "b = 1\n"})
    world.edit(pull, state="merged", merge_sha=pull.head_sha, merged_at=world.now)
    (found,) = host.merged_since([stage.shop.full_name], world.now - 1000.0)
    assert [one.base_sha for one in found.tips] == [pull.base_sha]


def test_as_many_pages_as_reach_back_are_read(
    stage: GitHubStage, host: CodeHost, caplog: pytest.LogCaptureFixture
) -> None:
    world = stage.hub.world
    pulls = bulk.populate(world, "bulk", repos=1, pulls=120, files={"b.py": "b = 1\n"})
    start = world.now
    world.save(
        *(
            replace(one, state="merged", merged_at=start + n, updated_at=start + n)
            for n, one in enumerate(pulls)
        )
    )
    missing, found = host.merged_since(["acme/nowhere", "bulk/r0000"], start + 110)
    assert [one.key.pull for one in found.tips] == [str(one.number) for one in pulls[:109:-1]]
    assert missing.error is not None
    assert asked(stage) == ["Merged"]
    (found,) = host.merged_since(["bulk/r0000"], start)
    assert len(found.tips) == 120
    assert asked(stage) == ["Merged", "Merged", "MoreMerged", "MoreMerged"]
    assert caplog.text == ""
