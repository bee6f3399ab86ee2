"""When a door that failed us may be asked again; times are seconds since the epoch, arguments all.

See M. Nygard, “Release It!”, on circuit breakers.
"""

from __future__ import annotations

from enum import StrEnum

from reviewer_cli.core.backoff import delay
from reviewer_cli.errors import AccessRefused, ProviderDown, ProviderWait, ReviewerError


class Kind(StrEnum):
    """Why a door is not simply gone through."""

    AUTHENTICATION = "authentication"
    """It refused our credential: a person has to mend that."""

    RATE_LIMIT = "rate limit"
    """It asked everybody to wait, until a time."""

    DOWN = "down"
    """It failed, or could not be reached."""


def kind_of(error: ReviewerError) -> Kind:
    """The kind of breaker that an error opens which concerns everybody."""
    if isinstance(error, AccessRefused):
        return Kind.AUTHENTICATION
    if isinstance(error, ProviderWait) and not isinstance(error, ProviderDown):
        return Kind.RATE_LIMIT
    return Kind.DOWN


def closed_for(
    failures: int, hint: float | None, *, first_s: float, longest_s: float, chance: float
) -> float:
    """Seconds for which a door is left alone after it asked so for the n-th time in a row.

    Its own hint is obeyed, with up to a second of jitter. One that asks again after its time, or
    without a hint, is left alone for longer each time. Never longer than `longest_s`.
    """
    grown = delay(failures, first_s=first_s, longest_s=longest_s, chance=chance)
    if hint is None:
        return grown
    asked = hint + chance
    return min(longest_s, asked if failures <= 1 else max(asked, grown))


def is_closed(failed_at: float, until: float | None, now: float, longest_s: float) -> bool:
    """Whether a door is still to be left alone.

    A clock that was set back behind the failure tells nothing: the door may be asked then, which
    costs one request. Nor is a time believed that lies further ahead than `longest_s`.
    """
    return until is not None and failed_at <= now < min(until, failed_at + longest_s)
