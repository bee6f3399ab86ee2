"""A ledger with digests to send, channels that are real, and a clock that tests turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.periods import Span, iso, week, week_name
from reviewer_cli.digest.delivering import Outlets, deliver, unsettled
from reviewer_cli.digest.due import parse_at
from reviewer_cli.digest.weekly import Mailing, Queued, queue, weekly
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger.outbox import Delivery, Outbox
from reviewer_cli.ledger.store import Store
from reviewer_cli.notify.file import FileChannel
from reviewer_cli.notify.services import ServiceChannel
from reviewer_cli.ports.notices import Channel, Form
from reviewer_cli.sweep.outgoing import masked_text
from tests.render.digest_samples import SAMPLES

ZONE = UTC
W47 = week("2026-W47", ZONE)
AT = parse_at("mon 07:00")
MONDAY = W47.until + 8 * 3600.0
HOUR, DAY, WEEK = 3600.0, 86_400.0, 7 * 86_400.0
TEAM, FILE = "notify.team", "digest.file"


def sample(span: Span, scope: str) -> Digest:
    """A full digest that says it is of this time."""
    whole = SAMPLES["full"]
    period = replace(
        whole.period,
        week=week_name(span.since, ZONE),
        since=iso(span.since, ZONE),
        until=iso(span.until, ZONE),
        zone="UTC",
        is_final=True,
    )
    return replace(whole, scope=scope, period=period)


@dataclass
class Mailroom:
    """`tick()` is what a sweep does about digests; the channels are opened anew each time."""

    root: Path
    url: str = ""
    now: float = MONDAY
    zone: tzinfo = ZONE
    make: Callable[[Span, str], Digest] = sample
    mailing: Mailing = field(default_factory=lambda: Mailing(channels=(TEAM, FILE)))
    more: dict[str, Callable[[], Channel]] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.root / "ledger.db")

    def swept(self, at: float = W47.since) -> None:
        """A sweep ran at that time, so that there is something to tell."""
        with self.store.transaction():
            self.store.insert(
                "sweeps", {"started_at": at, "ended_at": at, "engine": "x", "repos": "[]"}
            )

    @property
    def file(self) -> Path:
        """What the file channel writes in W47."""
        return self.root / "2026-W47.md"

    def channel(self, name: str) -> Channel | None:
        """The channels by name."""
        if name in self.more:
            return self.more[name]()
        if name == FILE:
            return FileChannel(name, self.root / "{week}.md", shows_titles=True)
        if name == TEAM:
            return ServiceChannel(name, self.url, None, attach=False, shows_titles=False)
        return None

    @property
    def outlets(self) -> Outlets:
        """All of it."""
        return Outlets(
            store=self.store,
            channel=self.channel,
            masked=masked_text,
            clock=lambda: self.now,
            chance=lambda: 0.5,
            sleep=self.slept.append,
            first_retry_s=300.0,
            longest_retry_s=6 * HOUR,
        )

    def weekly(self) -> Queued | None:
        """Queue what is due."""
        return weekly(self.store, AT, self.zone, self.mailing, self.make, lambda: self.now)

    def queue(self, span: Span = W47) -> Queued:
        """Queue by hand."""
        return queue(self.store, span, self.zone, self.mailing, self.make, self.now)

    def tick(self) -> tuple[str, ...]:
        """What a sweep does."""
        self.weekly()
        return deliver(self.outlets)

    def rows(self) -> dict[tuple[str, str], Delivery]:
        """All deliveries by week and channel."""
        ids = [row["id"] for row in self.store.read("SELECT id FROM digests", {})]
        found = [one for each in ids for one in Outbox(self.store).of(each)]
        return {(one.scope or week_name(one.since, ZONE), one.channel): one for one in found}

    def states(self) -> dict[str, str]:
        """The states of W47's deliveries by channel."""
        return {
            name: one.state.value for (at, name), one in self.rows().items() if at == "2026-W47"
        }

    def unsettled(self) -> tuple[str, ...]:
        """What status and doctor tell."""
        return unsettled(Outbox(self.store).unsettled())


@dataclass
class Failing:
    """A channel that fails as a test says, and remembers what it was asked for."""

    error: Exception | None = None
    name: str = "notify.odd"
    is_repeatable: bool = False
    keeps_newest: bool = False
    shows_titles: bool = False
    forms: tuple[Form, ...] = (Form.BRIEF,)
    pause_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    def send(self, notice: object) -> bool:
        """Fail, or take it."""
        self.asked.append(getattr(notice, "period", ""))
        if self.error is not None:
            raise self.error
        return True

    def finish(self, notice: object) -> None:
        """Never asked for."""
        raise ReviewerError("finish was not needed")

    def examine(self) -> list[object]:  # type: ignore[override]
        """Nothing to say."""
        return []

    def close(self) -> None:
        """Nothing is open."""


def numbers(text: str) -> dict[str, object]:
    """A digest's JSON."""
    return dict(json.loads(text))
