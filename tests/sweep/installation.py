"""The program as cron starts it: a process of its own with its own state, cache and home."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reviewer_cli.scratch import PREFIX
from tests.building import Repo
from tests.fakes.host import drafts_in, reviews_on


@dataclass(frozen=True)
class Installation:
    """Everything lies below `root`, the temporary files too."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.db"

    def repo(self, branches: int) -> Repo:
        """A repository with so many open heads, each with something for the analyser to find."""
        made = Repo(self.root / "repo")
        made.commit({"a.py": "a = 1\n"})
        for number in range(branches):
            self.push(made, number)
        return made

    def push(self, repo: Repo, number: int) -> None:
        """One more open head."""
        content = f"a = 1\nprint(missing_{number})\n"
        repo.commit({"a.py": content}, branch=f"branch-{number}", start="main")

    def start(
        self, repo: Repo, *options: str, file_size: int | None = None, program: str = "reviewer_cli"
    ) -> subprocess.Popen[str]:
        """Start a sweep that logs each event; `file_size` bounds the files that it may write.

        `program` is the module to run, for one that plays the engine.
        """
        (self.root / "tmp").mkdir(exist_ok=True)
        inherited = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}
        if file_size:  # or Python leaves half a compiled module for all who come after
            inherited["PYTHONDONTWRITEBYTECODE"] = "1"
        places = {"HOME": str(self.root), "TMPDIR": str(self.root / "tmp")}
        ours = {
            "REVIEWER_STATE_DIR": str(self.state),
            "REVIEWER_CACHE_DIR": str(self.root / "cache"),
        }
        command = [sys.executable, "-m", program, "sweep", "--engine", "offline", *options]
        return subprocess.Popen(
            [*command, "--repo", str(repo.path)],
            cwd=self.root,
            env=inherited | places | ours,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=bounded(file_size) if file_size else None,  # noqa: PLW1509 - no threads here
        )

    def sweep(
        self, repo: Repo, *options: str, file_size: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One sweep to its end."""
        process = self.start(repo, *options, file_size=file_size)
        out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def rows(self) -> list[sqlite3.Row]:
        """Every head of the ledger, which must be sound."""
        with closing(sqlite3.connect(self.ledger)) as db:
            db.row_factory = sqlite3.Row
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            return db.execute("SELECT * FROM heads ORDER BY id").fetchall()

    def reviews(self, repo: Repo) -> list[int]:
        """How many reviews each open head holds."""
        listed = repo.git("for-each-ref", "--format=%(objectname) %(refname:short)", "refs/heads")
        heads = [line.split() for line in listed.splitlines()]
        return [reviews_on(repo, sha) for sha, name in heads if name != "main"]

    def leftovers(self) -> list[Path]:
        """What a whole sweep must not leave behind, however many were killed before it."""
        halves = [*self.root.rglob("*.half"), *self.state.glob(f"{PREFIX}*")]
        return [
            *halves,
            *self.root.rglob("*-journal"),
            *(self.root / "tmp").iterdir(),
            *drafts_in(self.state / "reviews"),
        ]

    def processes(self) -> list[str]:
        """Commands of the processes that work below the root, whoever started them."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if process.joinpath("cwd").readlink().is_relative_to(self.root):
                    found.append(process.joinpath("cmdline").read_text().replace("\0", " "))
            except OSError:
                continue  # it ended meanwhile, or is none of our business
        return found


def bounded(file_size: int) -> Callable[[], None]:
    """No file may grow beyond so many bytes: a full disk for whoever has larger ones."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

    return limit
