"""What each of GitHub's refusals means, and what a connection does about it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from github import Auth

from reviewer_cli import retry
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HeadRejected,
    HostUnavailable,
    ProviderWait,
    ReviewerError,
)
from reviewer_cli.hosts.github.connection import Connection, Server
from reviewer_cli.hosts.github.faults import (
    NotFound,
    OutcomeUnknown,
    PermissionMissing,
    RepositoryReadOnly,
    Unprocessable,
    graphql_limit,
    meaning,
    said,
)
from tests.fakes.github import faults, spec
from tests.fakes.github.faults import Fault
from tests.fakes.github.scene import Scene, set_scene
from tests.fakes.github.server import FakeGitHub

NOW = 1_800_000_000.0
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 90)}
USER = "/user"
REVIEWS = "/repos/acme/shop/pulls/1/reviews"
QUERY = "query Viewer { rateLimit { cost remaining resetAt } viewer { login databaseId } }"


@pytest.mark.parametrize(
    ("status", "headers", "message", "kind"),
    [
        (401, {}, "Bad credentials", AccessRefused),
        (403, {}, "Resource not accessible by personal access token", PermissionMissing),
        (403, {}, "Repository was archived so is read-only.", RepositoryReadOnly),
        (403, SPENT, "API rate limit exceeded", ProviderWait),
        (403, {}, "You have exceeded a secondary rate limit", ProviderWait),
        (403, {"retry-after": "5"}, "", ProviderWait),
        (429, {}, "", ProviderWait),
        (422, {}, "was submitted too quickly", ProviderWait),
        (422, {}, "Line could not be resolved", Unprocessable),
        (404, {}, "Not Found", NotFound),
        (410, {}, "Gone", NotFound),
        (451, {}, "Taken down", NotFound),
        (409, {}, "Conflict", HeadError),
        (500, {}, "", HostUnavailable),
        (503, {"retry-after": "5"}, "", HostUnavailable),
        (302, {"location": "http://192.0.2.1/"}, "", HostUnavailable),
    ],
)
def test_each_refusal_has_one_meaning(
    status: int, headers: dict[str, str], message: str, kind: type[Exception]
) -> None:
    error = meaning("github.com", status, headers, message, NOW)
    assert type(error) is kind
    assert str(error).endswith(".")


def test_which_refusals_are_final_for_a_head_and_which_exit_code_they_have() -> None:
    assert issubclass(RepositoryReadOnly, HeadRejected)
    assert issubclass(PermissionMissing, AccessRefused)
    assert AccessRefused.exit_code == 77
    assert ProviderWait.exit_code == 75
    assert not OutcomeUnknown.permanent


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "30", **SPENT}, 30.0),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "-5"}, 1.0),
        ({"retry-after": "nan"}, 1.0),
        ({"retry-after": "soon"}, None),
        (SPENT, 91.0),
        ({**SPENT, "x-ratelimit-reset": str(int(NOW) - 90)}, 1.0),
        ({"x-ratelimit-remaining": "0"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_githubs_own_and_never_nothing(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = meaning("github.com", 429, headers, "", NOW)
    assert isinstance(error, ProviderWait)
    assert error.retry_after == seconds
    assert graphql_limit("github.com", headers, NOW).retry_after == seconds


def test_a_missing_permission_is_named() -> None:
    needed = {"x-accepted-github-permissions": "pull_requests=write"}
    assert "it needs pull_requests: write" in str(
        meaning("github.com", 403, needed, "Resource not accessible", NOW)
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"message": "No", "errors": ["one", {"message": "two"}]}, "No one two"),
        ({"message": "No\n\nway\x1b[31m", "errors": "three"}, "No way"),
        ({"message": "x" * 900}, "x" * 400),
        ([], "no reason given"),
        (None, "no reason given"),
        ("", "no reason given"),
    ],
)
def test_what_github_said_is_one_short_harmless_line(data: object, words: str) -> None:
    line = said(data)
    assert line.startswith(words)
    assert len(line) <= 500
    assert "\n" not in line
    assert "\x1b" not in line


# The connection


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    spec.graphql_schema()  # takes longer than a client of these tests waits
    with FakeGitHub(tmp_path / "hub", now=NOW) as hub:
        yield set_scene(hub)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def connection(
    scene: Scene, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connection]:
    monkeypatch.setattr(retry, "LONGEST_S", 0.2)
    with closing(connected(scene, clock=lambda: NOW, wait=lambda s: bool(waits.append(s)))) as made:
        yield made


def connected(scene: Scene, timeout_s: int = 5, **more: Any) -> Connection:
    server = Server(
        api_url=scene.hub.api_url,
        web_url=scene.hub.origin,
        timeout_s=timeout_s,
        writes_apart_s=0.0,
    )
    return Connection(server, Auth.Token(scene.token), **{"longest_wait_s": 600.0} | more)


def write(connection: Connection) -> object:
    return connection.write("POST", REVIEWS, {"body": "x", "event": "COMMENT"})


def read(connection: Connection) -> object:
    return list(connection.pages(REVIEWS))


def query(connection: Connection) -> object:
    return connection.query(QUERY, {}).data


Call = Callable[[Connection], object]
PATHS: dict[Call, tuple[str, str]] = {
    write: ("POST", REVIEWS),
    read: ("GET", REVIEWS),
    query: ("POST", "/graphql"),
}
PASSING = [
    faults.bad_gateway_before,
    faults.dropped_before,
    faults.html(502),
    faults.html(200),
    faults.answer(200, "{half of", {"content-type": "application/json"}),
]


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("call", [read, query])
def test_what_only_reads_is_asked_again(
    scene: Scene, connection: Connection, call: Call, fault: Fault
) -> None:
    scene.hub.fail(*PATHS[call], fault)
    call(connection)
    assert len(scene.hub.exchanges(*PATHS[call])) == 2


@pytest.mark.parametrize("fault", [*PASSING, faults.bad_gateway_after, faults.dropped_after])
def test_a_write_without_an_answer_is_never_repeated(
    scene: Scene, connection: Connection, fault: Fault
) -> None:
    scene.hub.fail(*PATHS[write], fault)
    with pytest.raises(OutcomeUnknown, match="the next sweep looks"):
        write(connection)
    assert len(scene.hub.exchanges(*PATHS[write])) == 1


def test_a_write_that_hangs_is_given_up_after_its_time(scene: Scene) -> None:
    scene.hub.fail(*PATHS[write], faults.hang_after)
    with closing(connected(scene, timeout_s=1)) as connection, pytest.raises(OutcomeUnknown):
        write(connection)
    assert len(scene.hub.exchanges(*PATHS[write])) == 1


@pytest.mark.parametrize("call", [write, read, query])
def test_a_limit_is_waited_for_and_every_call_goes_on(
    scene: Scene, connection: Connection, waits: list[float], call: Call
) -> None:
    scene.hub.fail(*PATHS[call], faults.secondary_limit(7))
    scene.hub.fail(*PATHS[call], faults.primary_limit(NOW + 90))
    call(connection)
    assert waits == [7.0, 91.0]


def test_waits_without_a_time_grow_from_a_minute_until_patience_ends(
    scene: Scene, connection: Connection, waits: list[float]
) -> None:
    scene.hub.fail(*PATHS[write], faults.secondary_limit(), times=99)
    with pytest.raises(ProviderWait):
        write(connection)
    assert 60.0 <= waits[0] < 120.0 <= waits[1] < 240.0
    assert sum(waits) <= 600.0


@pytest.mark.threat("T26", layer="host", tries=len(PATHS))
@pytest.mark.parametrize("location", ["http://192.0.2.1/api/v3/user", "https://127.0.0.1/x"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_leads_away_from_the_server(
    scene: Scene, connection: Connection, location: str, status: int
) -> None:
    """The guards of this suite raise when anything else than loopback is connected to."""
    for call, where in PATHS.items():
        scene.hub.fail(*where, faults.redirect(location, status), times=99)
        with pytest.raises((HostUnavailable, OutcomeUnknown)):
            call(connection)


@pytest.mark.threat("T26", layer="host")
def test_a_list_ends_where_it_ends_whatever_its_links_say(
    scene: Scene, connection: Connection
) -> None:
    scene.hub.fail("GET", REVIEWS, faults.foreign_link("http://192.0.2.1/api/v3/next"))
    assert read(connection) == []


@pytest.mark.threat("T37", layer="host")
def test_after_a_refused_credential_nothing_more_is_asked(
    scene: Scene, connection: Connection
) -> None:
    scene.hub.tokens.revoke(scene.token)
    for call in PATHS:
        with pytest.raises(AccessRefused, match=r"where github\.token points"):
            call(connection)
    with pytest.raises(AccessRefused):
        _ = connection.token  # git would use it
    assert len(scene.hub.log) == 1


def test_close_ends_a_wait_and_every_later_request(scene: Scene) -> None:
    connection = connected(scene)
    scene.hub.fail(*PATHS[read], faults.secondary_limit(500))
    ends: list[BaseException] = []

    def reading() -> None:
        try:
            read(connection)
        except ReviewerError as error:
            ends.append(error)

    thread = threading.Thread(target=reading)
    thread.start()
    while not scene.hub.log:
        time.sleep(0.005)
    connection.close()
    thread.join(2.0)
    assert not thread.is_alive()
    assert isinstance(ends[0], ProviderWait)
    asked = len(scene.hub.log)
    with pytest.raises(ReviewerError, match="it was closed"):
        read(connection)
    assert len(scene.hub.log) == asked


@pytest.mark.threat("T24", layer="host")
@pytest.mark.threat("T29", layer="host")
@pytest.mark.parametrize("call", [write, read, query])
@pytest.mark.parametrize(
    "fault",
    [faults.revoked, faults.bad_gateway_before, faults.dropped_before, faults.secondary_limit(999)],
)
def test_no_error_and_no_log_names_the_token(
    scene: Scene,
    connection: Connection,
    call: Call,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    scene.hub.fail(*PATHS[call], fault, times=99)
    with pytest.raises(ReviewerError) as raised:
        call(connection)
    error: BaseException | None = raised.value
    while error is not None:
        assert scene.token not in f"{error} {error!r} {error.args}"
        error = error.__cause__ or error.__context__
    assert scene.token not in caplog.text


@pytest.mark.threat("T20", layer="host")
def test_a_list_without_an_end_is_left(
    scene: Scene, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer_cli.hosts.github.connection.MOST_REQUESTS", 5)
    page = faults.answer(200, [{"id": number} for number in range(100)])
    scene.hub.fail("GET", "/user/repos", page, times=100)
    with pytest.raises(ReviewerError, match="its lists do not end"):
        list(connection.pages("/user/repos?sort=full_name"))
    assert len(scene.hub.exchanges("GET", "/user/repos")) == 5


@pytest.mark.threat("T26", layer="host")
def test_errors_that_are_none_are_no_answer(scene: Scene, connection: Connection) -> None:
    odd = faults.answer(200, {"data": {}, "errors": ["it failed"]})
    scene.hub.fail("POST", "/graphql", odd, times=10)
    with pytest.raises(HostUnavailable, match="did not answer with GraphQL data"):
        query(connection)
