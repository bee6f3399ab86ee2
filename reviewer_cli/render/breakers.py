"""Open breakers in words: for the end of a sweep, for `reviewer status`, and at once when found."""

from __future__ import annotations

from rich.text import Text

from reviewer_cli.core.breaker import Kind
from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.render.terminal import literal, moment
from reviewer_cli.telemetry import BreakerOpen


def breaker(one: BreakerRecord) -> Text:
    """A door that failed us: how, since when, how often, and what it said about mending that."""
    return literal(f"✗ {one.door} {described(one)}: {one.reason}", "red")


def described(one: BreakerRecord) -> str:
    """What a door did, since when, and until when it is left alone."""
    sweeps = "1 sweep" if one.failures == 1 else f"{one.failures} sweeps"
    since = f"{sweeps} since {moment(one.opened_at)}"
    if one.kind == Kind.RATE_LIMIT:
        until = f", and until {moment(one.until)} nothing is asked of it" if one.until else ""
        return f"has asked {since} to wait{until}"
    return f"has refused {since}" if one.kind == Kind.AUTHENTICATION else f"has failed {since}"


def mending(one: BreakerRecord, now: float) -> str:
    """What comes next, whether or not anybody does something."""
    if one.until is not None and now < one.until:
        return f"sweeps leave it alone until {moment(one.until)}"
    return "the next sweep asks once"


def still(one: BreakerRecord) -> str:
    """A sentence's rest for a sweep in which nothing has shown that a door is well again."""
    if one.kind == Kind.AUTHENTICATION:
        happened = "refused its credential in an earlier sweep"
    elif one.kind == Kind.RATE_LIMIT and one.until:
        happened = f"asked to wait, and is not asked before {moment(one.until)}"
    else:
        happened = "failed in an earlier sweep"
    return (
        f"{one.door} {happened}, and no answer has shown yet that it is mended; "
        f"it said: {one.reason}"
    )


def found(event: BreakerOpen) -> Text:
    """What a sweep says first when an earlier one met a door that failed."""
    since = moment(event.since)
    if event.until is not None:
        said = f"has asked to wait since {since}; nothing is asked before {moment(event.until)}."
    elif event.kind is Kind.AUTHENTICATION:
        said = f"has refused its credential since {since}; it is asked once more now."
    elif event.kind is Kind.RATE_LIMIT:
        said = f"has asked to wait since {since}; it is asked once now, before all else."
    else:
        said = f"has failed since {since}; it is asked once now, before all else."
    return literal(f"reviewer: {event.door} {said}", "yellow")
