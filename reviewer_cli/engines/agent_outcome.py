"""What the end of an agent's run means: one table from its signs to the tree of errors.

Measured on claude-agent-sdk 0.2.187. An API failure arrives as subtype "success" with `is_error`
set, a run that gave no answer as a success without structured output, so no single field decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice

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
from reviewer_cli.telemetry import shown

DETAIL_LENGTH = 300
LOOKED_AT = 20_000  # characters of a text that are searched for secrets before it is cut
# What would end or pause the whole sweep.
OF_EVERYBODY = ("authentication_failed", "billing_error", "rate_limit", "model_not_found")
STATUS_OF_EVERYBODY = (401, 402, 403, 404, 429)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The signs a run left. `finished` is False when it died before saying how it ended.

    `error` is the word on the last assistant message, `retry_after` the provider's hint in
    seconds, `objection` why a request of the program was not sent on, `detail` a redacted sentence
    for the user.
    """

    finished: bool = True
    failed: bool = False
    answered: bool = True
    error: str = ""
    status: int | None = None
    reason: str = ""
    subtype: str = ""
    retry_after: float | None = None
    objection: str = ""
    detail: str = ""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the proxy saw of one pass, which the jailed process cannot talk it out of.

    `requests` are those that were let through, `statuses` the provider's answers to them in order,
    `unanswered` counts those that got none, or one that broke off; `refused` is whether it refused
    the credential, `retry_after` the seconds that it last asked to wait; `objection` says why a
    request was not let through.
    """

    requests: int = 0
    statuses: list[int] = field(default_factory=list)
    unanswered: int = 0
    refused: bool = False
    retry_after: float | None = None
    objection: str = ""


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


def _stopped(ending: Ending) -> ReviewerError:
    return HeadError(
        f"The agent program was stopped because {ending.objection}; the head will be tried again."
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
    return TurnsUsedUp(
        "The agent used all its turns without an answer; raise max_turns if it recurs."
    )


def _budget(ending: Ending) -> ReviewerError:
    return BudgetReached("The review reached its budget before an answer; raise it if it recurs.")


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
    (lambda end: bool(end.objection), _stopped),
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


def witnessed(ending: Ending, seen: Seen, nowhere: str) -> Ending:
    """The ending with what the proxy saw in the place of what the program says of its provider.

    The program believes its provider to be at `nowhere`, an address that helps nobody.

    What concerns everybody is only believed when the provider did fail: a hijacked program must not
    be able to end the reviews of others.
    """
    error, status = ending.error, ending.status
    if seen.refused:
        error = "authentication_failed"
    elif not any(each >= 400 for each in seen.statuses):
        says_it_is_down = error == "server_error" or (status or 0) >= 500
        says_no_to_all = error in OF_EVERYBODY or status in STATUS_OF_EVERYBODY
        if says_no_to_all or (says_it_is_down and not seen.unanswered):
            error, status = "", None
    return replace(
        ending,
        error=error,
        status=status,
        retry_after=seen.retry_after,
        objection=seen.objection,
        detail=ending.detail.replace(nowhere, "the provider"),
    )


def in_short(text: str) -> str:
    """One line of at most 300 characters, without secrets and control characters."""
    words = islice(re.finditer(r"\S+", text), DETAIL_LENGTH)
    text = shown(" ".join(word[0] for word in words)[:LOOKED_AT])
    return text if len(text) <= DETAIL_LENGTH else f"{text[: DETAIL_LENGTH - 1]}…"
