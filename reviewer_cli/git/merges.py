"""What the history of a base branch says of the heads that came into it.

A head that was squashed leaves no trace there, and is taken for one that never came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from reviewer_cli.git.run import GitError, run

MOST_REFLOG = 1000
"""Entries of a base's reflog: a year of three merges a day."""

LOG = ("log", "--no-show-signature")
"""A repository's setting could make log run a program of its choice to check signatures."""

FAST_FORWARD = re.compile(r"merge (.+): Fast-forward")
WHEN = re.compile(r"@\{([0-9]+)\}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A head that the commit `into` brought into the base, which was at `onto` before.

    `said` are the words it was done with, `at` is in seconds since the epoch.
    """

    head: str
    onto: str
    into: str
    at: float
    said: str = ""


def tips_apart(repo: str, base_sha: str) -> frozenset[str]:
    """The commits that branches and other refs point at and that did not come into the base.

    One git process, however many there are.
    """
    asked = ("for-each-ref", f"--no-merged={base_sha}", "--format=%(objectname)")
    return frozenset(_lines(repo, *asked))


def contains(repo: str, base_sha: str, sha: str) -> bool:
    """Whether a commit came into the base; one that the repository has not did not."""
    try:
        _git(repo, "merge-base", "--is-ancestor", sha, base_sha)
    except GitError as error:
        if error.returncode in (1, 128):
            return False
        raise
    return True


def arrival(repo: str, base_sha: str, sha: str) -> tuple[str, float]:
    """The commit by which a contained one came into the base, and when; itself where none was."""
    came = f"{sha}..{base_sha}"
    path = frozenset(_lines(repo, "rev-list", "--ancestry-path", came))
    into = sha
    for line in _lines(repo, "rev-list", "--first-parent", "--parents", came):
        commit, first, *_ = (*line.split(" "), "")
        if commit in path:
            into = sha if first == sha else commit
    return into, float(_records(repo, "rev-list", "--max-count=1", "--format=%x00%ct", into)[0][1])


def merges_since(repo: str, base_ref: str, base_sha: str, since: float) -> list[Merge]:
    """What was merged into the base at `since` or later, newest first.

    By merge commits, and by the fast forwards that the base's reflog still knows.
    """
    found = _merge_commits(repo, base_sha, since) + _fast_forwards(repo, base_ref, since)
    return sorted(found, key=lambda one: one.at, reverse=True)


def _merge_commits(repo: str, base_sha: str, since: float) -> list[Merge]:
    told = _records(
        repo,
        "rev-list",
        "--first-parent",
        "--merges",
        f"--max-age={int(since)}",
        "--format=%H%x00%P%x00%ct%x00%s",
        base_sha,
    )
    merges = []
    for commit, parents, at, said in told:
        onto, *heads = parents.split(" ")
        merges += [
            Merge(head=head, onto=onto, into=commit, at=float(at), said=said) for head in heads
        ]
    return [one for one in merges if one.at >= since]


def _fast_forwards(repo: str, base_ref: str, since: float) -> list[Merge]:
    """Newest first, so that where the base was before an entry is the entry after it."""
    told = _records(
        repo,
        *LOG,  # rev-list tells nothing of reflogs
        "--walk-reflogs",
        f"--max-count={MOST_REFLOG}",
        "--date=unix",
        "--format=%H%x00%gd%x00%gs",
        base_ref,
        "--",
    )
    entries = []
    for sha, selector, said in told:
        when = WHEN.search(selector)
        entries.append((sha, float(when[1]) if when else 0.0, said))
    return [
        Merge(head=sha, onto=onto, into=sha, at=at, said=said)
        for (sha, at, said), (onto, _, _) in pairwise(entries)
        if at >= since and FAST_FORWARD.fullmatch(said)
    ]


def _records(repo: str, *args: str) -> list[list[str]]:
    return [line.split("\0") for line in _lines(repo, *args) if "\0" in line]


def _lines(repo: str, *args: str) -> list[str]:
    return _git(repo, *args).decode("utf-8", "backslashreplace").split("\n")[:-1]


def _git(repo: str, *args: str) -> bytes:
    return run(args, cwd=Path(repo))
