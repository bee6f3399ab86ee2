"""The table from the signs of an ending to the tree of errors, and what its messages hide."""

from __future__ import annotations

import pytest

from reviewer_cli.engines.agent_outcome import Ending, Seen, failure, in_short, witnessed
from reviewer_cli.errors import (
    AccessRefused,
    BudgetReached,
    ConfigurationError,
    HeadError,
    HeadRejected,
    InvalidReply,
    ProviderUnavailable,
    ProviderWait,
    ReviewerError,
    TurnsUsedUp,
)
from reviewer_cli.telemetry import SECRETS

NOWHERE = "127.0.0.1:9"


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
    (stopped("error_max_turns", "max_turns"), TurnsUsedUp),
    (stopped("error_max_budget_usd", "budget_exhausted"), BudgetReached),
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


SAYS_WHAT_CONCERNS_EVERYBODY = [
    api("authentication_failed", 401),
    api("", 403),
    api("billing_error", 400),
    api("model_not_found", 404),
    api("rate_limit", 429),
    Ending(finished=False, error="authentication_failed"),
]


@pytest.mark.parametrize("ending", SAYS_WHAT_CONCERNS_EVERYBODY)
def test_a_program_cannot_end_the_reviews_of_others_by_words_alone(ending: Ending) -> None:
    error = failure(witnessed(ending, Seen(requests=2, statuses=[200, 200]), NOWHERE))
    assert type(error) is HeadError


@pytest.mark.parametrize("ending", SAYS_WHAT_CONCERNS_EVERYBODY)
def test_what_the_proxy_saw_as_well_is_believed(ending: Ending) -> None:
    seen = Seen(requests=1, statuses=[ending.status or 401])
    assert witnessed(ending, seen, NOWHERE) == ending


SAYS_THAT_IT_IS_DOWN = [api("server_error"), api("server_error", 529), api("", 503)]


@pytest.mark.parametrize("ending", SAYS_THAT_IT_IS_DOWN)
def test_a_program_cannot_make_its_provider_look_down_by_words_alone(ending: Ending) -> None:
    error = failure(witnessed(ending, Seen(requests=2, statuses=[200, 200]), NOWHERE))
    assert type(error) is HeadError


@pytest.mark.parametrize("ending", SAYS_THAT_IT_IS_DOWN)
@pytest.mark.parametrize("seen", [Seen(statuses=[200, 529]), Seen(statuses=[200], unanswered=1)])
def test_a_provider_that_failed_before_the_proxy_is_down(ending: Ending, seen: Seen) -> None:
    assert type(failure(witnessed(ending, seen, NOWHERE))) is ProviderUnavailable


def test_a_lost_answer_is_no_witness_that_the_provider_refused() -> None:
    lost = Seen(requests=1, unanswered=1)
    assert type(failure(witnessed(api("authentication_failed", 401), lost, NOWHERE))) is HeadError


@pytest.mark.parametrize("ending", [api("unknown", 400), stopped("max_turns")])
def test_what_concerns_one_head_needs_no_witness(ending: Ending) -> None:
    assert witnessed(ending, Seen(), NOWHERE) == ending


def test_a_refusal_that_the_proxy_saw_counts_whatever_the_program_says() -> None:
    ending = witnessed(Ending(finished=False), Seen(requests=1, refused=True), NOWHERE)
    assert type(failure(ending)) is AccessRefused


def test_a_request_that_was_not_let_out_is_the_affair_of_one_head() -> None:
    seen = Seen(objection="it asked the model more than 70 times", statuses=[200, 429])
    error = failure(witnessed(api("rate_limit", 429), seen, NOWHERE))
    assert type(error) is HeadError
    assert "more than 70 times" in str(error)


def test_the_wait_is_the_one_that_the_proxy_saw() -> None:
    seen = Seen(statuses=[429], retry_after=3600.0)
    error = failure(witnessed(api("rate_limit", 429), seen, NOWHERE))
    assert isinstance(error, ProviderWait)
    assert error.retry_after == 3600


def test_known_secrets_and_the_shapes_of_others_are_not_shown() -> None:
    SECRETS.add("made-up-secret-4711")
    assert in_short("no made-up-secret-4711 here") == "no [redacted] here"
    assert "ghp_" not in in_short("token ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0hL3nR6")


def test_what_is_shown_is_one_short_line() -> None:
    shown = in_short("a\nb\tc\r\n\x1b[31m" + "d" * 1000)
    assert shown.startswith("a b c ")
    assert "\x1b" not in shown
    assert len(shown) == 300


def test_nobody_is_sent_to_the_address_that_the_program_believes_in() -> None:
    ending = Ending(failed=True, detail=f"check your gateway ({NOWHERE})")
    assert witnessed(ending, Seen(), NOWHERE).detail == "check your gateway (the provider)"
