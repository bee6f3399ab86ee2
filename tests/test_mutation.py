"""What mutation testing writes: nothing that was not good enough, no excuse that is too wide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import mutation
from tests.mutation import (
    BEGIN,
    END,
    RELIABILITY,
    SURVIVORS,
    Mutant,
    NotGoodEnough,
    document,
    explained,
    section,
    written_into,
)

KILLED = Mutant(file="ledger/a.py", function="f", before="", after="", is_killed=True)
ALIVE = replace(KILLED, before="x < 1", after="x <= 1", is_killed=False)
LOUD = replace(ALIVE, before='"SELECT a FROM b"', after='"SELECT A FROM B"')
MUTANTS = [KILLED] * 18 + [ALIVE, LOUD]


@pytest.fixture
def _two_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = (("letter case", "SQLite reads both"), (r"f: x < 1 → x <= 1", "x is never 1"))
    monkeypatch.setattr(mutation, "EXPLAINED", reasons)


def test_the_figures_stand_where_they_belong_and_name_the_page_of_the_survivors() -> None:
    made = section(MUTANTS)
    assert "| `ledger/a.py` | 20 | 18 | 90% |" in made
    assert "| all | 20 | 18 | 90.0% |" in made
    assert f"The 2 that survive are explained in [{SURVIVORS.name}]({SURVIVORS.name})." in made
    assert "x <= 1" not in made
    text = written_into(f"before\n{BEGIN}\nold\n{END}\nafter", made)
    assert text == f"before\n{made}\nafter"
    assert written_into(text, made) == text


@pytest.mark.usefixtures("_two_reasons")
def test_the_page_says_how_it_was_made_and_why_each_survivor_may_live() -> None:
    page = document(MUTANTS, explained(MUTANTS))
    assert page.startswith("# ")
    assert "`make mutation`" in page
    assert "Of 20 changes 18 made a test fail" in page
    assert "The other 2 stand below" in page
    assert "\n## 1: x is never 1\n\n* `ledger/a.py` f: ``x < 1`` → ``x <= 1``\n" in page


@pytest.mark.usefixtures("_two_reasons")
@pytest.mark.parametrize(
    ("mutants", "why"),
    [
        ([], "only 0 of 0 mutants"),
        ([KILLED] * 8 + [ALIVE, LOUD], "only 8 of 10 mutants"),
        ([KILLED] * 30 + [ALIVE, LOUD, replace(ALIVE, after="x > 1")], "no explanation: .* x > 1"),
        ([KILLED] * 20 + [LOUD], "explains nothing: f: x < 1"),
    ],
)
def test_what_is_not_good_enough_is_not_written(mutants: list[Mutant], why: str) -> None:
    with pytest.raises(NotGoodEnough, match=why):
        explained(mutants)


def test_a_document_without_a_place_is_left_alone() -> None:
    with pytest.raises(NotGoodEnough):
        written_into("no place", "new")


def test_the_document_has_a_place_and_its_link_leads_to_the_page() -> None:
    text = RELIABILITY.read_text(encoding="utf-8")
    assert written_into(text, "") != text
    assert SURVIVORS.exists() == (SURVIVORS.name in text), "the command writes both or none"


@pytest.mark.parametrize(
    ("before", "after", "is_letter_case"),
    [
        ('"SELECT a FROM b"', '"select a from b"', True),
        ('"synchronous = EXTRA"', '"SYNCHRONOUS = EXTRA"', True),
        ('"attempts": 1,', '"ATTEMPTS": 1,', True),
        ('"breakers",', '"BREAKERS",', True),
        ('conflict="OR IGNORE"', 'conflict="or ignore"', True),
        ("\" WHERE state = 'due'\"", "\" WHERE STATE = 'DUE'\"", False),
        ('connect(":memory:")', 'connect(":MEMORY:")', False),
        ('path / "ledger.db"', 'path / "LEDGER.DB"', False),
        ('f"head {row} is gone."', 'F"HEAD {ROW} IS GONE."', False),
    ],
)
def test_letter_case_is_of_what_sqlite_reads_only(
    before: str, after: str, is_letter_case: bool
) -> None:
    assert replace(ALIVE, before=before, after=after).is_letter_case is is_letter_case


HARMFUL = (
    ("audit.py", "_payloads", "continue", "break"),
    ("audit.py", "_damage", "said = [str(error)]", "said = None"),
    ("audit.py", "_take_place", "touch(mode=0o600, exist_ok=False)", "touch(exist_ok=True)"),
    ("audit.py", "back_up", "if faults := _faults_of(copy):", "if faults := None:"),
    ("lock.py", "_open", "os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)", "os.O_CLOEXEC, 0o600)"),
    ("lock.py", "_open", "found.st_mode & 0o022:", "found.st_mode & 0o002:"),
    ("integrity.py", "seal", "Path(name).replace(_seal_of(path))", "Path(name)"),
    ("integrity.py", "check", "and 0 <= now - seal.checked_at < CHECK_INTERVAL_S", ""),
    ("retention.py", "_apply", 'at = {"changed_at": 0.0, "head_id": 0}', "at = None"),
    ("store.py", "copy_ledger", "db.backup(copy)", "db.backup(None)"),
    ("store.py", "connect", '("synchronous = EXTRA")', '("XXsynchronous = EXTRAXX")'),
    ("store.py", "Store.update", '" AND ".join(keys)', '"XX AND XX".join(keys)'),
    ("lease.py", "Lease.release", "noted |= {}", "noted = None"),
    ("commands.py", "_wish", 'if head["is_said"]:', 'if head["IS_SAID"] or True:'),
    ("earlier.py", "all_of", 'replace(key, sha=""))', "replace(key, sha=None))"),
    ("landed.py", "rested", "(at or 0.0) < before", "(at or 1.0) <= before"),
    ("pushes.py", "pushes_before", 'default=float("-inf"))', "default=None)"),
    ("standing.py", "_dismissed", "category=one.category,", "category=None,"),
    ("unreviewed.py", "found_in", 'key=lambda row: row["merged_id"]', "key=None"),
    ("breakers.py", "Breakers.settle", "not failed and not closed:", "not failed and closed:"),
)


@pytest.mark.parametrize("change", HARMFUL, ids=lambda change: f"{change[1]} {change[3]}")
def test_no_reason_is_so_wide_that_it_excuses_harm(change: tuple[str, str, str, str]) -> None:
    file, function, before, after = change
    harm = replace(ALIVE, file=f"ledger/{file}", function=function, before=before, after=after)
    with pytest.raises(NotGoodEnough, match="no explanation"):
        explained([harm])
