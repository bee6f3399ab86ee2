"""What the findings of a digest were worth: the groups, what people did, how much was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_figures import counted, number, rated
from reviewer_cli.core.digest_words import labelled
from reviewer_cli.core.models import Severity
from reviewer_cli.core.quality import Accuracy, Checks, Feedback, Group, Noise
from reviewer_cli.render.digest_tables import (
    Fact,
    Section,
    Table,
    facts,
    listed,
    of_all,
    section,
    table,
    total,
)

BY_SEVERITY = "By severity"


def worth(digest: Digest) -> Section:
    """What became of the findings, in groups, and what was kept back."""
    accuracy = digest.accuracy
    lost = accuracy.untraceable
    sentences = (
        labelled(accuracy),
        f"The lines of {counted(lost, 'more finding')} could not be followed." if lost else "",
    )
    return section(
        "worth",
        "What the findings were worth",
        sentences,
        (
            *_groups(accuracy),
            facts("What people did", _feedback(digest.feedback)),
            facts("How much was said", _noise(digest.noise)),
            facts("What was caught before anybody saw it", _checks(digest.checks)),
            _grouped("By repository", "Repository", accuracy.by_repository),
        ),
    )


def severities(accuracy: Accuracy) -> tuple[Group, ...]:
    """The groups by severity, the worst first, whatever else is named last."""
    ranks = {severity.value: severity.rank for severity in Severity}
    return tuple(sorted(accuracy.by_severity, key=lambda one: ranks.get(one.name, len(ranks))))


def _groups(accuracy: Accuracy) -> Iterator[Table]:
    makers = (
        ("engine", accuracy.by_engine),
        ("model", accuracy.by_model),
        ("contract", accuracy.by_contract),
    )
    made_by = [replace(one, name=f"{what} {one.name}") for what, ones in makers for one in ones]
    for caption, name, groups in (
        (BY_SEVERITY, "Severity", severities(accuracy)),
        ("By category", "Category", accuracy.by_category),
        ("By engine, model and contract", "Made by", made_by),
    ):
        yield _grouped(caption, name, groups)


def _grouped(caption: str, name: str, groups: Sequence[Group]) -> Table:
    columns = (name, "Findings", "Acted on", "Precision proxy")
    rates = [one.acceptance.rate for one in groups]
    return table(caption, columns, "lrrr", map(_group, groups), rates)


def _group(one: Group) -> tuple[str, ...]:
    return one.name, number(one.acceptance.of), rated(one.acceptance), rated(one.precision)


def _feedback(told: Feedback) -> Iterator[Fact]:
    thumbs = told.thumbs_up + told.thumbs_down
    if thumbs:
        yield "Thumbs", number(thumbs), f"{told.thumbs_up:,} up, {told.thumbs_down:,} down"
    if told.replies:
        yield "Replies", number(told.replies), ""
    if told.uncounted:
        yield "From others", number(told.uncounted), "thumbs and replies that do not count"
    if told.outcomes:
        yield "New outcomes", number(total(told.outcomes)), listed(told.outcomes)


def _noise(told: Noise) -> Iterator[Fact]:
    if told.per_review is not None:
        yield "Findings per review", number(told.per_review), ""
    for name, share in (
        ("Found again and kept back", told.repeats),
        ("Silent reviews", told.silent),
        ("Findings that nobody touched", told.untouched),
    ):
        if share.of:
            yield name, rated(share), of_all(share)


def _checks(told: Checks) -> Iterator[Fact]:
    for name, share in (
        ("Refuted by verification", told.refuted),
        ("Moved to the right line", told.corrected),
        ("Line not found", told.lost),
        ("Invalid replies", told.invalid),
    ):
        if share.of:
            yield name, rated(share), of_all(share)
