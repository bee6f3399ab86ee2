"""The checker catches what GitHub would only half notice, and says so when it cannot look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fakes.github import checker, spec, views
from tests.fakes.github.checker import Checker
from tests.fakes.github.exchange import Exchange
from tests.fakes.github.scene import Scene, connect
from tests.fakes.github.spec import SpecMissing

REVIEWS = "/repos/acme/shop/pulls/1/reviews"
NOTE = {"path": "a.py", "line": 10, "side": "RIGHT", "body": "x"}


def send(scene: Scene, method: str, path: str, body: Any = None) -> list[str]:
    """The problems of one request."""
    scene.hub.log.clear()
    requests.request(
        method,
        f"{scene.hub.api_url}{path}",
        json=body,
        headers={"Authorization": f"Bearer {scene.token}"},
        timeout=2,
    )
    return Checker().problems(scene.hub.log)


@spec.needs_openapi
@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", "/repos/acme/shop/pulls?state=opne", None, "query state"),
        ("GET", "/repos/acme/shop/pulls?perpage=9", None, "query perpage: not a documented"),
        ("POST", REVIEWS, {"body": "x", "event": "COMMENTED"}, "body/event"),
        ("POST", REVIEWS, {"comments": [NOTE | {"line": "10"}]}, "body/comments/0/line"),
        ("POST", REVIEWS, {"comments": [NOTE | {"startLine": 9}]}, "startLine: not a documented"),
        ("GET", "/repos/acme/shop/pullz", None, "not an operation"),
        ("DELETE", "/repos/acme/shop/pulls/1", None, "not an operation"),
    ],
)
def test_a_request_that_departs_from_the_description_is_caught(
    careless: Scene, method: str, path: str, body: Any, problem: str
) -> None:
    assert any(problem in one for one in send(careless, method, path, body))


@spec.needs_openapi
def test_an_answer_that_departs_from_the_description_is_caught(scene: Scene) -> None:
    assert send(scene, "GET", "/repos/acme/shop/pulls") == []
    (exchange,) = scene.hub.log
    pulls = json.loads(exchange.response_body)
    del pulls[0]["head"]
    broken = {field: getattr(exchange, field) for field in Exchange.__slots__}
    broken["response_body"] = json.dumps(pulls).encode()
    problems = Checker().problems([Exchange(**broken)])
    assert ['"head" is a required property' in one for one in problems] == [True]


@spec.needs_graphql
def test_a_query_that_departs_from_the_schema_is_caught(careless: Scene) -> None:
    requester = connect(careless.hub, careless.token).requester
    for query in ("{ viewer { logn } }", "{ viewer { login } }"):
        requester.requestJsonAndCheck("POST", requester.graphql_url, input={"query": query})
    problems = Checker().problems(careless.hub.log)
    assert ["Cannot query field 'logn'" in one for one in problems] == [True]


@pytest.fixture
def _no_descriptions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which nobody fetched the descriptions, and no answer of before is kept."""
    for cached in (spec.description, spec.graphql_schema, spec._examples):
        monkeypatch.setattr(spec, cached.__name__, cached.__wrapped__)
    monkeypatch.setattr(checker, "graphql_schema", spec.graphql_schema)
    monkeypatch.setattr(views, "_filler", views._filler.__wrapped__)
    monkeypatch.setattr(spec, "FOLDER", tmp_path / "nothing")


@pytest.mark.usefixtures("_no_descriptions")
def test_rest_works_without_the_descriptions(careless: Scene) -> None:
    seen = careless.seen
    assert (seen.changed_files, seen.head.sha) == (3, careless.pull.head_sha)
    assert seen.create_review(body="x", event="COMMENT").state == "COMMENTED"
    assert [one.body for one in seen.get_reviews()] == ["x"]


@pytest.mark.usefixtures("_no_descriptions")
def test_graphql_says_what_is_missing(careless: Scene) -> None:
    requester = connect(careless.hub, careless.token).requester
    with pytest.raises(Exception, match="make github-spec"):
        requester.requestJsonAndCheck(
            "POST", requester.graphql_url, input={"query": "{viewer{id}}"}
        )
    assert isinstance(careless.hub.defects.pop(), SpecMissing)
