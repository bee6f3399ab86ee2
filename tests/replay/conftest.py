"""One replay for all judgements, and its figures below the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fakes.github_stage import github_stage
from tests.real.releases import CACHE, missing
from tests.replay.changes import steps
from tests.replay.history import repositories
from tests.replay.judging import Verdict
from tests.replay.replaying import Replay
from tests.replay.witness import Witness

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def verdict(pytestconfig: pytest.Config) -> Iterator[Verdict]:
    """The whole history, told to the product round by round; nothing is downloaded here."""
    if missing(CACHE):
        pytest.fail("The releases are not in the cache; run: python -m tests.real.releases")
    with (
        TemporaryDirectory(prefix="reviewer-replay-") as directory,
        github_stage(Path(directory)) as stage,
    ):
        witness = Witness()
        stage.engine = witness
        replay = Replay(stage, witness, repositories(steps()))
        replay.run()
        made = Verdict(replay=replay, ledger=stage.ledger_path)
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
