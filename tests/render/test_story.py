"""A pull request's whole history on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from reviewer_cli.core.conversation import PullState
from reviewer_cli.core.models import Change, Disposition, Outcome, Severity
from reviewer_cli.ledger.commands import Command, obey
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.outcomes import Noted, note
from reviewer_cli.ledger.pulls import gathered, stand
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.rows import Attention, Entry, Wish
from reviewer_cli.render.story import story
from reviewer_cli.render.terminal import heads, review
from tests.ledger.samples import (
    NOW,
    RULES,
    conversation,
    enter,
    head,
    posted,
    pushed,
    remark,
    sha,
)

MINUTE = 60.0
FIRST = head(title="Round half up", author="ada")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db")) as opened:
        yield opened


def told(ledger: Ledger, name: str = "pull-1", now: float = NOW) -> str:
    """What a person with 80 columns reads."""
    out = Console(width=80, color_system=None, markup=False, emoji=False, highlight=False)
    with reading(ledger.store.path) as records, out.capture() as captured:
        for one in records.stories(name):
            out.print(story(one, now))
    return captured.get()


def titled(title: str, severity: Severity = Severity.HIGH, **other: object) -> object:
    plain = remark(severity, **other)
    return replace(plain, finding=replace(plain.finding, title=title))


def lived(ledger: Ledger) -> None:
    """Two rounds, a repeat, what became of each finding, and a pause."""
    posted(ledger, FIRST, titled("Off by one"), titled("Slow loop", Severity.LOW))
    second = pushed(FIRST, 2)
    posted(
        ledger,
        second,
        titled("Off by one", disposition=Disposition.REPEATED, repeats=1, reason="said before"),
        now=NOW + 20 * MINUTE,
        since_sha=FIRST.key.sha,
        change=Change.PUSH,
        amends="review-1",
        review_id="review-1",
    )
    fates = [
        Noted(finding_id=1, outcome=Outcome.IGNORED, evidence="the branch moved on"),
        Noted(finding_id=2, outcome=Outcome.DISMISSED, evidence="bob put a thumb down"),
    ]
    note(ledger.store, fates, 1, NOW + 5 * MINUTE)
    fixed = Noted(finding_id=1, outcome=Outcome.FIXED, evidence="a.py:2 changed in 00000002")
    note(ledger.store, [fixed], 2, NOW + 21 * MINUTE)
    asked = Command(
        key=second.key, comment_id="c", author="bob", word="pause", said_at=NOW + 10 * MINUTE
    )
    obey(ledger.store, asked, Attention.PAUSED, NOW + 11 * MINUTE)


def test_rounds_commands_findings_and_what_became_of_them_are_told_in_order(
    ledger: Ledger,
) -> None:
    lived(ledger)
    text = told(ledger)
    in_order = (
        "/srv/repo@pull-1  Round half up",
        "by ada, into main, open, paused, 2 heads, $0.00",
        "00000000  round 1: posted",
        "looked at the whole of it",
        "HIGH" if "HIGH" in text else "high",
        "Off by one",
        "a.py:2",
        "ignored: the branch moved on",
        "fixed: a.py:2 changed in 00000002",
        "Slow loop",
        "dismissed: bob put a thumb down",
        "bob said pause: paused",
        "round 2: posted",
        "looked at what was pushed since 00000000",
        "nothing new: added to the earlier review review-1",
        "not posted, repeated: said before",
        "posted as",
    )
    at = 0
    for words in in_order:
        assert words in text[at:], (words, text)
        at = text.index(words, at)
    assert max(map(len, text.splitlines())) <= 80


def test_how_it_ended_and_when_it_was_last_heard_is_told(ledger: Ledger) -> None:
    lived(ledger)
    merged = conversation(FIRST, state=PullState.MERGED, ended_at=NOW, merged_as=sha(255))
    gathered(ledger.store, [merged], NOW)
    text = told(ledger)
    assert "as 00000000" in text
    assert "merged 20" in text
    assert "what people did there was last read 20" in text


def test_one_head_that_nobody_answered_is_told_as_that_head(ledger: Ledger) -> None:
    posted(ledger, FIRST, titled("Off by one"))
    text = told(ledger)
    assert "round 1:" not in text
    assert text.count("Off by one") == 1
    note(ledger.store, [Noted(finding_id=1, outcome=Outcome.ACCEPTED, evidence="thanks")], 1, NOW)
    assert "accepted: thanks" in told(ledger)


def test_a_round_that_found_nothing_and_a_finding_without_an_outcome_say_so(
    ledger: Ledger,
) -> None:
    posted(ledger, FIRST, titled("Off by one"))
    posted(ledger, pushed(FIRST, 2), change=Change.REBASE, since_sha=sha(1))
    text = told(ledger)
    assert "nothing has become of it yet" in text
    assert "on another base" in text
    assert "no findings" in text


def test_hostile_words_stay_words_on_one_line(ledger: Ledger) -> None:
    evil = "\x1b[31m[bold]x[/bold]\nfake: posted\u202e"
    posted(ledger, replace(FIRST, title=evil, author=evil), titled(evil))
    note(ledger.store, [Noted(finding_id=1, outcome=Outcome.FIXED, evidence=evil)], 1, NOW)
    said = Command(key=FIRST.key, comment_id="c", author=evil, word=evil, said_at=NOW, answer=evil)
    obey(ledger.store, said, Attention.ACTIVE, NOW)
    text = told(ledger)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/bold]" in text
    assert not any(line.strip().startswith("fake:") for line in text.splitlines())


def test_the_list_says_what_a_waiting_head_waits_for(ledger: Ledger) -> None:
    ledger.enter([Entry(head=head(1), due_at=NOW + 90.0)], RULES, NOW)
    enter(ledger, head(2), head(3))
    stand(ledger.store, head(2).key, Attention.PAUSED)
    stand(ledger.store, head(3).key, Attention.IGNORED)
    obey(
        ledger.store,
        Command(key=head(3).key, comment_id="c", author="bob", word="review", said_at=NOW),
        Wish.REVIEW,
        NOW,
    )
    out = Console(width=120, color_system=None)
    with reading(ledger.store.path) as records, out.capture() as captured:
        out.print(heads(records.heads(None, None, 10), NOW))
    text = captured.get()
    assert "waits 1m 30s for more pushes" in text
    assert "paused in a comment, until a comment resumes it" in text
    assert "ignored in" not in text, "it was asked for since"
    assert "a comment asked for it (review)" not in told(ledger, "pull-2")


def test_a_later_review_that_says_nothing_tells_what_was_said_before(ledger: Ledger) -> None:
    posted(ledger, FIRST)
    posted(ledger, pushed(FIRST, 2))
    again = titled("Off by one", disposition=Disposition.REPEATED)
    posted(ledger, pushed(FIRST, 3), again)
    out = Console(width=80, color_system=None)
    with reading(ledger.store.path) as records, out.capture() as captured:
        for one in reversed(records.find("pull-1")):
            out.print(review(records.history(one)))
    said = [line.strip() for line in captured.get().splitlines() if "✓" in line]
    assert said == ["✓ no findings", "✓ nothing new", "✓ nothing new; 1 was said before"]
