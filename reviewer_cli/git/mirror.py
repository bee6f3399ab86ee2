"""One bare repository per mirrored repository: a cache of the commits that reviews need.

A mirror may be deleted at any time when no sweep runs; the next one builds it anew.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from reviewer_cli.core.coverage import shown
from reviewer_cli.core.tree import Entry
from reviewer_cli.errors import HeadGone, HeadRejected
from reviewer_cli.git.flock import exclusive
from reviewer_cli.git.orphans import marked
from reviewer_cli.git.run import GitBusy, GitError, run, stream
from reviewer_cli.ports.host import Remote

#: A first fetch brings a repository's whole history.
FETCH_TIMEOUT_S = 1800.0

SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

#: How servers name a commit they do not have: git itself, JGit, and servers without protocol 2.
NOT_THERE = re.compile(
    r"(?:not our ref|unadvertised object|couldn't find remote ref|want) ([0-9a-f]{40,64})"
)


#: Locks of references and settings, and packs that did not arrive whole.
REMAINS = ("*.lock", "refs/reviewer/*.lock", "objects/pack/tmp_*")


class MirrorDamaged(GitError):
    """The cached copy of a repository cannot be read; the message says what may be deleted."""


class Mirror:
    """The commits of one repository on this machine; `path` is a bare repository."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    @classmethod
    def open(cls, cache_dir: Path, name: str) -> Mirror:
        """The mirror of a repository, made empty when there is none or git no longer knows it.

        `name` is the host and the repository's name there, such as "github.com/owner/repo".
        """
        mirror = cls(cache_dir / "mirrors" / f"{directory_name(name)}.git", name)
        with mirror._lock():
            if not mirror._is_repository():
                mirror._build()
            mirror._remove_remains()
        return mirror

    def fetch(
        self, remote: Remote, shas: Sequence[str], *, timeout_s: float = FETCH_TIMEOUT_S
    ) -> None:
        """Bring the commits that are missing, with their history, in one conversation.

        Raises HeadGone when the remote no longer has one of them, after fetching all the others;
        GitError when the remote cannot be reached.
        """
        for sha in shas:
            if SHA.fullmatch(sha) is None:
                raise HeadRejected(f"{sha!r} is not the id of a commit in {self.name}")
        gone: set[str] = set()
        with self._lock():
            missing = self._missing(shas)
            while wanted := [sha for sha in missing if sha not in gone]:
                not_there = self._fetch(remote, wanted, timeout_s)
                if not not_there:
                    break
                gone |= not_there
        if gone:
            raise HeadGone(f"{self.name} no longer has the commit {', '.join(sorted(gone))}")

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor of two fetched commits; None when there is none."""
        try:
            return self.git("merge-base", a, b).decode("ascii").strip()
        except MirrorDamaged as error:
            if error.returncode == 1 and not error.stderr:
                return None
            raise

    def git(self, *args: str, input: bytes | None = None) -> bytes:  # noqa: A002
        """The output of a git command in this mirror; errors as `stream` raises them."""
        with self.stream(*args, input=input) as output:
            return output.read()

    @contextmanager
    def stream(self, *args: str, input: bytes | None = None) -> Iterator[IO[bytes]]:  # noqa: A002
        """Read the output of a git command that only reads or adds objects.

        Such a command has no other reason to fail than the mirror itself: MirrorDamaged.
        """
        try:
            with stream(args, cwd=self.path, environment=self._here(), input=input) as output:
                yield output
        except GitBusy:
            raise
        except GitError as error:
            if error.returncode <= 0:
                raise
            raise self.damaged(str(error), error) from error

    def blobs(self, entries: Sequence[Entry]) -> Generator[bytes, None, None]:
        """The contents of these files of a tree, in order; close it when not all are taken."""
        if not entries:
            return
        asked = b"\n".join(entry.oid for entry in entries) + b"\n"
        with self.stream("cat-file", "--batch", "--buffer", input=asked) as found:
            for entry in entries:
                if found.readline() != b"%b blob %d\n" % (entry.oid, entry.size):
                    raise self.damaged(f"git could not read {shown(entry.path)}")
                yield found.read(entry.size + 1)[:-1]

    def damaged(self, reason: str, error: GitError | None = None) -> MirrorDamaged:
        """The error to raise when this mirror lacks what it must have."""
        return MirrorDamaged(
            f"{reason}; the directory {self.path} is only a cache: "
            "delete it and the next sweep builds it anew",
            returncode=error.returncode if error else 0,
            stderr=error.stderr if error else "",
        )

    def _here(self) -> dict[str, str]:
        """GIT_DIR, so that git never looks for a repository in the directories above.

        What runs here can take long and start others, so it is watched: none outlives us.
        """
        return {"GIT_DIR": str(self.path), **marked()}

    def _lock(self) -> AbstractContextManager[None]:
        return exclusive(self.path.with_suffix(".lock"))

    def _is_repository(self) -> bool:
        if not self.path.is_dir():
            return False
        try:
            run(["rev-parse", "--git-dir"], cwd=self.path, environment=self._here())
        except GitError as error:
            if error.returncode < 0:
                raise  # it was killed, which says nothing about the mirror
            return False
        return True

    def _build(self) -> None:
        """Made beside its place and moved there whole, so that a kill leaves no half of one."""
        half = self.path.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        run(["init", "-q", "--bare", "--template=", "--initial-branch=none", str(half)])
        half.chmod(0o700)
        if self.path.exists():
            shutil.rmtree(self.path)
        half.replace(self.path)

    def _remove_remains(self) -> None:
        """What a killed fetch left: the lock of a reference, at which every later one would fail.

        We hold the lock under which fetches run, so nobody works with these files any more.
        """
        for pattern in REMAINS:
            for left in self.path.glob(pattern):
                left.unlink(missing_ok=True)

    def _missing(self, shas: Sequence[str]) -> list[str]:
        """Those without our reference: git sets it only once the history behind it is whole.

        The commit alone proves nothing, a killed fetch leaves it behind without its files.
        """
        asked = "".join(f"{reference(sha)}\n" for sha in shas)
        answers = self.git("cat-file", "--batch-check", input=asked.encode()).splitlines()
        return [
            sha
            for sha, answer in zip(shas, answers, strict=True)
            if answer.split()[:2] != [sha.encode(), b"commit"]
        ]

    def _fetch(self, remote: Remote, shas: Sequence[str], timeout_s: float) -> set[str]:
        """Fetch all or nothing; returns the commits that the remote says it does not have."""
        allowed = ["-c", "protocol.file.allow=always"] if is_local(remote) else []
        options = "--quiet --stdin --no-tags --no-recurse-submodules --no-write-fetch-head"
        try:
            run(
                [*allowed, "fetch", *options.split(), "--update-shallow", "--", remote.url],
                cwd=self.path,
                environment={**remote.environment, **self._here()},
                input="".join(f"+{sha}:{reference(sha)}\n" for sha in shas).encode(),
                timeout_s=timeout_s,
            )
        except GitError as error:
            not_there = set(NOT_THERE.findall(error.stderr)) & set(shas)
            if isinstance(error, GitBusy) or not not_there:
                raise
            return not_there
        return set()


def reference(sha: str) -> str:
    """The name that keeps a fetched commit reachable in the mirror."""
    return f"refs/reviewer/{sha}"


def is_local(remote: Remote) -> bool:
    """Whether a remote is a path on this machine: only then may git read from the file system."""
    return remote.url.startswith(("/", "file://"))


def directory_name(name: str) -> str:
    """A directory name for any repository name: readable, one level, different for each."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[-60:]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
