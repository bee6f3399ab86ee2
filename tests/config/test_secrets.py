"""Secrets are named, not written, and never shown."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from reviewer_cli.config.secrets import (
    OF_ENTERPRISE,
    OF_GITHUB,
    Secret,
    SecretReference,
    first_set,
    parse_reference,
    resolve,
    tokens_for,
)
from reviewer_cli.errors import AccessRefused, ConfigurationError

CANARY = "ghp_canary"


def test_a_secret_shows_itself_nowhere_by_accident() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {[secret]} {'%s' % secret}"  # noqa: UP031
    for spill in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            spill(secret)
    with pytest.raises(AttributeError):
        secret.other = 1  # type: ignore[attr-defined]
    assert secret.reveal() == CANARY


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("${env:TOKEN}", SecretReference("env", "TOKEN")),
        (" ${file:/run/secrets/a b} ", SecretReference("file", "/run/secrets/a b")),
    ],
)
def test_a_reference_is_read_and_shown(text: str, reference: SecretReference) -> None:
    assert parse_reference(text) == reference
    assert str(reference) == text.strip()


@pytest.mark.parametrize(
    "text", [CANARY, "", "${env:}", "${file: }", "$TOKEN", "${vault:x}", f"x${{env:A}}{CANARY}"]
)
def test_what_is_no_reference_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="named, not written") as refused:
        parse_reference(text)
    assert "canary" not in str(refused.value)


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path, home: Path) -> None:
    assert resolve(parse_reference("${env:A}"), {"A": f" {CANARY}\n"}).reveal() == CANARY
    place = tmp_path / "token"
    place.write_text(f"{CANARY}\n")
    assert resolve(SecretReference("file", str(place)), {}).reveal() == CANARY
    (home / "token").write_text(CANARY)
    assert resolve(parse_reference("${file:~/token}"), {}).reveal() == CANARY


def test_a_key_of_several_lines_stays_whole(tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    place.write_text("-----BEGIN\nabc\n-----END\n")
    assert resolve(SecretReference("file", str(place)), {}).reveal() == "-----BEGIN\nabc\n-----END"


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_secret_that_is_not_there_refuses_access_by_its_name(
    tmp_path: Path, value: str | None
) -> None:
    place = tmp_path / "token"
    if value is not None:
        place.write_text(value)
    for reference in (SecretReference("file", str(place)), SecretReference("env", "A")):
        with pytest.raises(AccessRefused) as refused:
            resolve(reference, {"A": value} if value is not None else {})
        assert str(reference) in str(refused.value)


def test_a_secret_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    zeroes = tmp_path / "zeroes"
    zeroes.write_bytes(b"a\0b")
    for place in (tmp_path, binary, zeroes):
        with pytest.raises(ConfigurationError, match=str(place)):
            resolve(SecretReference("file", str(place)), {})


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://github.com", OF_GITHUB),
        ("https://acme.ghe.com", OF_GITHUB),
        ("https://github.acme.example", OF_ENTERPRISE),
        ("https://github.com.evil.example", OF_ENTERPRISE),
        ("https://evilghe.com", OF_ENTERPRISE),
    ],
)
def test_a_token_of_githubs_own_is_sent_to_no_other_server(
    url: str, names: tuple[str, ...]
) -> None:
    assert tokens_for(url) == names
    assert not {"GH_TOKEN", "GITHUB_TOKEN"} & set(OF_ENTERPRISE)


def test_the_first_variable_that_holds_something_wins() -> None:
    environment = {"REVIEWER_GITHUB_TOKEN": " ", "GITHUB_TOKEN": CANARY}
    assert first_set(OF_GITHUB, environment).reveal() == CANARY
    with pytest.raises(AccessRefused, match="set REVIEWER_GITHUB_TOKEN"):
        first_set(OF_GITHUB, {})
