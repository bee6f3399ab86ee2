"""The table of a sweep over real projects: what was posted where, and what was not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.real.sweeping import Report, Swept

# Nothing could be said of these: a rename or a mode alone, a picture, a compiled catalogue.
NOTHING_TO_READ = ("no changed lines", "binary", "symbolic link", "submodule")
TITLES = (
    *("project", "heads", "posted", "skipped", "findings", "line", "file", "summary"),
    *("unread", "engine s"),
)


def lines(swept: Swept) -> list[str]:
    """A heading, a row per project, the rules that spoke, and heads that were hardly read."""
    rows = [TITLES, *(_row(swept, name) for name in swept.projects)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [
        f"{swept.engine}: one sweep of {len(swept.first['heads'])} heads in {swept.seconds:.0f} s",
        *table,
        *_spoken(swept),
        *_largest(swept),
        *_hardly_read(swept),
        *(f"RETRIED: {one}" for one in swept.retried),
    ]


def unread(review: Report) -> list[str]:
    """Changed files with lines that the review did not cover."""
    return [path for path, reason in review["unreviewed"] if reason not in NOTHING_TO_READ]


def _row(swept: Swept, name: str) -> tuple[str, ...]:
    own = str(swept.projects[name].path)
    states = Counter(one["state"] for one in swept.first["heads"] if one["key"]["repo"] == own)
    reviews = [one for one in swept.first["reviews"] if one["head"]["key"]["repo"] == own]
    placed = Counter(finding["placement"] for one in reviews for finding in one["findings"])
    seconds = sum(reply["duration_s"] for one in reviews for reply in one["replies"])
    numbers = (
        *(states.total(), states["posted"], states["skipped"], placed.total()),
        *(placed["line"], placed["file"], placed["summary"]),
        sum(len(unread(one)) for one in reviews),
    )
    return (name, *map(str, numbers), f"{seconds:.1f}")


def _spoken(swept: Swept) -> Iterator[str]:
    rules = Counter(
        finding["rule"] for _, _, review in swept.reviews() for finding in review["findings"]
    )
    if rules:
        yield "rules: " + ", ".join(f"{rule} {count}" for rule, count in rules.most_common())


def _largest(swept: Swept) -> Iterator[str]:
    if swept.requests:
        largest = max(len(request.raw) for request in swept.requests)
        yield f"largest request to the model: {largest / 1e6:.2f} MB"


def _hardly_read(swept: Swept) -> Iterator[str]:
    """Heads with more than a quarter of their files left out, and why."""
    for witness, sha, review in swept.reviews():
        left, changed = len(unread(review)), len(witness.changed_paths(sha))
        if 4 * left > changed:
            reasons = Counter(
                reason for _, reason in review["unreviewed"] if reason not in NOTHING_TO_READ
            )
            said = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
            name = f"{witness.path.name} {review['head']['key']['pull']}"
            yield f"NOT REVIEWED: {left} of {changed} changed files of {name}: {said}"
