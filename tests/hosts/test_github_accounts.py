"""Credentials: whose they are, what they may do, and what a refused one does to a sweep."""

from __future__ import annotations

import json
import ssl
import stat
from base64 import b64decode
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reviewer_cli import retry
from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import AccessRefused, ConfigurationError, HostUnavailable
from reviewer_cli.hosts.github.accounts import AppAccounts, TokenAccount
from reviewer_cli.hosts.github.connection import Server
from reviewer_cli.hosts.github.installation import POSTING, POSTING_ALONE, READING
from reviewer_cli.sweep.report import Report
from reviewer_cli.telemetry import SECRETS
from reviewer_cli.wiring.hosts import HOSTS
from reviewer_cli.wiring.places import Places
from tests.fakes.github import faults, spec
from tests.fakes.github.faults import Handler
from tests.fakes.github.messages import Outcome, Request, Response
from tests.fakes.github.rows import Pull
from tests.fakes.github.server import FakeGitHub
from tests.fakes.github.tokens import App
from tests.hosts.github_desk import RIGHTS, Desk, bots_token

pytestmark = spec.needs_graphql
FILE, CHANGE = {"a.py": "a = 1\n"}, {"a.py": "a = 2\n"}


def pull_in(hub: FakeGitHub, name: str, **fields: Any) -> Pull:
    return hub.world.pull(hub.world.repo(name, FILE, **fields), CHANGE)


def posted(pulls: Iterable[Pull]) -> dict[tuple[int, str], int]:
    return {(one.id, one.head_sha): 1 for one in pulls}


def use_app(desk: Desk, app: App, permissions: dict[str, str] = POSTING) -> None:
    """Let the desk sweep as this App."""
    desk.accounts = lambda server: AppAccounts(
        server,
        str(app.id),
        app.private_key,
        keep_in=desk.root,
        permissions=permissions,
        longest_wait_s=0.0,
    )


def mints(hub: FakeGitHub) -> list[dict[str, Any]]:
    """What was asked for in each request for an installation token."""
    asked = hub.exchanges("POST", "/app/installations/*/access_tokens")
    return [json.loads(one.request_body) for one in asked]


@pytest.fixture
def app(hub: FakeGitHub, desk: Desk) -> App:
    """An App that the desk sweeps as; its owner granted more than it needs."""
    made = hub.tokens.app("sweeper-app")
    acme = hub.world.account("acme", "Organization")
    hub.tokens.install(made, acme, **RIGHTS, checks="write", issues="write")
    use_app(desk, made)
    return made


@pytest.mark.parametrize("kind", ["fine-grained", "classic", "actions"])
def test_every_kind_of_token_reviews_and_knows_its_own_reviews(
    desk: Desk, hub: FakeGitHub, kind: str
) -> None:
    pull = pull_in(hub, "acme/shop", private=True)
    repo = hub.world.tables.repos[pull.repo_id]
    bot = hub.world.account("sweeper")
    if kind == "classic":
        hub.world.grant(repo, bot, "write")
        desk.token = hub.tokens.classic(bot, "repo")
        desk.strict_scopes = False
    elif kind == "actions":
        desk.token = hub.tokens.actions(repo, **RIGHTS)
    assert desk.sweep("acme/shop").exit_code == 0
    (desk.root / "ledger.db").unlink()
    again = desk.sweep("acme/shop")
    assert again.counts.posted == 0
    assert desk.reviews() == posted([pull])
    assert len(desk.engine.asked) == 1, "a lost ledger is found again on the host"


def test_the_app_reviews_for_every_owner_that_installed_it(
    desk: Desk, hub: FakeGitHub, app: App
) -> None:
    pulls = [pull_in(hub, "acme/shop", private=True), pull_in(hub, "umbrella/lab", private=True)]
    hub.tokens.install(app, hub.world.account("umbrella"), **RIGHTS)
    pull_in(hub, "stranger/home", private=True)
    report = desk.sweep("acme/*", "umbrella/lab", "stranger/home", "stranger/*")
    assert desk.reviews() == posted(pulls)
    said = [one.reason for one in report.failures]
    assert len(said) == 2
    assert all("not installed for stranger" in one for one in said)
    assert report.exit_code == 3


def test_an_installation_token_is_minted_with_our_permissions_only_and_kept(
    desk: Desk, hub: FakeGitHub, app: App
) -> None:
    pull_in(hub, "acme/shop")
    for _ in range(3):
        assert desk.sweep("acme/shop").exit_code == 0
    wanted = {"metadata": "read", "contents": "read", "pull_requests": "write"}
    assert mints(hub) == [{"permissions": wanted}]
    (kept,) = desk.root.glob("installation-*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    use_app(desk, app, READING)
    desk.sweep("acme/shop")
    assert len(mints(hub)) == 2, "other permissions are another token"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kept: kept | {"expires_at": (datetime.now(UTC) + timedelta(minutes=9)).isoformat()},
        lambda kept: kept | {"expires_at": "soon"},
        lambda kept: kept | {"api": "https://elsewhere.example/api/v3"},
        lambda kept: [],
        lambda kept: "",
    ],
    ids=["about to end", "no time", "of another server", "no record", "no object"],
)
def test_a_kept_token_that_does_not_serve_is_replaced(
    desk: Desk, hub: FakeGitHub, app: App, spoil: Callable[[Any], Any]
) -> None:
    pull_in(hub, "acme/shop")
    desk.sweep("acme/shop")
    (kept,) = desk.root.glob("installation-*")
    kept.chmod(0o644)
    kept.write_text(json.dumps(spoil(json.loads(kept.read_text()))))
    assert desk.sweep("acme/shop").exit_code == 0
    assert len(mints(hub)) == 2
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_kept_token_that_github_refuses_is_not_used_by_the_next_sweep(
    desk: Desk, hub: FakeGitHub, app: App
) -> None:
    pull_in(hub, "acme/shop")
    desk.sweep("acme/shop")
    (kept,) = desk.root.glob("installation-*")
    hub.tokens.revoke(json.loads(kept.read_text())["token"])
    assert desk.sweep("acme/shop").exit_code == 77
    assert desk.sweep("acme/shop").exit_code == 0


def suspended(request: Request, handle: Handler) -> Outcome:
    response = handle(request)
    assert isinstance(response, Response)
    listed = json.loads(response.body)
    listed[-1]["suspended_at"] = "2026-01-01T00:00:00Z"
    return Response.of(200, listed)


def test_a_minted_token_is_blanked_in_the_log(desk: Desk, hub: FakeGitHub, app: App) -> None:
    pull_in(hub, "acme/shop")
    desk.sweep("acme/shop")
    (kept,) = desk.root.glob("installation-*.json")
    token = json.loads(kept.read_text())["token"]
    assert [leak.known for leak in SECRETS.found(f"x{token[::-1]}y") if leak.known] == [True]


def test_a_suspended_installation_is_left_out(desk: Desk, hub: FakeGitHub, app: App) -> None:
    pull = pull_in(hub, "acme/shop")
    pull_in(hub, "umbrella/lab")
    hub.tokens.install(app, hub.world.account("umbrella"), **RIGHTS)
    hub.fail("GET", "/app/installations", suspended)
    report = desk.sweep("acme/shop", "umbrella/lab")
    assert desk.reviews() == posted([pull])
    assert ["suspended there" in one.reason for one in report.failures] == [True]
    assert len(mints(hub)) == 1


def test_an_installation_that_grants_too_little_does_not_disturb_the_others(
    desk: Desk, hub: FakeGitHub, app: App
) -> None:
    pull = pull_in(hub, "acme/shop")
    pull_in(hub, "umbrella/lab")
    hub.tokens.install(app, hub.world.account("umbrella"), pull_requests="read", contents="read")
    report = desk.sweep("umbrella/lab", "acme/shop")
    assert desk.reviews() == posted([pull])
    assert ["pull_requests: write" in one.reason for one in report.failures] == [True]


def test_minting_is_tried_again_when_the_server_fails(
    desk: Desk, hub: FakeGitHub, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull_in(hub, "acme/shop")
    hub.fail("POST", "/app/installations/*/access_tokens", faults.bad_gateway_after)
    assert desk.sweep("acme/shop").exit_code == 0
    assert len(mints(hub)) == 2
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)
    next(desk.root.glob("installation-*")).unlink()
    hub.fail("POST", "/app/installations/*/access_tokens", faults.bad_gateway_after, times=50)
    assert isinstance(desk.sweep("acme/shop").error, HostUnavailable)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, {"pull_requests": "write"}),
        ({"check_run": True}, {"pull_requests": "write", "checks": "write"}),
        ({"posting_token": "${env:POSTING}"}, {"pull_requests": "read"}),
    ],
    ids=["posts", "makes check runs", "reads only"],
)
def test_settings_ask_for_the_fewest_permissions_that_serve(
    hub: FakeGitHub,
    app: App,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: dict[str, Any],
    wanted: dict[str, str],
) -> None:
    hub.world.repo("acme/shop", FILE)
    monkeypatch.setenv("KEY", app.private_key)
    monkeypatch.setenv("POSTING", bots_token(hub))
    table = {"api_url": hub.api_url, "app_id": str(app.id), "private_key": "${env:KEY}"} | more
    where = Places(state=tmp_path, cache=tmp_path)
    with closing(HOSTS["github"](Settings.model_validate({"github": table}), where)) as host:
        assert [one.repo for one in host.open_tips(["acme/shop"])] == ["acme/shop"]
    assert mints(hub) == [{"permissions": {"metadata": "read", "contents": "read"} | wanted}]


def test_a_key_that_is_none_is_refused_before_anything_is_asked(desk: Desk, app: App) -> None:
    use_app(desk, replace(app, private_key="-----BEGIN canary-key"))
    with pytest.raises(ConfigurationError, match=r"github\.private_key") as refused:
        desk.host()
    assert "canary" not in str(refused.value)


def test_a_key_of_another_app_is_refused_access(desk: Desk, hub: FakeGitHub, app: App) -> None:
    pull_in(hub, "acme/shop")
    use_app(desk, replace(app, private_key=hub.tokens.app("other").private_key))
    assert desk.sweep("acme/shop").exit_code == 77


def test_a_revoked_token_ends_the_sweep_as_an_authentication_error(
    desk: Desk, hub: FakeGitHub
) -> None:
    pull_in(hub, "acme/shop")
    hub.tokens.revoke(desk.token)
    report = desk.sweep("acme/shop")
    assert report.exit_code == 77
    assert "wrong, expired or revoked" in str(report.error)
    assert desk.token not in str(report.error)


def test_a_token_that_may_not_post_is_told_which_permission_it_lacks(
    desk: Desk, hub: FakeGitHub
) -> None:
    pull = pull_in(hub, "acme/shop")
    good, desk.token = desk.token, bots_token(hub, pull_requests="read")
    report = desk.sweep("acme/shop")
    assert report.exit_code == 77
    assert "pull_requests: write" in str(report.error)
    desk.token = good
    assert desk.sweep("acme/shop").exit_code == 0
    assert desk.reviews() == posted([pull])
    assert len(desk.engine.asked) == 1, "the review was paid for once"


def test_what_reads_may_be_another_credential_than_what_posts(desk: Desk, hub: FakeGitHub) -> None:
    pull = pull_in(hub, "acme/shop", private=True)
    poster = desk.token
    reader = hub.tokens.fine_grained(
        hub.world.account("reader"),
        hub.world.account("acme"),
        pull_requests="read",
        contents="read",
    )
    desk.token = reader
    desk.posting = lambda server: desk.account(poster)
    assert desk.sweep("acme/shop").exit_code == 0
    assert desk.reviews() == posted([pull])
    writes = [one for one in hub.log if one.kind == "rest" and one.method != "GET"]
    assert writes
    assert all(poster in one.request_headers["authorization"] for one in writes)
    (fetch,) = hub.exchanges("POST", "/acme/shop.git/git-upload-pack")
    basic = b64decode(fetch.request_headers["authorization"].partition(" ")[2]).decode()
    assert basic == f"x-access-token:{reader}"


def test_a_repository_where_only_the_reader_is_at_home_is_named(
    desk: Desk, hub: FakeGitHub, app: App
) -> None:
    pull = pull_in(hub, "acme/shop")
    pull_in(hub, "umbrella/lab")
    use_app(desk, app, POSTING_ALONE)
    as_app = desk.accounts
    desk.accounts, desk.posting = None, as_app
    report: Report = desk.sweep("acme/shop", "umbrella/lab")
    assert desk.reviews() == posted([pull])
    assert [one.repo for one in report.failures] == ["umbrella/lab"]


@pytest.mark.parametrize("token", ["ghp_a b", "ghp_a\nghp_b", "ghp_ü", "", "ghp_\x7f"])
def test_what_cannot_be_a_token_is_refused_and_not_repeated(token: str) -> None:
    server = Server(api_url="http://127.0.0.1:9/api/v3", web_url="http://127.0.0.1:9")
    with pytest.raises(AccessRefused) as refused:
        TokenAccount(server, token, longest_wait_s=0.0)
    assert "ghp_" not in str(refused.value)


def secured(hub: FakeGitHub, folder: Path) -> Path:
    """Let the fake speak TLS with a certificate of its own; returns the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a company's own authority")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    hub._http.socket = context.wrap_socket(hub._http.socket, server_side=True)
    return pem


class SecureDesk(Desk):
    """The desk at an Enterprise Server; `certificate` is None where nobody set it."""

    certificate: Path | None = None

    @property
    def server(self) -> Server:
        plain = super().server
        return replace(
            plain,
            api_url=plain.api_url.replace("http:", "https:"),
            web_url=plain.web_url.replace("http:", "https:"),
            certificate=self.certificate,
        )


def test_an_enterprise_server_with_its_own_authority_is_trusted_only_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.01)
    ours = tmp_path / "ours"
    ours.mkdir()
    hub = FakeGitHub(tmp_path / "hub")
    pem = secured(hub, tmp_path)
    with hub:
        pull = pull_in(hub, "acme/shop", private=True)
        desk = SecureDesk(hub, ours, bots_token(hub))
        report = desk.sweep("acme/shop")
        assert isinstance(report.error, HostUnavailable)
        assert "github.certificate" in str(report.error)
        desk.certificate = pem
        assert desk.sweep("acme/shop").exit_code == 0
        doors = [one.query["service"] for one in hub.exchanges("GET", "/acme/shop.git/info/refs")]
        assert "git-receive-pack" in doors, "what the token may do was looked at through TLS too"
        assert desk.reviews() == posted([pull])
