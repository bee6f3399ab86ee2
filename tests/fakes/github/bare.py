"""The real git repositories behind the fake: bare, built without a work tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, str | bytes | None]
"""Path → contents; None deletes the file."""

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}

SETTINGS = {
    "uploadpack.allowAnySHA1InWant": "true",  # fetch by commit, as GitHub allows
    "uploadpack.allowFilter": "true",
    "transfer.hideRefs": "refs/forks",
    "gc.auto": "0",
}


class GitFailed(AssertionError):
    """git refused what a test asked of the world."""


def git(path: Path, *args: str, input: bytes | None = None) -> bytes:  # noqa: A002
    """Run git in a repository without anybody's settings; standard output."""
    done = subprocess.run(
        ["git", *args], cwd=path, env=ENVIRONMENT, input=input, capture_output=True, check=False
    )
    if done.returncode:
        raise GitFailed(f"git {args[0]}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout


def create(path: Path, template: Path) -> None:
    """A bare repository; made by git once in `template`, by copying ever after."""
    if not template.exists():
        template.mkdir(parents=True)
        git(template, "init", "-q", "--bare", "--initial-branch=main", "--template=")
        for name, value in SETTINGS.items():
            git(template, "config", name, value)
    shutil.copytree(template, path)


def create_fork(path: Path, store: Path, template: Path) -> None:
    """A bare repository that borrows every object of `store`."""
    create(path, template)
    (path / "objects" / "info").mkdir(exist_ok=True)
    (path / "objects" / "info" / "alternates").write_text(f"{store / 'objects'}\n")


def commit(
    store: Path,
    files: Files,
    *,
    refs: tuple[str, ...],
    parents: tuple[str, ...],
    message: str,
    when: float,
) -> str:
    """Commit `files` on top of the first parent, point every ref at it, and return its SHA.

    A ref may move anywhere, as a forced push does.
    """
    who = f"Ada <ada@example.org> {int(when)} +0000"
    lines = [f"commit {refs[0]}\nmark :1\ncommitter {who}\n".encode(), _data(message.encode())]
    for kind, parent in zip(("from", *["merge"] * len(parents)), parents, strict=False):
        lines.append(f"{kind} {parent}\n".encode())
    for name, contents in files.items():
        if contents is None:
            lines.append(b"D " + _quoted(name) + b"\n")
            continue
        data = contents if isinstance(contents, bytes) else contents.encode()
        lines += [b"M 100644 inline " + _quoted(name) + b"\n", _data(data)]
    lines += [f"reset {ref}\nfrom :1\n\n".encode() for ref in refs[1:]]
    lines.append(b"get-mark :1\n")
    script = b"".join(lines)
    return git(store, "fast-import", "--quiet", "--force", input=script).decode().strip()


def point(path: Path, ref: str, sha: str) -> None:
    """Set a ref, forced."""
    git(path, "update-ref", ref, sha)


def tip(path: Path, ref: str) -> str:
    """The commit that a ref points at."""
    return git(path, "rev-parse", "--verify", ref).decode().strip()


def is_ancestor(store: Path, older: str, newer: str) -> bool:
    """Whether `newer` contains `older`."""
    done = subprocess.run(
        ["git", "merge-base", "--is-ancestor", older, newer],
        cwd=store,
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def merged_files(store: Path, base: str, head: str) -> Files:
    """What a merge of `head` changes on `base`; raises GitFailed on a conflict."""
    tree = git(store, "merge-tree", "--write-tree", base, head).decode().split("\n", 1)[0]
    raw = git(store, "diff", "--raw", "--no-renames", "--no-abbrev", "-z", base, tree)
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    files: dict[str, str | bytes | None] = {}
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        *_, blob, status = meta.split()
        files[path] = None if status == "D" else git(store, "cat-file", "blob", blob)
    return files


def conflicts(store: Path, base: str, head: str) -> bool:
    """Whether a merge needs a person."""
    try:
        git(store, "merge-tree", "--write-tree", base, head)
    except GitFailed:
        return True
    return False


def _data(raw: bytes) -> bytes:
    return f"data {len(raw)}\n".encode() + raw + b"\n"


def _quoted(name: str) -> bytes:
    """A path as fast-import reads it whatever it contains."""
    raw = name.encode("utf-8", "surrogateescape")
    return (
        b'"' + b"".join(b"\\%03o" % c if c < 32 or c in b'"\\' else bytes([c]) for c in raw) + b'"'
    )
