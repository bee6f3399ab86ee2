"""A local git repository as a code host: its unmerged branches are the open pull requests.

A review is kept as a git note under refs/notes/reviewer on the head (`git log --notes=reviewer`
shows it) and as Markdown in the state directory. Nothing else in the repository is touched: no
work tree, no index, no branch, no setting.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from reviewer_cli.core.conversation import Conversation
from reviewer_cli.core.health import Sign, green, red
from reviewer_cli.core.marker import MARKER
from reviewer_cli.core.models import Head, HeadKey, Review, Tip
from reviewer_cli.errors import DraftGone, RepositoryUnusable
from reviewer_cli.git.branches import (
    Newest,
    base,
    listed,
    newest,
    open_refs,
    pull_of,
    ref_of,
    unmerged,
)
from reviewer_cli.git.flock import alone_in
from reviewer_cli.git.merges import arrival, contains
from reviewer_cli.git.notes import NOTES, append, note_of, noted
from reviewer_cli.git.place import repository_at
from reviewer_cli.git.pulls import VERSION_CHARS, conversations, merged_tips
from reviewer_cli.git.run import GitBusy, GitError
from reviewer_cli.ports.host import Draft, Merged, PostLimits, Remote, RepositoryPoll, Standing
from reviewer_cli.render.markdown import document
from reviewer_cli.retry import while_busy

NAME = "local"
MARKER_SECRET = b"reviewer notes"
"""Not a secret: whoever can write the notes of a repository can write the repository."""


class LocalGit:
    """The repositories on this machine; a repository's name is the absolute path of its top."""

    name = NAME
    marker_secret = MARKER_SECRET
    limits = PostLimits(body_chars=1_000_000, comments=1_000)
    """None of git's: enough for any review, small enough for any terminal."""
    lists_lag_s = 0.0

    def __init__(self, reviews_dir: Path, default_branch: str | None = None) -> None:
        """Keep reviews as Markdown below `reviews_dir`; `default_branch` overrides the search."""
        self._reviews_dir = reviews_dir
        self._default_branch = default_branch

    def repositories(self, selectors: Sequence[str]) -> list[str]:
        """The repository that each path is in, each once, told without starting git.

        A directory in a work tree, its `.git` and a linked work tree all mean one repository. A
        path without one is kept as it is: the poll says what is wrong with it.
        """
        paths = (Path(os.path.expanduser(one)).resolve() for one in selectors)
        return list(dict.fromkeys(str(repository_at(path) or path) for path in paths))

    def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
        """The tips of all branches and mirrored pull requests but the default branch.

        One git process per repository. Whether a tip is merged already is left to `describe`,
        since that is asked only for tips the ledger does not know; their version is the default
        branch's commit in short, so that each push to it is news of them all.
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

    def look(self, key: HeadKey) -> Standing:
        """Where the branch or mirrored pull request points now, and what its note says."""
        found = listed(key.repo, ref_of(key.pull))
        current = {pull_of(ref): sha for ref, sha in found.items()}.get(key.pull)
        return Standing(current_sha=current, posted=_posted(key))

    def prepare(self, review: Review) -> Draft:
        """Write the review as Markdown under a hidden name."""
        path = self._markdown_path(review.key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}")
        draft.write_text(document(review), encoding="utf-8")
        return Draft(review=review, draft_id=str(draft))

    def submit(self, draft: Draft) -> str:
        """Append the review to the head's note, then give the Markdown file its name.

        A review that another sweep added since the look is kept, and no second one added.
        """
        review = draft.review
        if not Path(draft.draft_id).exists():
            raise DraftGone(f"The draft {draft.draft_id} is gone; it is written anew.")
        with alone_in(Path(review.key.repo)):
            posted = while_busy(partial(_added, review.key, document(review)), GitBusy)
        if posted is not None:
            self.discard(draft)
            return posted
        Path(draft.draft_id).replace(self._markdown_path(review.key))
        return _note_id(review.key)

    def discard(self, draft: Draft) -> None:
        """Remove the hidden Markdown file."""
        Path(draft.draft_id).unlink(missing_ok=True)

    def conversations(self, heads: Sequence[HeadKey]) -> list[Conversation]:
        """Whether each branch is open, merged or gone; a repository that is no more is left out."""
        found: list[Conversation] = []
        for repo in dict.fromkeys(key.repo for key in heads):
            try:
                refs = open_refs(repo)
                default = base(repo, refs, self._default_branch)
            except RepositoryUnusable:
                continue  # the poll has said why
            mine = [key for key in heads if key.repo == repo]
            found += conversations(repo, mine, refs, default)
        return found

    def review_body(self, key: HeadKey, review_id: str) -> str | None:
        """None: each head has a note of its own."""
        return None

    def amend(self, key: HeadKey, review_id: str, body: str) -> None:
        """Put the body behind what the head's own note says: each head has a note of its own."""
        with alone_in(Path(key.repo)):
            while_busy(partial(_put_behind, key, body), GitBusy)

    def settle(self, key: HeadKey, comment_id: str, body: str) -> None:
        """Nothing: a note is no comment that could be folded up."""

    def resolve(self, key: HeadKey, thread_id: str) -> None:
        """Nothing: there are no threads here."""

    def acknowledge(self, key: HeadKey, comment_id: str) -> None:
        """Nothing: nobody comments here."""

    def names(self, repo: str) -> tuple[str, ...]:
        """None, since nobody comments here."""
        return ()

    def may_write(self, repo: str, login: str) -> bool:
        """Nobody, since nobody comments here."""
        return False

    def merged_since(self, repos: Sequence[str], since: float) -> list[RepositoryPoll]:
        """What merge commits and the reflog of the default branch tell; see `git.merges`."""
        return [self._merged(repo, since) for repo in repos]

    def describe_merged(self, tips: Sequence[Tip]) -> list[Merged]:
        """Told by their newest commits, and by how they came into the default branch."""
        found: list[Merged] = []
        for repo in dict.fromkeys(tip.key.repo for tip in tips):
            default = base(repo, open_refs(repo), self._default_branch)
            for tip in tips:
                if tip.key.repo == repo and contains(repo, default.sha, tip.key.sha):
                    _, at = arrival(repo, default.sha, tip.key.sha)
                    head = _head(tip, newest(repo, tip.key.sha), _posted(tip.key))
                    found.append(Merged(head=head, at=at))
        return found

    def examine(self, selectors: Sequence[str]) -> Iterator[Sign]:
        """Whether each repository can be read, and how many branches are open in it."""
        for one in self.open_tips(self.repositories(selectors)):
            if one.error is None:
                yield green(one.repo, f"{len(one.tips)} open branches")
            else:
                yield red(one.repo, one.error, "correct repositories, or --repo")

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _poll(self, repo: str) -> RepositoryPoll:
        try:
            refs = open_refs(repo)
            default = base(repo, refs, self._default_branch)
        except RepositoryUnusable as error:
            return RepositoryPoll(repo=repo, error=str(error))
        tips: dict[str, Tip] = {}
        base_ref = default.ref.removeprefix("refs/heads/")
        for ref, sha in refs.items():
            pull = pull_of(ref)
            if pull is None or ref == default.ref or sha == default.sha:
                continue
            # Two branches at one commit are one head: a note can say only one thing of a commit.
            tips.setdefault(
                sha,
                Tip(
                    key=HeadKey(NAME, repo, pull, sha),
                    head_ref=ref.removeprefix("refs/heads/"),
                    base_ref=base_ref,
                    base_sha=default.sha,
                    version=default.sha[:VERSION_CHARS],
                ),
            )
        return RepositoryPoll(repo=repo, tips=tuple(tips.values()))

    def _merged(self, repo: str, since: float) -> RepositoryPoll:
        try:
            refs = open_refs(repo)
            default = base(repo, refs, self._default_branch)
        except RepositoryUnusable as error:
            return RepositoryPoll(repo=repo, error=str(error))
        return RepositoryPoll(repo=repo, tips=merged_tips(NAME, repo, refs, default, since))

    def _describe(self, repo: str, tips: Sequence[Tip]) -> list[Head]:
        """The heads of one repository; a tip that git cannot read goes on to fail by itself."""
        base_sha = tips[0].base_sha
        try:
            told = unmerged(repo, base_sha, *(ref_of(tip.key.pull) for tip in tips))
        except GitError:
            told = {}
            for tip in tips:
                try:
                    told |= unmerged(repo, base_sha, ref_of(tip.key.pull))
                except GitError:
                    told[tip.key.sha] = Newest()
        with_notes = noted(repo)
        return [
            _head(tip, told[tip.key.sha], _posted(tip.key) if tip.key.sha in with_notes else None)
            for tip in tips
            if tip.key.sha in told
        ]

    def _markdown_path(self, key: HeadKey) -> Path:
        repo = re.sub(r"[^A-Za-z0-9._-]+", "-", key.repo).strip("-.")[-80:]
        pull = re.sub(r"[^A-Za-z0-9._-]+", "-", key.pull).strip("-.")[:80]
        return self._reviews_dir / repo / f"{pull}-{key.sha[:12]}.md"


def _head(tip: Tip, told: Newest, posted: str | None) -> Head:
    return Head(
        key=tip.key,
        head_ref=tip.head_ref,
        base_ref=tip.base_ref,
        base_sha=tip.base_sha,
        author=told.author,
        author_is_bot=told.author.endswith("[bot]"),
        title=told.subject,
        body=told.body.strip(),
        pushed_at=told.at,
        posted=posted,
    )


def _posted(key: HeadKey) -> str | None:
    """The id of the note on this commit when it holds a review of it.

    Under whatever name: a branch that was renamed is no reason to review a commit twice.
    """
    return _said(key, note_of(key.repo, key.sha))


def _said(key: HeadKey, note: str) -> str | None:
    found = (MARKER.fullmatch(line) for line in note.split("\n"))
    return _note_id(key) if any(one and one[1] == key.sha for one in found) else None


def _added(key: HeadKey, text: str) -> str | None:
    """Append a review to the head's note; the id of the one that is there already, if one is."""
    note = note_of(key.repo, key.sha)
    if (posted := _said(key, note)) is None:
        append(key.repo, key.sha, note, text)
    return posted


def _put_behind(key: HeadKey, text: str) -> None:
    """Append a text to the head's note where it does not say it yet."""
    note = note_of(key.repo, key.sha)
    if text.rstrip("\n") not in note:
        append(key.repo, key.sha, note, text)


def _note_id(key: HeadKey) -> str:
    return f"{NOTES}:{key.sha}"
