"""Comments that ask for something: each is obeyed once, and brings back what may come back."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.models import Disposition, State
from reviewer_cli.errors import HeadRejected
from reviewer_cli.ledger import commands
from reviewer_cli.ledger.audit import examined
from reviewer_cli.ledger.commands import Command, is_obeyed, note, obey, obeyed, wish
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.pulls import known, watched
from reviewer_cli.ledger.rows import Attention, Entry, Wish
from reviewer_cli.ledger.views import CommandRecord
from tests.ledger.samples import (
    LATER,
    NOW,
    REPOS,
    RULES,
    begun,
    claimed,
    count,
    enter,
    head,
    leased,
    posted,
    remark,
    reply,
    reviewed,
    row,
    tip,
)


def asked(comment_id: str = "c-1", number: int = 1, word: str = "review") -> Command:
    return Command(
        key=head(number).key,
        comment_id=comment_id,
        author="ada",
        word=word,
        said_at=NOW,
        answer="done",
    )


def test_a_comment_is_obeyed_once(ledger: Ledger) -> None:
    enter(ledger, head(), reason="draft")
    assert not is_obeyed(ledger.store, head().key, "c-1")
    assert obey(ledger.store, asked(), Wish.REVIEW, LATER) is State.DUE
    assert is_obeyed(ledger.store, head().key, "c-1")
    claimed(ledger, 1, LATER).skip("nothing in it", LATER)
    assert obey(ledger.store, asked(), Wish.REVIEW, LATER) is None
    assert ledger.load(1).state is State.SKIPPED
    assert obeyed(ledger.store, head().key) == (
        CommandRecord(author="ada", word="review", said_at=NOW, obeyed_at=LATER, answer="done"),
    )


def test_the_same_id_on_another_pull_request_is_another_comment(ledger: Ledger) -> None:
    note(ledger.store, asked(), NOW)
    assert not is_obeyed(ledger.store, head(2).key, "c-1")
    note(ledger.store, asked(number=2), NOW)
    note(ledger.store, asked(number=2), LATER)
    assert len(obeyed(ledger.store, head(2).key)) == 1


def test_what_is_only_noted_changes_nothing_else(ledger: Ledger, path: Path) -> None:
    enter(ledger, head(), reason="draft")
    before = tuple(row(path)), watched(ledger.store, REPOS)
    note(ledger.store, asked(), LATER)
    assert (tuple(row(path)), watched(ledger.store, REPOS)) == before


@pytest.mark.parametrize("attention", list(Attention))
def test_a_comment_can_pause_ignore_and_resume(ledger: Ledger, attention: Attention) -> None:
    obey(ledger.store, asked("c-0"), Attention.PAUSED, NOW)
    assert obey(ledger.store, asked(), attention, NOW) is None
    found = known(ledger.store, head().key)
    assert found is not None
    assert found.standing is attention


def test_what_is_wished_of_a_head_before_it_is_known_is_obeyed_when_it_is(ledger: Ledger) -> None:
    assert obey(ledger.store, asked(), Wish.FULL, NOW) is None
    assert not is_obeyed(ledger.store, head().key, "c-1")
    enter(ledger, head(), reason="draft")
    assert obey(ledger.store, asked(), Wish.FULL, LATER) is State.DUE
    assert is_obeyed(ledger.store, head().key, "c-1")


def test_one_word_answers_where_nobody_found_a_sentence(ledger: Ledger) -> None:
    enter(ledger, head())
    for number, effect in enumerate((Wish.FULL, Attention.IGNORED)):
        obey(ledger.store, replace(asked(f"c-{number}"), answer=""), effect, NOW)
    assert [one.answer for one in obeyed(ledger.store, head().key)] == ["due", "ignored"]


def test_a_comment_whose_deed_fails_is_not_obeyed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk is full, or the process dies between the two."""
    enter(ledger, head(), reason="draft")
    monkeypatch.setattr(commands, "WISH", "INSERT INTO commands (id) VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError):
        obey(ledger.store, asked(), Wish.REVIEW, NOW)
    assert not is_obeyed(ledger.store, head().key, "c-1")


def test_a_skipped_head_is_due_at_once_and_no_rule_skips_it_again(
    ledger: Ledger, path: Path
) -> None:
    enter(ledger, head(), reason="draft")
    assert wish(ledger.store, head().key, Wish.FULL, LATER) is State.DUE
    assert ledger.due(REPOS, LATER, 10) == [1]
    assert (ledger.load(1).wish, row(path)["reason"]) == (Wish.FULL, "")
    assert ledger.undecided([tip(head())], "rules-2") == [tip(head())]
    ledger.admit([(head(), "draft")], "rules-2", LATER)
    assert (row(path)["state"], row(path)["reason"]) == ("due", "")
    assert [one.key.pull for one in watched(ledger.store, REPOS)] == ["pull-1"]


def test_a_head_that_settles_does_not_wait_any_longer(ledger: Ledger) -> None:
    ledger.enter([Entry(head=head(), due_at=LATER + 600.0)], RULES, NOW)
    assert wish(ledger.store, head().key, Wish.REVIEW, LATER) is State.DUE
    assert ledger.due(REPOS, LATER, 10) == [1]


def test_a_saved_review_that_was_skipped_is_not_paid_for_again(ledger: Ledger) -> None:
    leased(ledger, State.REVIEWED).skip("a label", NOW)
    assert wish(ledger.store, head().key, Wish.REVIEW, LATER) is State.REVIEWED


def test_a_posted_review_is_never_repeated(ledger: Ledger, path: Path) -> None:
    posted(ledger, head(), remark())
    enter(ledger, head(2, posted="review-9"))
    before = [tuple(row(path, number)) for number in (1, 2)]
    for number in (1, 2):
        assert wish(ledger.store, head(number).key, Wish.FULL, LATER) is State.POSTED
    assert [tuple(row(path, number)) for number in (1, 2)] == before
    assert ledger.due(REPOS, LATER, 10) == []


@pytest.mark.parametrize(
    "quiet", [{"review_id": None}, {"review_id": "review-0", "amends": "review-0"}]
)
def test_a_silent_review_is_made_again_and_its_passes_are_paid(
    ledger: Ledger, path: Path, quiet: dict[str, str | None]
) -> None:
    known_already = remark(disposition=Disposition.REPEATED)
    posted(ledger, head(), known_already, replies=(reply(),), **quiet)
    assert wish(ledger.store, head().key, Wish.REVIEW, LATER) is State.DUE
    work = ledger.load(1)
    assert (work.review, work.attempts, work.wish) == (None, 0, Wish.REVIEW)
    assert ledger.saved_reply(1, "find", "inputs-1") is not None
    assert (count(path, "findings"), row(path)["posted_at"]) == (0, None)
    assert examined(path) == ()
    lease = claimed(ledger, 1, LATER)
    lease.save_review(reviewed(head()), begun(ledger), LATER)
    lease.posted("review-1", LATER)
    assert wish(ledger.store, head().key, Wish.REVIEW, LATER) is State.POSTED


def test_what_is_in_work_goes_on_and_remembers_what_was_asked(ledger: Ledger) -> None:
    lease = leased(ledger, State.CLAIMED)
    assert wish(ledger.store, head().key, Wish.FULL, LATER) is State.CLAIMED
    lease.retry(HeadRejected("later"), LATER, LATER)
    assert (ledger.load(1).wish, ledger.load(1).attempts) == (Wish.FULL, 1)


def test_the_dead_stay_dead_and_the_unknown_unknown(ledger: Ledger, path: Path) -> None:
    enter(ledger, head())
    claimed(ledger).bury(HeadRejected("no"), NOW)
    before = tuple(row(path))
    assert wish(ledger.store, head().key, Wish.REVIEW, LATER) is State.DEAD
    assert tuple(row(path)) == before
    assert wish(ledger.store, head(2).key, Wish.REVIEW, LATER) is None
