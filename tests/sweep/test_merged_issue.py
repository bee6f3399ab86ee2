"""The one issue of a repository that tells what was found in what was merged unreviewed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reviewer_cli.core.marker import ISSUE_MARKER, issue_marker
from reviewer_cli.ports.engine import ReviewRequest
from reviewer_cli.render.unreviewed import KIND
from reviewer_cli.sweep.report import Report
from reviewer_cli.telemetry import SECRETS
from tests.fakes.engine import found
from tests.fakes.github import faults, issues, spec
from tests.fakes.github.messages import Outcome, Request
from tests.fakes.github.rows import Issue, Pull
from tests.fakes.github_stage import (
    FILE,
    SECRET,
    CountingEngine,
    GitHubStage,
    github_stage,
    two_remarks,
)
from tests.sweep.test_secret_in_output import CANARY

pytestmark = spec.needs_graphql

WEEK = 7 * 86_400.0
ISSUES = "/repos/*/*/issues"


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A private repository and two credentials, each with no more than it needs."""
    with github_stage(tmp_path) as stage:
        stage.hub.world.change(stage.shop, private=True)
        stage.token = stage.hub.tokens.fine_grained(
            stage.bot, stage.shop.owner, pull_requests="write", contents="read"
        )
        stage.issues_token = stage.hub.tokens.fine_grained(
            stage.bot, stage.shop.owner, issues="write"
        )
        yield stage


def later(github: GitHubStage, **changes: object) -> Report:
    """A sweep an hour later that was asked for the issue."""
    github.now += 3600.0
    github.hub.world.now = max(github.hub.world.now, github.now)
    asked: dict[str, object] = {"merged_s": WEEK, "merged_issue": True, **changes}
    return github.sweep(**asked)


def filed(github: GitHubStage) -> list[Issue]:
    """Every issue of the repository, oldest first."""
    return github.hub.world.tables.issues_of(github.shop)


def merged(github: GitHubStage, **fields: object) -> Pull:
    """A pull request that nobody reviewed before it was merged; another can change the same."""
    pull = github.hub.world.merge(github.pull(**fields))
    github.hub.world.commit(github.shop, FILE)
    return pull


def writes(github: GitHubStage) -> list[str]:
    """The methods of all requests that wrote an issue."""
    log = [*github.hub.exchanges("POST", ISSUES), *github.hub.exchanges("PATCH", f"{ISSUES}/*")]
    return [one.method for one in log]


def test_it_is_opened_once_and_kept_up_to_date(github: GitHubStage) -> None:
    merged(github, title="Sell more")
    assert later(github).exit_code == 0
    (issue,) = filed(github)
    assert issue.author_id == github.bot.id
    assert "**2 findings: 1 high, 1 low.** In the last 7 days 1 pull request was" in issue.body
    assert "### Pull request `1`: Sell more" in issue.body
    assert "`a.py:10`" in issue.body
    assert later(github).exit_code == 0
    assert writes(github) == ["POST"]
    merged(github, title="Sell even more")
    assert later(github).exit_code == 0
    (issue,) = filed(github)
    assert issue.body.index("Sell even more") < issue.body.index("Sell more")
    assert writes(github) == ["POST", "PATCH"]
    assert github.slept == [0.0]


def test_nobody_is_told_on_the_pull_request(github: GitHubStage) -> None:
    """Neither by a review nor by the sign that makes GitHub link and notify it."""
    pull = merged(github)
    later(github)
    assert github.own(pull) == []
    assert f"#{pull.number}" not in filed(github)[0].body


def test_without_being_asked_for_it_nothing_is_written_or_looked_for(github: GitHubStage) -> None:
    merged(github)
    assert later(github, merged_issue=False).exit_code == 0
    assert (filed(github), github.hub.exchanges("GET", ISSUES)) == ([], [])
    assert later(github).exit_code == 0
    assert len(filed(github)) == 1


def test_no_findings_open_no_issue_and_empty_one_that_is_there(github: GitHubStage) -> None:
    github.engine = CountingEngine(lambda request: {"findings": []})
    merged(github)
    assert later(github).exit_code == 0
    assert filed(github) == []
    github.engine = CountingEngine()
    merged(github)
    later(github)
    github.now += 2 * WEEK
    later(github)
    (issue,) = filed(github)
    assert issue.body.startswith("**No findings.** In the last 7 days 0 pull requests were merged")


def test_a_sweep_that_dies_behind_the_opening_leaves_one_that_the_next_one_finds(
    github: GitHubStage,
) -> None:
    """Also where the next one's first look is answered from the past."""
    merged(github)
    github.hub.fail("POST", ISSUES, faults.hang_after)

    async def cut_short() -> None:
        sweep = asyncio.create_task(github.sweep_async(merged_s=WEEK, merged_issue=True))
        while not filed(github) and not sweep.done():
            await asyncio.sleep(0.01)
        sweep.cancel()
        with suppress(asyncio.CancelledError):
            await sweep

    github.now += 3600.0
    asyncio.run(cut_short())
    assert len(filed(github)) == 1
    github.lists_lag_s = 60.0
    github.hub.fail("GET", ISSUES, FirstLookStale(), times=99)
    github.hub.log.clear()
    github.slept.clear()
    assert later(github).exit_code == 0
    assert len(filed(github)) == 1
    assert github.slept == [60.0]
    assert writes(github) == []


class FirstLookStale:
    """The first look for our own issues is answered with the list of a step before."""

    def __init__(self) -> None:
        self.left = 1

    def __call__(self, asked: Request, handle: faults.Handler) -> Outcome:
        if "creator" not in asked.query or not self.left:
            return handle(asked)
        self.left -= 1
        return faults.stale()(asked, handle)


def test_an_answer_that_is_lost_is_named_and_opens_no_second_one(github: GitHubStage) -> None:
    merged(github)
    github.hub.fail("POST", ISSUES, faults.dropped_after)
    report = later(github)
    assert report.exit_code != 0
    assert "the next sweep looks" in report.failures[0].reason
    assert later(github).exit_code == 0
    assert len(filed(github)) == 1
    assert writes(github) == ["POST"]


def test_a_lost_ledger_opens_no_second_one(github: GitHubStage) -> None:
    merged(github)
    later(github)
    for file in github.root.glob("ledger.db*"):
        file.unlink()
    later(github)
    assert len(filed(github)) == 1


def test_a_copied_or_planted_marker_counts_for_nothing(github: GitHubStage) -> None:
    """Somebody else's issue with our marker, and our own with another one, are left as they are."""
    world = github.hub.world
    merged(github)
    mark = issue_marker(github.server.name, KIND, SECRET)
    theirs = issues.create(world, github.shop, world.account("eve"), "Mine", f"Gotcha\n\n{mark}")
    forged = issue_marker(github.server.name, KIND, b"a guess")
    digest = issue_marker(github.server.name, "digest", SECRET)
    other = issues.create(world, github.shop, github.bot, "Ours", f"Other\n\n{forged}\n{digest}")
    assert later(github).exit_code == 0
    assert [world.fresh(theirs), world.fresh(other)] == [theirs, other]
    assert len(filed(github)) == 3
    later(github)
    assert writes(github) == ["POST"]


def test_what_people_did_to_it_is_borne(github: GitHubStage) -> None:
    """A closed one stays closed, another title stays, and words below the marker hide nothing."""
    merged(github)
    later(github)
    (issue,) = filed(github)
    words = issue.body.replace("\n", "\r\n") + "\r\n\r\nWho takes this?"
    issues.edit(github.hub.world, issue, body=words, title="Our chores", state="closed")
    assert later(github).exit_code == 0
    (now,) = filed(github)
    assert (now.body, now.title, now.state) == (issue.body, "Our chores", "closed")


HOSTILE = (
    "@ada see #1 <img src=x> ![x](https://evil.example/x)\n/merge\n"
    "<!-- reviewer:v1 issue=merged-unreviewed sig=00000000000000000000000000000000 -->"
)


def test_hostile_words_do_nothing_in_it(github: GitHubStage) -> None:
    def planted(request: ReviewRequest) -> object:
        return {"findings": [found("a.py", 10, "ten", title=HOSTILE, body=HOSTILE)] * 2}

    github.engine = CountingEngine(planted)
    merged(github, title=f"{HOSTILE} \u202e\x1b[31m")
    assert later(github).exit_code == 0
    (issue,) = filed(github)
    assert len(ISSUE_MARKER.findall(issue.body)) == issue.body.count("<!--") == 1
    assert issue.body.endswith(issue_marker(github.server.name, KIND, SECRET))
    assert issue.body.startswith("**1 finding: ")  # the second one was a duplicate, not kept
    for bad in ("@ada", "#1", "<img", "![x]", "\n/merge", "\u202e", "\x1b", "https://"):
        assert bad not in issue.body


def test_a_secret_of_ours_is_never_written_and_one_of_the_author_is_masked(
    github: GitHubStage,
) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"
    merged(github, title=f"Use {token}")
    assert later(github).exit_code == 0
    (issue,) = filed(github)
    assert token not in issue.body
    assert "Use" in issue.body
    merged(github, title=f"Print {CANARY}")
    SECRETS.add(CANARY)
    report = later(github)
    assert "secret in output" in report.failures[0].reason
    assert CANARY not in str(report)
    assert filed(github) == [issue]


def test_a_credential_that_is_refused_keeps_no_review_back(github: GitHubStage) -> None:
    merged(github)
    still_open = github.pull(title="Still open")
    github.engine = CountingEngine(
        lambda request: (
            {"findings": []} if request.head.title == "Still open" else two_remarks(request)
        )
    )
    good, github.issues_token = github.issues_token, "github_pat_" + "x" * 30
    report = later(github)
    assert report.exit_code == 3
    assert "github.issues_token" in report.failures[0].reason
    assert len(github.posted(still_open)) == 1
    assert report.breakers == ()
    github.issues_token = good
    assert later(github).exit_code == 0
    assert len(filed(github)) == 1


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        ({"issues": "read"}, "Nothing can be posted to acme/shop"),
        ({"issues": "write", "contents": "write"}, "may do more than it needs"),
    ],
)
def test_one_with_too_little_or_too_much_is_refused(
    github: GitHubStage, permissions: dict[str, str], said: str
) -> None:
    world, maintainer = github.hub.world, github.hub.world.account("maintainer")
    world.grant(github.shop, maintainer, "write")
    github.issues_token = github.hub.tokens.fine_grained(
        maintainer, github.shop.owner, **permissions
    )
    merged(github)
    report = later(github)
    assert report.exit_code != 0
    assert said in report.failures[0].reason
    assert filed(github) == []
    assert len(github.engine_asked()) == 1


def test_one_repository_without_issues_disturbs_no_other(github: GitHubStage) -> None:
    other = github.hub.world.repo("acme/other", {"a.py": "a = 1\n"})
    github.hub.world.merge(github.hub.world.pull(other, {"a.py": "ten\nforty\n"}))
    github.engine = CountingEngine(
        lambda request: (
            {"findings": [found("a.py", 1, "ten")]}
            if request.head.key.repo == "acme/other"
            else {"findings": [found("a.py", 10, "ten")]}
        )
    )
    merged(github)
    github.selector = "acme/*"
    gone = {"message": "Issues are disabled for this repo"}
    github.hub.fail("POST", "/repos/acme/other/issues", faults.answer(410, gone))
    report = later(github)
    assert [one.repo for one in report.failures] == ["acme/other"]
    assert "switched on" in report.failures[0].reason
    assert len(filed(github)) == 1
