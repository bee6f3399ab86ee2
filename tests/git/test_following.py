"""What became of lines that were flagged, as real commits show it."""

from __future__ import annotations

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.outcomes import LinesSince
from reviewer_cli.git.changes import compared
from reviewer_cli.git.following import lines_since
from reviewer_cli.git.mirror import Mirror
from tests.building import Repo
from tests.fakes.github.scene import text

LIMITS = DiffLimits()


def followed(
    repo: Repo, mirror: Mirror, old: str, new: str, first: int, last: int, path: str = "a.py"
) -> LinesSince | None:
    mirror.fetch(repo.remote, [old, new])
    since = compared(mirror, old, new, LIMITS)
    return lines_since(mirror, since, path, first, last, new, LIMITS)


def test_lines_that_stand_as_they_were_have_no_commit(repo: Repo, mirror: Mirror) -> None:
    old = repo.commit({"a.py": text()}, branch="pull")
    new = repo.commit({"a.py": "first\n" + text(_50="fifty")}, branch="pull")
    assert followed(repo, mirror, old, new, 10, 12) == LinesSince()


def test_the_commit_that_changed_them_is_named_and_what_stands_there(
    repo: Repo, mirror: Mirror
) -> None:
    old = repo.commit({"a.py": text()}, branch="pull")
    repo.commit({"a.py": text(_50="fifty")}, branch="pull", message="another place")
    mend = repo.commit({"a.py": text(_50="fifty", _10="ten")}, branch="pull", message="Mend\n\nit")
    new = repo.commit({"a.py": text(_50="fifty", _10="ten", _1="one")}, branch="pull")
    told = followed(repo, mirror, old, new, 10, 10)
    assert told is not None
    assert told.commit is not None
    assert (told.commit.sha, told.commit.author) == (mend, "Ada")
    assert told.commit.message == "Mend\n\nit"
    assert told.text == ("ten",)


def test_lines_that_are_gone_leave_nothing(repo: Repo, mirror: Mirror) -> None:
    old = repo.commit({"a.py": text()}, branch="pull")
    new = repo.commit({"a.py": text(_10="")}, branch="pull")
    told = followed(repo, mirror, old, new, 10, 10)
    assert told is not None
    assert (told.commit and told.commit.sha, told.text) == (new, ())


def test_a_file_that_was_renamed_is_followed(repo: Repo, mirror: Mirror) -> None:
    old = repo.commit({"a.py": text()}, branch="pull")
    new = repo.commit({"a.py": None, "b.py": text(_10="ten")}, branch="pull")
    told = followed(repo, mirror, old, new, 10, 10)
    assert told is not None
    assert told.text == ("ten",)


def test_a_rewritten_branch_is_compared_as_it_is(repo: Repo, mirror: Mirror) -> None:
    repo.commit({"a.py": text()})
    old = repo.commit({"a.py": text(_10="tne")}, branch="pull")
    repo.git("branch", "-D", "pull")
    new = repo.commit({"a.py": text(_10="ten")}, branch="pull")
    told = followed(repo, mirror, old, new, 10, 10)
    assert told is not None
    assert (told.commit and told.commit.sha, told.text) == (new, ("ten",))
