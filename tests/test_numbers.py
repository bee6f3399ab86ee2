"""The figures of docs/reliability.md, and the tests that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import numbers
from tests.numbers import COUNTED, RUNS, Figures, NotWritten

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def text() -> str:
    return numbers.RELIABILITY.read_text(encoding="utf-8")


def document(*tables: str) -> str:
    places = [f"<!-- counted: {one} -->\n| old | 9 |\n<!-- end of the count -->" for one in tables]
    return "\n".join(["before", *places, "after"])


def test_figures_of_the_same_words_add_up_and_stand_where_they_belong() -> None:
    figures = Figures()
    figures.record("rounds", 300)
    figures.record("rounds", 1200)
    figures.record("deaths", 46, table="model")
    written = figures.written_into(document("model", RUNS))
    assert written.startswith("before\n<!-- counted: model -->\n| | counted |\n|---|--:|\n")
    assert written.endswith("<!-- end of the count -->\nafter")
    assert written.index("| deaths | 46 |") < written.index("| rounds | 1,500 |")
    assert "old" not in written
    assert figures.written_into(written) == written


@pytest.mark.parametrize("places", [(), (RUNS, "model")])
def test_half_a_run_is_not_written(places: tuple[str, ...]) -> None:
    figures = Figures()
    figures.record("rounds", 300)
    with pytest.raises(NotWritten):
        figures.written_into(document(*places))


def test_the_document_has_its_places() -> None:
    assert RUNS in {found["table"] for found in COUNTED.finditer(text())}


def test_each_test_that_the_document_names_is_there() -> None:
    named = NAMED.findall(text())
    assert len(named) > 10
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


@pytest.mark.parametrize("promise", [1, 2, 3, 5, 8])
def test_each_promise_names_its_tests(promise: int) -> None:
    (row,) = [one for one in text().splitlines() if one.startswith(f"| {promise} |")]
    assert NAMED.search(row), row
