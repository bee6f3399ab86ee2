"""What a digest tells of the reviews' worth: what people did, how right they were, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.core.measures import Named, Point, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What people did in the period. `uncounted` came from accounts that may not steer.

    `outcomes` are findings by what newly became of them, whenever they were posted.
    """

    thumbs_up: int
    thumbs_down: int
    replies: int
    uncounted: int
    outcomes: tuple[Named, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How findings fared whose pull request ended in the period.

    `acceptance`: acted on, of all whose lines could be followed. `precision`: acted on, of those
    that people took a stand on; a proxy, since silence says nothing of right and wrong.
    """

    name: str
    acceptance: Share
    precision: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How good the findings were, in groups that are ordered by how many findings they have.

    `labelled` are those that a person called right, of those called right or wrong, over 13 weeks;
    `labelled_proxy` is `precision` of the very same findings.
    """

    whole: Group
    by_severity: tuple[Group, ...]
    by_category: tuple[Group, ...]
    by_repository: tuple[Group, ...]
    by_engine: tuple[Group, ...]
    by_model: tuple[Group, ...]
    by_contract: tuple[Group, ...]
    untraceable: int
    labelled: Share
    labelled_proxy: Share
    trend: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How much was said. `repeats` were found again and kept back, of all that was found."""

    per_review: float | None
    repeats: Share
    silent: Share
    untouched: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What the product itself caught, before anybody saw it.

    `refuted` by its verification, of what it refuted or was kept in the reviews that had one, also
    of the offline engine's findings, which it never looks at; anchors `corrected` to another line
    than the engine said, or `lost` to the file or the summary, of all kept; `invalid` replies, of
    all.
    """

    refuted: Share
    corrected: Share
    lost: Share
    invalid: Share


class Verdict(StrEnum):
    """Whether a number changed against the four weeks before, by more than chance would do."""

    MORE = "more"
    LESS = "less"
    NO_SIGN = "no sign"
    TOO_FEW = "too few"


class Metric(StrEnum):
    """What is compared with the four weeks before."""

    ACCEPTANCE = "acceptance"
    PRECISION = "precision"
    FINDINGS = "findings per review"
    SILENT = "silent reviews"
    REPEATS = "repeats"
    REFUTED = "refuted findings"
    LOST_ANCHORS = "lost anchors"
    COVERAGE = "coverage"
    COST = "cost per review"
    LATENCY = "latency"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One number against the four weeks before; of one group alone where `group` names it.

    `p` is how often chance alone would do so much or more. `n_now` and `n_before` count what was
    compared: pull requests, or days for latency and errors.
    """

    metric: Metric
    group: str
    now: float | None
    before: float | None
    verdict: Verdict
    p: float | None
    n_now: int
    n_before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A finding that was passed over, and later turned out to matter; `place` is path:line.

    `title` is None where a digest leaves texts out.
    """

    repo: str
    pull: str
    place: str
    severity: str
    title: str | None
    before: str
    after: str
