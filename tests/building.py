"""Real git repositories for tests, built without a working tree and without the user's settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from reviewer_cli.ports.host import Remote

FILE, EXECUTABLE, LINK, SUBMODULE, TREE = "100644", "100755", "120000", "160000", "040000"

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


class Repo:
    """A repository at `path`; `commit` for honest histories, `tree` for hostile ones."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "--initial-branch=main", "--template=")

    @property
    def remote(self) -> Remote:
        """Where reviewer fetches this repository from."""
        return Remote(url=str(self.path))

    def git(self, *args: str, input: bytes | None = None) -> str:  # noqa: A002
        """Run git in this repository; standard output without the last newline."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env=ENVIRONMENT,
            input=input,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def commit(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = "main",
        start: str | None = "main",
        message: str = "change",
    ) -> str:
        """Commit these contents (None deletes) on a branch, made at `start` if it is new.

        `start=None` makes a new branch that shares no history with the others.
        """
        tips = self.git("for-each-ref", "--format=%(refname:short)").split()
        lines = [f"commit refs/heads/{branch}\ncommitter Ada <ada@example.org> 1700000000 +0000\n"]
        lines.append(f"data {len(message.encode())}\n{message}\n")
        if branch not in tips and start in tips:
            lines.append(f"from refs/heads/{start}\n")
        elif branch in tips:
            lines.append(f"from refs/heads/{branch}^0\n")
        stream = "".join(lines).encode()
        for path, content in files.items():
            if content is None:
                stream += f"D {path}\n".encode()
            else:
                data = content.encode() if isinstance(content, str) else content
                stream += f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
        self.git("fast-import", "--quiet", "--date-format=raw", input=stream)
        return self.tip(branch)

    def tip(self, branch: str = "main") -> str:
        """The commit that a branch points to."""
        return self.git("rev-parse", f"refs/heads/{branch}")

    def blob(self, content: bytes) -> str:
        """Store a file's content and return its id."""
        return self.git("hash-object", "-w", "--stdin", input=content)

    def tree(self, entries: Iterable[tuple[str, bytes, str]]) -> str:
        """Store a tree of (mode, name, id) with whatever names and return its id."""
        kinds = {TREE: "tree", SUBMODULE: "commit"}
        lines = (
            f"{mode} {kinds.get(mode, 'blob')} {oid}\t".encode() + name + b"\0"
            for mode, name, oid in entries
        )
        return self.git("mktree", "-z", "--missing", input=b"".join(lines))

    def commit_tree(self, tree: str, *parents: str, branch: str = "pull") -> str:
        """Commit a tree on a branch, whatever the branch was before."""
        above = [word for parent in parents for word in ("-p", parent)]
        sha = self.git("commit-tree", tree, *above, "-m", "raw")
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha
