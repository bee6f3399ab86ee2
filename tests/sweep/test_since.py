"""What a later round looks at, prepared from real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.models import Change, Head, HeadKey, Side
from reviewer_cli.ledger.earlier import LastReviewed
from reviewer_cli.sweep.workshop import Prepared, Workshop
from tests.building import Repo
from tests.fakes.github.scene import text

BASE = text()
MINE = text(_10="ten", _40="forty")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with one file on main."""
    made = Repo(tmp_path / "repo")
    made.commit({"a.py": BASE, "b.py": "x = 1\n"})
    return made


def prepared(
    place: Path, repo: Repo, sha: str, last: LastReviewed | None = None, base: str = "main"
) -> Prepared:
    """A head of `pull` against the tip of its base."""
    head = Head(
        key=HeadKey("local", str(repo.path), "pull", sha),
        head_ref="pull",
        base_ref=base,
        base_sha=repo.git("rev-parse", base),
    )
    workshop = Workshop(place, DiffLimits(), batch_size=1)
    made = workshop.prepare(head, repo.remote, last)
    made.close()
    return made


def reviewed(place: Path, repo: Repo, sha: str) -> LastReviewed:
    """That head as the ledger remembers it."""
    diff = prepared(place, repo, sha).diff
    return LastReviewed(
        sha=sha, base_sha=repo.git("rev-parse", "main"), merge_base=diff.merge_base, round=1
    )


def shown(made: Prepared) -> list[str]:
    """The lines that are new, with their signs."""
    assert made.since is not None
    places = made.since.news.fresh
    return [
        f"{line.kind}{line.text}"
        for file in made.since.news.diff.files
        for hunk in file.hunks
        for line in hunk.lines
        if any((file.path, side, line.number(side)) in places for side in Side)
    ]


def test_a_first_round_has_nothing_before_it(tmp_path: Path, repo: Repo) -> None:
    sha = repo.commit({"a.py": MINE}, branch="pull")
    assert prepared(tmp_path / "cache", repo, sha).since is None


def test_a_push_shows_what_it_adds(tmp_path: Path, repo: Repo) -> None:
    last = reviewed(tmp_path / "cache", repo, repo.commit({"a.py": MINE}, branch="pull"))
    sha = repo.commit({"b.py": "x = 1\ny = 2\n"}, branch="pull")
    made = prepared(tmp_path / "cache", repo, sha, last)
    assert made.since is not None
    assert made.since.change is Change.PUSH
    assert shown(made) == [" x = 1", "+y = 2"], "no round has seen this file before"
    assert {one.path for one in made.since.news.reviewed} == {"a.py"}
    assert made.diff.paths() == ("a.py", "b.py"), "findings may be placed on all of it"


def test_a_rebase_alone_is_nothing_new(tmp_path: Path, repo: Repo) -> None:
    last = reviewed(tmp_path / "cache", repo, repo.commit({"a.py": MINE}, branch="pull"))
    repo.commit({"a.py": BASE.replace("line 25\n", "moved on\n"), "c.py": "z\n"})
    repo.git("branch", "-D", "pull")
    rebased = MINE.replace("line 25\n", "moved on\n")
    sha = repo.commit({"a.py": rebased}, branch="pull", message="the same again")
    made = prepared(tmp_path / "cache", repo, sha, last)
    assert made.since is not None
    assert made.since.change is Change.REBASE
    assert shown(made) == []


def test_a_force_push_shows_what_is_not_as_it_was(tmp_path: Path, repo: Repo) -> None:
    last = reviewed(tmp_path / "cache", repo, repo.commit({"a.py": MINE}, branch="pull"))
    repo.git("branch", "-D", "pull")
    sha = repo.commit({"a.py": text(_10="ten", _40="fourty")}, branch="pull")
    made = prepared(tmp_path / "cache", repo, sha, last)
    assert made.since is not None
    assert made.since.change is Change.FORCE_PUSH
    assert shown(made) == ["+fourty"]


def test_a_head_that_is_gone_makes_a_whole_round(tmp_path: Path, repo: Repo) -> None:
    gone = LastReviewed(sha="f" * 40, base_sha="e" * 40, merge_base="d" * 40, round=1)
    sha = repo.commit({"a.py": MINE}, branch="pull")
    assert prepared(tmp_path / "cache", repo, sha, gone).since is None
