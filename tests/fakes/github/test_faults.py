"""Each fault does what it says, before or after the effect, and only as often as it is told."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from github import GithubException, RateLimitExceededException

from tests.fakes.github import faults, spec
from tests.fakes.github.faults import Fault
from tests.fakes.github.scene import Scene, connect
from tests.fakes.github.server import FakeGitHub

REVIEWS = "/repos/*/*/pulls/*/reviews"
URL = "/repos/acme/shop/pulls/1/reviews"


def post(scene: Scene, timeout_s: float = 5.0) -> requests.Response:
    """Create a review with nothing between us and the wire."""
    return requests.post(
        f"{scene.hub.api_url}{URL}",
        json={"body": "x", "event": "COMMENT"},
        headers={"Authorization": f"Bearer {scene.token}"},
        timeout=timeout_s,
        allow_redirects=False,
    )


def get(scene: Scene, path: str = URL) -> requests.Response:
    """Read with nothing between us and the wire."""
    return requests.get(
        f"{scene.hub.api_url}{path}",
        headers={"Authorization": f"Bearer {scene.token}"},
        timeout=5.0,
        allow_redirects=False,
    )


@pytest.mark.parametrize(
    ("fault", "status", "happened"),
    [
        (faults.bad_gateway_before, 502, 0),
        (faults.bad_gateway_after, 502, 1),
        (faults.dropped_before, None, 0),
        (faults.dropped_after, None, 1),
        (faults.hang_before, None, 0),
        (faults.hang_after, None, 1),
        (faults.html(200), 200, 0),
        (faults.html(502), 502, 0),
        (faults.revoked, 401, 0),
        (faults.unprocessable("Path could not be resolved"), 422, 0),
        (faults.redirect("http://192.0.2.1/elsewhere"), 302, 0),
        (faults.slow(0.05), 200, 1),
    ],
)
def test_a_write_fails_before_or_after_its_effect(
    scene: Scene, fault: Fault, status: int | None, happened: int
) -> None:
    scene.hub.fail("POST", REVIEWS, fault)
    if status is None:
        with pytest.raises(requests.exceptions.RequestException):
            post(scene, timeout_s=0.3)
    else:
        assert post(scene).status_code == status
    assert len(scene.hub.world.tables.reviews) == happened
    assert post(scene).status_code == 200, "the fault was for one request"
    assert scene.hub.exchanges("POST")[0].fault


def test_limits_look_like_github_s(scene: Scene) -> None:
    at = scene.hub.world.now + 60
    github = connect(scene.hub, scene.token)
    scene.hub.fail("GET", "/repos/*/*", faults.primary_limit(at))
    with pytest.raises(RateLimitExceededException) as caught:
        github.get_repo("acme/shop")
    assert caught.value.headers["x-ratelimit-remaining"] == "0"
    assert caught.value.headers["x-ratelimit-reset"] == str(int(at))
    scene.hub.fail("*", "/**", faults.secondary_limit(retry_after=7, status=429))
    with pytest.raises(GithubException) as slowed:
        github.get_repo("acme/shop")
    assert slowed.value.headers["retry-after"] == "7"
    scene.hub.fail("GET", "/**", faults.secondary_limit())
    with pytest.raises(GithubException, match="secondary rate limit") as vague:
        github.get_repo("acme/shop")
    assert "retry-after" not in vague.value.headers


@spec.needs_graphql
def test_graphql_has_faults_too(scene: Scene) -> None:
    requester = connect(scene.hub, scene.token).requester
    body = {"query": "query { viewer { login } }"}

    def ask() -> Any:
        return requester.requestJsonAndCheck("POST", requester.graphql_url, input=body)[1]

    scene.hub.fail("POST", "/graphql", faults.graphql_limited)
    assert ask()["errors"][0]["type"] == "RATE_LIMITED"
    scene.hub.fail("POST", "/graphql", faults.bad_gateway_before)
    with pytest.raises(GithubException, match="502"):
        ask()
    assert ask()["data"] == {"viewer": {"login": "sweeper"}}


def test_a_stale_list_shows_an_earlier_state(scene: Scene) -> None:
    post(scene)
    post(scene)
    scene.hub.fail("GET", REVIEWS, faults.stale(1))
    assert [len(get(scene).json()) for _ in range(2)] == [1, 2]
    scene.hub.fail("GET", REVIEWS, faults.stale(2), times=2)
    assert [len(get(scene).json()) for _ in range(3)] == [0, 0, 2]


@pytest.mark.parametrize(("around", "state"), [(faults.first, "closed"), (faults.then, "open")])
def test_the_world_moves_at_a_chosen_step(
    scene: Scene, around: Callable[[Callable[[], object]], Fault], state: str
) -> None:
    world = scene.hub.world
    scene.hub.fail("GET", "/repos/acme/shop/pulls/1", around(lambda: world.close(scene.pull)))
    assert get(scene, "/repos/acme/shop/pulls/1").json()["state"] == state
    assert world.fresh(scene.pull).state == "closed"


def test_a_list_can_point_to_another_host(scene: Scene) -> None:
    scene.hub.fail("GET", REVIEWS, faults.foreign_link("http://192.0.2.1/next"))
    assert get(scene).links["next"]["url"] == "http://192.0.2.1/next"


def test_git_fails_too(scene: Scene) -> None:
    scene.hub.fail("GET", "/acme/shop.git/**", faults.bad_gateway_before)
    url = f"{scene.hub.git_url(scene.repo)}/info/refs?service=git-upload-pack"
    assert [requests.get(url, timeout=2).status_code for _ in range(2)] == [502, 200]


def test_the_server_counts_and_is_slow_on_request(scene: Scene) -> None:
    hub = scene.hub
    hub.latency_s = 0.05
    threads = [threading.Thread(target=get, args=(scene,)) for _ in range(4)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 0.05
    post(scene)
    counters = hub.counters
    assert (counters.requests, counters.rest, counters.writes) == (5, 5, 1)
    assert 2 <= counters.peak_parallel <= 4
    assert counters.writes_per_s == 1
    assert hub.log[-1].ended - hub.log[-1].started >= 0.05


def test_a_connection_is_kept_for_many_requests_and_cut_when_the_server_ends(
    unchecked_hub: FakeGitHub,
) -> None:
    connection = http.client.HTTPConnection(unchecked_hub.origin.removeprefix("http://"))
    with contextlib.closing(connection):
        connection.request("GET", "/api/v3/rate_limit")
        connection.getresponse().read()
        kept = connection.sock
        connection.request("GET", "/api/v3/rate_limit")
        assert connection.getresponse().read()
        assert connection.sock is kept
        unchecked_hub.close()
        with contextlib.suppress(OSError):
            connection.request("GET", "/api/v3/rate_limit")
        with pytest.raises((http.client.HTTPException, OSError)):
            connection.getresponse()
