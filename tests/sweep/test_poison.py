"""A head at which our own process dies, sweep after sweep: it is found, counted and buried."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.building import Repo
from tests.sweep.installation import Installation

DEADLY = "tests.sweep.deadly_program"
HEADS, MAX_ATTEMPTS = 5, 3


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    """An installation that has never swept."""
    return Installation(tmp_path)


def swept(installed: Installation, repo: Repo, *options: str) -> int:
    """How a sweep ended whose program is killed at the deadly head."""
    process = installed.start(repo, *options, program=DEADLY)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    return process.returncode


def poisoned(installed: Installation, phase: str) -> tuple[Repo, str]:
    """A repository whose middle branch is deadly at a phase, and that branch's commit."""
    repo = installed.repo(branches=HEADS)
    sha = repo.tip("branch-2")
    (installed.root / "deadly").write_text(f"{phase} {sha}")
    return repo, sha


@pytest.mark.parametrize(
    ("phase", "batch_size"), [("preparing", "2"), ("reviewing", "1"), ("posting", "2")]
)
def test_a_head_that_kills_the_sweep_is_buried_and_all_others_are_posted(
    installed: Installation, phase: str, batch_size: str
) -> None:
    """The first death may go unnoticed: nothing is written of a head before it is claimed."""
    repo, sha = poisoned(installed, phase)
    ends = [swept(installed, repo, "--batch-size", batch_size)]
    while ends[-1] == -signal.SIGKILL and len(ends) < 10:
        ends.append(swept(installed, repo, "--batch-size", batch_size))
    assert ends[-1] == 3, "partial: one head is dead"
    assert MAX_ATTEMPTS <= ends.count(-signal.SIGKILL) <= MAX_ATTEMPTS + 1
    rows = {row["head_sha"]: row for row in installed.rows()}
    dead = rows.pop(sha)
    assert (dead["state"], dead["error_class"]) == ("dead", "SweepDied")
    assert dead["attempts"] >= MAX_ATTEMPTS
    assert dead["reason"].startswith("a sweep died while working on it, for the last time at")
    assert {row["state"] for row in rows.values()} == {"posted"}
    assert sorted(installed.reviews(repo)) == [0, 1, 1, 1, 1]
    assert installed.leftovers() == []
    assert swept(installed, repo) == 0, "it is left alone from now on"
    repo.commit({"a.py": "a = 2\n"}, branch="branch-2", start="branch-2")
    assert swept(installed, repo) == 0
    assert installed.reviews(repo) == [1] * HEADS, "a new commit starts fresh"


def test_one_death_by_chance_buries_nobody(installed: Installation) -> None:
    repo, _ = poisoned(installed, "reviewing")
    assert swept(installed, repo, "--batch-size", "2") == -signal.SIGKILL
    (installed.root / "deadly").write_text("reviewing none")
    assert swept(installed, repo, "--batch-size", "2") == 0
    assert installed.reviews(repo) == [1] * HEADS
    assert {row["error_class"] for row in installed.rows()} == {None}
