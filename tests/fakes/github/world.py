"""The world behind the fake GitHub: what people and bots do to repositories and pull requests.

Every verb is one step of history: `world.at(2)` is how things stood two steps ago. Time moves by
one second per step and when a test says so. Verbs take rows, however old, and return fresh ones.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fakes.github import bare, diffs
from tests.fakes.github.bare import Files
from tests.fakes.github.history import History, one_at_a_time
from tests.fakes.github.rows import BOT_SUFFIX, Account, IssueComment, Pull, Repo


class World(History):
    """Everything the fake GitHub knows; repositories live below `root`."""

    def __init__(self, root: Path, *, now: float | None = None) -> None:
        """A world without accounts and repositories."""
        super().__init__(now)
        self.root = root

    @one_at_a_time
    def account(self, login: str, kind: str = "User") -> Account:
        """The account of that login, made as `kind` when there is none yet."""
        found = self.tables.account(login)
        if found is None:
            if login.endswith(BOT_SUFFIX):
                kind = "Bot"
            found = Account(id=self.new_id(), login=login, kind=kind)
            self.save(found)
        return found

    @one_at_a_time
    def repo(self, full_name: str, files: Files | None = None, **fields: Any) -> Repo:
        """A repository with one commit on its default branch.

        An unknown owner becomes an organisation. `fields` are those of `Repo`.
        """
        owner, name = full_name.split("/")
        number = self.new_id()
        path = self.root / "git" / f"{number}.git"
        bare.create(path, self.root / "template.git")
        when = self.stamp()
        made = Repo(
            id=number,
            owner=self.account(owner, "Organization"),
            name=name,
            path=path,
            store=path,
            created_at=when,
            pushed_at=when,
            **fields,
        )
        bare.commit(
            path,
            files or {"README.md": f"# {name}\n"},
            refs=(f"refs/heads/{made.default_branch}",),
            parents=(),
            message="Begin",
            when=when,
        )
        if made.default_branch != "main":
            bare.git(path, "symbolic-ref", "HEAD", f"refs/heads/{made.default_branch}")
        self.save(made)
        return made

    @one_at_a_time
    def fork(self, parent: Repo, owner: Account) -> Repo:
        """The owner's fork, with the parent's default branch."""
        parent = self.fresh(parent)
        number = self.new_id()
        path = self.root / "git" / f"{number}.git"
        bare.create_fork(path, parent.store, self.root / "template.git")
        branch = f"refs/heads/{parent.default_branch}"
        bare.point(path, branch, bare.tip(parent.path, branch))
        made = replace(
            parent, id=number, owner=owner, path=path, parent_id=parent.id, created_at=self.stamp()
        )
        self.save(made)
        return made

    @one_at_a_time
    def commit(self, repo: Repo, files: Files, branch: str | None = None) -> str:
        """A commit on a branch, by default the default one; its SHA."""
        repo = self.fresh(repo)
        ref = f"refs/heads/{branch or repo.default_branch}"
        return self._commit(repo, ref, files, bare.tip(repo.path, ref))

    @one_at_a_time
    def pull(
        self,
        repo: Repo,
        files: Files,
        *,
        title: str = "Change things",
        body: str | None = None,
        author: Account | None = None,
        source: Repo | None = None,
        head: str | None = None,
        base: str | None = None,
        draft: bool = False,
        labels: tuple[str, ...] = (),
    ) -> Pull:
        """An open pull request whose branch `head` has one commit with `files` on top of `base`.

        `source` is the fork that the branch lives in, `author` the owner of `source` or a user
        named ada.
        """
        repo = self.fresh(repo)
        source = self.fresh(source) if source else repo
        number = self.tables.next_number(repo)
        base_ref = base or repo.default_branch
        base_sha = bare.tip(repo.path, f"refs/heads/{base_ref}")
        head_ref = head or f"change-{number}"
        if author is None:
            author = source.owner if source.owner.kind == "User" else self.account("ada")
        sha = self._commit(
            source, f"refs/heads/{head_ref}", files, base_sha, _pull_ref(number), message=title
        )
        made = Pull(
            id=self.new_id(),
            repo_id=repo.id,
            number=number,
            title=title,
            body=body,
            author_id=author.id,
            base_ref=base_ref,
            base_sha=base_sha,
            head_repo_id=source.id,
            head_ref=head_ref,
            head_sha=sha,
            commits=(sha,),
            draft=draft,
            labels=labels,
            created_at=self.now,
            updated_at=self.now,
        )
        self.save(made)
        return made

    @one_at_a_time
    def push(self, pull: Pull, files: Files) -> Pull:
        """One more commit on the head."""
        pull = self.fresh(pull)
        return self._move(pull, files, pull.head_sha, pull.commits)

    @one_at_a_time
    def force_push(self, pull: Pull, files: Files) -> Pull:
        """The branch begun anew from the base's present tip; the earlier commits are history."""
        pull = self.fresh(pull)
        repo = self.tables.repos[pull.repo_id]
        base = bare.tip(repo.path, f"refs/heads/{pull.base_ref}")
        return self._move(pull, files, base, ())

    @one_at_a_time
    def edit(self, pull: Pull, **fields: Any) -> Pull:
        """Change fields of the pull request: title, body, draft, labels, author_id."""
        return self._touch(pull, **fields)

    @one_at_a_time
    def close(self, pull: Pull) -> Pull:
        """Closed without merging."""
        when = self.stamp()
        return self._touch(pull, state="closed", closed_at=when)

    @one_at_a_time
    def reopen(self, pull: Pull) -> Pull:
        """Open again."""
        return self._touch(pull, state="open", closed_at=None)

    @one_at_a_time
    def merge(self, pull: Pull) -> Pull:
        """Merged with a merge commit that moves the base branch."""
        pull = self.fresh(pull)
        repo = self.tables.repos[pull.repo_id]
        base = f"refs/heads/{pull.base_ref}"
        tip = bare.tip(repo.path, base)
        changed = bare.merged_files(repo.store, tip, pull.head_sha)
        sha = self._commit(repo, base, changed, tip, merged=pull.head_sha)
        return self._touch(
            pull, state="merged", merge_sha=sha, closed_at=self.now, merged_at=self.now
        )

    @one_at_a_time
    def squash(self, pull: Pull) -> Pull:
        """Merged as one commit of the base branch's own, of which the head is no parent."""
        pull = self.fresh(pull)
        repo = self.tables.repos[pull.repo_id]
        base = f"refs/heads/{pull.base_ref}"
        tip = bare.tip(repo.path, base)
        sha = self._commit(repo, base, bare.merged_files(repo.store, tip, pull.head_sha), tip)
        return self._touch(
            pull, state="merged", merge_sha=sha, closed_at=self.now, merged_at=self.now
        )

    @one_at_a_time
    def change(self, repo: Repo, **fields: Any) -> Repo:
        """Change a repository: private, archived, sso, topics.

        `sso` makes its organisation demand a single sign-on that no token here has.
        """
        changed = replace(self.fresh(repo), **fields)
        self.save(changed)
        return changed

    @one_at_a_time
    def rename(self, repo: Repo, full_name: str) -> Repo:
        """A new name, perhaps with a new owner; the old one redirects."""
        repo = self.fresh(repo)
        owner, name = full_name.split("/")
        return self.change(
            repo,
            name=name,
            owner=self.account(owner, "Organization"),
            old_names=(*repo.old_names, repo.full_name),
        )

    @one_at_a_time
    def grant(self, repo: Repo, account: Account, role: str) -> Repo:
        """Give a person a role: read, triage, write, maintain or admin."""
        roles = {**self.fresh(repo).roles, account.id: role}
        return self.change(repo, roles=roles)

    @one_at_a_time
    def delete(self, repo: Repo) -> None:
        """Remove a repository; pull requests from it lose their head repository."""
        orphans = [
            replace(pull, head_repo_id=None)
            for pull in self.tables.pulls.values()
            if pull.head_repo_id == repo.id and pull.repo_id != repo.id
        ]
        own = tuple(self.tables.pulls_of(repo))
        self.save(*orphans, drop=(repo, *own))

    @one_at_a_time
    def comment(self, pull: Pull, author: Account, body: str) -> IssueComment:
        """A comment in the pull request's conversation."""
        when = self.stamp()
        made = IssueComment(
            id=self.new_id(),
            pull_id=pull.id,
            author_id=author.id,
            body=body,
            created_at=when,
            updated_at=when,
        )
        self.save(made, replace(self.fresh(pull), updated_at=when))
        return made

    def changes(self, pull: Pull, sha: str | None = None) -> tuple[diffs.FileChange, ...]:
        """The files that the pull request changes at a commit, by default at its head."""
        store = self.tables.repos[pull.repo_id].store
        return diffs.three_dot(store, pull.base_sha, sha or pull.head_sha)

    def _touch(self, pull: Pull, **fields: Any) -> Pull:
        changed = replace(self.fresh(pull), updated_at=self.stamp(), **fields)
        self.save(changed)
        return changed

    def _move(self, pull: Pull, files: Files, parent: str, kept: tuple[str, ...]) -> Pull:
        repo = self.tables.repos[pull.repo_id]
        source = repo if pull.head_repo_id is None else self.tables.repos[pull.head_repo_id]
        ref = f"refs/heads/{pull.head_ref}"
        sha = self._commit(source, ref, files, parent, _pull_ref(pull.number))
        base = bare.tip(repo.path, f"refs/heads/{pull.base_ref}")
        return self._touch(pull, head_sha=sha, base_sha=base, commits=(*kept, sha))

    def _commit(
        self,
        repo: Repo,
        ref: str,
        files: Files,
        parent: str,
        *more_refs: str,
        message: str = "Change",
        merged: str | None = None,
    ) -> str:
        """Write the objects into the network's store and the refs where they belong."""
        forked = repo.path != repo.store
        stored = f"refs/forks/{repo.id}/{ref.removeprefix('refs/')}" if forked else ref
        sha = bare.commit(
            repo.store,
            files,
            refs=(stored, *more_refs),
            parents=(parent, merged) if merged else (parent,),
            message=message,
            when=self.stamp(),
        )
        if forked:
            bare.point(repo.path, ref, sha)
        return sha


def _pull_ref(number: int) -> str:
    return f"refs/pull/{number}/head"
