"""What earlier rounds of the same pull request did and said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer_cli.core.models import (
    Anchor,
    Disposition,
    Earlier,
    Finding,
    HeadKey,
    Outcome,
    Placement,
    Remark,
    Severity,
    Side,
)
from reviewer_cli.core.stacked import Elsewhere
from reviewer_cli.ledger.rows import key_of
from reviewer_cli.ledger.store import Store

OTHER_ROUNDS = """
heads.host = :host AND heads.repo = :repo AND heads.pull = :pull AND heads.head_sha <> :sha
  AND heads.state = 'posted' AND heads.merged_at IS NULL
"""

EARLIER = f"""
SELECT findings.*, head_sha, round, outcome, evidence FROM heads
CROSS JOIN findings ON findings.head_id = heads.id
  AND disposition IN ('kept', 'repeated', 'dismissed')
LEFT JOIN outcomes ON outcomes.id = (
  SELECT id FROM outcomes WHERE finding_id = findings.id ORDER BY id DESC LIMIT 1)
WHERE {OTHER_ROUNDS} ORDER BY posted_at, heads.id, ordinal
"""  # noqa: S608 - our own words

FOUND = """
SELECT findings.* FROM heads CROSS JOIN findings ON head_id = heads.id
WHERE host = :host AND repo = :repo AND pull = :pull AND head_sha = :sha ORDER BY ordinal
"""

# A round that was added to another one's review has that one's id, and a silent one has none.
SUBMITTED = f"""
SELECT review_id FROM heads JOIN reviews ON head_id = heads.id
WHERE {OTHER_ROUNDS} AND review_id <> '' AND review_id IS NOT amends
ORDER BY posted_at DESC, heads.id DESC LIMIT 1
"""  # noqa: S608 - our own words

LAST = f"""
SELECT head_sha, base_sha, coalesce(merge_base, base_sha) AS merge_base, round,
  ({SUBMITTED}) AS submitted
FROM heads LEFT JOIN reviews ON head_id = heads.id
WHERE {OTHER_ROUNDS} ORDER BY posted_at DESC, heads.id DESC LIMIT 1
"""  # noqa: S608 - our own words

# Only what people can read by now, or in a minute, may take the place of saying it: a saved review
# whose head moves on is never posted.
ELSEWHERE = """
SELECT findings.*, heads.host, heads.repo, heads.pull, heads.head_sha, merge_base
FROM findings CROSS JOIN reviews USING (head_id) CROSS JOIN heads ON heads.id = head_id
LEFT JOIN pulls USING (host, repo, pull)
WHERE fingerprint IN (SELECT value FROM json_each(:fingerprints)) AND disposition = 'kept'
  AND heads.host = :host AND heads.repo = :repo AND heads.pull <> :pull
  AND heads.state IN ('posting', 'posted') AND heads.merged_at IS NULL
  AND coalesce(pulls.state, 'open') = 'open'
ORDER BY findings.id DESC LIMIT 20
"""

SAID_BEFORE = """
SELECT wanted.key FROM json_each(:heads) AS wanted WHERE EXISTS (
  SELECT 1 FROM heads CROSS JOIN findings ON findings.head_id = heads.id
  WHERE heads.host = json_extract(wanted.value, '$[0]')
    AND heads.repo = json_extract(wanted.value, '$[1]')
    AND heads.pull = json_extract(wanted.value, '$[2]')
    AND heads.head_sha <> json_extract(wanted.value, '$[3]')
    AND heads.state = 'posted' AND heads.merged_at IS NULL AND disposition = 'kept')
"""

ATTACH = (
    "UPDATE findings SET comment_id = :comment_id WHERE id = :id AND comment_id IS NOT :comment_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReviewed:
    """The newest posted head of a pull request, other than the one in question.

    `merge_base` is where its diff began. `review_id` is our newest submitted review there, which
    may be of an older round; None where all were silent.
    """

    sha: str
    base_sha: str
    merge_base: str
    round: int
    review_id: str | None = None


def earlier(store: Store, key: HeadKey) -> tuple[Earlier, ...]:
    """The findings of a pull request's other posted heads, oldest round first.

    They are those that were said, or that were not because they had been said or declined. What
    was found only after the merge was told to nobody there.
    """
    return tuple(_earlier(row) for row in store.read(EARLIER, _named(key)))


def all_of(store: Store, key: HeadKey) -> tuple[Earlier, ...]:
    """The same, with those of the head itself when it is posted."""
    return earlier(store, replace(key, sha=""))


def said_before(store: Store, keys: Sequence[HeadKey]) -> frozenset[HeadKey]:
    """Those of the heads whose pull request had something said about another head of it."""
    wanted = json.dumps([(one.host, one.repo, one.pull, one.sha) for one in keys])
    return frozenset(keys[row[0]] for row in store.read(SAID_BEFORE, {"heads": wanted}))


def found_on(store: Store, key: HeadKey) -> tuple[Remark, ...]:
    """Everything that the review of a head found, also what it did not say; empty without one."""
    return tuple(remark_of(row) for row in store.read(FOUND, _named(key)))


def last_reviewed(store: Store, key: HeadKey) -> LastReviewed | None:
    """The pull request's newest posted head but for this one.

    Where its review is not in the ledger, because it was found on the host, the diff is taken to
    begin at the branch that it goes into.
    """
    for row in store.read(LAST, _named(key)):
        return LastReviewed(
            sha=row["head_sha"],
            base_sha=row["base_sha"],
            merge_base=row["merge_base"],
            round=row["round"],
            review_id=row["submitted"],
        )
    return None


def said_elsewhere(
    store: Store, key: HeadKey, fingerprints: Collection[str]
) -> tuple[Elsewhere, ...]:
    """What was said last under these fingerprints on other open pull requests of the repository.

    What was found in one that was merged unreviewed is said nowhere.
    """
    wanted = _named(key) | {"fingerprints": json.dumps(sorted(fingerprints))}
    return tuple(
        Elsewhere(
            id=row["id"],
            key=key_of(row),
            base=row["merge_base"],
            anchor=_anchor_of(row),
            fingerprint=row["fingerprint"],
            text_fingerprint=row["text_fingerprint"],
        )
        for row in store.read(ELSEWHERE, wanted)
    )


def attach_comments(store: Store, comments: Mapping[int, str]) -> None:
    """Note which comment of the host says a finding, by the ids of both."""
    if comments:
        with store.transaction():
            rows = [{"id": one, "comment_id": comment} for one, comment in comments.items()]
            store.db.executemany(ATTACH, rows)


def _named(key: HeadKey) -> dict[str, object]:
    return {"host": key.host, "repo": key.repo, "pull": key.pull, "sha": key.sha}


def _earlier(row: sqlite3.Row) -> Earlier:
    return Earlier(
        id=row["id"],
        sha=row["head_sha"],
        round=row["round"],
        remark=remark_of(row),
        comment_id=row["comment_id"],
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        evidence=row["evidence"] or "",
    )


def remark_of(row: sqlite3.Row) -> Remark:
    """The remark of a row of `findings`."""
    finding = Finding(
        path=row["path"],
        line=row["claimed_line"],
        side=Side(row["side"]),
        severity=Severity(row["severity"]),
        category=row["category"],
        title=row["title"],
        body=row["body"],
        quote=row["quote"],
        suggestion=row["suggestion"],
        confidence=row["confidence"],
        rule=row["rule"],
    )
    return Remark(
        finding=finding,
        anchor=_anchor_of(row),
        disposition=Disposition(row["disposition"]),
        reason=row["reason"],
        fingerprint=row["fingerprint"],
        text_fingerprint=row["text_fingerprint"],
        repeats=row["repeats"],
    )


def _anchor_of(row: sqlite3.Row) -> Anchor:
    return Anchor(
        placement=Placement(row["placement"]),
        path=row["path"],
        line=row["line"],
        start_line=row["start_line"],
        side=Side(row["side"]),
        note=row["note"],
        replaceable=bool(row["replaceable"]),
    )
