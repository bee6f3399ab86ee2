"""Least privilege: each kind of token with too little, enough and too much, and what is said."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reviewer_cli import retry
from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import AccessRefused, HostUnavailable
from reviewer_cli.hosts.github.accounts import AppAccounts, TokenAccount
from reviewer_cli.hosts.github.installation import CHECKS, POSTING, READING
from reviewer_cli.hosts.github.rights import (
    Rights,
    doubt_about,
    excess_of,
    lack_of,
    rights,
    spare_of,
)
from tests.fakes.github import faults, spec
from tests.fakes.github.exchange import Exchange
from tests.fakes.github.faults import Fault, Handler
from tests.fakes.github.messages import Outcome, Request, Response
from tests.fakes.github.rows import Repo
from tests.fakes.github.server import FakeGitHub
from tests.hosts.github_desk import RIGHTS, Desk
from tests.threats import TRIES

pytestmark = spec.needs_graphql

CHANGE = {"a.py": "a = 2\n"}
NOTHING_MORE = "make a fine-grained token for these repositories with"


def pull_in(hub: FakeGitHub, *, private: bool = True) -> Repo:
    """acme/shop with one pull request."""
    repo = hub.world.repo("acme/shop", {"a.py": "a = 1\n"}, private=private)
    hub.world.pull(repo, CHANGE)
    return repo


def fine(hub: FakeGitHub, repo: Repo, role: str = "read", **permissions: str) -> str:
    """A fine-grained token of an account with this role in the repository."""
    bot = hub.world.account("sweeper")
    hub.world.grant(repo, bot, role)
    return hub.tokens.fine_grained(bot, repo.owner, **permissions)


def classic(hub: FakeGitHub, repo: Repo, role: str, *scopes: str) -> str:
    """A classic token of such an account."""
    bot = hub.world.account("sweeper")
    hub.world.grant(repo, bot, role)
    return hub.tokens.classic(bot, *scopes)


def installed(desk: Desk, asked: dict[str, str] = POSTING, **grants: str) -> None:
    """Let the desk sweep as an App that was granted this for acme."""
    app = desk.hub.tokens.app("sweeper-app")
    desk.hub.tokens.install(app, desk.hub.world.account("acme", "Organization"), **grants)
    desk.accounts = lambda server: AppAccounts(
        server,
        str(app.id),
        app.private_key,
        keep_in=desk.root,
        permissions=asked,
        longest_wait_s=0.0,
    )


def probes(hub: FakeGitHub) -> list[Exchange]:
    """The requests that only look at what a credential may do."""
    keys = hub.exchanges("GET", "/repos/*/*/keys") + hub.exchanges("GET", "/repos/*/*/pulls")
    doors = hub.exchanges("GET", "/*/*/info/refs")
    return keys + [one for one in doors if one.request_headers["user-agent"] == "git/reviewer"]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A token and how a sweep with it ends: `strict` by default, `lenient` when that is off.

    `says` is in the refusal, or in the warning where nothing is refused.
    """

    token: Callable[[FakeGitHub, Repo], str]
    strict: int = 0
    lenient: int = 0
    says: str = ""
    private: bool = True


TOO_MUCH = {"strict": 77}
TOO_LITTLE = {"strict": 77, "lenient": 77}
ENOUGH = "contents: read, pull_requests: write and nothing more"

CASES = {
    "classic without scopes": Case(
        token=lambda hub, repo: classic(hub, repo, "read"),
        says="lacks pull_requests: write for acme/shop",
        private=False,
        **TOO_LITTLE,
    ),
    "classic of a passer-by": Case(
        token=lambda hub, repo: classic(hub, repo, "read", "public_repo", "read:org"),
        private=False,
    ),
    "classic of a committer": Case(
        token=lambda hub, repo: classic(hub, repo, "write", "public_repo"),
        says="(contents: write)",
        private=False,
        **TOO_MUCH,
    ),
    **{
        f"classic {' '.join(scopes)}": Case(
            token=lambda hub, repo, scopes=scopes: classic(hub, repo, "write", *scopes),  # type: ignore[misc]
            says=f"({', '.join(scopes)})",
            **TOO_MUCH,
        )
        for scopes in (("repo",), ("repo", "workflow"), ("delete_repo", "repo"))
    },
    **{
        f"classic public_repo {scope}": Case(
            token=lambda hub, repo, scope=scope: classic(hub, repo, "read", "public_repo", scope),  # type: ignore[misc]
            says=f"({scope})",
            private=False,
            **TOO_MUCH,
        )
        for scope in ("admin:org", "admin:repo_hook", "write:packages", "workflow", "gist")
    },
    "fine-grained as it should be": Case(token=lambda hub, repo: fine(hub, repo, **RIGHTS)),
    "fine-grained of an administrator": Case(
        token=lambda hub, repo: fine(hub, repo, "admin", **RIGHTS)
    ),
    "fine-grained without code": Case(
        token=lambda hub, repo: fine(hub, repo, pull_requests="write"),
        says=f"lacks contents: read for acme/shop; {NOTHING_MORE} {ENOUGH}.",
        **TOO_LITTLE,
    ),
    "fine-grained that may push": Case(
        token=lambda hub, repo: fine(hub, repo, "write", contents="write", pull_requests="write"),
        says=f"may do more than it needs (contents: write); {NOTHING_MORE} {ENOUGH}",
        **TOO_MUCH,
    ),
    "fine-grained that might push, of one who may not": Case(
        token=lambda hub, repo: fine(hub, repo, contents="write", pull_requests="write"),
    ),
    "fine-grained that administers": Case(
        token=lambda hub, repo: fine(hub, repo, "admin", **RIGHTS, administration="write"),
        says="(administration)",
        **TOO_MUCH,
    ),
    "fine-grained that does all, in public": Case(
        token=lambda hub, repo: fine(
            hub, repo, "admin", contents="write", pull_requests="write", administration="read"
        ),
        says="(contents: write, administration)",
        private=False,
        **TOO_MUCH,
    ),
    "workflow as it should be": Case(token=lambda hub, repo: hub.tokens.actions(repo, **RIGHTS)),
    "workflow that may push": Case(
        token=lambda hub, repo: hub.tokens.actions(repo, contents="write", pull_requests="write"),
        says="(contents: write); give its workflow permissions: "
        "{contents: read, pull-requests: write}",
        **TOO_MUCH,
    ),
}


@pytest.mark.threat("T23", layer="host")
@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lenient"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_token_with_too_little_or_too_much_is_refused_before_anything_is_done(
    desk: Desk,
    hub: FakeGitHub,
    caplog: pytest.LogCaptureFixture,
    case: Case,
    strict: bool,
    record_property: Callable[[str, object], None],
) -> None:
    record_property(TRIES, int(bool(case.says)))
    desk.token = case.token(hub, pull_in(hub, private=case.private))
    desk.strict_scopes = strict
    report = desk.sweep("acme/shop")
    expected = case.strict if strict else case.lenient
    assert report.exit_code == expected
    assert len(desk.reviews()) == (expected == 0)
    if expected == 0:
        assert [case.says in one for one in warnings(caplog)] == ([True] if case.says else [])
        return
    assert case.says in str(report.error)
    assert ("github.strict_scopes = false" in str(report.error)) == (case.lenient == 0)
    assert not desk.engine.asked, "nothing was spent"
    assert not hub.exchanges("POST", "/*/*/git-upload-pack"), "nothing was fetched"
    assert not hub.exchanges("POST", "/repos/**"), "nothing was posted"
    assert desk.token not in str(report.error)


@pytest.mark.threat("T23", layer="host")
def test_what_a_token_told_while_polling_is_refused_even_when_there_is_nothing_to_do(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = hub.world.repo("acme/shop", {"a.py": "a = 1\n"}, private=True)
    desk.token = classic(hub, repo, "write", "repo")
    assert desk.sweep("acme/shop").exit_code == 77
    assert hub.counters.rest == 0


READS = {"contents": "read", "pull_requests": "read"}
POSTS = {"pull_requests": "write"}


@pytest.mark.threat("T23", layer="host")
@pytest.mark.parametrize(
    ("reader", "poster", "says"),
    [
        (READS, POSTS, ""),
        (
            READS | {"contents": "write"},
            POSTS,
            f"(contents: write); {NOTHING_MORE} contents: read, pull_requests: read and nothing",
        ),
        (
            READS,
            POSTS | {"contents": "write"},
            f"(contents: write); {NOTHING_MORE} pull_requests: write and nothing more",
        ),
        ({"pull_requests": "read"}, POSTS, "lacks contents: read"),
    ],
    ids=["as it should be", "reader may push", "poster may push", "reader without code"],
)
def test_reading_and_posting_are_compared_each_with_its_own_need(
    desk: Desk,
    hub: FakeGitHub,
    reader: dict[str, str],
    poster: dict[str, str],
    says: str,
    record_property: Callable[[str, object], None],
) -> None:
    record_property(TRIES, int(bool(says)))
    repo = pull_in(hub)
    tokens = []
    for name, permissions in (("reader", reader), ("poster", poster)):
        hub.world.grant(repo, hub.world.account(name), "write")
        tokens.append(hub.tokens.fine_grained(hub.world.account(name), repo.owner, **permissions))
    desk.token = tokens[0]
    desk.posting = lambda server: desk.account(tokens[1])
    report = desk.sweep("acme/shop")
    assert (report.exit_code, len(desk.reviews())) == ((77, 0) if says else (0, 1))
    assert says in str(report.error)


# An App


def test_what_an_installation_grants_beyond_the_need_is_a_warning_because_our_token_has_it_not(
    desk: Desk, hub: FakeGitHub, caplog: pytest.LogCaptureFixture
) -> None:
    pull_in(hub)
    installed(desk, contents="write", pull_requests="write", administration="write")
    assert desk.sweep("acme/shop").exit_code == 0
    assert len(desk.reviews()) == 1
    (said,) = warnings(caplog)
    assert "(administration: write, contents: write)" in said
    assert "whoever has the App's private key" in said
    assert probes(hub) == [], "an App's token tells its permissions when it is minted"


def test_an_app_with_what_it_needs_is_silent(
    desk: Desk, hub: FakeGitHub, caplog: pytest.LogCaptureFixture
) -> None:
    pull_in(hub)
    installed(desk, **RIGHTS)
    assert desk.sweep("acme/shop").exit_code == 0
    assert warnings(caplog) == []


def granting(**permissions: str) -> Fault:
    """The right answer to a request for a token, but with other permissions."""

    def fault(request: Request, handle: Handler) -> Outcome:
        answer = handle(request)
        assert isinstance(answer, Response)
        told = json.loads(answer.body)
        return Response.of(201, told | {"permissions": told["permissions"] | permissions})

    return fault


@pytest.mark.threat("T23", layer="host")
@pytest.mark.parametrize(
    ("permissions", "strict", "lenient", "says"),
    [
        ({"contents": "write"}, 77, 0, "may do more than it needs (contents: write)"),
        ({"secrets": "own"}, 77, 0, "may do more than it needs (secrets: own)"),
        ({"pull_requests": "read"}, 77, 77, "lacks pull_requests: write for acme/shop"),
    ],
    ids=["more", "an unknown level", "less"],
)
def test_a_minted_token_that_is_not_what_was_asked_for_is_refused_by_every_sweep_that_keeps_it(
    desk: Desk, hub: FakeGitHub, permissions: dict[str, str], strict: int, lenient: int, says: str
) -> None:
    pull_in(hub)
    installed(desk, **RIGHTS)
    hub.fail("POST", "/app/installations/*/access_tokens", granting(**permissions), times=9)
    for _ in range(2):
        report = desk.sweep("acme/shop")
        assert (report.exit_code, len(desk.reviews())) == (strict, 0)
        assert says in str(report.error)
    desk.strict_scopes = False
    assert desk.sweep("acme/shop").exit_code == lenient


# Cost


def test_a_credential_is_looked_at_once_and_never_by_an_idle_sweep(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = pull_in(hub)
    desk.token = fine(hub, repo, **RIGHTS)
    hub.world.pull(hub.world.repo("acme/web", {"a.py": "a = 1\n"}), CHANGE)
    assert desk.sweep("acme/shop", "acme/web").counts.posted == 2
    assert len(probes(hub)) == 4
    assert {one.method for one in probes(hub)} == {"GET"}
    hub.log.clear()
    assert desk.sweep("acme/shop", "acme/web").exit_code == 0
    assert (probes(hub), hub.counters.rest) == ([], 0)


@pytest.mark.parametrize(
    "fault",
    [faults.bad_gateway_before, faults.html(200), faults.redirect("https://elsewhere.example/x")],
    ids=["502", "a page for people", "elsewhere"],
)
def test_a_door_that_gives_no_clear_answer_is_not_taken_for_closed(
    desk: Desk, hub: FakeGitHub, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)
    repo = pull_in(hub)
    desk.token = fine(hub, repo, "write", contents="write", pull_requests="write")
    hub.fail("GET", "/acme/shop.git/info/refs", fault, times=20)
    with closing(desk.account(desk.token)) as account, pytest.raises(HostUnavailable):
        rights(account.of("acme/shop"), "acme/shop", POSTING)
    assert desk.sweep("acme/shop").exit_code != 0
    assert not desk.reviews()


def test_a_door_that_leads_elsewhere_is_not_gone_through_with_our_token(
    desk: Desk, hub: FakeGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)
    desk.token = fine(hub, pull_in(hub), **RIGHTS)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        there = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/acme/shop.git"
        hub.fail("GET", "/acme/shop.git/info/refs", faults.redirect(there), times=20)
        server = replace(desk.server, timeout_s=1)
        with (
            closing(TokenAccount(server, desk.token, longest_wait_s=0.0)) as account,
            pytest.raises(HostUnavailable),
        ):
            rights(account.of("acme/shop"), "acme/shop", POSTING)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.threat("T23", layer="host")
def test_a_saved_review_is_not_posted_by_a_credential_that_may_do_too_much(
    desk: Desk, hub: FakeGitHub
) -> None:
    """Nothing new is described then, which is where credentials are looked at otherwise."""
    repo = pull_in(hub)
    desk.token = fine(hub, repo, **RIGHTS)
    closed = faults.answer(403, {"message": "Resource not accessible by personal access token"})
    hub.fail("POST", "/repos/acme/shop/pulls/*/reviews", closed)
    assert desk.sweep("acme/shop").exit_code == 77
    desk.token = fine(hub, repo, "write", contents="write", pull_requests="write")
    report = desk.sweep("acme/shop")
    assert report.exit_code == 77
    assert "contents: write" in str(report.error)
    assert (len(desk.engine.asked), desk.reviews()) == (1, {})


# What is said


def known(desk: Desk, needed: dict[str, str] = POSTING) -> Rights:
    """The rights of the desk's credential in acme/shop."""
    accounts = desk.accounts(desk.server) if desk.accounts else desk.account(desk.token)
    with closing(accounts):
        return rights(accounts.of("acme/shop"), "acme/shop", needed)


def test_rights_are_found_by_reading_alone(desk: Desk, hub: FakeGitHub) -> None:
    repo = pull_in(hub)
    desk.token = fine(hub, repo, "admin", **RIGHTS, administration="read")
    found = known(desk, POSTING | CHECKS)
    assert found.found == ("pull_requests: read", "contents: read", "administration")
    assert (found.missing, found.excess) == ((), ("administration",))
    assert found.unknown == ("checks: write", "pull_requests: write")
    assert {(one.method, one.status) for one in hub.log} == {("GET", 200), ("GET", 403)}
    assert len(hub.log) == 4


def test_a_door_that_fails_once_is_tried_again(desk: Desk, hub: FakeGitHub) -> None:
    repo = pull_in(hub)
    desk.token = fine(hub, repo, "write", contents="write", pull_requests="write")
    for _ in range(2):
        hub.fail("GET", "/acme/shop.git/info/refs", faults.bad_gateway_before)
    assert known(desk).excess == ("contents: write",)


def test_a_good_token_leaves_only_the_doubt_that_reading_cannot_settle(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = pull_in(hub)
    desk.token = fine(hub, repo, **RIGHTS)
    server = desk.server.name
    found = known(desk)
    assert doubt_about(found) == (
        f"Whether the token for {server} has pull_requests: write cannot be known by reading; "
        "it will show at the first post."
    )
    assert (lack_of(found), excess_of(found), spare_of(found)) == ("", "", "")
    assert doubt_about(known(desk, READING)) == ""


def test_a_token_that_sees_nothing_is_told_all_that_it_lacks(desk: Desk, hub: FakeGitHub) -> None:
    pull_in(hub)
    elsewhere = hub.world.account("umbrella", "Organization")
    desk.token = hub.tokens.fine_grained(hub.world.account("sweeper"), elsewhere, **RIGHTS)
    assert known(desk).missing == ("pull_requests: read", "contents: read")
    desk.token = hub.tokens.classic(hub.world.account("sweeper"), "public_repo")
    assert known(desk).missing == ("pull_requests: read",)


def test_a_personal_token_cannot_make_check_runs(desk: Desk, hub: FakeGitHub) -> None:
    desk.token = classic(hub, pull_in(hub, private=False), "read", "public_repo")
    assert known(desk, POSTING | CHECKS).missing == ("checks: write",)


def test_an_app_is_known_without_a_doubt(desk: Desk, hub: FakeGitHub) -> None:
    pull_in(hub)
    installed(desk, POSTING | CHECKS, **RIGHTS, checks="write", issues="write")
    found = known(desk, POSTING | CHECKS)
    assert found.found == ("checks: write", "contents: read", "pull_requests: write")
    assert (found.missing, found.excess, found.unknown) == ((), (), ())
    assert spare_of(found) == (
        "The token of the App's installation for acme is narrowed, but the installation grants "
        "more (issues: write) to whoever has the App's private key; give the App these "
        "permissions and no others, and accept them where it is installed: checks: write, "
        "contents: read, pull_requests: write."
    )


def test_the_host_tells_of_each_credential(desk: Desk, hub: FakeGitHub) -> None:
    repo = pull_in(hub)
    desk.token = fine(hub, repo, **RIGHTS)
    with closing(desk.host()) as host:
        assert [one.repo for one in host.rights("acme/shop")] == ["acme/shop"]
    poster = hub.tokens.fine_grained(hub.world.account("p"), repo.owner, pull_requests="write")
    desk.posting = lambda server: desk.account(poster)
    with closing(desk.host()) as host:
        assert [one.unknown for one in host.rights("acme/shop")] == [(), ("pull_requests: write",)]


def test_git_is_asked_where_it_lives_which_on_github_com_is_not_where_the_api_is(
    desk: Desk, hub: FakeGitHub
) -> None:
    repo = pull_in(hub)
    token = fine(hub, repo, "write", contents="write", pull_requests="write")
    server = replace(desk.server, web_url=hub.origin.replace("127.0.0.1", "localhost"))
    with closing(TokenAccount(server, token, longest_wait_s=0.0)) as account:
        assert rights(account.of("acme/shop"), "acme/shop", POSTING).excess == ("contents: write",)
    hosts = {one.kind: one.request_headers["host"].partition(":")[0] for one in hub.log}
    assert hosts == {"rest": "127.0.0.1", "git": "localhost"}


def test_strict_is_the_default() -> None:
    table: dict[str, Any] = {"github": {"token": "${env:ANY}"}}
    assert Settings.model_validate(table).github.strict_scopes is True


@pytest.mark.threat("T23", layer="host")
def test_a_token_is_looked_at_where_its_user_may_do_most(desk: Desk, hub: FakeGitHub) -> None:
    """Whichever repository is polled first: a token that may push to one of them is refused."""
    weak = pull_in(hub)
    strong = hub.world.repo("acme/vault", {"a.py": "a = 1\n"}, private=True)
    hub.world.pull(strong, CHANGE)
    hub.world.grant(strong, hub.world.account("sweeper"), "write")
    desk.token = fine(hub, weak, "read", pull_requests="write", contents="write")
    report = desk.sweep("acme/shop", "acme/vault")
    assert isinstance(report.error, AccessRefused)
    assert "contents: write" in str(report.error)
    assert desk.reviews() == {}
    asked = [one for one in hub.log if b"viewerPermission" in one.request_body]
    assert len(asked) == 1
