"""Open breakers in words: for the end of a sweep, for `reviewer status`, and at once when found."""

from __future__ import annotations

from rich.text import Text

from reviewer_cli.ledger.views import BreakerRecord
from reviewer_cli.render.terminal import literal, moment
from reviewer_cli.telemetry import BreakerOpen


def breaker(one: BreakerRecord) -> Text:
    """A door that refused us: since when, how often, and what it said about mending that."""
    sweeps = "1 sweep" if one.failures == 1 else f"{one.failures} sweeps"
    said = f"has refused {sweeps} since {moment(one.opened_at)}: {one.reason}"
    return literal(f"✗ {one.door} {said}", "red")


def found(event: BreakerOpen) -> Text:
    """What a sweep says first when an earlier one was refused."""
    since = f"has refused its credential since {moment(event.since)}"
    return literal(f"reviewer: {event.door} {since}; it is asked once more now.", "yellow")
