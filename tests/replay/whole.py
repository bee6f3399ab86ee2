"""The whole history on a stage of its own, told to the product round by round."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.github_stage import github_stage
from tests.real.releases import CACHE, missing
from tests.replay.changes import steps
from tests.replay.history import repositories
from tests.replay.judging import Verdict
from tests.replay.replaying import Replay
from tests.replay.witness import Witness


@contextmanager
def replayed(directory: Path) -> Iterator[Verdict]:
    """What came of it, while the stage stands. Raises FileNotFoundError without the releases.

    Nothing is downloaded here.
    """
    if missing(CACHE):
        raise FileNotFoundError(
            "The releases are not in the cache; run: python -m tests.real.releases"
        )
    with github_stage(directory) as stage:
        witness = Witness()
        stage.engine = witness
        replay = Replay(stage, witness, repositories(steps()))
        replay.run()
        yield Verdict(replay=replay, ledger=stage.ledger_path)
