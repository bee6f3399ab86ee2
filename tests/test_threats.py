"""Every threat of the catalogue is tried by a test, and the document can take the count."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import threats
from tests.threats import BEGIN, CATALOGUE, END, LAYERS, Tally

TESTS = Path(__file__).parent


def marks(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Threat and layer of each `pytest.mark.threat(...)` that stands in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.threat":
            (layer,) = [one.value for one in node.keywords if one.arg == "layer"]
            for said in (node.args[0], layer):
                assert isinstance(said, ast.Constant), f"not plainly said: {ast.unparse(node)}"
            yield ast.literal_eval(node.args[0]), ast.literal_eval(layer)


@cache
def all_marks() -> dict[str, set[str]]:
    found = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for threat, layer in marks(ast.parse(path.read_text(encoding="utf-8"))):
            found[threat].add(layer)
    return found


@pytest.mark.parametrize("threat", CATALOGUE)
def test_each_threat_is_tried(threat: str) -> None:
    assert all_marks()[threat], f"nobody tries {threat}: {CATALOGUE[threat]}"


def test_no_mark_names_what_is_not_in_the_catalogue() -> None:
    found = all_marks()
    assert found.keys() <= CATALOGUE.keys()
    assert set().union(*found.values()) <= set(LAYERS)


def test_the_document_names_each_threat_once_or_waits_for_its_first_count() -> None:
    text = threats.SECURITY.read_text(encoding="utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    rows = threats.written().splitlines()
    if not rows:
        return
    empty = Tally().table().splitlines()
    assert rows[:2] == empty[:2]
    assert len(rows) == len(empty)
    total = 0
    for row, (threat, what) in zip(rows[2:-1], CATALOGUE.items(), strict=True):
        _, number, said, tries, layers, _ = (cell.strip() for cell in row.split("|"))
        assert (number, said) == (threat, what)
        held = dict(one.rsplit(" ", 1) for one in layers.split(", "))
        assert held.keys() <= set(LAYERS)
        assert sum(map(int, held.values())) == int(tries) > 0
        total += int(tries)
    assert rows[-1] == f"| | all | {total} | |"


def test_a_count_that_differs_is_told_unless_it_could_not_be_tried_here() -> None:
    tally = Tally()
    tally.held["T8"]["landlock"] = 3
    table = tally.table()
    assert tally.differences(table) == []
    tally.held["T8"]["landlock"] += 1
    assert tally.differences(table) == [f"| T8 | {CATALOGUE['T8']} | 4 | landlock 4 |"]
    tally.untried.add(("T8", "bubblewrap"))
    assert tally.differences(table) == []


def test_the_count_is_written_where_it_belongs_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "security.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(threats, "SECURITY", document)
    tally = Tally()
    tally.held["T1"]["git"] = 2
    threats.write(tally)
    assert threats.written() == tally.table()
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n| |")
    assert text.endswith(f"\n{END}\nafter\n")
