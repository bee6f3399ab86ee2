"""Marking settled threads as resolved, which takes a credential that could push."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli.ports.engine import ReviewRequest
from tests.fakes.engine import found
from tests.fakes.github.rows import Pull
from tests.fakes.github.scene import text
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage


def planted(request: ReviewRequest) -> object:
    """A finding for each line of the file that was put in for it."""
    lines = (request.checkout / "a.py").read_text().splitlines()
    places = [(number, line) for number, line in enumerate(lines, 1) if line in ("ten", "forty")]
    return {"findings": [found("a.py", number, line, title=line) for number, line in places]}


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubStage]:
    """A stage whose engine finds what is planted."""
    with github_stage(tmp_path) as stage:
        stage.engine = CountingEngine(planted)
        yield stage


def later(github: GitHubStage) -> None:
    """A sweep an hour later, which has nothing to complain about."""
    github.now += 3600.0
    github.hub.world.now = max(github.hub.world.now, github.now)
    report = github.sweep()
    assert report.exit_code == 0, report.error


def resolvers(github: GitHubStage, pull: Pull) -> list[int | None]:
    """Who resolved our threads, the oldest first; each was folded up or is None."""
    tables = github.hub.world.tables
    ours = [one for one in tables.review_comments.values() if one.pull_id == pull.id]
    return [tables.threads[one.id].resolved_by_id for one in sorted(ours, key=lambda one: one.id)]


def test_a_settled_thread_is_resolved_only_with_a_credential_of_its_own(
    github: GitHubStage,
) -> None:
    world, maintainer = github.hub.world, github.hub.world.account("maintainer")
    world.grant(github.shop, maintainer, "write")
    pull = github.pull()
    later(github)
    pull = world.push(pull, {"a.py": text(_10="mended", _40="forty")})
    later(github)
    assert resolvers(github, pull) == [None, None]
    github.resolve_token = github.hub.tokens.fine_grained(
        maintainer, github.shop.owner, pull_requests="write", contents="write"
    )
    pull = world.push(pull, {"a.py": text(_10="mended", _40="mended")})
    later(github)
    assert resolvers(github, pull) == [None, maintainer.id]


@pytest.mark.threat("T23", layer="host")
def test_a_credential_that_shall_resolve_and_may_not_push_is_refused(github: GitHubStage) -> None:
    github.resolve_token = github.token
    github.pull()
    report = github.sweep()
    assert report.exit_code == 77
    assert "lacks contents: write" in str(report.error)


@pytest.mark.threat("T23", layer="host")
def test_one_that_may_administer_too_is_refused(github: GitHubStage) -> None:
    world, owner = github.hub.world, github.hub.world.account("maintainer")
    world.grant(github.shop, owner, "admin")
    github.resolve_token = github.hub.tokens.fine_grained(
        owner, github.shop.owner, pull_requests="write", contents="write", administration="write"
    )
    github.pull()
    report = github.sweep()
    assert report.exit_code == 77
    assert "administration" in str(report.error)
    assert "contents: write," not in str(report.error).split("(")[1].split(")")[0]


def test_the_examination_speaks_of_each_credential_apart(github: GitHubStage) -> None:
    github.resolve_token = github.token
    host = github.github()
    said = [one.said for one in host.examine([github.shop.full_name])]
    host.close()
    assert sum("lacks contents: write" in one for one in said) == 1
