"""Notes under our name: what a repository itself remembers of a commit, and shows."""

from __future__ import annotations

from pathlib import Path

from reviewer_cli.errors import HeadRejected
from reviewer_cli.git.run import GitError, run

NOTES = "refs/notes/reviewer"

IDENTITY = {
    "GIT_AUTHOR_NAME": "reviewer",
    "GIT_AUTHOR_EMAIL": "reviewer@localhost",
    "GIT_COMMITTER_NAME": "reviewer",
    "GIT_COMMITTER_EMAIL": "reviewer@localhost",
}


def noted(repo: str) -> frozenset[str]:
    """The commits that have a note."""
    listed = _git(repo, "notes", f"--ref={NOTES}", "list").decode("ascii")
    return frozenset(line.split(" ")[1] for line in listed.splitlines())


def note_of(repo: str, sha: str) -> str:
    """The note of a commit; "" when it has none."""
    try:
        said = _git(repo, "notes", f"--ref={NOTES}", "show", sha)
        return said.decode("utf-8", "surrogateescape")
    except GitError as error:
        if "no note found" in error.stderr:
            return ""
        raise


def append(repo: str, sha: str, note: str, text: str) -> None:
    """Put a text behind what the `note_of` a commit says, as it is, blank lines and all.

    Raises HeadRejected where the repository may not be written, GitBusy where another git works.
    """
    others = note.rstrip("\n")
    whole = f"{others}\n\n{text}" if others else text
    try:
        content = whole.encode("utf-8", "surrogateescape")
        # From a blob, which git takes verbatim instead of tidying its blank lines.
        blob = _git(repo, "hash-object", "-w", "--stdin", input=content).decode().strip()
        _git(repo, "notes", f"--ref={NOTES}", "add", "--force", "-C", blob, sha)
    except GitError as error:
        if "insufficient permission" in error.stderr or "Permission denied" in error.stderr:
            raise HeadRejected(
                f"The notes of {repo} cannot be written; sweep it as a user who may."
            ) from error
        raise


def _git(repo: str, *args: str, input: bytes | None = None) -> bytes:  # noqa: A002
    return run(args, cwd=Path(repo), environment=IDENTITY, input=input)
