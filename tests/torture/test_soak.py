"""Many heads through many sweeps while a share of all calls fails: nothing lost, nothing twice."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.numbers import Record
from tests.torture.soak import BAD, Soaked

HEADS = int(os.environ.get("HEADS", "200"))
"""`make soak` has ten thousand."""
FLAT_MIB = 4.0
"""Growth that is none: what the test itself remembers of each head is a part of it."""
STRAY = 5.0
"""Standard deviations that the number of failed calls may be away from its mean: which calls fail
hangs on the order in which threads make them, so that no seed fixes it."""
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Soaked:
    """In a process of its own, whose memory is that of the sweeps."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.soak", str(HEADS)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path_factory.mktemp("soak"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Soaked(**json.loads(done.stdout))


pytestmark = pytest.mark.timeout(120 + HEADS // 2)


def test_each_of_many_heads_is_reviewed_once_while_calls_fail(
    soaked: Soaked, record: Record
) -> None:
    assert soaked.heads >= HEADS
    assert (soaked.lost, soaked.unknown, soaked.drafts) == (0, 0, 0)
    assert soaked.posted_twice == 0
    assert soaked.states.keys() <= {"posted", "superseded"}
    assert soaked.states["posted"] == soaked.posted_once
    assert sum(soaked.states.values()) == soaked.heads
    for whom in ("host", "engine"):
        failed, calls = soaked.failed[whom], soaked.calls[whom]
        assert failed
        assert abs(failed - BAD * calls) < STRAY * math.sqrt(BAD * (1 - BAD) * calls)
    record("heads of the soak", soaked.heads)
    record("sweeps of the soak", soaked.sweeps)
    record("calls of the soak that failed", sum(soaked.failed.values()))


def test_no_answer_of_the_engine_is_paid_for_twice(soaked: Soaked) -> None:
    assert soaked.paid_twice == 0


def test_memory_stays_flat(soaked: Soaked, record: Record) -> None:
    """The largest of the last quarter of the sweeps, against that of the second quarter."""
    quarter = len(soaked.memory) // 4
    assert quarter
    grown = max(soaked.memory[-quarter:]) - max(soaked.memory[quarter : 2 * quarter])
    assert grown < FLAT_MIB, soaked.memory
    record("MiB that memory grew in the last three quarters of the soak", max(0.0, round(grown, 1)))
