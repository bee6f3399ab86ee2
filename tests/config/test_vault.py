"""Secrets in Vault and OpenBao, over a server that speaks KV version 2, AppRole and refusal."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reviewer_cli import telemetry
from reviewer_cli.config.reference import parse_reference
from reviewer_cli.config.secrets import resolve
from reviewer_cli.errors import (
    AccessRefused,
    ConfigurationError,
    ReviewerError,
    SecretsOutOfReach,
)
from tests.config.loopback import Asked, Said, serving

pytest.importorskip("hvac", reason="the extra `vault` is not installed")

CANARY = "canary-0123456789-of-vault"
TOKEN = "hvs.madeup-operator-token"
ROLE, ROLE_SECRET = "role-1", "madeup-secret-id-of-the-role"
DENIED = Said(403, {"errors": ["permission denied"]})


@dataclass
class Vault:
    """As https://developer.hashicorp.com/vault/api-docs describes it, as far as we ask it."""

    address: str = ""
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    secrets: dict[str, dict[str, object]] = field(default_factory=dict)
    sealed: bool = False
    forbidden: set[str] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        if self.sealed:
            return Said(503, {"errors": ["Vault is sealed"]})
        if asked.path == "/v1/auth/approle/login":
            return self._login(asked)
        token = asked.headers.get("x-vault-token", "")
        if token not in self.tokens:
            return DENIED
        if asked.path == "/v1/auth/token/revoke-self":
            self.tokens.discard(token)
            return Said(204)
        namespace = asked.headers.get("x-vault-namespace", "")
        mount, _, path = asked.path.removeprefix("/v1/").partition("/data/")
        place = f"{namespace}{mount}/{path}"
        if place in self.forbidden:
            return DENIED
        if place not in self.secrets:
            return Said(404, {"errors": []})
        return Said(200, {"data": {"data": self.secrets[place], "metadata": {"version": 1}}})

    def _login(self, asked: Asked) -> Said:
        if asked.json() != {"role_id": ROLE, "secret_id": ROLE_SECRET}:
            return Said(400, {"errors": ["invalid role or secret ID"]})
        minted = "hvs.madeup-minted-for-this-role"
        self.tokens.add(minted)
        return Said(200, {"auth": {"client_token": minted, "lease_duration": 60}})


@pytest.fixture
def vault() -> Iterator[Vault]:
    made = Vault(secrets={"kv/ci/bot": {"token": CANARY, "empty": "", "number": 7}})
    with serving(made.answer) as address:
        made.address = address
        yield made


def field_of(vault: Vault, place: str = "kv/ci/bot#token", **variables: str) -> str:
    environment = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN, **variables}
    return resolve(parse_reference(f"${{vault:{place}}}"), environment).reveal()


def refusal(vault: Vault, kind: type[ReviewerError], *args: str, **variables: str) -> str:
    with pytest.raises(kind) as refused:
        field_of(vault, *args, **variables)
    told = telemetry.shown_traceback(refused.value)
    assert not any(secret in told for secret in (CANARY, TOKEN, ROLE_SECRET))
    return str(refused.value)


def test_a_field_is_read_with_a_token(vault: Vault) -> None:
    assert field_of(vault) == CANARY
    (asked,) = vault.asked
    assert (asked.method, asked.path) == ("GET", "/v1/kv/data/ci/bot")


def test_a_role_logs_in_and_its_token_is_revoked_afterwards(vault: Vault, home: Path) -> None:
    (home / ".vault-token").write_text("hvs.somebody-elses")
    role = {"VAULT_TOKEN": "", "VAULT_ROLE_ID": ROLE, "VAULT_SECRET_ID": ROLE_SECRET}
    assert field_of(vault, **role) == CANARY
    assert [asked.path.rpartition("/")[2] for asked in vault.asked] == [
        *("login", "bot", "revoke-self")
    ]
    assert "x-vault-token" not in vault.asked[0].headers
    assert vault.tokens == {TOKEN}
    vault.tokens.clear()
    with pytest.raises(AccessRefused):
        field_of(vault, "kv/none#token", **role)
    assert vault.tokens == set(), "also when nothing was found"
    assert "minted-for" not in telemetry.shown("token hvs.madeup-minted-for-this-role")


def test_a_namespace_and_a_mount_are_told_apart(vault: Vault) -> None:
    vault.secrets["team/kv/ci/bot"] = {"token": "canary-of-the-team"}
    assert field_of(vault, VAULT_NAMESPACE="team/") == "canary-of-the-team"


def test_a_token_that_expired_is_refused_with_77(vault: Vault) -> None:
    vault.tokens.clear()
    assert "wrong, expired or revoked" in refusal(vault, AccessRefused)


def test_a_policy_that_denies_is_refused_with_77(vault: Vault) -> None:
    vault.forbidden.add("kv/ci/bot")
    assert "policy does not allow" in refusal(vault, AccessRefused)


def test_a_wrong_role_is_refused_with_77(vault: Vault) -> None:
    role = {"VAULT_TOKEN": "", "VAULT_ROLE_ID": "other", "VAULT_SECRET_ID": ROLE_SECRET}
    assert "Vault refuses ${vault:kv/ci/bot#token}" in refusal(vault, AccessRefused, **role)
    assert len(vault.asked) == 1, "asked once, not again"


def test_without_a_log_in_nothing_is_asked(vault: Vault, home: Path) -> None:
    (home / ".vault-token").write_text(TOKEN)
    assert "set VAULT_TOKEN, or" in refusal(vault, AccessRefused, VAULT_TOKEN="")
    assert vault.asked == []


@pytest.mark.parametrize("place", ["kv/ci/none#token", "other/ci/bot#token", "kv/ci/bot#empty"])
def test_what_is_not_there_is_refused_by_its_name(vault: Vault, place: str) -> None:
    assert place in refusal(vault, AccessRefused, place)


def test_a_field_that_is_no_text_is_a_configuration_error(vault: Vault) -> None:
    assert "no such text" in refusal(vault, ConfigurationError, "kv/ci/bot#number")


def test_a_sealed_vault_is_asked_again_later(vault: Vault) -> None:
    vault.sealed = True
    assert "sealed" in refusal(vault, SecretsOutOfReach)
    assert SecretsOutOfReach.exit_code == 75


def test_a_vault_that_is_gone_is_asked_again_later(vault: Vault) -> None:
    assert "out of reach" in refusal(vault, SecretsOutOfReach, VAULT_ADDR="http://127.0.0.1:9")


@pytest.mark.parametrize(
    "address",
    ["", "http://vault.example.com", "vault.example.com", "ftp://127.0.0.1", "http://127.0.0.2.x"],
)
def test_a_token_travels_by_https_or_on_loopback_only(vault: Vault, address: str) -> None:
    assert "by https" in refusal(vault, ConfigurationError, VAULT_ADDR=address)


def test_a_redirection_is_not_followed_with_the_token(vault: Vault) -> None:
    def away(asked: Asked) -> Said:
        return Said(307, headers={"Location": f"{vault.address}{asked.path}"})

    with serving(away) as address:
        refusal(vault, ConfigurationError, VAULT_ADDR=address)
    assert vault.asked == []


def test_another_server_s_answer_is_a_configuration_error(vault: Vault) -> None:
    with serving(lambda asked: Said(200, ["hello"])) as address:
        assert "VAULT_ADDR name a Vault" in refusal(vault, ConfigurationError, VAULT_ADDR=address)


def test_no_proxy_sees_what_stays_on_this_machine(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert field_of(vault) == CANARY


def test_a_server_is_believed_by_its_own_authority_only(vault: Vault, tmp_path: Path) -> None:
    certificate = tmp_path / "vault.pem"
    context = _certified(certificate)
    with serving(vault.answer, context) as address:
        said = refusal(vault, ConfigurationError, VAULT_ADDR=address)
        assert "not trusted; let VAULT_CACERT" in said
        assert vault.asked == []
        assert field_of(vault, VAULT_ADDR=address, VAULT_CACERT=str(certificate)) == CANARY


def test_an_authority_that_is_no_file_is_a_configuration_error(vault: Vault) -> None:
    variables = {"VAULT_ADDR": "https://127.0.0.1:9", "VAULT_CACERT": "/no/such/file"}
    assert "VAULT_CACERT" in refusal(vault, ConfigurationError, **variables)


def test_a_token_that_cannot_be_one_is_a_configuration_error(vault: Vault) -> None:
    refusal(vault, ConfigurationError, VAULT_TOKEN="two\nlines")
    assert vault.asked == []


def _certified(path: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vault")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(pem))
    path.with_suffix(".key").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, path.with_suffix(".key"))
    return context
