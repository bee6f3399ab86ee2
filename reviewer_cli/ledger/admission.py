"""Entering what the ledger does not know yet, and what has to be decided anew.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from reviewer_cli.core.facts import EventKind
from reviewer_cli.core.models import State, Tip
from reviewer_cli.core.select import skip_class
from reviewer_cli.ledger import events
from reviewer_cli.ledger.elsewhere import FOUND
from reviewer_cli.ledger.pulls import WATCH
from reviewer_cli.ledger.rows import Entry
from reviewer_cli.ledger.store import Store

UNDECIDED = """
SELECT wanted.key FROM json_each(:tips) AS wanted
LEFT JOIN heads ON host = :host AND repo = :repo
  AND pull = substr(wanted.value, :sha_chars + 1) AND head_sha = substr(wanted.value, 1, :sha_chars)
WHERE heads.id IS NULL OR heads.state = 'superseded'
  OR (heads.state IN ('skipped', 'due') AND heads.lease IS NULL AND heads.rules <> :rules)
  OR (heads.state = 'skipped'
    AND heads.version <> json_extract(:versions, '$[' || wanted.key || ']'))
"""

ADMIT = """
INSERT INTO heads (
  host, repo, pull, head_sha, head_ref, base_ref, base_sha, title, body, author, author_is_bot,
  is_draft, from_fork, changed_lines, labels, version, state, reason, rules, next_due_at,
  first_seen_at, changed_at, posted_at, pushed_at, merged_at, entered_at, ready_at, round)
VALUES (
  :host, :repo, :pull, :head_sha, :head_ref, :base_ref, :base_sha, :title, :body, :author,
  :author_is_bot, :is_draft, :from_fork, :changed_lines, :labels, :version, :state, :reason,
  :rules, :due_at, :now, :now, CASE :state WHEN 'posted' THEN :now END, :pushed_at, :merged_at,
  :now, :due_at,
  1 + (SELECT count(*) FROM heads
       WHERE host = :host AND repo = :repo AND pull = :pull AND state = 'posted'))
ON CONFLICT (host, repo, pull, head_sha) DO UPDATE SET
  title = excluded.title, body = excluded.body, labels = excluded.labels,
  is_draft = excluded.is_draft, base_ref = excluded.base_ref, base_sha = excluded.base_sha,
  state = CASE WHEN excluded.state IN ('posted', 'skipped') AND wish = '' THEN excluded.state
    WHEN EXISTS (SELECT 1 FROM reviews WHERE head_id = heads.id) THEN 'reviewed' ELSE 'due' END,
  reason = CASE WHEN wish = '' THEN excluded.reason ELSE '' END,
  rules = excluded.rules, version = excluded.version,
  attempts = CASE heads.state WHEN 'due' THEN heads.attempts ELSE 0 END,
  next_due_at = CASE heads.state WHEN 'due' THEN heads.next_due_at ELSE excluded.next_due_at END,
  entered_at = CASE WHEN heads.state = 'due' OR (heads.state = excluded.state AND wish = '')
    THEN entered_at ELSE excluded.entered_at END,
  ready_at = CASE heads.state WHEN 'due' THEN ready_at ELSE excluded.ready_at END,
  taken_at = CASE heads.state WHEN 'due' THEN taken_at END,
  changed_at = excluded.changed_at, merged_at = excluded.merged_at,
  posted_at = CASE WHEN wish = '' THEN excluded.posted_at END,
  pushed_at = coalesce(excluded.pushed_at, heads.pushed_at)
WHERE heads.state IN ('skipped', 'superseded', 'due') AND heads.lease IS NULL
"""


def undecided(store: Store, tips: Sequence[Tip], rules: str) -> list[Tip]:
    """The tips that `Ledger.undecided` promises, repository by repository."""
    by_repository: dict[tuple[str, str], list[Tip]] = {}
    for tip in tips:
        by_repository.setdefault((tip.key.host, tip.key.repo), []).append(tip)
    return [
        tip
        for (host, repo), mine in by_repository.items()
        for tip in _undecided(store, host, repo, mine, rules)
    ]


def _undecided(store: Store, host: str, repo: str, tips: Sequence[Tip], rules: str) -> list[Tip]:
    names = json.dumps([f"{tip.key.sha}{tip.key.pull}" for tip in tips])
    versions = json.dumps([tip.version for tip in tips])
    wanted = {"host": host, "repo": repo, "tips": names, "rules": rules, "versions": versions}
    found = store.read(UNDECIDED, wanted | {"sha_chars": len(tips[0].key.sha)})
    return [tips[row[0]] for row in found]


def admit(store: Store, entries: Iterable[Entry], rules: str, now: float) -> None:
    """Enter heads as posted where the host has our review, else as skipped or due.

    A skipped or superseded row is entered anew, with its saved review if it has one. A due one
    keeps its time, and a head that a command asked for is skipped by no rule, nor for what its
    host has. What people say is listened to where a head is done or skipped.
    """
    rows = [_columns(entry, rules, now) for entry in entries]
    settled = [row for row in rows if row["state"] != State.DUE]
    with store.transaction():
        store.db.executemany(ADMIT, rows)
        store.db.executemany(WATCH, settled)
        store.db.executemany(events.NOTE_OF_SETTLED, map(_news, settled))


def _first_state(entry: Entry) -> State:
    """A head whose review the host already has is done, whatever became of the ledger that knew."""
    if entry.head.posted is not None:
        return State.POSTED
    return State.DUE if entry.reason is None else State.SKIPPED


def _news(row: dict[str, object]) -> dict[str, object]:
    if row["state"] is State.POSTED:
        return row | {"kind": EventKind.FOUND, "word": ""}
    return row | {"kind": EventKind.SKIPPED, "word": skip_class(str(row["reason"]))}


def _columns(entry: Entry, rules: str, now: float) -> dict[str, object]:
    head = entry.head
    key = head.key
    return {
        "host": key.host,
        "repo": key.repo,
        "pull": key.pull,
        "head_sha": key.sha,
        "head_ref": head.head_ref,
        "base_ref": head.base_ref,
        "base_sha": head.base_sha,
        "title": head.title,
        "body": head.body,
        "author": head.author,
        "author_is_bot": head.author_is_bot,
        "is_draft": head.is_draft,
        "from_fork": head.from_fork,
        "changed_lines": head.changed_lines,
        "labels": json.dumps(head.labels),
        "version": head.version,
        "state": _first_state(entry),
        "reason": FOUND if head.posted else entry.reason or "",
        "rules": rules,
        "now": now,
        "due_at": now if entry.due_at is None else entry.due_at,
        "pushed_at": entry.pushed_at,
        "merged_at": entry.merged_at,
    }
