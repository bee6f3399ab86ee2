"""What GitHub's refusals mean: one classifier, from status, headers and words to our errors.

Sources: docs.github.com, “Rate limits for the REST API” and “Troubleshooting the REST API”.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests

from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HeadRejected,
    HostUnavailable,
    PostingForbidden,
    ProviderWait,
    ReviewerError,
)

LIMIT_WORDS = ("rate limit", "abuse detection", "wait a few minutes", "retry your request again")
TOO_QUICKLY = "submitted too quickly"
"""How content that is refused for its pace, not for what it says, is answered with 422."""

STATUSES = {"FORBIDDEN": 403, "INSUFFICIENT_SCOPES": 403, "NOT_FOUND": 404, "UNPROCESSABLE": 422}
"""The types of GraphQL's errors that are final, and how REST says the same."""


class NotFound(HeadError):
    """What was asked for is not there, or this credential may not see it."""


class Unprocessable(HeadError):
    """GitHub refused the content of a request; `reason` is all that it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"GitHub refused the content ({reason}).")
        self.reason = reason


class OutcomeUnknown(HostUnavailable):
    """A write got no usable answer: it may have taken effect, or not."""


class PermissionMissing(AccessRefused):
    """The credential is good but may not do this."""


class RepositoryReadOnly(HeadRejected):
    """The repository is archived or locked: nothing can be posted to it."""


@contextmanager
def translated(server: str) -> Iterator[None]:
    """Turn what PyGithub and its transport raise inside into the errors of this product."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise HostUnavailable(
            f"The certificate of {server} was not accepted; set github.certificate if it has a "
            "certificate authority of its own."
        ) from error
    except (requests.exceptions.RequestException, OSError) as error:
        raise HostUnavailable(f"{server} could not be reached ({type(error).__name__}).") from error
    except (AssertionError, RuntimeError, ValueError) as error:
        # PyGithub's words for a link or redirect that leads away from the configured server.
        raise HostUnavailable(
            f"{server} answered with something that is not its API ({type(error).__name__}); "
            "check github.api_url."
        ) from error


@contextmanager
def posting_to(repo: str) -> Iterator[None]:
    """Post inside: a permission that is missing here may well be there in other repositories."""
    try:
        yield
    except PermissionMissing as error:
        raise PostingForbidden(f"Nothing can be posted to {repo}: {error}") from error


def meaning(
    server: str, status: int, headers: Mapping[str, str], message: str, now: float
) -> ReviewerError:
    """The error for a refusal: lower-case headers, and what GitHub said on one line."""
    if status < 400:
        return HostUnavailable(
            f"{server} answered {status}, which is not its API; check github.api_url."
        )
    if status == 401:
        return AccessRefused(
            f"{server} refused the credential ({message}); it is wrong, expired or revoked. "
            "Make a new one and set it where github.token points."
        )
    if _is_limit(status, headers, message):
        return ProviderWait(
            f"{server} asked to wait ({message}).", retry_after=_seconds_to_wait(headers, now)
        )
    if status == 403 and ("archived" in message or "read-only" in message):
        return RepositoryReadOnly(f"The repository is read-only ({message}).")
    if status == 403:
        needed = headers.get("x-accepted-github-permissions")
        hint = f"; it needs {needed.replace('=', ': ')}" if needed else ""
        return PermissionMissing(f"The credential may not do this on {server} ({message}){hint}.")
    if status in (404, 410, 451):
        return NotFound(f"{server} has no such thing, or hides it from this credential.")
    if status == 422:
        return Unprocessable(message)
    if status >= 500:
        return HostUnavailable(f"{server} failed with {status}.")
    return HeadError(f"{server} answered {status} ({message}).")


def graphql_meaning(server: str, kind: str, message: str, now: float) -> ReviewerError:
    """The error for what GraphQL refused with status 200, by the type that it gave."""
    status = STATUSES.get(kind)
    if status is None:
        return HostUnavailable(f"{server} did not do it ({message}).")
    return meaning(server, status, {}, message, now)


def graphql_limit(server: str, headers: Mapping[str, str], now: float) -> ProviderWait:
    """A GraphQL answer with status 200 that names the limit as its error."""
    return ProviderWait(
        f"{server} asked to wait (GraphQL rate limit).", retry_after=_seconds_to_wait(headers, now)
    )


def said(data: object) -> str:
    """Everything that an error answer says, on one line of at most 500 characters."""
    words: list[object] = [data] if isinstance(data, str) else []
    if isinstance(data, dict):
        errors = data.get("errors")
        listed = errors if isinstance(errors, list) else []
        words = [data.get("message", "")]
        words += [one.get("message", one) if isinstance(one, dict) else one for one in listed]
    return one_line(" ".join(map(str, words)), 500) or "no reason given"


def _is_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    if status == 422:
        return TOO_QUICKLY in message.lower()
    return status == 429 or (
        status == 403
        and (
            headers.get("x-ratelimit-remaining") == "0"
            or "retry-after" in headers
            or any(words in message.lower() for words in LIMIT_WORDS)
        )
    )


def _seconds_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """GitHub's own hint, at least a second: retry-after, or the reset of an exhausted budget."""
    try:
        if "retry-after" in headers:
            return max(1.0, float(headers["retry-after"]))
        if headers.get("x-ratelimit-remaining") == "0":
            return max(0.0, float(headers["x-ratelimit-reset"]) - now) + 1.0
    except (KeyError, ValueError):
        pass
    return None
