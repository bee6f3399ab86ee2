"""What happens during a sweep, as values: the live view and the log listen to the same events.

All that is logged leaves through one formatter, which blanks every secret.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum

from reviewer_cli.core.breaker import Kind
from reviewer_cli.core.leaks import KnownSecrets
from reviewer_cli.core.models import HeadKey, Severity, State
from reviewer_cli.core.sanitise import visible

LOGGER = logging.getLogger("reviewer")

SECRETS = KnownSecrets()
"""Every secret value that this process has come to know."""

TALKATIVE = (
    *("aiohttp", "anthropic", "apprise", "asyncio", "botocore", "claude_agent_sdk", "github"),
    *("httpcore", "httpx", "hvac", "keyring", "requests", "urllib3"),
)
"""Loggers of libraries that write down what they send and receive."""


class Phase(StrEnum):
    """Where a head in work stands."""

    PREPARING = "preparing"
    READY = "ready"
    REVIEWING = "reviewing"
    SAVED = "saved"
    POSTING = "posting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """The hosts were asked: so many open heads, and so many of them wait for a review now."""

    open_heads: int
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """A head entered a phase; `note` says which pass of a review it is in."""

    key: HeadKey
    phase: Phase
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadEnded:
    """This sweep is done with a head. State DUE means that a later tick tries again."""

    key: HeadKey
    state: State
    reason: str = ""
    severities: tuple[Severity, ...] = ()
    usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """The provider behind the `door` asked to wait; no review starts for so many seconds.

    That is `added_s` longer than it asked for before.
    """

    seconds: float
    reason: str
    door: str = ""
    added_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFailed:
    """One repository could not be polled; the others go on."""

    repo: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerOpen:
    """A door such as "engine agent" failed an earlier sweep, first at `since` (epoch seconds).

    `until` is when it may be asked again, None when this sweep asks.
    """

    door: str
    since: float
    reason: str
    kind: Kind = Kind.AUTHENTICATION
    until: float | None = None


Event = Polled | PhaseChanged | HeadEnded | Paused | RepositoryFailed | BreakerOpen
Observer = Callable[[Event], None]

LEVELS: dict[type, int] = {
    Paused: logging.WARNING,
    RepositoryFailed: logging.ERROR,
    BreakerOpen: logging.WARNING,
}


def log_event(event: Event) -> None:
    """Write an event to the log: a sentence for people, its fields for machines."""
    level = LEVELS.get(type(event), logging.INFO)
    if isinstance(event, HeadEnded) and event.state in (State.DUE, State.DEAD):
        level = logging.WARNING
    fields = {"event": type(event).__name__, **asdict(event)}
    LOGGER.log(level, "%s", visible(json.dumps(fields, default=str, ensure_ascii=False)))


def shown(text: str) -> str:
    """Text as it may leave this process: secrets blanked, control characters made visible."""
    return visible(SECRETS.redacted(text))


class RedactingFormatter(logging.Formatter):
    """The finished record, traceback and all, without secrets.

    Its first line begins with the time and all others with blanks, so that no text from outside
    can pass for a record of its own.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return shown(super().format(record)).replace("\n", "\n    ")


class _ErrorOutput(logging.Handler):
    """The error output as it is at that moment; a record that cannot be shown is named at least."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception as error:  # noqa: BLE001 - arguments that do not fit, a __str__ that fails
            text = f"A record at {record.filename}:{record.lineno} is lost: {type(error).__name__}"
        say(text)


OUTPUT = _ErrorOutput()
OUTPUT.setFormatter(RedactingFormatter())


def log_to_error_output(level: int) -> None:
    """Let this process log from a level on, and only through the redacting formatter."""
    root = logging.getLogger()
    root.setLevel(level)
    if OUTPUT not in root.handlers:
        root.addHandler(OUTPUT)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_strays() -> None:
    """Log what Python would print by itself: warnings, and what threads and finalisers die of."""
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable


def shown_traceback(error: BaseException) -> str:
    """The traceback with its causes, contexts, notes and groups, without secrets or locals."""
    return shown("".join(traceback.format_exception(error))).rstrip("\n")


def say(text: str) -> None:
    """Print a line on the error output; one that is closed is no reason to fail."""
    with suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr)  # noqa: T201 - the one place that does


def _thread_died(died: threading.ExceptHookArgs) -> None:
    LOGGER.error("A thread died", exc_info=died.exc_value)


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    LOGGER.error("Something failed while it was thrown away", exc_info=unraisable.exc_value)
