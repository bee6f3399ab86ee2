"""The mutants' section of docs/reliability.md: nothing stands there that was not good enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import mutation
from tests.mutation import BEGIN, END, Mutant, NotGoodEnough, section, written_into

KILLED = Mutant(file="ledger/a.py", function="f", before="", after="", is_killed=True)
ALIVE = replace(KILLED, before="x < 1", after="x <= 1", is_killed=False)
LOUD = replace(ALIVE, before='"SELECT a"', after='"SELECT A"')


@pytest.fixture(autouse=True)
def _explained(monkeypatch: pytest.MonkeyPatch) -> None:
    explained = (("letter case", "SQLite reads both"), (r"f: x < 1 → x <= 1", "x is never 1"))
    monkeypatch.setattr(mutation, "EXPLAINED", explained)


def test_figures_and_survivors_stand_where_they_belong() -> None:
    made = section([KILLED] * 18 + [ALIVE, LOUD])
    assert "| `ledger/a.py` | 20 | 18 | 90% |" in made
    assert "| all | 20 | 18 | 90.0% |" in made
    assert "1 survive: x is never 1" in made
    assert "* `ledger/a.py` f: ``x < 1`` → ``x <= 1``" in made
    text = written_into(f"before\n{BEGIN}\nold\n{END}\nafter", made)
    assert text == f"before\n{made}\nafter"
    assert written_into(text, made) == text


@pytest.mark.parametrize(
    ("mutants", "why"),
    [
        ([], "only 0.0% of 0 mutants"),
        ([KILLED] * 8 + [ALIVE, LOUD], "only 80.0% of 10 mutants"),
        ([KILLED] * 30 + [ALIVE, LOUD, replace(ALIVE, after="x > 1")], "no explanation: .* x > 1"),
        ([KILLED] * 20 + [LOUD], "explains nothing: f: x < 1"),
    ],
)
def test_what_is_not_good_enough_is_not_written(mutants: list[Mutant], why: str) -> None:
    with pytest.raises(NotGoodEnough, match=why):
        section(mutants)


def test_a_document_without_a_place_is_left_alone() -> None:
    with pytest.raises(NotGoodEnough):
        written_into("no place", "new")


def test_a_value_that_sql_compares_is_more_than_letter_case() -> None:
    value = replace(LOUD, before="state = 'due'", after="STATE = 'DUE'")
    assert LOUD.is_letter_case
    assert not value.is_letter_case
