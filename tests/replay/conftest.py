"""One replay for all judgements, and its figures below the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.replay.judging import Verdict
from tests.replay.whole import replayed

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def verdict(pytestconfig: pytest.Config) -> Iterator[Verdict]:
    """The whole history, told to the product round by round."""
    with (
        TemporaryDirectory(prefix="reviewer-replay-") as directory,
        replayed(Path(directory)) as made,
    ):
        pytestconfig.stash[FIGURES] = list(made.lines())
        yield made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures, whatever options pytest was given."""
    if figures := config.stash.get(FIGURES, []):
        terminalreporter.section("replayed history")
        for line in figures:
            terminalreporter.write_line(line)
