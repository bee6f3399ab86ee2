"""What the end of an agent's run means: one table from its signs to the tree of errors.

Measured on claude-agent-sdk 0.2.187. An API failure arrives as subtype "success" with `is_error`
set, a run that gave no answer as a success without structured output, so no single field decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

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

DETAIL_LENGTH = 300
SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CUSTOM_HEADERS|PROXY$", re.IGNORECASE)
KEY_SHAPE = re.compile(r"sk-ant-[\w-]+")
SHORTEST_SECRET = 6  # shorter values would blank ordinary words and protect nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The signs a run left. `finished` is False when it died before saying how it ended.

    `error` is the word on the last assistant message, `retry_after` the provider's hint in
    seconds, `detail` a redacted sentence for the user.
    """

    finished: bool = True
    failed: bool = False
    answered: bool = True
    error: str = ""
    status: int | None = None
    reason: str = ""
    subtype: str = ""
    retry_after: float | None = None
    detail: str = ""


def failure(ending: Ending) -> ReviewerError | None:
    """The error that an ending means, None for an answer."""
    if not ending.finished or ending.failed:
        return _failed(ending)
    if not ending.answered:
        return InvalidReply("The agent ended without an answer; the head will be tried again.")
    return None


def _failed(ending: Ending) -> ReviewerError:
    for signs, meaning in _TABLE:
        if signs(ending):
            return meaning(ending)
    if not ending.finished:
        return HeadError(
            _with("The agent program ended early; the head will be tried again", ending)
        )
    return HeadError(_with("The agent gave up; the head will be tried again", ending))


def _with(sentence: str, ending: Ending) -> str:
    return f"{sentence} ({ending.detail})." if ending.detail else f"{sentence}."


def _refused(ending: Ending) -> ReviewerError:
    return AccessRefused(
        _with(
            "The model provider refused the credential; set a valid one and run again",
            ending,
        )
    )


def _unpaid(ending: Ending) -> ReviewerError:
    return AccessRefused(
        _with("The model provider wants payment; add credit to the account and run again", ending)
    )


def _no_model(ending: Ending) -> ReviewerError:
    return ConfigurationError(
        _with("The model provider does not know the configured model; correct its name", ending)
    )


def _wait(ending: Ending) -> ReviewerError:
    return ProviderWait(
        _with("The model provider's rate limit is reached; a later run goes on", ending),
        retry_after=ending.retry_after,
    )


def _too_long(ending: Ending) -> ReviewerError:
    return HeadRejected(
        _with("The change is too long for the model; exclude files or split it", ending)
    )


def _unavailable(ending: Ending) -> ReviewerError:
    return ProviderUnavailable(
        _with("The model provider cannot be reached or is overloaded; a later run retries", ending)
    )


def _turns(ending: Ending) -> ReviewerError:
    return HeadError(
        "The agent used all its turns without an answer; raise max_turns if it recurs."
    )


def _budget(ending: Ending) -> ReviewerError:
    return HeadError("The review reached its budget before an answer; raise it if this recurs.")


def _unreadable(ending: Ending) -> ReviewerError:
    return InvalidReply(
        "The agent's answers never fitted the schema; the head will be tried again."
    )


def _cut(ending: Ending) -> ReviewerError:
    return HeadError(
        "The model's answer was cut at its output limit; the head will be tried again."
    )


def _declined(ending: Ending) -> ReviewerError:
    return HeadError(_with("The model declined the request; the head will be tried again", ending))


# The provider's own refusal, and that of the agent program before it sends anything.
TOO_LONG = ("prompt_too_long", "blocking_limit")

# The first row whose signs are seen decides: what concerns everybody stands before what concerns
# one head, and a word of the provider before a bare status.
_TABLE: tuple[tuple[Callable[[Ending], bool], Callable[[Ending], ReviewerError]], ...] = (
    (lambda end: end.error == "billing_error" or end.status == 402, _unpaid),
    (lambda end: end.error == "authentication_failed" or end.status in (401, 403), _refused),
    (lambda end: end.error == "rate_limit" or end.status == 429, _wait),
    (lambda end: end.error == "model_not_found" or end.status == 404, _no_model),
    (lambda end: end.reason in TOO_LONG or end.status == 413, _too_long),
    (lambda end: end.error == "server_error" or (end.status or 0) >= 500, _unavailable),
    (lambda end: "max_turns" in (end.reason, end.subtype.removeprefix("error_")), _turns),
    (lambda end: end.reason == "budget_exhausted" or "budget" in end.subtype, _budget),
    (lambda end: end.subtype == "error_max_structured_output_retries", _unreadable),
    (lambda end: end.error == "max_output_tokens", _cut),
    (lambda end: end.error == "invalid_request" and end.status is None, _declined),
)


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values that must not be shown, longest first so that no part of one is left over."""
    values = {
        value
        for name, value in environment.items()
        if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET
    }
    return tuple(sorted(values, key=len, reverse=True))


def redacted(text: str, secrets: Iterable[str]) -> str:
    """One line of at most 300 characters in which neither a secret nor a key's shape is left."""
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    text = " ".join(KEY_SHAPE.sub("[redacted]", text).split())
    return text if len(text) <= DETAIL_LENGTH else f"{text[: DETAIL_LENGTH - 1]}…"
