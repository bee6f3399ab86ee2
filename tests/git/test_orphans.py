"""No git in a mirror outlives the program that started it, with all that git itself started."""

from __future__ import annotations

import ast
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reviewer_cli.git.orphans import MARK

FETCHING = """
import sys
from pathlib import Path
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.ports.host import Remote
Mirror.open(Path(sys.argv[1]), "h/r").fetch(Remote(url=sys.argv[2]), ["a" * 40])
"""
LOOKING = """
from reviewer_cli.git.orphans import marked
from reviewer_cli.git.run import run
run(["version"])
marked()
input()
"""


def below(place: Path) -> list[str]:
    """The programs that work in a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cwd").readlink().is_relative_to(place):
                found.append(process.joinpath("cmdline").read_text().split("\0")[0])
        except OSError:
            continue
    return found


def watchers_of(pid: int) -> list[Path]:
    """The processes that wait for the death of this one."""
    return [
        process
        for process in Path("/proc").glob("[0-9]*")
        if f"\0{pid}-" in _command(process) and "orphans.py" in _command(process)
    ]


def _command(process: Path) -> str:
    try:
        return process.joinpath("cmdline").read_text()
    except OSError:
        return ""


def soon(true: Callable[[], object], within_s: float) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_fetch_from_a_silent_server_ends_with_the_program_that_started_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Git's own helper waits for the server and would wait on, whatever became of git."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/o/r"
        program = subprocess.Popen(
            [sys.executable, "-c", FETCHING, str(tmp_path), url],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()},
            stderr=subprocess.DEVNULL,
        )
        assert soon(lambda: len(below(tmp_path)) >= 2, 10), "git and its helper are at work"
        program.send_signal(number)
        program.wait()
        assert soon(lambda: not below(tmp_path), 1.0), below(tmp_path)
    assert soon(lambda: not watchers_of(program.pid), 1.0), "the watcher ends as well"
    assert [*tmp_path.rglob("objects/pack/tmp_*"), *tmp_path.glob("mirrors/*/*.lock")] == []


def test_whoever_ignores_sigterm_is_ended_too(tmp_path: Path) -> None:
    code = "import os; from reviewer_cli.git.orphans import marked; print(marked()); input()"
    program = started(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdout is not None
    mark = ast.literal_eval(program.stdout.readline().decode())
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], cwd=tmp_path, env=mark
    )
    try:
        time.sleep(0.1)
        program.kill()
        program.communicate()
        assert soon(lambda: deaf.poll() is not None, 1.0)
        assert deaf.returncode == -signal.SIGKILL
        assert soon(lambda: not below(tmp_path), 1.0), below(tmp_path)
    finally:
        deaf.kill()
        deaf.wait()


def test_whoever_carries_no_mark_is_left_alone(tmp_path: Path) -> None:
    """Another program's git with a mark of its own runs on."""
    stranger = subprocess.Popen(["sleep", "60"], cwd=tmp_path, env={MARK: "1-another"})
    program = started(LOOKING, stdin=subprocess.PIPE)
    assert soon(lambda: watchers_of(program.pid), 10)
    program.communicate(b"\n")
    try:
        assert soon(lambda: not watchers_of(program.pid), 1.0)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_look_at_a_repository_costs_no_watcher() -> None:
    """An idle sweep asks git for the branches alone."""
    program = started(
        "from reviewer_cli.git.run import run; run(['version']); print(); input()",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert program.stdout is not None
    program.stdout.readline()
    try:
        assert watchers_of(program.pid) == []
    finally:
        program.communicate(b"\n")


def started(code: str, **streams: int) -> subprocess.Popen[bytes]:
    """A program of our own with these streams."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, **streams)
