"""What a sweep is given: its numbers as one value, and the doors through which it acts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Clean
from reviewer_cli.core.select import SkipRules
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.retention import Keep
from reviewer_cli.ledger.rows import SweepLimits
from reviewer_cli.ports.engine import Effort, Engine
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.ports.issues import IssueBoard
from reviewer_cli.sweep.availability import Availability
from reviewer_cli.sweep.stopping import Stopping
from reviewer_cli.sweep.workshop import Workshop
from reviewer_cli.telemetry import Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The numbers and rules of one sweep. Durations are seconds.

    `batch_size` is the only number that sets concurrency; `only_pull` narrows the sweep to one
    pull request. A later round waits until nothing was pushed for `settle_s`, and there are no
    more than `max_rounds`. People's thumbs are looked at every `feedback_s`, merged lines for
    `watch_s`, and commands are obeyed that speak to one of `mentions` or to our account. With
    `merged_s` what was merged unreviewed within that time is reviewed as well; with
    `merged_issue` an issue of each repository tells what was found there. With `count_merged` the
    hosts are asked once a day what was merged, which a digest holds against what was reviewed.
    """

    selectors: Mapping[str, tuple[str, ...]]
    batch_size: int = 4
    limit: int = 50
    max_attempts: int = 3
    effort: Effort = Effort.STANDARD
    deadline_s: float = 900.0
    max_usd: float = 2.0
    first_retry_s: float = 300.0
    longest_retry_s: float = 6 * 3600.0
    longest_pause_s: float = 600.0
    drain_s: float = 30.0
    rules: SkipRules = field(default_factory=SkipRules)
    limits: DiffLimits = field(default_factory=DiffLimits)
    clean: Clean = Clean.COMMENT
    keep: Keep = field(default_factory=Keep)
    only_pull: str | None = None
    settle_s: float = 0.0
    max_rounds: int | None = None
    feedback_s: float = 6 * 3600.0
    watch_s: float = 30 * 86_400.0
    mentions: tuple[str, ...] = ()
    merged_s: float | None = None
    merged_issue: bool = False
    count_merged: bool = False

    @property
    def repositories(self) -> tuple[str, ...]:
        """What the sweep was asked to look at, for its record."""
        return tuple(one for selectors in self.selectors.values() for one in selectors)

    @property
    def caps(self) -> SweepLimits:
        """How much the sweep may do, for its record."""
        return SweepLimits(batch_size=self.batch_size, head_limit=self.limit, max_usd=self.max_usd)

    @property
    def lease_s(self) -> float:
        """Longer than anything that may happen to a head while it is claimed."""
        return self.deadline_s + self.longest_pause_s + 300.0

    @property
    def rules_hash(self) -> str:
        """Changes with any rule that may skip a head, so that skipped heads are judged anew."""
        return hashlib.sha256(repr((self.rules, self.limits)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Everything a sweep acts through; tests hand in fakes for the hosts and the engine only.

    `clock` gives seconds since the epoch and may jump, `elapsed` seconds that never do, `chance`
    a number in [0, 1). `issues` are those of the hosts that have any, and a credential for them, by
    the hosts' names. `availability` is which doors answered so far, `stopping` whether the sweep
    shall end: doors are opened anew for each sweep.
    """

    hosts: Mapping[str, CodeHost]
    engine: Engine
    evidence: Engine | None
    ledger: Ledger
    workshop: Workshop
    clock: Callable[[], float]
    chance: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    observe: Observer
    availability: Availability = field(default_factory=Availability)
    stopping: Stopping = field(default_factory=Stopping)
    issues: Mapping[str, IssueBoard] = field(default_factory=dict)
    elapsed: Callable[[], float] = time.monotonic
