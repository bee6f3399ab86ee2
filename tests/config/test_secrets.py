"""Secrets are named, not written, and never shown."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import os
import pickle
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli import telemetry
from reviewer_cli.config import secrets
from reviewer_cli.config.reference import SecretReference, parse_reference
from reviewer_cli.config.secrets import (
    OF_ENTERPRISE,
    OF_GITHUB,
    Secret,
    first_set,
    resolve,
    tokens_for,
)
from reviewer_cli.core.leaks import KnownSecrets
from reviewer_cli.errors import AccessRefused, ConfigurationError

CANARY = "ghp_canary"


def test_a_secret_shows_itself_nowhere_by_accident() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {[secret]} {'%s' % secret}"  # noqa: UP031
    for spill in (pickle.dumps, copy.copy, copy.deepcopy, lambda one: one.__getstate__()):
        with pytest.raises(TypeError, match="not pickled"):
            spill(secret)
    for spill in (bytes, vars, hash, list, json.dumps, len):
        with pytest.raises(TypeError) as refused:
            spill(secret)
        assert "canary" not in str(refused.value)
    with pytest.raises(AttributeError):
        secret.other = 1  # type: ignore[attr-defined]
    assert secret.reveal() == CANARY


@given(st.text(min_size=1))
def test_whatever_the_value_is_it_is_not_formatted(value: str) -> None:
    @dataclasses.dataclass
    class Holder:
        held: Secret

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "SECRETS", KnownSecrets())  # not for the rest of the tests
        secret = Secret(value)
    for text in (f"{secret:>40}", f"{secret!s:.3}", str(Holder(secret)), "%r" % (secret,)):  # noqa: UP031
        assert set(text) <= set(" Secret(…)'" + str(Holder(secret)))
    with pytest.raises(TypeError):
        dataclasses.asdict(Holder(secret))


def test_secrets_are_equal_by_value_and_to_nothing_else() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert Secret(CANARY) != Secret(CANARY + "x")
    assert Secret(CANARY) != CANARY


@pytest.mark.threat("T29", layer="redaction")
def test_a_traceback_that_shows_locals_shows_no_secret() -> None:
    def fails(secret: Secret) -> None:
        held = [secret, {"key": secret}]
        raise ValueError(len(held))

    try:
        fails(Secret(CANARY))
    except ValueError as error:
        told = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
    assert "held = [Secret(…), {'key': Secret(…)}]" in told
    assert CANARY not in told


def test_a_secret_is_known_to_the_log_from_its_beginning() -> None:
    Secret("canary-that-was-made-just-now")
    assert telemetry.shown("x canary-that-was-made-just-now y") == "x [redacted] y"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("${env:TOKEN}", SecretReference("env", "TOKEN")),
        (" ${file:/run/secrets/a b} ", SecretReference("file", "/run/secrets/a b")),
        ("${cred:github.token}", SecretReference("cred", "github.token")),
        ("${cmd:op read op://ci/bot}", SecretReference("cmd", "op read op://ci/bot")),
        ("${vault:kv/ci/bot#token}", SecretReference("vault", "kv/ci/bot#token")),
        ("${keyring:reviewer/bot}", SecretReference("keyring", "reviewer/bot")),
        ("${aws:arn:aws:x:1:secret:a#b}", SecretReference("aws", "arn:aws:x:1:secret:a#b")),
    ],
)
def test_a_reference_is_read_and_shown(text: str, reference: SecretReference) -> None:
    assert parse_reference(text) == reference
    assert str(reference) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        *(CANARY, "", "${env:}", "${file: }", "$TOKEN", "${vault:x}", f"x${{env:A}}{CANARY}"),
        *("${cred:../canary}", "${cred:a/b}", "${env:canary=1}", "${vault:kv/canary}", "${op:x}"),
        *("${keyring:canary}", "${aws:canary#}", "${gcp:projects/p/secrets/canary}"),
    ],
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


def test_systemd_s_credentials_are_read_from_their_directory(tmp_path: Path) -> None:
    (tmp_path / "github").write_text(f"{CANARY}\n")
    (tmp_path / "github").chmod(0o400)
    directory = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve(parse_reference("${cred:github}"), directory).reveal() == CANARY
    with pytest.raises(AccessRefused, match="cred:other"):
        resolve(parse_reference("${cred:other}"), directory)
    with pytest.raises(AccessRefused, match="LoadCredential=github:PATH"):
        resolve(parse_reference("${cred:github}"), {})


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_every_user_may_read_is_used_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
) -> None:
    place = tmp_path / "token"
    place.write_text(CANARY)
    place.chmod(mode)
    assert resolve(SecretReference("file", str(place)), {}).reveal() == CANARY
    assert ("chmod 600" in caplog.text) is warned
    assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_a_file_that_every_user_may_write_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "token"
    place.write_text(CANARY)
    place.chmod(0o606)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        resolve(SecretReference("file", str(place)), {})


def test_a_pipe_that_nobody_writes_to_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigurationError, match="is no file"):
        resolve(SecretReference("file", str(tmp_path / "pipe")), {})


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
    long = tmp_path / "long"
    long.write_bytes(b"x" * 70_000)
    for place in (tmp_path, binary, zeroes, long):
        with pytest.raises(ConfigurationError, match=str(place)):
            resolve(SecretReference("file", str(place)), {})


@pytest.mark.threat("T26", layer="configuration")
@pytest.mark.parametrize(
    ("reference", "library", "extra"),
    [
        ("${vault:kv/ci/bot#token}", "hvac", "vault"),
        ("${keyring:reviewer/bot}", "keyring", "keyring"),
        ("${aws:ci/bot}", "boto3", "aws"),
    ],
)
def test_without_its_library_a_kind_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, reference: str, library: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError) as refused:
        resolve(parse_reference(reference), {})
    assert f"reviewer's extra '{extra}'" in str(refused.value)


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
