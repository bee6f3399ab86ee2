"""A small ledger made by hand, one pull request after another, in the week before `LATE`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.periods import week
from tests.digest.rows import (
    Events,
    Findings,
    Heads,
    Labels,
    Outcomes,
    Row,
    Sweeps,
    Told,
    fill,
)

SPAN = week("2026-W20", UTC)
IN_WEEK = SPAN.since + 3_600.0
LATE = SPAN.until + 3_600.0


@dataclass(kw_only=True)
class Shop:
    """Its rows; ids count from 1."""

    heads: list[Row] = field(default_factory=list)
    told: list[Row] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    labels: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    sweeps: list[Row] = field(default_factory=list)

    def review(
        self,
        *titles: str,
        repo: str = "shop/web",
        at: float = IN_WEEK,
        guided: int = 1,
        over_limits: int = 0,
        disposition: str = "kept",
    ) -> list[int]:
        """A review of a new pull request with such findings; returns their ids."""
        head = len(self.heads) + 1
        sha, pull, kept = f"{head:040x}", str(100 + head), len(titles)
        self.heads.append(Heads(head, repo, pull, sha, "posted", 1, at, at, at))
        self.told.append(
            Told(
                *(head, at, repo, pull, sha, 1, "review", None, at, at, at, at, at),
                *("model-a", "c1", guided, 0, 1.0, 1_000, 10, kept, 0, 0, 0, 0, 0),
                over_limits=over_limits,
            )
        )
        first = len(self.findings) + 1
        for place, title in enumerate(titles):
            self.findings.append(
                Findings(
                    *(first + place, head, place, f"src/api/part{head}.py", "line", 3, 3, "low"),
                    *("style", "", title, f"About {title}.", disposition, f"{first + place:016x}"),
                )
            )
        return list(range(first, first + kept))

    def became(self, finding: int, outcome: str, at: float = IN_WEEK + 60) -> None:
        """What became of a finding."""
        self.outcomes.append(Outcomes(len(self.outcomes) + 1, finding, outcome, at))

    def label(self, finding: int, said: str, at: float) -> None:
        """What a person said of a finding."""
        self.labels.append(Labels(len(self.labels) + 1, finding, said, at))

    def event(self, kind: EventKind, word: str, at: float = IN_WEEK, head: int = 1) -> None:
        """Something that happened to a head."""
        self.events.append(Events(len(self.events) + 1, at, kind, word, head_id=head))

    def sweep(self, due: int, limit: int = 50) -> None:
        """A sweep that took up so many heads."""
        number = len(self.sweeps) + 1
        self.sweeps.append(
            Sweeps(number, IN_WEEK + number, IN_WEEK + number, 0, due, head_limit=limit)
        )

    def write(self, path: Path) -> None:
        """Make the ledger."""
        tables = (self.sweeps, self.heads, self.told, self.findings, self.outcomes)
        fill(path, [(*tables, self.labels, self.events)])
