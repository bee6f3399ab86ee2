"""Digests in issues of the fake GitHub: one place, kept up to date, by a credential of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.marker import ISSUE_MARKER
from reviewer_cli.core.periods import Span
from reviewer_cli.digest.weekly import Mailing
from reviewer_cli.notify.issue import CUT, IssueChannel, _within
from tests.digest.mailroom import HOUR, WEEK, Mailroom, sample
from tests.digest.test_delivering import _told
from tests.fakes.github import faults, spec
from tests.fakes.github.rows import Issue
from tests.fakes.github_stage import GitHubStage, github_stage
from tests.sweep.test_merged_issue import FirstLookStale

pytestmark = spec.needs_graphql

CENTRAL, OWN = "digest.central_issue", "digest.repository_issues"
ISSUES = "/repos/*/*/issues"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        made.hub.world.change(made.shop, private=True)
        made.issues_token = made.hub.tokens.fine_grained(made.bot, made.shop.owner, issues="write")
        yield made


@pytest.fixture
def room(tmp_path: Path, stage: GitHubStage) -> Iterator[Mailroom]:
    """Both kinds of issue, of which none is in use yet."""
    made = Mailroom(tmp_path, mailing=Mailing(channels=(CENTRAL,)))
    made.more[CENTRAL] = lambda: IssueChannel(CENTRAL, stage.board, "acme/shop", shows_titles=False)
    made.more[OWN] = lambda: IssueChannel(OWN, stage.board, "", shows_titles=True)
    made.swept()
    with closing(made.store):
        yield made


def issues(stage: GitHubStage) -> list[Issue]:
    return stage.hub.world.tables.issues_of(stage.shop)


def test_a_central_one_is_opened_once_and_each_week_put_in_its_place(
    room: Mailroom, stage: GitHubStage
) -> None:
    assert room.tick() == ()
    (issue,) = issues(stage)
    assert "2026-W47" in (issue.body or "")
    assert len(ISSUE_MARKER.findall(issue.body or "")) == (issue.body or "").count("<!--") == 1
    assert room.slept == [0.0]
    room.now += HOUR
    assert room.tick() == ()
    room.now += WEEK
    assert room.tick() == ()
    (issue,) = issues(stage)
    assert "2026-W48" in (issue.body or "")
    assert len(stage.hub.exchanges("POST", ISSUES)) == 1
    assert len(stage.hub.exchanges("PATCH", f"{ISSUES}/*")) == 1


def test_a_repository_of_its_own_reads_titles_and_the_central_one_does_not(
    room: Mailroom, stage: GitHubStage
) -> None:
    title = sample(Span(0.0, 1.0), "").nearly_missed[0].title
    assert title is not None
    room.mailing = Mailing(channels=(CENTRAL,), own=OWN, host=stage.server.name)
    _told(room, "acme/shop", stage.server.name)
    for at in ("2026-W47", "2026-W48"):
        assert room.tick() == ()
        told = {issue.title: issue.body or "" for issue in issues(stage)}
        assert sorted(told) == ["Review digest", "Review digest of all repositories"]
        assert at in told["Review digest of all repositories"]
        assert title in told["Review digest"]
        assert title not in told["Review digest of all repositories"]
        room.now += WEEK


def test_it_goes_to_the_repository_that_was_asked_about_whatever_the_digest_calls_it(
    room: Mailroom, stage: GitHubStage
) -> None:
    room.make = lambda span, scope: sample(span, scope and f"{scope}, local/{scope}")
    room.mailing = Mailing(channels=(), own=OWN, host=stage.server.name)
    _told(room, "acme/shop", stage.server.name)
    assert room.tick() == ()
    assert len(issues(stage)) == 1


def test_an_answer_that_is_lost_opens_no_second_one(room: Mailroom, stage: GitHubStage) -> None:
    stage.hub.fail("POST", ISSUES, faults.dropped_after)
    (said,) = room.tick()
    assert "did not reach digest.central_issue" in said
    stage.hub.fail("GET", ISSUES, FirstLookStale(), times=99)
    room.now += HOUR
    assert room.tick() == ()
    assert len(issues(stage)) == 1
    assert room.states() == {CENTRAL: "delivered"}


def test_a_credential_with_too_little_is_said_and_the_digest_waits(
    room: Mailroom, stage: GitHubStage
) -> None:
    good = stage.issues_token
    stage.issues_token = stage.hub.tokens.fine_grained(
        stage.bot, stage.shop.owner, pull_requests="write"
    )
    (said,) = room.tick()
    assert "lacks issues: read" in said
    stage.issues_token = good
    room.now += HOUR
    assert room.tick() == ()
    assert len(issues(stage)) == 1


def test_words_and_secrets_of_others_do_nothing_in_it(room: Mailroom, stage: GitHubStage) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
    evil = f"@ada #1 <img src=x> ![x](https://evil.example/x) {token}\n/merge\n<!-- reviewer:v1 -->"

    def hostile(span: Span, scope: str) -> Digest:
        made = sample(span, scope)
        near = replace(made.nearly_missed[0], title=evil, repo="acme/shop")
        return replace(made, nearly_missed=(near,))

    room.make = hostile
    room.mailing = Mailing(channels=(), own=OWN, host=stage.server.name)
    _told(room, "acme/shop", stage.server.name)
    assert room.tick() == ()
    body = issues(stage)[0].body or ""
    assert "ada" in body
    for bad in ("@ada", "#1", "<img", "![x]", "\n/merge", "https://evil", token):
        assert bad not in body
    assert body.count("<!--") == 1


def test_a_body_that_is_too_long_is_cut_between_lines_and_says_so() -> None:
    text = "\n".join(f"| {number} | row |" for number in range(1000))
    cut = _within(text, 500)
    assert len(cut) <= 500
    assert cut.endswith(CUT)
    assert cut.splitlines()[-3].endswith("| row |")
    assert _within("short\n", 500) == "short"
