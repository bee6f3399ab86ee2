"""The command line as a user starts it: a process of its own, or the same code in this one."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer_cli.errors import ReviewerError
from tests.building import Repo

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Cli:
    """Commands over one state directory and the repository `repo`."""

    root: Path
    repo: Repo

    @property
    def state(self) -> Path:
        """Where the ledger is kept."""
        return self.root / "state"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the user's, and no credential."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "240",
            "REVIEWER_STATE_DIR": str(self.state),
            "REVIEWER_CACHE_DIR": str(self.root / "cache"),
        }

    def command(self, *args: object) -> list[str]:
        """The words that start it."""
        return [sys.executable, "-m", "reviewer_cli", *map(str, args)]

    def run(self, *args: object, **environment: str) -> Ended:
        """A process without a terminal."""
        done = subprocess.run(
            self.command(*args),
            cwd=self.root,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def sweep(self, *args: object, **environment: str) -> Ended:
        """One offline sweep of the repository, in a process of its own."""
        asked = ("sweep", "--repo", self.repo.path, "--engine", "offline", *args)
        return self.run(*asked, **environment)

    def here(self, *args: object) -> Ended:
        """The same code in this process: quicker, for what needs no real exit."""
        from reviewer_cli.cli.app import app

        done = CliRunner().invoke(app, [str(arg) for arg in args], env=self.environment)
        if isinstance(done.exception, ReviewerError):
            return Ended(done.exception.exit_code, done.stdout, str(done.exception))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Ended(done.exit_code, done.stdout, done.stderr)

    def on_terminal(self, *args: object) -> tuple[int, bytes]:
        """A process whose output and error output are a terminal of 160 columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        process = subprocess.Popen(
            self.command(*args),
            cwd=self.root,
            env={**self.environment, "TERM": "xterm-256color", "COLUMNS": "160"},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 65536):
                seen += chunk
        except OSError:
            pass  # Linux's way to say that the other side is closed
        os.close(ours)
        return process.wait(timeout=60), seen

    def snapshot(self) -> dict[str, str]:
        """A hash of every file and the name of every directory: state, cache and repository."""
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "dir"
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A repository with one branch that the offline engine finds something in."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.py": "x = 1\n"})
    repo.commit({"a.py": "x = eval(input())\n"}, branch="topic", message="Read a number")
    return Cli(tmp_path, repo)
