"""Branches of a local repository as pull requests; the repository itself stays as it is."""

from __future__ import annotations

import hashlib
import socket
import subprocess
from pathlib import Path

import pytest

from reviewer_cli import retry
from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import Head, HeadKey, State
from reviewer_cli.git import run as git_run
from reviewer_cli.hosts.local_git import LocalGit
from tests.building import ENVIRONMENT, Repo
from tests.fakes.engine import ScriptedEngine
from tests.fakes.stage import Stage
from tests.hosts.contract import CodeHostContract, review_of

NOTES = "refs/notes/reviewer"


class LocalPlace:
    """One repository on disk for the contract."""

    def __init__(self, root: Path) -> None:
        self.host = LocalGit(root / "reviews")
        self.made = Repo(root / "repo")
        self.repo = str(self.made.path)
        self.made.commit({"a.py": "a = 1\n"})

    def open(self, name: str) -> HeadKey:
        sha = self.made.commit({"a.py": f"a = '{name}'\n"}, branch=name)
        return HeadKey("local", self.repo, name, sha)

    def move(self, key: HeadKey) -> HeadKey:
        sha = self.made.commit({"b.py": "b = 1\n"}, branch=key.pull)
        return HeadKey("local", self.repo, key.pull, sha)

    def close(self, key: HeadKey) -> None:
        self.made.git("update-ref", "-d", f"refs/heads/{key.pull}")

    def merge(self, key: HeadKey) -> str:
        tree = f"{key.sha}^{{tree}}"
        return self.made.commit_tree(tree, self.base(), key.sha, branch="main")

    def base(self) -> str:
        return self.made.tip()

    def published(self, key: HeadKey) -> list[str]:
        listed = self.made.git("notes", f"--ref={NOTES}", "list").split("\n")
        noted = [line for line in listed if line.endswith(key.sha)]
        return [self.made.git("cat-file", "blob", line.split()[0]) for line in noted]


class TestLocalGit(CodeHostContract):
    """The contract, on a real repository."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> LocalPlace:
        return LocalPlace(tmp_path)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    made.commit({"a.py": "a = 1\n"})
    return made


@pytest.fixture
def host(tmp_path: Path) -> LocalGit:
    return LocalGit(tmp_path / "reviews")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def heads(host: LocalGit, *paths: Path) -> list[Head]:
    answers = host.open_tips(host.repositories([str(path) for path in paths]))
    assert [answer.error for answer in answers] == [None] * len(answers)
    return host.describe([tip for answer in answers for tip in answer.tips])


def error(host: LocalGit, path: Path) -> str:
    (answer,) = host.open_tips(host.repositories([str(path)]))
    assert answer.tips == ()
    assert answer.error is not None
    return answer.error


def pulls(host: LocalGit, path: Path) -> list[str]:
    return sorted(head.key.pull for head in heads(host, path))


# ---- what is open


def test_what_is_no_repository_is_said_in_a_sentence(host: LocalGit, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("")
    empty = Repo(tmp_path / "empty")
    assert error(host, tmp_path / "plain") == f"{tmp_path / 'plain'} is not a git repository."
    assert "is not a directory" in error(host, tmp_path / "file")
    assert "is not a directory" in error(host, tmp_path / "missing")
    assert "has no commits yet" in error(host, empty.path)


def test_without_a_default_branch_the_setting_is_named(host: LocalGit, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({"a": "1"}, branch="alpha", start=None)
    assert pulls(host, repo.path) == [], "one branch is its own default"
    repo.commit({"a": "2"}, branch="beta", start="alpha")
    assert "set local.default_branch" in error(host, repo.path)
    chosen = LocalGit(tmp_path / "reviews", "alpha")
    assert pulls(chosen, repo.path) == ["beta"]
    assert "has no branch 'gamma'" in error(LocalGit(tmp_path, "gamma"), repo.path)


def test_origin_says_which_branch_is_the_default(host: LocalGit, repo: Repo) -> None:
    repo.commit({"a.py": "a = 2\n"}, branch="develop")
    repo.git("update-ref", "refs/remotes/origin/develop", repo.tip("develop"))
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
    (answer,) = host.open_tips([str(repo.path)])
    assert [(tip.key.pull, tip.base_ref) for tip in answer.tips] == [("main", "develop")]
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    assert pulls(host, repo.path) == ["develop"], "a branch that is not here cannot be the base"


def test_a_detached_head_changes_nothing(host: LocalGit, repo: Repo) -> None:
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    repo.git("update-ref", "--no-deref", "HEAD", sha)
    assert pulls(host, repo.path) == ["topic"]


def test_a_merged_branch_is_not_open(host: LocalGit, repo: Repo) -> None:
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    repo.git("update-ref", "refs/heads/main", sha)
    repo.commit({"a.py": "a = 3\n"}, branch="main")
    repo.git("update-ref", "refs/heads/same", repo.tip("main"))
    assert pulls(host, repo.path) == []


def test_a_head_is_told_by_its_newest_commit(host: LocalGit, repo: Repo) -> None:
    message = "A title\n\nSome words.\n\nMore, with \x1b and '%(refname)'."
    repo.commit({"a.py": "a = 2\n"}, branch="topic", message=message)
    (head,) = heads(host, repo.path)
    assert (head.title, head.author, head.base_ref) == ("A title", "Ada", "main")
    assert head.body == "Some words.\n\nMore, with \x1b and '%(refname)'."


def test_pull_requests_of_a_mirror_are_known_by_their_number(host: LocalGit, repo: Repo) -> None:
    for number in ("7", "42"):
        sha = repo.commit({"a.py": f"a = {number}0\n"}, branch="scratch")
        repo.git("update-ref", f"refs/pull/{number}/head", sha)
        repo.git("update-ref", f"refs/pull/{number}/merge", sha)
    repo.git("update-ref", "-d", "refs/heads/scratch")
    found = {head.key.pull: head.key for head in heads(host, repo.path)}
    assert sorted(found) == ["42", "7"]
    assert host.look(found["42"]).current_sha == found["42"].sha
    assert str(found["42"]).endswith("#42")


def test_a_branch_named_like_a_number_is_not_taken_for_a_pull_request(
    host: LocalGit, repo: Repo
) -> None:
    """Otherwise each would supersede the other at every sweep and neither be reviewed."""
    sha = repo.commit({"a.py": "a = 2\n"}, branch="scratch")
    repo.git("update-ref", "refs/pull/42/head", sha)
    repo.git("update-ref", "-d", "refs/heads/scratch")
    repo.commit({"a.py": "a = 3\n"}, branch="42")
    found = {head.key.pull: head.key for head in heads(host, repo.path)}
    assert sorted(found) == ["42", "heads/42"]
    assert {host.look(key).current_sha for key in found.values()} == {sha, repo.tip("42")}


def test_a_branch_that_stands_for_another_is_no_pull_request(host: LocalGit, repo: Repo) -> None:
    repo.git("update-ref", "refs/heads/trunk", repo.tip("main"))
    repo.git("symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    repo.commit({"a.py": "a = 2\n"}, branch="topic", start="trunk")
    (head,) = heads(host, repo.path)
    assert (head.key.pull, head.base_sha) == ("topic", repo.tip("trunk"))


def test_two_branches_at_one_commit_are_one_head(stage: Stage) -> None:
    repo = stage.repo()
    sha = repo.commit({"a.py": "a = 2\n"}, branch="one")
    repo.git("update-ref", "refs/heads/two", sha)
    assert stage.sweep().counts.posted == 1
    repo.git("update-ref", "-d", "refs/heads/one")
    stage.sweep()
    note = repo.git("notes", f"--ref={NOTES}", "show", sha)
    assert note.count("<!-- reviewer:v1") == 1, "one review per commit, whatever names it"


# ---- hostile names


NAMES = (
    'a"){',
    "-dash",
    "--help",
    "ünïcödé/日本",
    "x\u202ey\u2028z\u0085",
    "a;$(id)`id`",
    "%2e%2e/%00",
    "@at",
    "a@b#1",
    "l" * 240,
    "/".join(["d" * 60] * 6),
)


@pytest.mark.threat("T25", layer="git", tries=len(NAMES))
def test_hostile_branch_names_are_reviewed_like_any_other(stage: Stage) -> None:
    repo = stage.repo()
    for number, name in enumerate(NAMES):
        sha = repo.commit({"a.py": f"a = {number} + 1\n"}, branch="scratch", start="main")
        repo.git("update-ref", f"refs/heads/{name}", sha)
        repo.git("update-ref", "-d", "refs/heads/scratch")
    stage.engine = ScriptedEngine()
    report = stage.sweep()
    assert stage.states() == dict.fromkeys(NAMES, State.POSTED)
    assert report.exit_code == 0
    written = [path for path in (stage.root / "reviews").rglob("*") if path.is_file()]
    assert len(written) == len(NAMES)
    assert all(path.suffix == ".md" and not path.name.startswith("-") for path in written)
    assert stage.sweep().counts.new == 0


def test_a_name_that_is_no_text_disturbs_nobody(stage: Stage) -> None:
    repo = stage.repo()
    repo.commit({"a.py": "a = 2\n"}, branch="good")
    sha = repo.commit({"a.py": "a = 3\n"}, branch="scratch")
    repo.git("update-ref", "-d", "refs/heads/scratch")
    name = b"refs/heads/\xff\xfe"
    repo.git("update-ref", "--stdin", input=b"create " + name + b" " + sha.encode() + b"\n")
    report = stage.sweep()
    assert report.counts.posted == 2
    assert stage.states() == {"good": State.POSTED, "\\xff\\xfe": State.POSTED}


def test_a_broken_branch_disturbs_nobody(stage: Stage) -> None:
    repo, other = stage.repo(), stage.repo("other")
    repo.commit({"a.py": "a = 2\n"}, branch="good")
    other.commit({"a.py": "a = 3\n"}, branch="fine")
    lost = repo.commit({"b.py": "b = 1\n"}, branch="broken")
    repo.commit({"b.py": "b = 2\n"}, branch="broken")
    (repo.path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    (repo.path / ".git/refs/heads/nothing").write_text("1" * 40 + "\n")
    report = stage.sweep()
    assert stage.states() == {"good": State.POSTED, "fine": State.POSTED, "broken": State.DUE}
    assert report.exit_code == 3


# ---- one repository, one name


def test_every_path_into_a_repository_means_the_same_one(
    host: LocalGit, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo.path / "src" / "deep").mkdir(parents=True)
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "main")
    (tmp_path / "link").symlink_to(repo.path)
    monkeypatch.chdir(repo.path / "src")
    ways = [
        *(repo.path, repo.path / "src/deep", repo.path / ".git", repo.path / ".git/refs"),
        *(tmp_path / "linked", tmp_path / "linked/.git", tmp_path / "link/src", Path("..")),
        repo.path / ".git/worktrees/linked",
    ]
    monkeypatch.setattr(git_run, "COMMAND", ("false",))  # no process may be needed for this
    assert host.repositories([str(way) for way in ways]) == [str(repo.path)]


def test_bare_repositories_and_submodules_have_their_own_name(
    host: LocalGit, repo: Repo, tmp_path: Path
) -> None:
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    inner = tmp_path / "super/.git/modules/inner"
    repo.git("init", "-q", str(tmp_path / "super"))
    inner.parent.mkdir()
    repo.git(
        *("clone", "-q", f"--separate-git-dir={inner}"),
        *(str(repo.path), str(tmp_path / "super/inner")),
    )
    assert host.repositories([str(tmp_path / "bare.git/objects")]) == [str(tmp_path / "bare.git")]
    assert host.repositories([str(tmp_path / "super/inner"), str(inner)]) == [str(inner)]
    assert host.repositories([str(tmp_path / "super")]) == [str(tmp_path / "super")]
    assert pulls(host, tmp_path / "super/inner") == []


@pytest.mark.parametrize("content", [b"", b"gitdir: ../nowhere", b"\xff\xfe", b"x" * 100_000])
def test_a_broken_pointer_is_left_to_the_poll(
    content: bytes, host: LocalGit, tmp_path: Path
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/.git").write_bytes(content)
    assert host.repositories([str(tmp_path / "odd")]) == [str(tmp_path / "odd")]
    assert error(host, tmp_path / "odd")


def test_a_bare_repository_is_swept_like_any_other(stage: Stage, tmp_path: Path) -> None:
    repo = stage.repo()
    repo.commit({"a.py": "a = 2\n"}, branch="topic")
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", str(repo.path), str(bare))
    assert stage.sweep(selectors={"local": (str(bare),)}).counts.posted == 1
    assert "reviewer:v1" in Repo.git(_opened(bare), "notes", f"--ref={NOTES}", "show", "topic")


def _opened(path: Path) -> Repo:
    made = object.__new__(Repo)
    made.path = path
    return made


# ---- notes


def test_a_note_of_somebody_else_is_kept_byte_for_byte(host: LocalGit, repo: Repo) -> None:
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    foreign = b"Kept: \xe9 (latin-1)\n\n\n  indented\nlast"
    blob = repo.blob(foreign)
    repo.git("notes", f"--ref={NOTES}", "add", "-C", blob, sha)
    key = HeadKey("local", str(repo.path), "topic", sha)
    assert host.look(key).posted is None
    made = review_of(host, key, "Head**\n\nLine one  \n\n\n\n    code\n\n**end")
    host.submit(host.prepare(made))
    listed = repo.git("notes", f"--ref={NOTES}", "list", sha)
    note = subprocess.check_output(
        ["git", "cat-file", "blob", listed], cwd=repo.path, env=ENVIRONMENT
    )
    assert note.startswith(foreign + b"\n\n**Head**\n\n")
    assert b"\n\nLine one  \n\n\n\n    code\n\n**end**\n\n" in note
    assert note.endswith(made.marker.encode() + b"\n")
    assert host.look(key).posted == f"{NOTES}:{sha}"


def test_a_review_that_came_since_the_look_is_not_added_to(host: LocalGit, repo: Repo) -> None:
    key = HeadKey(
        "local", str(repo.path), "topic", repo.commit({"a.py": "a = 2\n"}, branch="topic")
    )
    first = host.submit(host.prepare(review_of(host, key)))
    said = repo.git("notes", f"--ref={NOTES}", "show", key.sha)
    late = host.prepare(review_of(host, key, "Said by another sweep."))
    assert host.submit(late) == first
    assert repo.git("notes", f"--ref={NOTES}", "show", key.sha) == said
    assert not Path(late.draft_id).exists()


@pytest.mark.threat("T22", layer="posting", tries=4)
def test_only_a_marker_on_a_line_of_its_own_counts(host: LocalGit, repo: Repo) -> None:
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    key = HeadKey("local", str(repo.path), "topic", sha)
    mark = review_of(host, key).marker
    for text in (f"> {mark}", f"{mark} x", mark.replace(sha, "b" * 40), "x"):
        repo.git("notes", f"--ref={NOTES}", "add", "-f", "-C", repo.blob(text.encode()), sha)
        assert host.look(key).posted is None, text


def test_a_locked_repository_is_retried_later_and_nothing_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST_S", 0.2)
    repo = stage.repo()
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    engine = stage.engine = ScriptedEngine()
    lock = repo.path / ".git/refs/notes/reviewer.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("")
    report = stage.sweep()
    assert (report.exit_code, report.counts.retried) == (3, 1)
    (row,) = stage.rows()
    assert row.state is not State.DEAD
    assert "another git process" in (row.error or "")
    assert lock.exists(), "the lock of somebody else is not ours to remove"
    lock.unlink()
    stage.now = row.next_due_at
    assert stage.sweep().counts.posted == 1
    assert len(engine.asked) == 1, "the review was paid for once"
    assert "reviewer:v1" in repo.git("notes", f"--ref={NOTES}", "show", sha)


# ---- nothing else is touched


def snapshot(path: Path) -> dict[str, str]:
    """A hash of every file but those that keeping a note must change."""
    ours = (".git/objects/", ".git/refs/notes/", ".git/logs/refs/notes/")
    found = {}
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        if file.is_symlink():
            found[name] = str(file.readlink())
        elif file.is_file() and not name.startswith(ours):
            stat = file.stat()
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            found[name] = f"{digest} {stat.st_mode} {stat.st_mtime_ns}"
    return found


def test_the_users_repository_stays_as_it_is(stage: Stage) -> None:
    repo = stage.repo()
    repo.commit({"a.py": "a = 2\n", "b.py": "b = 1\n"}, branch="topic")
    repo.git("reset", "-q", "--hard", "main")
    repo.git("config", "user.name", "Somebody")
    (repo.path / "a.py").write_text("a = 'staged'\n")
    repo.git("add", "a.py")
    (repo.path / "a.py").write_text("a = 'not staged'\n")
    (repo.path / "new.py").write_text("untracked\n")
    refs, before = repo.git("for-each-ref"), snapshot(repo.path)
    assert stage.sweep().counts.posted == 1
    assert snapshot(repo.path) == before
    after = repo.git("for-each-ref").split("\n")
    assert [line for line in after if NOTES not in line] == refs.split("\n")
    assert [line.split("\t")[1] for line in after if line not in refs] == [NOTES]


HOOKS = (
    *("post-commit", "pre-commit", "reference-transaction", "pre-push", "post-update"),
    *("pre-receive", "post-checkout", "post-rewrite", "fsmonitor-watchman", "post-index-change"),
)


@pytest.mark.threat("T6", layer="git")
@pytest.mark.threat("T7", layer="git")
def test_nothing_of_the_repository_or_the_user_is_run(stage: Stage, home: Path) -> None:
    repo = stage.repo()
    sentinel = stage.root / "sentinel"
    bomb = stage.root / "bomb"
    bomb.write_text(f'#!/bin/sh\necho "$0 $*" >> {sentinel}\ncat\n')
    bomb.chmod(0o755)
    repo.commit(
        {"a.py": "a = 2\n", ".gitattributes": "* diff=evil filter=evil merge=evil\n"},
        branch="topic",
    )
    settings = (
        *("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "diff.external"),
        *("diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "filter.evil.clean"),
        *("gpg.program", "uploadpack.packObjectsHook", "core.alternateRefsCommand"),
    )
    with (home / "gitconfig").open("a") as config:
        config.write(f'[diff "evil"]\n\ttextconv = {bomb}\n[filter "evil"]\n\tsmudge = {bomb}\n')
    for name in settings:
        repo.git("config", name, str(bomb))
    repo.git("config", "commit.gpgSign", "true")
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).symlink_to(bomb)
    assert stage.sweep().counts.posted == 1
    assert not sentinel.exists(), sentinel.read_text()
    repo.git("update-ref", "refs/heads/other", "main")
    assert sentinel.exists(), "the hooks would have run, had anybody let them"


@pytest.mark.timeout(20)
@pytest.mark.threat("T7", layer="git")
def test_a_repository_that_names_a_server_for_what_it_lacks_makes_nobody_ask_it(
    tmp_path: Path,
) -> None:
    """A partial clone fetches on demand, with the repository's own settings and programs."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.py": "a = 1\n"})
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        for name, value in {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": f"https://127.0.0.1:{server.getsockname()[1]}/x",
            "http.sslVerify": "false",
            "core.askPass": "/nonexistent/asks",
        }.items():
            repo.git("config", name, value)
        _forget(repo, sha)
        host = LocalGit(tmp_path / "reviews")
        (polled,) = host.open_tips(host.repositories([str(repo.path)]))
        host.describe(polled.tips)
        with pytest.raises(BlockingIOError):
            server.accept()


def _forget(repo: Repo, sha: str) -> None:
    """Take a commit out of the repository's objects."""
    packs = repo.path / ".git" / "objects" / "pack"
    for pack in [*packs.glob("*.pack")]:
        content = pack.read_bytes()
        for part in packs.glob(f"{pack.stem}.*"):
            part.unlink()
        repo.git("unpack-objects", "-q", input=content)
    (repo.path / ".git" / "objects" / sha[:2] / sha[2:]).unlink()


# ---- what became of it


def conversation(host: LocalGit, repo: Repo, branch: str, sha: str) -> Conversation:
    (found,) = host.conversations([HeadKey("local", str(repo.path), branch, sha)])
    return found


def test_a_branch_that_was_pushed_forward_is_merged_by_its_own_commit(
    host: LocalGit, repo: Repo
) -> None:
    repo.commit({"a.py": "a = 2\n"}, branch="work")
    sha = repo.commit({"a.py": "a = 3\n"}, branch="work")
    repo.git("update-ref", "refs/heads/main", sha)
    repo.commit({"b.py": "b = 1\n"})
    found = conversation(host, repo, "work", sha)
    assert (found.state, found.merged_as) == (PullState.MERGED, sha)
    assert found.ended_at == 1_700_000_000.0


def test_a_merge_is_found_among_other_commits_and_without_its_branch(
    host: LocalGit, repo: Repo
) -> None:
    sha = repo.commit({"a.py": "a = 2\n"}, branch="work")
    repo.commit({"c.py": "c = 1\n"})
    into = repo.commit_tree(f"{sha}^{{tree}}", repo.tip(), sha, branch="main")
    other = repo.commit({"b.py": "b = 1\n"}, branch="other")
    repo.commit_tree(f"{other}^{{tree}}", repo.tip(), other, branch="main")
    repo.git("update-ref", "-d", "refs/heads/work")
    found = conversation(host, repo, "work", sha)
    assert (found.state, found.merged_as) == (PullState.MERGED, into)


def test_a_name_that_was_given_again_is_another_pull_request(host: LocalGit, repo: Repo) -> None:
    first = repo.commit({"a.py": "a = 2\n"}, branch="work")
    repo.commit_tree(f"{first}^{{tree}}", repo.tip(), first, branch="main")
    repo.git("update-ref", "-d", "refs/heads/work")
    second = repo.commit({"a.py": "a = 3\n"}, branch="work")
    assert conversation(host, repo, "work", first).state is PullState.MERGED
    assert conversation(host, repo, "work", second).state is PullState.OPEN


def test_a_head_that_is_gone_with_its_branch_was_closed(host: LocalGit, repo: Repo) -> None:
    found = conversation(host, repo, "never", "0" * 40)
    assert (found.state, found.key.sha) == (PullState.CLOSED, "0" * 40)


def test_a_fast_forward_is_found_in_the_reflog(host: LocalGit, repo: Repo) -> None:
    before = repo.tip()
    sha = repo.commit({"a.py": "a = 2\n"}, branch="work")
    for said, tip in (("merge work: Fast-forward", sha), ("commit: x", before)):
        repo.git("update-ref", "--create-reflog", "-m", said, "refs/heads/main", tip)
    repo.git("update-ref", "refs/heads/main", sha)
    repo.git("update-ref", "-d", "refs/heads/work")
    (found,) = host.merged_since([str(repo.path)], 1_700_000_000.0)
    assert [(tip.key.pull, tip.key.sha, tip.base_sha) for tip in found.tips] == [
        ("work", sha, before)
    ]
    (later,) = host.merged_since([str(repo.path)], 1_700_000_001.0)
    assert later.tips == ()


@pytest.mark.parametrize(
    ("said", "pull"),
    [
        ("Merge branch 'feature/x' into main", "feature/x"),
        ("Merge branch '12'", "heads/12"),
        ("Merge pull request #12 from ada/x", "12"),
        ("Merge branch '$(reboot)'", None),
        ("Merge branch '--upload-pack=x'", None),
        ("Anything else", None),
    ],
)
def test_a_merged_branch_is_called_as_its_merge_says(
    host: LocalGit, repo: Repo, said: str, pull: str | None
) -> None:
    sha = repo.commit({"a.py": "a = 2\n"}, branch="work")
    tree = f"{sha}^{{tree}}"
    into = repo.git("commit-tree", tree, "-p", repo.tip(), "-p", sha, "-m", said)
    repo.git("update-ref", "refs/heads/main", into)
    repo.git("update-ref", "-d", "refs/heads/work")
    (found,) = host.merged_since([str(repo.path)], 0.0)
    assert [(tip.key.pull, tip.key.sha) for tip in found.tips] == [(pull or sha[:12], sha)]


def test_no_program_of_the_repository_checks_the_signatures_of_merges(
    host: LocalGit, repo: Repo, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    program = tmp_path / "gpg"
    program.write_text(f"#!/bin/sh\ntouch {trap}\n")
    program.chmod(0o755)
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "gpg.program", str(program))
    sha = repo.commit({"a.py": "a = 2\n"}, branch="work")
    into = repo.commit_tree(f"{sha}^{{tree}}", repo.tip(), sha, branch="main")
    plain = repo.git("cat-file", "commit", into)
    signed = plain.replace("\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n\n", 1)
    made = repo.git("hash-object", "-t", "commit", "-w", "--stdin", input=f"{signed}\n".encode())
    repo.git("update-ref", "--create-reflog", "-m", "x", "refs/heads/main", made)
    repo.git("log", "-1", "main")
    assert trap.exists(), "the trap works"
    trap.unlink()
    (found,) = host.merged_since([str(repo.path)], 0.0)
    assert [tip.key.sha for tip in found.tips] == [sha]
    assert conversation(host, repo, "work", sha).merged_as == made
    assert not trap.exists()
