"""What became of findings, as it was known at a moment; see `as_of` for what that means."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from reviewer_cli.core.facts import Fate
from reviewer_cli.core.periods import Span
from reviewer_cli.ledger.as_of import IN_SCOPE, bounds, rows
from reviewer_cli.ledger.store import Store

NEWEST = """
SELECT outcome FROM outcomes WHERE finding_id = findings.id AND noted_at < :until
ORDER BY id DESC LIMIT 1
"""

# A pull request may be closed and end once more in a week: its findings count once in it. What was
# reviewed after its merge was said to nobody there.
# Counted in Python: SQLite would sort a hundred thousand rows by ten columns for it.
OF_ENDED = f"""
SELECT {{columns}}({NEWEST}) AS outcome
FROM (SELECT host, repo, pull, max(noted_at) AS noted_at FROM ends INDEXED BY ends_noted
  WHERE noted_at >= :since AND noted_at < :until AND {IN_SCOPE.format(repo="repo")}
  GROUP BY host, repo, pull) AS ended
CROSS JOIN told INDEXED BY told_pull ON told.host = ended.host AND told.repo = ended.repo
  AND told.pull = ended.pull AND told_at < :until AND kept > 0 AND merged_at IS NULL
CROSS JOIN findings ON findings.head_id = told.head_id AND disposition = 'kept'
"""  # noqa: S608 - our own words

FATES = OF_ENDED.format(
    columns="ended.noted_at, ended.repo, ended.pull, severity, category, engine, model,"
    " contract_hash, "
)

FARED = OF_ENDED.format(columns="")

OF_FINDING = IN_SCOPE.format(repo="heads.repo")

PLACED = """
CROSS JOIN findings ON findings.id = finding_id CROSS JOIN heads ON heads.id = findings.head_id
"""

BECAME = f"""
SELECT outcome, count(*) FROM (
  SELECT outcome, max(outcomes.id) FROM outcomes INDEXED BY outcomes_noted {PLACED}
  WHERE noted_at >= :since AND noted_at < :until AND {OF_FINDING} GROUP BY finding_id)
GROUP BY outcome ORDER BY outcome
"""  # noqa: S608 - our own words

SIGNALS = f"""
SELECT signals.kind, counts, count(*) FROM signals INDEXED BY signals_noted {PLACED}
WHERE noted_at >= :since AND noted_at < :until AND {OF_FINDING}
GROUP BY signals.kind, counts ORDER BY signals.kind, counts
"""  # noqa: S608 - our own words

LABELLED = f"""
SELECT label, ({NEWEST}) FROM (
  SELECT finding_id, label, max(labels.id) FROM labels INDEXED BY labels_at
  WHERE labelled_at >= :since AND labelled_at < :until GROUP BY finding_id)
{PLACED} WHERE {OF_FINDING}
ORDER BY finding_id
"""  # noqa: S608 - our own words

TURNED = f"""
SELECT findings.id, heads.repo, pull, path, line, severity, findings.title,
  (SELECT outcome FROM outcomes AS older
   WHERE older.finding_id = findings.id AND older.id < newer.id ORDER BY older.id DESC LIMIT 1),
  newer.outcome
FROM outcomes AS newer INDEXED BY outcomes_noted {PLACED}
WHERE noted_at >= :since AND noted_at < :until AND {OF_FINDING}
  AND newer.outcome IN ('fixed', 'suggestion committed', 'reverted', 'fixed again')
ORDER BY findings.id, newer.id
"""  # noqa: S608 - our own words


class Became(NamedTuple):
    """What became of so many findings; None where their lines could not be followed."""

    outcome: str | None
    findings: int


class Signalled(NamedTuple):
    """How often people gave a signal (up, down or reply), and whether their word counts."""

    kind: str
    counts: int
    times: int


class Labelled(NamedTuple):
    """What a person said of a finding, and what had become of it."""

    label: str
    outcome: str | None


class Turned(NamedTuple):
    """A finding that turned out to matter, with what had become of it until then."""

    finding_id: int
    repo: str
    pull: str
    path: str
    line: int | None
    severity: str
    title: str
    before: str | None
    after: str


def fates(store: Store, span: Span, within: str) -> list[Fate]:
    """How the kept findings fared whose pull requests ended in a span, as was known at its end.

    It is the same when it is asked of a past week: findings of a week that had more time would
    otherwise look better than those of today.
    """
    found = Counter(rows(store, FATES, bounds(span, within), tuple))
    return [Fate._make((*alike, count)) for alike, count in found.items()]


def fared(store: Store, span: Span, within: str) -> list[Became]:
    """The same by the outcome alone."""
    found = Counter(rows(store, FARED, bounds(span, within), tuple))
    return [Became(outcome, count) for (outcome,), count in found.items()]


def became(store: Store, span: Span, within: str) -> list[Became]:
    """What newly became of findings; of each only the last counts."""
    return rows(store, BECAME, bounds(span, within), Became._make)


def signals(store: Store, span: Span, within: str) -> list[Signalled]:
    """What people did about findings."""
    return rows(store, SIGNALS, bounds(span, within), Signalled._make)


def labelled(store: Store, span: Span, within: str) -> list[Labelled]:
    """The findings that people labelled; of each only the last label counts."""
    return rows(store, LABELLED, bounds(span, within), Labelled._make)


def turned(store: Store, span: Span, within: str) -> list[Turned]:
    """What turned out to matter after all, whatever had become of it before."""
    return rows(store, TURNED, bounds(span, within), Turned._make)
