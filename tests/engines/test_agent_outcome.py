"""The table from the signs of an ending to the tree of errors, and what its messages hide."""

from __future__ import annotations

import pytest

from reviewer_cli.engines.agent_outcome import Ending, failure, redacted, secrets_of
from reviewer_cli.errors import (
    AccessRefused,
    ConfigurationError,
    HeadError,
    HeadRejected,
    InvalidReply,
    ProviderUnavailable,
    ProviderWait,
    ReviewerError,
)


def api(error: str, status: int | None = None, reason: str = "api_error") -> Ending:
    """A failure of the API as the agent program tells it."""
    return Ending(failed=True, subtype="success", error=error, status=status, reason=reason)


def stopped(subtype: str, reason: str = "") -> Ending:
    return Ending(failed=True, subtype=subtype, reason=reason)


ROWS: list[tuple[Ending, type[ReviewerError]]] = [
    (api("authentication_failed", 401), AccessRefused),
    (api("authentication_failed", 403), AccessRefused),
    (api("authentication_failed"), AccessRefused),
    (api("", 401), AccessRefused),
    (api("billing_error", 400), AccessRefused),
    (api("model_not_found", 404), ConfigurationError),
    (api("invalid_request", 400, "prompt_too_long"), HeadRejected),
    (api("invalid_request", 413, "image_error"), HeadRejected),
    (api("invalid_request", None, "blocking_limit"), HeadRejected),
    (api("rate_limit", 429), ProviderWait),
    (api("server_error", 500), ProviderUnavailable),
    (api("server_error", 529), ProviderUnavailable),
    (api("server_error"), ProviderUnavailable),
    (api("", 503), ProviderUnavailable),
    (api("unknown", 400), HeadError),
    (api("invalid_request"), HeadError),
    (api("max_output_tokens"), HeadError),
    (stopped("error_max_turns", "max_turns"), HeadError),
    (stopped("error_max_budget_usd", "budget_exhausted"), HeadError),
    (stopped("error_max_structured_output_retries"), InvalidReply),
    (stopped("error_during_execution"), HeadError),
    (stopped("something new"), HeadError),
    (Ending(answered=False), InvalidReply),
    (Ending(finished=False), HeadError),
    (Ending(finished=False, error="authentication_failed"), AccessRefused),
    (Ending(finished=False, error="rate_limit"), ProviderWait),
]


@pytest.mark.parametrize(("ending", "kind"), ROWS)
def test_every_ending_has_one_error(ending: Ending, kind: type[ReviewerError]) -> None:
    error = failure(ending)
    assert type(error) is kind
    assert str(error).endswith(".")


def test_an_answer_is_no_error() -> None:
    assert failure(Ending()) is None


def test_a_trouble_that_was_overcome_does_not_spoil_the_answer() -> None:
    assert failure(Ending(error="server_error", retry_after=3.0)) is None


def test_the_providers_hint_is_handed_on() -> None:
    error = failure(Ending(failed=True, error="rate_limit", retry_after=7.5))
    assert isinstance(error, ProviderWait)
    assert error.retry_after == 7.5


def test_the_message_quotes_what_the_provider_said() -> None:
    assert "(out of credit)" in str(
        failure(Ending(failed=True, status=402, detail="out of credit"))
    )


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "ANTHROPIC_CUSTOM_HEADERS",
        "https_proxy",
        "GITHUB_TOKEN",
    ],
)
def test_values_of_credential_variables_are_secrets(name: str) -> None:
    assert secrets_of({name: "hunter2hunter2"}) == ("hunter2hunter2",)


def test_other_and_very_short_values_are_not() -> None:
    assert secrets_of({"PATH": "/usr/bin:/bin", "X_TOKEN": "1", "Y_KEY": ""}) == ()


def test_a_secret_inside_a_longer_one_leaves_no_rest() -> None:
    secrets = secrets_of({"A_KEY": "abcdef", "B_KEY": "abcdefghij"})
    assert redacted("abcdefghij abcdef", secrets) == "[redacted] [redacted]"


def test_a_key_is_known_by_its_shape_too() -> None:
    assert redacted("x-api-key: sk-ant-api03-Ab_c-9, no", ()) == "x-api-key: [redacted], no"


def test_what_is_shown_is_one_short_line() -> None:
    shown = redacted("a\nb\tc\r\n" + "d" * 1000, ())
    assert shown.startswith("a b c d")
    assert len(shown) == 300
