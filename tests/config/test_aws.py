"""Secrets in AWS Secrets Manager: boto3 itself over a server that answers as AWS describes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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

pytest.importorskip("boto3", reason="the extra `aws` is not installed")

CANARY = "canary-0123456789-of-aws"
ACCESS_KEY, SECRET_KEY = "MADEUPACCESSKEY", "madeup-secret-access-key"


@dataclass
class Manager:
    """GetSecretValue of https://docs.aws.amazon.com/secretsmanager/latest/apireference/."""

    secrets: dict[str, str] = field(default_factory=dict)
    refuse: Said | None = None
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Said:
        self.asked.append(asked)
        assert asked.headers["x-amz-target"] == "secretsmanager.GetSecretValue"
        assert f"Credential={ACCESS_KEY}/" in asked.headers["authorization"]
        name = asked.json()["SecretId"]
        if self.refuse:
            return self.refuse
        if name not in self.secrets:
            return error(400, "ResourceNotFoundException")
        return Said(200, {"Name": name, "SecretString": self.secrets[name]})


def error(status: int, code: str) -> Said:
    return Said(status, {"__type": code, "Message": "no"}, {"x-amzn-ErrorType": code})


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    made = Manager({"ci/token": CANARY, "ci/both": f'{{"token": "{CANARY}", "port": 1}}'})
    with serving(made.answer) as address:
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }.items():
            monkeypatch.setenv(name, value)
        yield made


def value(place: str, **variables: str) -> str:
    return resolve(parse_reference(f"${{aws:{place}}}"), variables).reveal()


def refusal(kind: type[ReviewerError], place: str = "ci/token", **variables: str) -> str:
    with pytest.raises(kind) as refused:
        value(place, **variables)
    told = telemetry.shown_traceback(refused.value)
    assert not any(secret in told for secret in (CANARY, SECRET_KEY))
    return str(refused.value)


@pytest.mark.usefixtures("manager")
def test_a_text_and_a_field_of_an_object_are_read() -> None:
    assert value("ci/token") == CANARY
    assert value("ci/both#token") == CANARY


@pytest.mark.usefixtures("manager")
def test_what_is_not_there_is_refused() -> None:
    assert "AWS refuses ${aws:ci/none} (ResourceNotFound" in refusal(AccessRefused, "ci/none")
    assert "not set or empty" in refusal(AccessRefused, "ci/both#none")


@pytest.mark.usefixtures("manager")
@pytest.mark.parametrize("place", ["ci/token#field", "ci/both#port"])
def test_a_field_that_is_no_text_is_a_configuration_error(place: str) -> None:
    assert "no text in a JSON object" in refusal(ConfigurationError, place)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException"])
def test_a_denial_is_refused_with_77_after_one_request(manager: Manager, code: str) -> None:
    manager.refuse = error(400, code)
    assert code in refusal(AccessRefused)
    assert len(manager.asked) == 1


def test_an_overloaded_manager_is_asked_again_later(manager: Manager) -> None:
    manager.refuse = error(500, "InternalServiceError")
    assert "a later sweep asks again" in refusal(SecretsOutOfReach)
    assert len(manager.asked) <= 2


@pytest.mark.usefixtures("manager")
def test_a_manager_that_is_gone_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "out of reach" in refusal(SecretsOutOfReach)


def test_without_an_identity_nothing_is_asked(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "no complete AWS identity" in refusal(AccessRefused)
    assert manager.asked == []


@pytest.mark.usefixtures("manager")
def test_without_a_region_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert "set AWS_REGION" in refusal(ConfigurationError)


def test_another_address_is_asked_by_https_or_on_loopback_only(manager: Manager) -> None:
    said = refusal(ConfigurationError, AWS_ENDPOINT_URL="http://secrets.example.com")
    assert "by https" in said
    assert manager.asked == []
