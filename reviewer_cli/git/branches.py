"""What the refs of a local repository say: its branches, its mirrored pull requests, its default.

Pull requests are named by their branch. In a mirror of GitHub those under refs/pull are named by
their number, and a branch whose name is a number is called `heads/<number>` beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from reviewer_cli.errors import RepositoryUnusable
from reviewer_cli.git.run import GitError, run

ORIGIN_HEAD = "refs/remotes/origin/HEAD"
USUAL_DEFAULTS = ("main", "master", "trunk", "develop")
NUMBER = re.compile("[0-9]+")
ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")
PULL = re.compile(r"refs/pull/([0-9]+)/head")


@dataclass(frozen=True, slots=True)
class Base:
    """The default branch: its full name and its commit."""

    ref: str
    sha: str


@dataclass(frozen=True, slots=True)
class Newest:
    """What a commit says of itself; `at` is in seconds since the epoch, and its writer's word."""

    author: str = ""
    subject: str = ""
    body: str = ""
    at: float | None = None


def listed(repo: str, *patterns: str) -> dict[str, str]:
    """Full name → SHA of the refs that fit a pattern; origin's HEAD → its branch.

    One git process. A name that is no UTF-8 is written with escapes: since a backslash is in no
    name of a ref, it stays apart from all others.
    """
    output = run(
        [
            "for-each-ref",
            "--format=%(objectname) %(refname) %(symref)",
            *patterns,
        ],
        cwd=Path(repo),
    )
    refs = {}
    for line in output.decode("utf-8", "backslashreplace").split("\n")[:-1]:
        sha, name, target = line.split(" ", 2)
        refs[name] = target if name == ORIGIN_HEAD else sha
    return refs


def open_refs(repo: str) -> dict[str, str]:
    """The same; raises RepositoryUnusable with a sentence for what people get wrong."""
    if not Path(repo).is_dir():
        raise RepositoryUnusable(f"{repo} is not a directory; name a git repository.")
    try:
        refs = listed(repo, "refs/heads", "refs/pull/*/head", ORIGIN_HEAD)
    except GitError as error:
        if "not a git repository" in error.stderr:
            raise RepositoryUnusable(f"{repo} is not a git repository.") from error
        if "dubious ownership" in error.stderr:
            raise RepositoryUnusable(
                f"{repo} belongs to another user; sweep it as its owner."
            ) from error
        raise RepositoryUnusable(f"{repo} cannot be read: {error}.") from error
    if not refs:
        raise RepositoryUnusable(f"{repo} has no commits yet; there is nothing to review.")
    return refs


def base(repo: str, refs: dict[str, str], configured: str | None) -> Base:
    """The default branch: as configured, as origin says, by its usual name, or the only one.

    Raises RepositoryUnusable when none of these exists.
    """
    if configured is not None:
        candidates = [configured]
    else:
        said = refs.get(ORIGIN_HEAD, "").removeprefix("refs/remotes/origin/")
        branches = (ref for ref in refs if ref.startswith("refs/heads/"))
        two = [ref.removeprefix("refs/heads/") for ref in islice(branches, 2)]
        candidates = [said, *USUAL_DEFAULTS, *(two if len(two) == 1 else ())]
    for branch in candidates:
        ref = f"refs/heads/{branch}"
        if ref in refs:
            return Base(ref, refs[ref])
    raise RepositoryUnusable(
        f"{repo} has no branch {configured!r}; set local.default_branch to one that exists."
        if configured is not None
        else f"{repo} has no default branch that can be told (looked for origin's HEAD, "
        f"{', '.join(USUAL_DEFAULTS)}); set local.default_branch in reviewer.toml."
    )


def pull_of(ref: str) -> str | None:
    """The pull request that a ref is the tip of; None for origin's HEAD."""
    if ref.startswith("refs/heads/"):
        branch = ref.removeprefix("refs/heads/")
        return f"heads/{branch}" if NUMBER.fullmatch(branch) else branch
    found = PULL.fullmatch(ref)
    return found[1] if found else None


def ref_of(pull: str) -> str:
    """The full name that `pull_of` turned into this one, with bytes that are no text as git has."""
    if NUMBER.fullmatch(pull):
        return f"refs/pull/{pull}/head"
    number = pull.removeprefix("heads/")
    name = f"refs/heads/{number if NUMBER.fullmatch(number) else pull}"
    return ESCAPED.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), name)


def unmerged(repo: str, base_sha: str, *patterns: str) -> dict[str, Newest]:
    """SHA → newest commit of every ref that is not merged into the base."""
    fields = "%00".join(
        (
            "%(objectname)",
            "%(authorname)",
            "%(committerdate:unix)",
            "%(contents:subject)",
            "%(contents:body)",
            "",
        )
    )
    output = run(
        ["for-each-ref", f"--no-merged={base_sha}", f"--format={fields}%0a", *patterns],
        cwd=Path(repo),
    )
    told = {}
    for record in output.decode("utf-8", "replace").split("\0\n\n"):
        sha, *rest = record.strip("\n").split("\0", 4)
        if len(rest) == 4:
            told[sha] = _newest(*rest)
    return told


def newest(repo: str, sha: str) -> Newest:
    """What one commit says of itself, wherever it is."""
    output = run(
        ["rev-list", "--max-count=1", "--format=%an%x00%ct%x00%s%x00%b", sha, "--"],
        cwd=Path(repo),
    )
    told = output.decode("utf-8", "replace").partition("\n")[2].split("\0", 3)
    return _newest(*told) if len(told) == 4 else Newest()


def _newest(author: str, at: str, subject: str, body: str) -> Newest:
    """Without a time where git cannot read the one that was written."""
    when = float(at) if NUMBER.fullmatch(at) else None
    return Newest(author=author, subject=subject, body=body, at=when)
