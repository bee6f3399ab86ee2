"""All that a digest says of a period, as one frozen tree; every format is made of it alone.

None stands for what was not recorded, or cannot be told: never for 0. Money is USD by the engines'
own estimate, durations are seconds. Every list is in the order in which it is told, and what is
equal is ordered by name, so that the same facts give the same bytes. docs/digest.md says what each
number means, and where it is weak.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.core.activity import Cost, Latency, Trouble, Volume
from reviewer_cli.core.quality import Accuracy, Change, Checks, Feedback, Near, Noise

SCHEMA = "reviewer-digest/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time that is told of, as ISO 8601 with the offset of `zone`; `until` is not in it.

    `week` is its name where it is a week, such as "2026-W47". One that is not final is not over,
    or a sweep of it still runs. What happened before `recorded_since` was not recorded in full.
    Of one that is thinned, or of the four weeks before, findings were removed for their age.
    """

    week: str | None
    since: str
    until: str
    zone: str
    is_final: bool
    recorded_since: str
    is_thinned: bool = False


class AdviceKind(StrEnum):
    """What a piece of advice is about."""

    DISMISSED = "dismissed pattern"
    PASSED_OVER = "pattern passed over"
    GUIDANCE = "no guidance"
    CAP = "cap was hit"
    DEAD = "dead heads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do: a sentence, what shows that it is needed, and text to put into `file`, if any."""

    kind: AdviceKind
    repo: str
    sentence: str
    evidence: str
    file: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A finding drawn at random, to be labelled by a person."""

    finding_id: int
    repo: str
    pull: str
    place: str
    severity: str
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A paragraph that a model wrote about the numbers: which model, and for how much.

    That is in no number of the digest, which is made before it.
    """

    text: str
    model: str
    usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The whole; `scope` names the repositories it is limited to, and is empty for all.

    `headline` are sentences for whoever reads nothing else.
    """

    schema: str
    scope: str
    period: Period
    headline: tuple[str, ...]
    volume: Volume
    latency: Latency
    cost: Cost
    trouble: Trouble
    feedback: Feedback
    accuracy: Accuracy
    noise: Noise
    checks: Checks
    changes: tuple[Change, ...]
    nearly_missed: tuple[Near, ...]
    advice: tuple[Advice, ...]
    draw: tuple[Drawn, ...]
    words: Words | None = None
