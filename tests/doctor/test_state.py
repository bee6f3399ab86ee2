"""What earlier sweeps left, read from a real ledger and a real lock."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.health import Health
from reviewer_cli.doctor.state import ledger, lock
from reviewer_cli.errors import LedgerRefused
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.rows import SweepCounts

NOTHING = SweepCounts()


def test_a_place_where_nothing_ever_ran_is_fine_and_stays_empty(tmp_path: Path) -> None:
    signs = [*lock(tmp_path / "sweep.lock"), *ledger(tmp_path / "ledger.db", 1.0)]
    assert {sign.health for sign in signs} == {Health.GREEN}
    assert list(tmp_path.iterdir()) == []


def test_the_newest_sweeps_failure_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(Ledger(path)) as made:
        made.end_sweep(NOTHING, made.begin_sweep([], "agent", 1.0), 2.0, 0, None)
    assert [sign.health for sign in ledger(path, 3.0)] == [Health.GREEN, Health.GREEN]
    with closing(Ledger(path)) as made:
        made.end_sweep(NOTHING, made.begin_sweep([], "agent", 3.0), 4.0, 77, "the key is revoked")
    (_, sign) = ledger(path, 5.0)
    assert (sign.health, "77: the key is revoked" in sign.said) == (Health.AMBER, True)


def test_a_damaged_ledger_is_an_error_for_the_door(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"nonsense" * 100)
    with pytest.raises(LedgerRefused, match="not a ledger"):
        list(ledger(tmp_path / "ledger.db", 1.0))


def test_a_sweep_that_runs_is_named_and_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "sweep.lock"
    code = (
        "import sys, pathlib; from reviewer_cli.ledger.lock import exclusive\n"
        f"with exclusive(pathlib.Path({str(path)!r}), 1.0):\n"
        "    print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as held:
        assert held.stdout is not None
        held.stdout.readline()
        (sign,) = lock(path)
        assert f"process {held.pid}" in sign.said
        held.communicate(b"")
    (sign,) = lock(path)
    assert sign.said == "free"
