"""Whatever a branch, a file, a title or an author is called, it is data in every request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.engine import found
from tests.fakes.github import spec
from tests.fakes.github_stage import CountingEngine, GitHubStage, github_stage

pytestmark = spec.needs_graphql

BRANCHES = (
    'a"){viewer{login}}#',
    "%2e%2e/%2e%2e/user",
    "-upload-pack=touch",
    "x&per_page=1",
    "x=y;z",
    "a'b`c$(id)",
    "@u}x",
    "ünï/\u202ecod",
    "refs/pull/1/head",
    "main#fragment",
)
FILES = (
    "%2e%2e/%2e%2e/user.py",
    "a?ref=x&b=c.py",
    'b"){x}.py',
    "c#d.py",
    "--output=e.py",
    "f;g|h$(id).py",
    "http:/i.example/j.py",
)
TEXT = '"}){id}} mutation{deleteRef} /../../user?access_token=x\n\r\nHost: evil.example'

#: All that a sweep of one repository may ask for; numbers and commits are its only variables.
PATHS = re.compile(
    r"/graphql"
    r"|/user"
    r"|/repos/acme/shop"
    r"|/repos/acme/shop/pulls/\d+/reviews"
    r"|/repos/acme/shop/pulls/\d+/reviews/\d+(/(events|comments))?"
    r"|/acme/shop(\.git)?/(info/refs|git-upload-pack)"
    r"|/repos/acme/shop/(branches|keys|pulls|contents|hooks|collaborators|environments)"
)
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
VALUES = {"git-upload-pack", "git-receive-pack", *map(str, range(101))}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GitHubStage]:
    with github_stage(tmp_path) as made:
        yield made


@pytest.mark.threat("T25", layer="host", tries=len(BRANCHES) + len(FILES) + 1)
def test_no_name_changes_what_is_asked_of_the_server(stage: GitHubStage) -> None:
    for number, name in enumerate(BRANCHES):
        files = dict.fromkeys(FILES, f"x = {number}\n")
        stage.hub.world.pull(stage.shop, files, head=name, title=TEXT, body=TEXT)
    stage.engine = CountingEngine(
        lambda request: {
            "findings": [
                # What is said on one pull request of a sweep is not said on the next.
                found(path, 1, "x = ", title=f"Wrong {NAMES[int(request.head.key.pull)]}")
                for path in FILES
            ]
        }
    )
    report = stage.sweep()
    assert report.exit_code == 0, report.ended
    assert report.counts.posted == len(BRANCHES)
    queries = set()
    for one in stage.hub.log:
        assert PATHS.fullmatch(one.path), one.path
        assert set(one.query.values()) <= VALUES, one.query
        if one.kind == "graphql":
            queries.add(json.loads(one.request_body)["query"])
    for query in queries:
        assert not [text for text in (*BRANCHES, *FILES, "mutation", "evil") if text in query]
    for pull in stage.hub.world.tables.pulls_of(stage.shop):
        (posted,) = stage.posted(pull)
        places = {one.path for one in stage.hub.world.tables.comments_of(posted)}
        assert places == set(FILES)
