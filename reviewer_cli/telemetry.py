"""What happens during a sweep, as values: the live view and the log listen to the same events."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from reviewer_cli.core.models import HeadKey, Severity, State
from reviewer_cli.core.sanitise import visible

LOGGER = logging.getLogger("reviewer")


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
    """The provider asked to wait; no review starts for so many seconds."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFailed:
    """One repository could not be polled; the others go on."""

    repo: str
    reason: str


Event = Polled | PhaseChanged | HeadEnded | Paused | RepositoryFailed
Observer = Callable[[Event], None]

LEVELS: dict[type, int] = {Paused: logging.WARNING, RepositoryFailed: logging.ERROR}


def log_event(event: Event) -> None:
    """Write an event to the log: a sentence for people, its fields for machines."""
    level = LEVELS.get(type(event), logging.INFO)
    if isinstance(event, HeadEnded) and event.state in (State.DUE, State.DEAD):
        level = logging.WARNING
    fields = {"event": type(event).__name__, **asdict(event)}
    LOGGER.log(level, "%s", visible(json.dumps(fields, default=str, ensure_ascii=False)))
