from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from reviewer_cli.errors import ConfigurationError, HeadGone, HeadRejected
from reviewer_cli.git.flock import exclusive
from reviewer_cli.git.mirror import Mirror, MirrorDamaged, directory_name, reference
from reviewer_cli.git.run import GitError
from reviewer_cli.ports.host import Remote
from tests.building import Repo

GONE = "1234567890" * 4


def packs_and_objects(mirror: Mirror) -> int:
    return sum(path.is_file() for path in (mirror.path / "objects").rglob("*"))


def test_a_fetch_brings_commits_with_their_history(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    main = repo.commit({"a": "2"})
    repo.git("branch", "pull", base)
    head = repo.commit({"b": "1"}, branch="pull")
    mirror.fetch(repo.remote, [main, head])
    assert mirror.merge_base(main, head) == base
    assert mirror.git("show", f"{head}:b") == b"1"


def test_a_second_fetch_brings_only_what_is_missing(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({f"f{n}": f"{n}" for n in range(50)})
    mirror.fetch(repo.remote, [base])
    before = packs_and_objects(mirror)
    head = repo.commit({"new": "x"}, branch="pull")
    mirror.fetch(repo.remote, [base, head])
    assert packs_and_objects(mirror) - before == 3  # a commit, its tree, a blob


def test_commits_that_are_here_need_no_remote(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    mirror.fetch(repo.remote, [base])
    shutil.rmtree(repo.path)
    mirror.fetch(repo.remote, [base])


def test_a_commit_of_a_deleted_branch_is_still_fetched(repo: Repo, mirror: Mirror) -> None:
    repo.commit({"a": "1"})
    head = repo.commit({"a": "2"}, branch="pull")
    repo.git("update-ref", "-d", "refs/heads/pull")
    mirror.fetch(repo.remote, [head])
    assert mirror.git("show", f"{head}:a") == b"2"


def test_a_commit_that_is_gone_does_not_stop_the_others(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    head = repo.commit({"a": "2"}, branch="pull")
    other = GONE[::-1]
    with pytest.raises(HeadGone, match=GONE) as caught:
        mirror.fetch(repo.remote, [base, GONE, other, head])
    assert other in str(caught.value)
    mirror.fetch(repo.remote, [base, head])
    assert mirror.merge_base(base, head) == base


def test_many_commits_fit_in_one_fetch(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    commits = [
        f"commit refs/heads/b{n}\ncommitter A <a@b> {n} +0000\ndata 1\nxfrom {base}\n"
        for n in range(400)
    ]
    repo.git("fast-import", "--quiet", "--date-format=raw", input="".join(commits).encode())
    shas = repo.git("for-each-ref", "--format=%(objectname)", "refs/heads/b*").split()
    assert len(set(shas)) == 400
    mirror.fetch(repo.remote, shas)
    assert mirror._missing(shas) == []


def test_a_commit_without_its_files_is_fetched_again(repo: Repo, mirror: Mirror) -> None:
    """A killed fetch leaves objects behind; only our reference says that all of them came."""
    base = repo.commit({"a": "1"})
    commit = repo.git("cat-file", "commit", base).encode()
    alone = mirror.git("hash-object", "-t", "commit", "-w", "--stdin", input=commit)
    assert alone.decode().strip() == base
    mirror.fetch(repo.remote, [base])
    assert mirror.git("show", f"{base}:a") == b"1"


def test_a_shallow_repository_is_fetched_as_it_is(
    repo: Repo, mirror: Mirror, tmp_path: Path
) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    shallow = Repo(tmp_path / "shallow")
    shallow.git("fetch", "-q", "--depth=1", f"file://{repo.path}", "+main:deep")
    head = shallow.tip("deep")
    mirror.fetch(shallow.remote, [head])
    assert mirror.git("show", f"{head}:a") == b"2"


def test_unrelated_commits_have_no_merge_base(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    head = repo.commit({"a": "2"}, branch="pull", start=None)
    mirror.fetch(repo.remote, [base, head])
    assert mirror.merge_base(base, head) is None


def test_an_unreachable_remote_is_an_error_of_git(mirror: Mirror, tmp_path: Path) -> None:
    with pytest.raises(GitError, match="does not appear to be a git repository"):
        mirror.fetch(Remote(url=str(tmp_path / "none")), [GONE])


@pytest.mark.threat("T25", layer="git")
@pytest.mark.parametrize("sha", ["main", "--upload-pack=x", "A" * 40, "", GONE + "\n", GONE[:39]])
def test_only_full_commit_ids_are_fetched(repo: Repo, mirror: Mirror, sha: str) -> None:
    with pytest.raises(HeadRejected):
        mirror.fetch(repo.remote, [sha])


def test_a_directory_that_is_no_repository_is_built_anew(repo: Repo, tmp_path: Path) -> None:
    """Whatever a killed build or a full disk left behind is never taken for a mirror."""
    base = repo.commit({"a": "1"})
    for damage in ("HEAD", "objects", "config"):
        mirror = Mirror.open(tmp_path, "h/r")
        mirror.fetch(repo.remote, [base])
        path = mirror.path / damage
        if damage == "config":
            path.write_text("[broken")
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        mirror = Mirror.open(tmp_path, "h/r")
        mirror.fetch(repo.remote, [base])
        assert mirror.git("show", f"{base}:a") == b"1"


def test_a_cache_inside_another_repository_is_not_confused_with_it(repo: Repo) -> None:
    base = repo.commit({"a": "1"})
    mirror = Mirror.open(repo.path / "cache", "h/r")
    (mirror.path / "HEAD").unlink()
    with pytest.raises(MirrorDamaged):
        mirror.git("rev-parse", base)


def test_missing_objects_name_the_directory_to_delete(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    mirror.fetch(repo.remote, [base])
    shutil.rmtree(mirror.path / "objects")
    (mirror.path / "objects").mkdir()
    with pytest.raises(MirrorDamaged, match=f"{mirror.path} is only a cache"):
        mirror.git("ls-tree", base)


def test_fetches_of_one_mirror_wait_for_each_other(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    other = Mirror(mirror.path, mirror.name)
    thread = threading.Thread(target=other.fetch, args=(repo.remote, [base]))
    with exclusive(mirror.path.with_suffix(".lock")):
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(10)
    assert mirror.git("rev-parse", reference(base)).decode().strip() == base


def test_what_a_killed_fetch_left_stops_no_later_one(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    left = [f"{reference(base)}.lock", "shallow.lock", "objects/pack/tmp_pack_Ab1"]
    for name in left:
        (mirror.path / name).parent.mkdir(parents=True, exist_ok=True)
        (mirror.path / name).touch()
    again = Mirror.open(mirror.path.parents[1], mirror.name)
    again.fetch(repo.remote, [base])
    assert mirror.git("rev-parse", reference(base)).decode().strip() == base
    assert not [name for name in left if (mirror.path / name).exists()]


def test_two_openers_build_one_mirror(tmp_path: Path) -> None:
    threads = [threading.Thread(target=Mirror.open, args=(tmp_path, "h/r")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = sorted(path.suffix for path in (tmp_path / "mirrors").iterdir())
    assert names == [".git", ".lock"]


def test_directory_names_are_safe_and_differ() -> None:
    names = ["h/a/b", "h/a-b", "../../etc", "/", "h/" + "x" * 500, "h/\n\x1b", "H/A/B"]
    found = [directory_name(name) for name in names]
    assert len(set(found)) == len(names)
    for name in found:
        assert "/" not in name
        assert not name.startswith(".")
        assert len(name) < 80
        assert name.isprintable()


def test_an_unwritable_cache_directory_is_a_matter_of_configuration(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="choose another"):
        Mirror.open(tmp_path / "file", "h/r")
