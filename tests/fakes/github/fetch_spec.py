"""Fetch GitHub's published descriptions of REST and GraphQL for the checks of the fake.

    python -m tests.fakes.github.fetch_spec DIRECTORY

They come as npm packages of the Octokit project (MIT licence) by `npm pack`; versions and sums are
pinned, so a changed package is refused. Nothing is installed: only the two files are kept.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.github.spec import GRAPHQL, OPENAPI


@dataclass(frozen=True, slots=True)
class Pinned:
    """One file of one version of a package, and the SHA-256 of that file."""

    package: str
    member: str
    name: str
    sha256: str


PINNED = (
    Pinned(
        "@octokit/openapi@23.0.2",
        "package/generated/api.github.com.json",
        OPENAPI,
        "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a",
    ),
    Pinned(
        "@octokit/graphql-schema@15.26.1",
        "package/schema.graphql",
        GRAPHQL,
        "3c62d0526d133cee53221c89de9b455ade24db78b9e7ad56d642c4c15bce2654",
    ),
)


class NotAsPinned(SystemExit):
    """What was fetched is not what was looked at when the version was pinned."""


def fetch(folder: Path) -> None:
    """Put every pinned file into `folder`; one that is there already is not fetched again."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in PINNED:
        target = folder / one.name
        if not target.exists() or _sum(target.read_bytes()) != one.sha256:
            data = _packed(one)
            check(one, data)
            target.write_bytes(data)
        sys.stdout.write(f"{target}: {one.package}\n")


def check(pinned: Pinned, data: bytes) -> None:
    """Raise NotAsPinned when the sum differs."""
    if _sum(data) != pinned.sha256:
        raise NotAsPinned(
            f"{pinned.member} of {pinned.package} has another SHA-256 than was pinned; "
            "do not use it before you know why."
        )


def _packed(pinned: Pinned) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        # npm runs no script of a package that is only packed.
        command = ["npm", "pack", "--silent", "--ignore-scripts", pinned.package]
        done = subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True)
        archive = Path(scratch, done.stdout.split()[-1])
        with tarfile.open(archive) as packed:
            member = packed.extractfile(pinned.member)
            if member is None:
                raise NotAsPinned(f"{pinned.package} has no file {pinned.member}.")
            return member.read()


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Name the directory: python -m tests.fakes.github.fetch_spec DIRECTORY")
    fetch(Path(sys.argv[1]))
