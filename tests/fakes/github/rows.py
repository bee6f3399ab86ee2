"""What the fake GitHub knows, as frozen rows: each change makes new tables, so an old state stays.

Rows refer to one another by id. A `Tables` is one moment; a stale answer is one that is computed
from an earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import ClassVar

BOT_SUFFIX = "[bot]"


class Row:
    """`table` names the table, `prefix` begins the node id, as GitHub's own ids begin."""

    __slots__ = ()
    table: ClassVar[str]
    prefix: ClassVar[str]
    id: int

    @property
    def node_id(self) -> str:
        """The global id; `Tables.node` finds the row again."""
        return f"{self.prefix}_kwDO{self.id:08x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Row):
    """A user, an organisation or the bot of an App; `kind` as REST's `type` says it."""

    table: ClassVar[str] = "accounts"
    prefix: ClassVar[str] = "U"
    id: int
    login: str
    kind: str = "User"

    @property
    def graphql_login(self) -> str:
        """GraphQL leaves out the `[bot]` that REST adds to the name of an App."""
        return self.login.removesuffix(BOT_SUFFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repo(Row):
    """A repository; forks keep their objects in the `store` of their parent, as on GitHub."""

    table: ClassVar[str] = "repos"
    prefix: ClassVar[str] = "R"
    id: int
    owner: Account
    name: str
    path: Path
    store: Path
    private: bool = False
    archived: bool = False
    sso: bool = False
    parent_id: int | None = None
    topics: tuple[str, ...] = ()
    default_branch: str = "main"
    roles: Mapping[int, str] = field(default_factory=dict)
    old_names: tuple[str, ...] = ()
    created_at: float = 0.0
    pushed_at: float = 0.0

    @property
    def is_fork(self) -> bool:
        """Whether it was made from another repository."""
        return self.parent_id is not None

    @property
    def full_name(self) -> str:
        """`owner/name`, as it is now."""
        return f"{self.owner.login}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull(Row):
    """A pull request; `commits` is every head it ever had, `head_repo_id` None when deleted."""

    table: ClassVar[str] = "pulls"
    prefix: ClassVar[str] = "PR"
    id: int
    repo_id: int
    number: int
    title: str
    body: str | None
    author_id: int | None
    base_ref: str
    base_sha: str
    head_repo_id: int | None
    head_ref: str
    head_sha: str
    commits: tuple[str, ...]
    draft: bool = False
    labels: tuple[str, ...] = ()
    state: str = "open"
    merge_sha: str | None = None
    created_at: float
    updated_at: float
    closed_at: float | None = None
    merged_at: float | None = None

    @property
    def cross(self) -> bool:
        """Whether the head lives in another repository, also when that one is gone."""
        return self.head_repo_id != self.repo_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Row):
    """A review; PENDING has no `submitted_at` and is seen by its author only."""

    table: ClassVar[str] = "reviews"
    prefix: ClassVar[str] = "PRR"
    id: int
    pull_id: int
    author_id: int
    body: str
    state: str
    commit_sha: str
    submitted_at: float | None
    updated_at: float
    minimized: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewComment(Row):
    """A comment of a review; `line` counts on `side` at `commit_sha`, None for a whole file.

    `thread_id` is the id of the first comment of its thread.
    """

    table: ClassVar[str] = "review_comments"
    prefix: ClassVar[str] = "PRRC"
    id: int
    pull_id: int
    review_id: int
    author_id: int
    thread_id: int
    body: str
    path: str
    line: int | None
    side: str
    start_line: int | None
    start_side: str | None
    commit_sha: str
    hunk: str
    created_at: float
    updated_at: float
    minimized: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread(Row):
    """A conversation about one place; its id is that of its first comment."""

    table: ClassVar[str] = "threads"
    prefix: ClassVar[str] = "PRRT"
    id: int
    pull_id: int
    resolved_by_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueComment(Row):
    """A comment in the conversation of a pull request."""

    table: ClassVar[str] = "issue_comments"
    prefix: ClassVar[str] = "IC"
    id: int
    pull_id: int
    author_id: int
    body: str
    created_at: float
    updated_at: float
    minimized: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Row):
    """A reaction to a comment; `content` as GraphQL names it, `subject` the comment's node id."""

    table: ClassVar[str] = "reactions"
    prefix: ClassVar[str] = "REA"
    id: int
    subject: str
    account_id: int
    content: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRun(Row):
    """A check run of one commit."""

    table: ClassVar[str] = "check_runs"
    prefix: ClassVar[str] = "CR"
    id: int
    repo_id: int
    app_id: int
    name: str
    sha: str
    status: str
    conclusion: str | None
    title: str | None
    summary: str | None
    started_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Row):
    """An issue; its number is one that no pull request of the repository has."""

    table: ClassVar[str] = "issues"
    prefix: ClassVar[str] = "I"
    id: int
    repo_id: int
    number: int
    title: str
    body: str | None
    author_id: int
    state: str = "open"
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class Tables:
    """One moment of the world: a dict per table, by id."""

    accounts: Mapping[int, Account] = field(default_factory=dict)
    repos: Mapping[int, Repo] = field(default_factory=dict)
    pulls: Mapping[int, Pull] = field(default_factory=dict)
    reviews: Mapping[int, Review] = field(default_factory=dict)
    review_comments: Mapping[int, ReviewComment] = field(default_factory=dict)
    threads: Mapping[int, Thread] = field(default_factory=dict)
    issue_comments: Mapping[int, IssueComment] = field(default_factory=dict)
    reactions: Mapping[int, Reaction] = field(default_factory=dict)
    check_runs: Mapping[int, CheckRun] = field(default_factory=dict)
    issues: Mapping[int, Issue] = field(default_factory=dict)

    def put(self, *rows: Row) -> Tables:
        """The next moment, with these rows added or replaced."""
        changed: dict[str, dict[int, Row]] = {}
        for row in rows:
            changed.setdefault(row.table, dict(getattr(self, row.table)))[row.id] = row
        return replace(self, **changed)  # type: ignore[arg-type]

    def drop(self, *rows: Row) -> Tables:
        """The next moment, without these rows."""
        changed: dict[str, dict[int, Row]] = {}
        for row in rows:
            changed.setdefault(row.table, dict(getattr(self, row.table))).pop(row.id, None)
        return replace(self, **changed)  # type: ignore[arg-type]

    def node(self, node_id: str) -> Row | None:
        """The row of a global id."""
        prefix, _, number = node_id.partition("_kwDO")
        for table in fields(self):
            for row in list(getattr(self, table.name).values())[:1]:
                if row.prefix == prefix and len(number) == 8:
                    found: Row | None = getattr(self, table.name).get(int(number, 16))
                    return found
        return None

    @cached_property
    def _by_name(self) -> dict[str, Repo]:
        former = {old.lower(): repo for repo in self.repos.values() for old in repo.old_names}
        return former | {repo.full_name.lower(): repo for repo in self.repos.values()}

    @cached_property
    def _pulls_by_repo(self) -> dict[int, list[Pull]]:
        found: dict[int, list[Pull]] = defaultdict(list)
        for pull in self.pulls.values():
            found[pull.repo_id].append(pull)
        return found

    def repo(self, owner: str, name: str) -> Repo | None:
        """The repository of that name, or the one that used to have it."""
        return self._by_name.get(f"{owner}/{name}".lower())

    def account(self, login: str) -> Account | None:
        """The account of that REST login."""
        matching = (one for one in self.accounts.values() if one.login.lower() == login.lower())
        return next(matching, None)

    def repos_of(self, owner: Account) -> list[Repo]:
        """The account's repositories, oldest first."""
        return [repo for repo in self.repos.values() if repo.owner.id == owner.id]

    def pulls_of(self, repo: Repo) -> list[Pull]:
        """The repository's pull requests, oldest first."""
        return self._pulls_by_repo.get(repo.id, [])

    def issues_of(self, repo: Repo) -> list[Issue]:
        """The repository's issues, oldest first, without its pull requests."""
        return [one for one in self.issues.values() if one.repo_id == repo.id]

    def next_number(self, repo: Repo) -> int:
        """Issues and pull requests of a repository are counted together."""
        taken = (one.number for one in (*self.pulls_of(repo), *self.issues_of(repo)))
        return 1 + max(taken, default=0)

    def pull(self, repo: Repo, number: int) -> Pull | None:
        """The pull request of that number."""
        return next((pull for pull in self.pulls_of(repo) if pull.number == number), None)

    def reviews_of(self, pull: Pull, viewer_id: int | None) -> list[Review]:
        """The reviews that the viewer sees, oldest first: no other person's pending one."""
        return [
            review
            for review in self.reviews.values()
            if review.pull_id == pull.id
            and (review.state != "PENDING" or review.author_id == viewer_id)
        ]

    def comments_of(self, review: Review) -> list[ReviewComment]:
        """The review's comments, oldest first."""
        return [one for one in self.review_comments.values() if one.review_id == review.id]

    def comments_on(self, pull: Pull, viewer_id: int | None) -> list[ReviewComment]:
        """The comments of every review that the viewer sees."""
        seen = {review.id for review in self.reviews_of(pull, viewer_id)}
        return [one for one in self.review_comments.values() if one.review_id in seen]

    def reactions_to(self, row: Row) -> list[Reaction]:
        """The reactions to a comment, oldest first."""
        return [one for one in self.reactions.values() if one.subject == row.node_id]

    def thread_of(self, thread: Thread, viewer_id: int | None) -> list[ReviewComment]:
        """The comments of a thread that the viewer sees."""
        on = self.comments_on(self.pulls[thread.pull_id], viewer_id)
        return [one for one in on if one.thread_id == thread.id]


def iso(moment: float | None) -> str | None:
    """GitHub's way to write a time, without fractions."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
