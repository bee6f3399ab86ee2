"""A sweep that is asked to stop: paid work is finished and posted in time, the rest given back."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.building import Repo
from tests.sweep.installation import Installation

SLOW = "tests.sweep.slow_engine"


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    """An installation that has never swept."""
    return Installation(tmp_path)


def in_review(
    installed: Installation, repo: Repo, latency_s: float, *, drain: str = "30s", heads: int = 2
) -> subprocess.Popen[str]:
    """A sweep whose first batch has just come to its reviews."""
    (installed.root / "latency").write_text(str(latency_s))
    (installed.root / "reviewer.toml").write_text(f'[sweep]\ndrain = "{drain}"\n')
    process = installed.start(repo, "--verbose", "--batch-size", str(heads), program=SLOW)
    until(process, "reviewing", heads)
    return process


def until(process: subprocess.Popen[str], word: str, times: int = 1) -> None:
    """Read what it logs up to the line that has the word for the so-manieth time."""
    assert process.stderr is not None
    for line in process.stderr:
        times -= word in line
        if not times:
            return
    raise AssertionError(f"it ended without {word}")


def ended(process: subprocess.Popen[str], within_s: float) -> str:
    """What else it logged, when it ends in time."""
    asked = time.monotonic()
    _, errors = process.communicate(timeout=within_s + 20)
    assert time.monotonic() - asked < within_s, errors
    assert "Traceback" not in errors
    return errors


def states(installed: Installation) -> Counter[tuple[str, int, None]]:
    return Counter((row["state"], row["attempts"], row["lease"]) for row in installed.rows())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_reviews_in_work_come_to_their_end_and_are_posted(
    installed: Installation, number: signal.Signals
) -> None:
    """No other is begun: the provider is paid for these alone."""
    repo = installed.repo(branches=6)
    process = in_review(installed, repo, 0.6)
    process.send_signal(number)
    errors = ended(process, 4.0)
    assert process.returncode == 128 + number
    (said,) = [line for line in errors.splitlines() if line.startswith("reviewer:")]
    assert "what was not finished is due again, and nothing is lost" in said
    assert states(installed) == {("posted", 1, None): 2, ("due", 0, None): 4}
    assert sorted(installed.reviews(repo)) == [0, 0, 0, 0, 1, 1]
    with closing(sqlite3.connect(installed.ledger)) as db:
        assert db.execute("SELECT error FROM sweeps").fetchall() == [("stopped by a signal",)]
    (installed.root / "latency").write_text("0")
    process = installed.start(repo, program=SLOW)
    ended(process, 20.0)
    assert process.returncode == 0
    assert installed.reviews(repo) == [1] * 6
    assert installed.leftovers() == []


def test_what_does_not_end_within_the_drain_is_given_back_with_its_attempt(
    installed: Installation,
) -> None:
    repo = installed.repo(branches=4)
    process = in_review(installed, repo, 60.0, drain="0.5s")
    process.send_signal(signal.SIGTERM)
    ended(process, 3.0)
    assert process.returncode == 128 + signal.SIGTERM
    assert states(installed) == {("due", 0, None): 4}
    assert installed.processes() == []


def test_a_second_signal_does_not_wait_for_the_drain(installed: Installation) -> None:
    """Whichever comes first names the exit code; a third one changes nothing."""
    repo = installed.repo(branches=4)
    process = in_review(installed, repo, 60.0)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None, "it still waits for what is in review"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    ended(process, 3.0)
    assert process.returncode == 128 + signal.SIGTERM
    assert states(installed) == {("due", 0, None): 4}
    assert installed.processes() == []


@pytest.mark.parametrize("phase", ["preparing", "reviewing", "posting"])
def test_sigkill_leaves_no_process_behind(installed: Installation, phase: str) -> None:
    """The analyser's jail and git's watcher notice that we are gone."""
    repo = installed.repo(branches=5)
    process = installed.start(repo, "--verbose", "--batch-size", "4")
    until(process, phase)
    process.kill()
    process.communicate()
    given_up = time.monotonic() + 1.0
    while (left := installed.processes()) and time.monotonic() < given_up:
        time.sleep(0.02)
    assert left == []
    done = installed.sweep(repo)
    assert done.returncode == 0, done.stderr
    assert installed.reviews(repo) == [1] * 5
    assert installed.leftovers() == []
