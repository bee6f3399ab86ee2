"""Which credential is taken from where, and what of it the agent's process may know."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.engines.agent_credential import (
    API_KEY,
    BASE_URL,
    BEARER,
    PROVIDER,
    SUBSCRIPTION,
    Cloud,
    Credential,
    provider,
)
from reviewer_cli.errors import AccessRefused, ConfigurationError

GATEWAY = "https://gateway.example/anthropic"


@pytest.mark.parametrize(
    ("environment", "variable", "value"),
    [
        ({API_KEY: "k"}, API_KEY, "k"),
        ({SUBSCRIPTION: "s"}, SUBSCRIPTION, "s"),
        ({BEARER: "b", BASE_URL: GATEWAY}, BEARER, "b"),
        ({API_KEY: "k", SUBSCRIPTION: "s", BEARER: "b", BASE_URL: GATEWAY}, API_KEY, "k"),
        ({API_KEY: " k\n"}, API_KEY, "k"),
    ],
)
def test_the_environments_credentials_have_an_order(
    environment: dict[str, str], variable: str, value: str
) -> None:
    found = provider(environment)
    assert isinstance(found, Credential)
    assert (found.variable, found.value) == (variable, value)
    assert found.base_url == environment.get(BASE_URL, PROVIDER)


def test_the_settings_come_before_the_environment() -> None:
    environment = {
        API_KEY: "k",
        BASE_URL: "https://elsewhere.example",
        "CLAUDE_CODE_USE_BEDROCK": "1",
    }
    found = provider(environment, key="mine", base_url=GATEWAY + "/")
    assert isinstance(found, Credential)
    assert (found.variable, found.value, found.base_url) == (API_KEY, "mine", GATEWAY)


def test_a_subscriptions_token_is_known_by_its_shape() -> None:
    found = provider({}, key="sk-ant-oat01-made-up")
    assert isinstance(found, Credential)
    assert found.variable == SUBSCRIPTION


@pytest.mark.parametrize("environment", [{}, {API_KEY: ""}, {API_KEY: " "}, {BEARER: "b"}])
def test_without_a_whole_credential_it_says_how_to_set_one(environment: dict[str, str]) -> None:
    with pytest.raises(AccessRefused, match=r"ANTHROPIC_API_KEY.*--engine offline"):
        provider(environment)


@pytest.mark.parametrize(
    "address",
    [
        "http://gateway.example",
        "ftp://127.0.0.1",
        "gateway.example",
        "https://",
        "https://me:word@gateway.example",
        "https://gateway.example/?key=x",
        "http://127.0.0.1.evil.example",
    ],
)
def test_a_credential_goes_nowhere_in_clear(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        provider({API_KEY: "k", BASE_URL: address})
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("value", ["a\r\nx-admin: 1", "schlüssel", "a\0b"])
def test_a_credential_that_would_break_a_header_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        provider({API_KEY: value})
    assert value not in str(caught.value)


def test_the_operators_own_headers_are_added_and_secret() -> None:
    found = provider({API_KEY: "k", "ANTHROPIC_CUSTOM_HEADERS": "X-Team: reviews\n\nbroken\nY:z"})
    assert isinstance(found, Credential)
    assert found.headers("") == {"x-team": "reviews", "y": "z", "x-api-key": "k"}


def test_a_path_is_no_secret_of_a_cloud_that_would_silence_reviews_which_name_it() -> None:
    place = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
    variables = {"AWS_WEB_IDENTITY_TOKEN_FILE": place, "AWS_SECRET_ACCESS_KEY": "hidden"}
    cloud = provider({"CLAUDE_CODE_USE_BEDROCK": "1", **variables})
    assert cloud.secrets() == ("hidden",)


def test_nothing_secret_is_printed() -> None:
    found = provider({API_KEY: "made-up", "ANTHROPIC_CUSTOM_HEADERS": "x: hidden"})
    cloud = provider({"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_SECRET_ACCESS_KEY": "hidden"})
    assert "made-up" not in repr(found)
    assert "hidden" not in repr(found) + repr(cloud)


def test_a_cloud_brings_its_own_variables_and_no_others(tmp_path: Path) -> None:
    found = provider(
        {
            "CLAUDE_CODE_USE_VERTEX": "1",
            "CLOUD_ML_REGION": "europe-west1",
            "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
            "HTTPS_PROXY": "http://127.0.0.1:1",
            "AWS_SECRET_ACCESS_KEY": "foreign",
            "GITHUB_TOKEN": "foreign",
            API_KEY: "k",
        }
    )
    assert isinstance(found, Cloud)
    assert found.switch == "CLAUDE_CODE_USE_VERTEX"
    assert not {"foreign", "k"} & set(found.variables.values())
    assert found.variables["CLOUD_ML_REGION"] == "europe-west1"
    assert found.files == (tmp_path / "key.json",)


def test_only_headers_that_are_named_like_secrets_are_secret() -> None:
    """Else every review that says the team's name would be stopped."""
    headers = "x-team: platform-engineering\nx-gateway-key: made-up-gateway-key"
    found = provider({"ANTHROPIC_API_KEY": "made-up-key", "ANTHROPIC_CUSTOM_HEADERS": headers})
    assert found.secrets() == ("made-up-key", "made-up-gateway-key")
