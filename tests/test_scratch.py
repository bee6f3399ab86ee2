"""What a jailed program leaves behind is removed, and nothing outside is touched by that."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from reviewer_cli.scratch import (
    PREFIX,
    private_directory,
    remove,
    remove_abandoned,
    temporary_directory,
)

DEEP = 3000
"""Levels: above Python's limit of recursion, and with its path above what the kernel takes."""


def go_down(place: Path) -> None:
    """A tree that no path leads to the end of."""
    here = os.open(place, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("end", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


@pytest.mark.threat("T20", layer="limits")
def test_a_tree_of_any_depth_is_removed(tmp_path: Path) -> None:
    place = tmp_path / "scratch"
    place.mkdir()
    go_down(place)
    remove(place)
    assert list(tmp_path.iterdir()) == []


def test_whatever_stands_in_it_is_removed_and_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "below").mkdir(parents=True)
    (outside / "file").write_text("kept")
    outside.chmod(0o755)
    with private_directory("agent-", tmp_path) as place:
        assert place.stat().st_mode & 0o777 == 0o700
        closed = place / "closed" / "more"
        closed.mkdir(parents=True)
        (closed / "link").symlink_to(outside)
        (place / "link").symlink_to(outside / "file")
        (place / "nowhere").symlink_to("/nonexistent")
        os.mkfifo(place / "pipe")
        for one in (closed, place / "closed", place):
            one.chmod(0o500)
    assert list(tmp_path.iterdir()) == [outside]
    assert (outside / "file").read_text() == "kept"
    assert outside.stat().st_mode & 0o777 == 0o755


def test_what_is_not_there_is_fine_and_what_cannot_be_removed_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    remove(tmp_path / "never made")
    assert caplog.records == []
    file = tmp_path / "a file"
    file.touch()
    with caplog.at_level(logging.WARNING):
        remove(file)
    (said,) = caplog.messages
    assert said.startswith(f"{file} cannot be removed (")


def test_the_temporary_directory_of_a_killed_process_is_removed_by_a_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a living one is not, nor anything of which only the name is like ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    others = [tmp_path / f"{PREFIX}of-somebody", tmp_path / f"{PREFIX}abcd_123", tmp_path / "other"]
    for other in others:
        other.mkdir()
        (other / "file").touch()
    others[1].chmod(0o755)
    (tmp_path / f"{PREFIX}file5678").touch()
    (tmp_path / f"{PREFIX}link5678").symlink_to(others[0])
    before = {*tmp_path.iterdir()}
    code = (
        "from reviewer_cli.scratch import *; import os, signal\n"
        "with temporary_directory() as place: (place / 'file').touch(); input()"
    )
    environment = {"TMPDIR": str(tmp_path), "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE)
    while len([*tmp_path.glob("*/file")]) < 5:
        assert process.poll() is None
    with temporary_directory() as mine:
        remove_abandoned()
        assert mine.exists()
        assert len({*tmp_path.iterdir()} - before) == 2
    process.kill()
    process.communicate()
    remove_abandoned()
    assert {*tmp_path.iterdir()} == before
