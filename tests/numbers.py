"""The figures of docs/reliability.md, counted by the tests that stand behind them.

A test says `record("rounds of two sweeps under random kills", 10)`: the words of a row and what
this test adds to its figure. With `table="model"` the row goes into the table between
`<!-- counted: model -->` and `<!-- end of the count -->`; the others go into `runs`. A run with
`--figures write` puts what it counted in the place of what stands there; `make reliability` does
so after everything has been run in full.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

RELIABILITY = Path(__file__).parents[1] / "docs" / "reliability.md"
END = "<!-- end of the count -->"
COUNTED = re.compile(rf"<!-- counted: (?P<table>[a-z]+) -->\n.*?{END}", re.DOTALL)
RUNS = "runs"
FIGURE = "figure"
UNWELCOME = ("failed", "error", "skipped", "deselected")
"""Tests that keep a run's figures out of the document."""

Record = Callable[..., None]
"""`record(words, figure, table="runs")`."""


class NotWritten(Exception):
    """The document cannot take what was counted."""


@dataclass(slots=True)
class Figures:
    """What a run counted: by table, then by the words of the row.

    `places` are the files and lines of the tests that counted, whose order is that of the rows.
    """

    counted: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    places: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def record(
        self, words: str, figure: float, table: str = RUNS, place: tuple[str, int] = ("", 0)
    ) -> None:
        """Add to the figure of a row."""
        rows = self.counted[table]
        rows[words] = rows.get(words, 0) + figure
        self.places[table, words] = min(place, self.places.get((table, words), place))

    def rows(self, table: str) -> list[tuple[str, float]]:
        """The rows of a table, in the order of the tests."""
        of = self.counted[table].items()
        return sorted(of, key=lambda row: self.places[table, row[0]])

    def written_into(self, text: str) -> str:
        """The document with these figures.

        Raises NotWritten unless document and run have the same tables: half a run is none.
        """
        places = {found["table"] for found in COUNTED.finditer(text)}
        if places != self.counted.keys():
            raise NotWritten(
                f"{RELIABILITY.name} has places for {sorted(places)}, "
                f"this run counted {sorted(self.counted)}"
            )
        return COUNTED.sub(lambda found: self._table(found["table"]), text)

    def _table(self, name: str) -> str:
        rows = [f"| {words} | {figure:,} |" for words, figure in self.rows(name)]
        lines = [f"<!-- counted: {name} -->", "| | counted |", "|---|--:|", *rows]
        return "\n".join([*lines, END])


FIGURES = Figures()


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Where a test leaves its figures, after what they count has held."""

    def told(words: str, figure: float, table: str = RUNS) -> None:
        request.node.user_properties.append((FIGURE, [words, figure, table]))

    return told


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count where all reports come together, whichever process ran the test."""
    if report.when == "call":
        for name, told in report.user_properties:
            if name == FIGURE:
                words, figure, table = told
                file, line, _ = report.location
                FIGURES.record(words, figure, table, (file, line or 0))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--figures write`."""
    parser.addoption(
        "--figures", choices=("write",), help="write this run's figures into docs/reliability.md"
    )


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show them after every run."""
    for table in FIGURES.counted:
        terminalreporter.section(f"counted: {table}")
        for words, figure in FIGURES.rows(table):
            terminalreporter.line(f"{figure:>12,} {words}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write only what a whole run without failures counted."""
    if session.config.getoption("--figures") != "write":
        return
    if hasattr(session.config, "workerinput"):
        return  # one of several processes, which saw a part
    screen = session.config.pluginmanager.get_plugin("terminalreporter")
    try:
        write([kind for kind in UNWELCOME if screen.stats.get(kind)])
    except NotWritten as why:
        screen.line(f"\ndocs/reliability.md is not written: {why}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def write(not_held: Sequence[str]) -> None:
    """Put this run's figures into the document; raises NotWritten."""
    if not_held:
        raise NotWritten(f"some tests are {', '.join(not_held)}")
    text = RELIABILITY.read_text(encoding="utf-8")
    RELIABILITY.write_text(FIGURES.written_into(text), encoding="utf-8")
