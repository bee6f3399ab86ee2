"""What people asked for in comments: each comment is obeyed once, whatever dies in between.

Times are seconds since the epoch and always arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.models import HeadKey, State
from reviewer_cli.ledger.elsewhere import FOUND
from reviewer_cli.ledger.pulls import WATCH, of_pull, turn
from reviewer_cli.ledger.rows import Attention, Wish
from reviewer_cli.ledger.store import Store
from reviewer_cli.ledger.views import CommandRecord

KNOWN = """
SELECT 1 FROM commands
WHERE host = :host AND repo = :repo AND pull = :pull AND comment_id = :comment_id
"""

OBEYED = """
SELECT author, word, said_at, obeyed_at, answer FROM commands
WHERE host = :host AND repo = :repo AND pull = :pull ORDER BY said_at, id
"""

SAID = """
EXISTS (SELECT 1 FROM reviews
  WHERE head_id = heads.id AND review_id <> '' AND review_id IS NOT amends)
"""

WISHED = f"""
SELECT id, state, state = 'posted'
  AND (reason = '{FOUND}' OR merged_at IS NOT NULL OR {SAID}) AS is_said FROM heads
WHERE host = :host AND repo = :repo AND pull = :pull AND head_sha = :sha
"""  # noqa: S608 - our own words

# What a silent review found is looked at once more: its passes are paid, and it may speak now.
FORGET = (
    "DELETE FROM findings WHERE head_id = :head_id",
    "DELETE FROM reviews WHERE head_id = :head_id",
)

WISH = """
UPDATE heads SET wish = :wish, changed_at = :now, reason = '',
  state = CASE WHEN state NOT IN ('skipped', 'posted') THEN state
    WHEN EXISTS (SELECT 1 FROM reviews WHERE head_id = heads.id) THEN 'reviewed' ELSE 'due' END,
  attempts = CASE WHEN state IN ('skipped', 'posted') THEN 0 ELSE attempts END,
  entered_at = CASE WHEN state IN ('skipped', 'posted') THEN :now ELSE entered_at END,
  ready_at = CASE WHEN state IN ('skipped', 'posted') THEN :now ELSE ready_at END,
  taken_at = CASE WHEN state IN ('skipped', 'posted') THEN NULL ELSE taken_at END,
  next_due_at = min(next_due_at, :now), posted_at = NULL
WHERE id = :head_id
RETURNING state
"""

FINAL = (State.DEAD, State.SUPERSEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A comment that asks for something; `key` is its pull request's head, `word` what it said.

    `answer` is what became of it, for people; where it is empty, one word tells that.
    """

    key: HeadKey
    comment_id: str
    author: str
    word: str
    said_at: float
    answer: str = ""


def is_obeyed(store: Store, key: HeadKey, comment_id: str) -> bool:
    """Whether a comment on the head's pull request was obeyed, or answered otherwise."""
    return bool(store.read(KNOWN, of_pull(key) | {"comment_id": comment_id}))


def obeyed(store: Store, key: HeadKey) -> tuple[CommandRecord, ...]:
    """What was asked for on the head's pull request, in the order in which it was said."""
    names = CommandRecord.__dataclass_fields__
    return tuple(
        CommandRecord(**{name: row[name] for name in names})
        for row in store.read(OBEYED, of_pull(key))
    )


def note(store: Store, said: Command, now: float) -> None:
    """Remember a comment that nothing is done about, so that it is not read again."""
    with store.transaction():
        _note(store, said, said.answer, now)


def obey(store: Store, said: Command, effect: Wish | Attention, now: float) -> State | None:
    """Do what a comment asks and remember it, in one transaction; nothing when it was obeyed.

    Returns what `wish` returns, None for the rest. What is wished of a head that the ledger does
    not know yet is not obeyed, so that it can be once the head was entered.
    """
    with store.transaction():
        if is_obeyed(store, said.key, said.comment_id):
            return None
        state = None
        if isinstance(effect, Attention):
            turn(store, said.key, effect)
        elif (state := _wish(store, said.key, effect, now)) is None:
            return None
        _note(store, said, said.answer or state or effect, now)
        return state


def wish(store: Store, key: HeadKey, asked: Wish, now: float) -> State | None:
    """Let a head be reviewed at once, whatever rules skipped it, also while it is paused.

    Returns its state afterwards: POSTED where our review of it stands, which is never repeated;
    DEAD and SUPERSEDED ones stay so. None where the ledger does not know the head.
    """
    with store.transaction():
        return _wish(store, key, asked, now)


def _note(store: Store, said: Command, answer: str, now: float) -> None:
    row = {
        "comment_id": said.comment_id,
        "author": said.author,
        "word": said.word,
        "said_at": said.said_at,
        "obeyed_at": now,
        "answer": answer,
    }
    store.insert("commands", of_pull(said.key) | row, conflict="OR IGNORE")


def _wish(store: Store, key: HeadKey, asked: Wish, now: float) -> State | None:
    store.db.execute(WATCH, of_pull(key) | {"head_sha": key.sha})
    head = store.db.execute(WISHED, of_pull(key) | {"sha": key.sha}).fetchone()
    if head is None:
        return None
    state = State(head["state"])
    if head["is_said"] or state in FINAL:
        return state
    wanted = {"head_id": head["id"], "wish": asked, "now": now}
    if state is State.POSTED:
        for statement in FORGET:
            store.db.execute(statement, wanted)
    return State(store.db.execute(WISH, wanted).fetchone()["state"])
