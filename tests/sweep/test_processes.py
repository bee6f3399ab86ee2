"""Real sweeps in processes of their own: killed, stopped, run twice, and without disk space."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from tests.numbers import Record
from tests.sweep.installation import Installation

KILL_ROUNDS = int(os.environ.get("KILL_ROUNDS", "6"))
"""`make kill` asks for more, and a nightly run for a thousand."""
PHASES = ("preparing", "ready", "reviewing", "posting", "HeadEnded", "Polled")


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    """An installation that has never swept."""
    return Installation(tmp_path)


def seconds_of_a_sweep(elsewhere: Installation) -> float:
    """How long one lasts on this machine, with as much to do as one that will be killed."""
    repo = elsewhere.repo(branches=3)
    began = time.monotonic()
    assert elsewhere.sweep(repo).returncode == 0
    return time.monotonic() - began


@pytest.mark.timeout(240 + 10 * KILL_ROUNDS)
def test_sweeps_that_are_killed_at_any_moment_leave_one_review_on_every_head(
    installed: Installation, record: Record
) -> None:
    dice = random.Random(20_261_123)  # noqa: S311 - the same moments each time
    whole_s = seconds_of_a_sweep(Installation(installed.root / "elsewhere"))
    repo, killed = installed.repo(branches=3), 0
    # Who is in work at that many deaths by chance is no deadly head; see test_poison.py.
    (installed.root / "reviewer.toml").write_text(f"[sweep]\nmax_attempts = {KILL_ROUNDS + 3}\n")
    for number in range(KILL_ROUNDS):
        installed.push(repo, 3 + number)
        process = installed.start(repo, "--verbose", "--batch-size", "2")
        assert process.stderr is not None
        if number % 2:
            phase, nth = dice.choice(PHASES), dice.randint(1, 2)
            for line in process.stderr:
                nth -= phase in line
                if nth == 0:
                    break
        else:
            time.sleep(dice.uniform(0.1, 1.0) * whole_s)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    done = installed.sweep(repo)
    assert done.returncode == 0, done.stderr
    assert installed.reviews(repo) == [1] * (3 + KILL_ROUNDS)
    rows = installed.rows()
    assert {row["state"] for row in rows} == {State.POSTED}
    assert len(rows) == 3 + KILL_ROUNDS
    assert installed.leftovers() == []
    again = installed.sweep(repo)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    record("kills of a sweep over a local repository, by the offline engine", killed)


@pytest.mark.parametrize("phase", ["Polled", "preparing", "reviewing", "posting"])
def test_a_stopped_sweep_ends_quickly_and_gives_its_rows_back(
    installed: Installation, phase: str
) -> None:
    repo = installed.repo(branches=8)
    process = installed.start(repo, "--verbose", "--batch-size", "2")
    assert process.stderr is not None
    for line in process.stderr:
        if phase in line:
            break
    process.send_signal(signal.SIGTERM)
    stopped = time.monotonic()
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - stopped < 5.0
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in errors
    assert installed.processes() == []
    rows = installed.rows()
    assert all(row["lease"] is None for row in rows)
    assert {row["state"] for row in rows} <= {"due", "reviewed", "posting", "posted"}
    assert {row["attempts"] for row in rows if row["state"] != "posted"} == {0}
    with closing(sqlite3.connect(installed.ledger)) as db:
        assert db.execute("SELECT error FROM sweeps").fetchall() == [("stopped by a signal",)]
    assert installed.sweep(repo).returncode == 0
    assert installed.reviews(repo) == [1] * 8
    assert installed.leftovers() == []


def test_of_two_sweeps_at_one_moment_one_does_nothing_and_says_who_works(
    installed: Installation,
) -> None:
    repo = installed.repo(branches=4)
    first = installed.start(repo, "--verbose")
    assert first.stderr is not None
    for line in first.stderr:
        if "Polled" in line:
            break
    os.kill(first.pid, signal.SIGSTOP)
    second = installed.sweep(repo)
    skipped = installed.sweep(repo, "--if-locked", "skip")
    os.kill(first.pid, signal.SIGCONT)
    first.communicate()
    assert second.returncode == 75
    assert re.search(rf"process {first.pid} on \S+ since 20\d\d-", second.stderr)
    assert skipped.returncode == 0
    assert first.returncode == 0
    assert installed.reviews(repo) == [1] * 4


FULL_AT = 150_000


def test_a_disk_without_space_is_named_in_one_sentence_and_nothing_is_lost(
    installed: Installation,
) -> None:
    """RLIMIT_FSIZE stands for the disk: the ledger is the only file that reaches it."""
    repo = installed.repo(branches=3)
    assert installed.sweep(repo).returncode == 0
    with closing(sqlite3.connect(installed.ledger)) as db, db:
        db.execute("CREATE TABLE ballast (x)")
        db.execute("INSERT INTO ballast VALUES (zeroblob(?))", (FULL_AT,))
    for number in range(3, 8):
        installed.push(repo, number)
    for _ in range(2):
        done = installed.sweep(repo, file_size=FULL_AT // 4096 * 4096)
        assert done.returncode == 1
        (sentence,) = done.stderr.splitlines()
        assert sentence.startswith(f"reviewer: The ledger {installed.ledger} could not be used")
        assert "Free some disk space" in sentence
    assert installed.sweep(repo).returncode == 0
    assert installed.reviews(repo) == [1] * 8
    assert {row["state"] for row in installed.rows()} == {State.POSTED}
    assert installed.leftovers() == []


def test_a_first_sweep_without_space_leaves_no_half_ledger(installed: Installation) -> None:
    repo = installed.repo(branches=1)
    done = installed.sweep(repo, file_size=8192)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not installed.ledger.exists()
    assert installed.leftovers() == []
    assert installed.sweep(repo).returncode == 0
    assert installed.reviews(repo) == [1]
