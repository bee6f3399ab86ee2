"""One sweep at a time: who holds the lock is named, and the kernel lets go of it after SIGKILL."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli.errors import AlreadyRunning, ConfigurationError
from reviewer_cli.ledger.lock import exclusive
from reviewer_cli.ledger.lock import holder as lock_holder
from tests.ledger.samples import NOW

HOLDER = """
import sys
from pathlib import Path
from reviewer_cli.ledger.lock import exclusive
with exclusive(Path(sys.argv[1]), float(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Where the lock file lies."""
    return tmp_path / "sweep.lock"


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(lock), str(NOW)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_sweep_is_told_who_holds_the_lock_since_when(
    lock: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(AlreadyRunning) as refusal, exclusive(lock, NOW + 5):
        pass
    assert refusal.value.exit_code == 75
    assert f"process {holder.pid} on " in str(refusal.value)
    assert "since 2027-01-15T08:00:00+00:00" in str(refusal.value)


def test_the_lock_is_free_after_its_holder_was_killed(
    lock: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    with exclusive(lock, NOW):
        assert str(os.getpid()) in lock.read_text()


def test_the_lock_is_free_after_its_holder_failed(lock: Path) -> None:
    with pytest.raises(ZeroDivisionError), exclusive(lock, NOW):
        raise ZeroDivisionError
    with exclusive(lock, NOW):
        pass


@pytest.mark.threat("T35", layer="ledger")
def test_a_lock_that_is_a_link_is_refused_and_its_target_left_alone(
    lock: Path, tmp_path: Path
) -> None:
    target = tmp_path / "precious"
    target.write_text("content")
    lock.symlink_to(target)
    with pytest.raises(ConfigurationError, match="link"), exclusive(lock, NOW):
        pass
    assert target.read_text() == "content"


@pytest.mark.parametrize("note", ["", "{", "[]", "\xff", '{"since": 1e300, "pid": 1}', "null"])
def test_a_note_that_cannot_be_read_still_refuses_the_second(lock: Path, note: str) -> None:
    with exclusive(lock, NOW):
        lock.write_bytes(note.encode("latin-1"))
        with pytest.raises(AlreadyRunning, match="just started"), exclusive(lock, NOW):
            pass


def test_the_lock_file_is_private(lock: Path) -> None:
    with exclusive(lock, NOW):
        assert lock.stat().st_mode & 0o777 == 0o600


def test_who_holds_the_lock_can_be_asked_without_taking_it(
    lock: Path, holder: subprocess.Popen[str]
) -> None:
    said = lock_holder(lock)
    assert said is not None
    assert said.startswith(f"process {holder.pid} on {socket.gethostname()} since ")
    holder.kill()
    holder.wait()
    assert lock_holder(lock) is None


def test_a_holder_that_left_no_note_yet_has_just_started(lock: Path) -> None:
    with exclusive(lock, NOW):
        os.truncate(lock, 0)
        assert lock_holder(lock) == "it has just started"


def test_a_lock_of_another_file_is_not_ours(lock: Path, tmp_path: Path) -> None:
    lock.touch(mode=0o600)
    with exclusive(tmp_path / "other.lock", NOW):
        assert lock_holder(lock) is None


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_lock_that_others_could_hold_is_refused(lock: Path, mode: int) -> None:
    lock.touch()
    lock.chmod(mode)
    with pytest.raises(ConfigurationError, match="is not ours alone"), exclusive(lock, NOW):
        pass


def test_a_lock_that_others_can_only_read_is_taken(lock: Path) -> None:
    lock.touch()
    lock.chmod(0o644)
    with exclusive(lock, NOW):
        assert lock_holder(lock) is not None
