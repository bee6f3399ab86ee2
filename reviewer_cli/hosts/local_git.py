"""A local git repository as a code host: its unmerged branches are the open pull requests.

A review is kept as a git note under refs/notes/reviewer on the head (`git log --notes=reviewer`
shows it) and as Markdown in the state directory. Nothing else in the repository is touched: no
work tree, no index, no branch, no setting.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import Head, HeadKey, Review, Tip
from reviewer_cli.errors import HeadRejected, RepositoryUnusable
from reviewer_cli.git.run import GitBusy, GitError, run
from reviewer_cli.ports import Draft, Remote, RepositoryPoll
from reviewer_cli.render.markdown import document
from reviewer_cli.retry import while_busy

NAME = "local"
NOTES = "refs/notes/reviewer"
MARKER_SECRET = b"reviewer notes"
"""Not a secret: whoever can write the notes of a repository can write the repository."""

USUAL_DEFAULTS = ("main", "master", "trunk", "develop")
PULL = re.compile(r"refs/pull/([^/]+)/head")

IDENTITY = {
    "GIT_AUTHOR_NAME": "reviewer",
    "GIT_AUTHOR_EMAIL": "reviewer@localhost",
    "GIT_COMMITTER_NAME": "reviewer",
    "GIT_COMMITTER_EMAIL": "reviewer@localhost",
}


@dataclass(frozen=True, slots=True)
class _Base:
    ref: str
    sha: str


class LocalGit:
    """The repositories on this machine; a repository's name is its absolute path."""

    name = NAME
    marker_secret = MARKER_SECRET

    def __init__(self, reviews_dir: Path, default_branch: str | None = None) -> None:
        """Keep reviews as Markdown below `reviews_dir`; `default_branch` overrides the search."""
        self._reviews_dir = reviews_dir
        self._default_branch = default_branch

    def repositories(self, selectors: Sequence[str]) -> list[str]:
        """Absolute paths, each once; whether they are repositories shows in the poll."""
        return list(dict.fromkeys(str(Path(one).expanduser().resolve()) for one in selectors))

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        """The tips of all branches and mirrored pull requests but the default branch.

        One git process per repository. Whether a tip is merged already is left to `describe`,
        since that is asked only for tips the ledger does not know.
        """
        return [self._poll(repo) for repo in repos]

    def describe(self, tips: Sequence[Tip]) -> list[Head]:
        """Heads of the tips that are not merged into their base, told by their newest commit."""
        heads: list[Head] = []
        for repo in dict.fromkeys(tip.key.repo for tip in tips):
            mine = [tip for tip in tips if tip.key.repo == repo]
            heads += self._describe(repo, mine)
        return heads

    def remote(self, repo: str) -> Remote:
        """The repository itself, read by path."""
        return Remote(url=repo)

    def posted_review(self, key: HeadKey) -> str | None:
        """The id of the note on this head when it holds this pull request's marker."""
        return _note_id(key) if self._marker_line(key) in self._note(key).split("\n") else None

    def current_sha(self, key: HeadKey) -> str | None:
        """Where the branch or mirrored pull request points now."""
        for ref in (f"refs/heads/{key.pull}", f"refs/pull/{key.pull}/head"):
            found = _git(key.repo, "for-each-ref", "--format=%(objectname) %(refname)", ref)
            for line in found.decode("utf-8", "replace").splitlines():
                sha, name = line.split(" ", 1)
                if name == ref:
                    return sha
        return None

    def prepare(self, review: Review) -> Draft:
        """Write the review as Markdown under a hidden name."""
        path = self._markdown_path(review.key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}")
        draft.write_text(document(review), encoding="utf-8")
        return Draft(review=review, draft_id=str(draft))

    def submit(self, draft: Draft) -> str:
        """Append the review to the head's note, then give the Markdown file its name."""
        review = draft.review
        others = self._note(review.key).rstrip("\n")
        text = f"{others}\n\n{document(review)}" if others else document(review)
        while_busy(lambda: _write_note(review.key, text), GitBusy)
        Path(draft.draft_id).replace(self._markdown_path(review.key))
        return _note_id(review.key)

    def discard(self, draft: Draft) -> None:
        """Remove the hidden Markdown file."""
        Path(draft.draft_id).unlink(missing_ok=True)

    def _poll(self, repo: str) -> RepositoryPoll:
        try:
            refs = _refs(repo)
            base = _base(repo, refs, self._default_branch)
        except (RepositoryUnusable, GitError) as error:
            return RepositoryPoll(repo=repo, error=str(error))
        tips: dict[str, Tip] = {}
        for ref, sha in refs.items():
            pull = _pull_of(ref)
            if pull is None or ref == base.ref or sha == base.sha:
                continue
            # Two branches at one commit are one head: a note can say only one thing of a commit.
            tips.setdefault(
                sha,
                Tip(
                    key=HeadKey(NAME, repo, pull, sha),
                    head_ref=ref.removeprefix("refs/heads/"),
                    base_ref=base.ref.removeprefix("refs/heads/"),
                    base_sha=base.sha,
                ),
            )
        return RepositoryPoll(repo=repo, tips=tuple(tips.values()))

    def _describe(self, repo: str, tips: Sequence[Tip]) -> list[Head]:
        fields = "%00".join(
            ("%(objectname)", "%(authorname)", "%(contents:subject)", "%(contents:body)", "")
        )
        listed = _git(
            repo,
            "for-each-ref",
            f"--no-merged={tips[0].base_sha}",
            f"--format={fields}%0a",
            "refs/heads",
            "refs/pull",
        )
        unmerged = {}
        for record in listed.decode("utf-8", "replace").split("\0\n\n"):
            sha, *rest = record.strip("\n").split("\0", 3)
            if len(rest) == 3:
                unmerged[sha] = rest
        return [
            Head(
                key=tip.key,
                head_ref=tip.head_ref,
                base_ref=tip.base_ref,
                base_sha=tip.base_sha,
                author=unmerged[tip.key.sha][0],
                author_is_bot=unmerged[tip.key.sha][0].endswith("[bot]"),
                title=unmerged[tip.key.sha][1],
                body=unmerged[tip.key.sha][2].strip(),
            )
            for tip in tips
            if tip.key.sha in unmerged
        ]

    def _marker_line(self, key: HeadKey) -> str:
        return marker(key, MARKER_SECRET)

    def _note(self, key: HeadKey) -> str:
        try:
            return _git(key.repo, "notes", f"--ref={NOTES}", "show", key.sha).decode(
                "utf-8", "replace"
            )
        except GitError as error:
            if "no note found" in error.stderr:
                return ""
            raise

    def _markdown_path(self, key: HeadKey) -> Path:
        repo = re.sub(r"[^A-Za-z0-9._-]+", "-", key.repo).strip("-.")[-80:]
        pull = re.sub(r"[^A-Za-z0-9._-]+", "-", key.pull).strip("-.")[:80]
        return self._reviews_dir / repo / f"{pull}-{key.sha[:12]}.md"


def _git(repo: str, *args: str, input: bytes | None = None) -> bytes:  # noqa: A002
    return run(args, cwd=Path(repo), environment=IDENTITY, input=input)


def _refs(repo: str) -> dict[str, str]:
    """Full name → SHA of every branch and mirrored pull request, and of origin's HEAD."""
    if not Path(repo).is_dir():
        raise RepositoryUnusable(f"{repo} is not a directory; name a git repository.")
    try:
        listed = _git(
            repo,
            "for-each-ref",
            "--format=%(objectname) %(refname) %(symref)",
            "refs/heads",
            "refs/pull/*/head",
            "refs/remotes/origin/HEAD",
        )
    except GitError as error:
        if "not a git repository" in error.stderr:
            raise RepositoryUnusable(f"{repo} is not a git repository.") from error
        if "dubious ownership" in error.stderr:
            raise RepositoryUnusable(
                f"{repo} belongs to another user; sweep it as its owner."
            ) from error
        raise
    refs = {}
    for line in listed.decode("utf-8", "surrogateescape").splitlines():
        sha, name, target = line.split(" ", 2)
        refs[name] = f"-> {target}" if target else sha
    if not refs:
        raise RepositoryUnusable(f"{repo} has no commits yet; there is nothing to review.")
    return refs


def _base(repo: str, refs: dict[str, str], configured: str | None) -> _Base:
    """The default branch: as configured, as origin says, by its usual name, or the only one."""
    if configured is not None:
        candidates = [configured]
    else:
        said = refs.get("refs/remotes/origin/HEAD", "").removeprefix("-> refs/remotes/origin/")
        branches = [
            ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/")
        ]
        candidates = [said, *USUAL_DEFAULTS, *(branches if len(branches) == 1 else ())]
    for branch in candidates:
        ref = f"refs/heads/{branch}"
        if ref in refs:
            return _Base(ref, refs[ref])
    raise RepositoryUnusable(
        f"{repo} has no branch {configured!r}; set local.default_branch to one that exists."
        if configured is not None
        else f"{repo} has no default branch that can be told (looked for origin's HEAD, "
        f"{', '.join(USUAL_DEFAULTS)}); set local.default_branch in reviewer.toml."
    )


def _pull_of(ref: str) -> str | None:
    if ref.startswith("refs/heads/"):
        return ref.removeprefix("refs/heads/")
    found = PULL.fullmatch(ref)
    return found[1] if found else None


def _note_id(key: HeadKey) -> str:
    return f"{NOTES}:{key.sha}"


def _write_note(key: HeadKey, text: str) -> None:
    """Add the note from a blob, which git takes verbatim instead of tidying its blank lines."""
    try:
        blob = _git(key.repo, "hash-object", "-w", "--stdin", input=text.encode()).decode().strip()
        _git(key.repo, "notes", f"--ref={NOTES}", "add", "--force", "-C", blob, key.sha)
    except GitError as error:
        if "insufficient permission" in error.stderr or "Permission denied" in error.stderr:
            raise HeadRejected(
                f"The notes of {key.repo} cannot be written; sweep it as a user who may."
            ) from error
        raise
