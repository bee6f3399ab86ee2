"""What a commit may hold to make git fetch, run or hide something: it does none of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from reviewer_cli.core.coverage import DiffLimits, shown
from reviewer_cli.core.tree import CheckoutLimits
from reviewer_cli.git.changes import changes
from reviewer_cli.git.checkout import CheckoutPool
from reviewer_cli.git.mirror import Mirror
from tests.building import FILE, SUBMODULE, TREE, Repo
from tests.git.test_checkout import TREES, contents, store

MODULES = """
[submodule "plain"]
\tpath = module
\turl = {url}
\tupdate = !touch {sprung}
\tfetchRecurseSubmodules = true
[submodule "../../../outside"]
\tpath = module
\turl = {url}
[submodule "carriage"]
\tpath = "module\r"
\turl = {url}
[submodule "option"]
\tpath = module
\turl = "--upload-pack=touch {sprung}"
"""


def spied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which a git before the real one writes the words of each call."""
    calls, real = tmp_path / "calls", shutil.which("git")
    spy = tmp_path / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(
        f'#!/bin/sh\necho "$*" >> {shlex.quote(str(calls))}\nexec {real} "$@"\n', encoding="ascii"
    )
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    return calls


@pytest.mark.threat("T5", layer="git", tries=4)
def test_a_submodule_is_neither_fetched_nor_made_nor_followed(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo(tmp_path / "other")
    inner = other.commit({"canary.py": "canary\n"})
    sprung = tmp_path / "sprung"
    listed = MODULES.format(url=f"file://{other.path}", sprung=sprung)
    blob = repo.blob(b"a = 1\n")
    base = repo.commit_tree(repo.tree([(FILE, b"a.py", blob)]), branch="main")
    tree = repo.tree(
        [
            (FILE, b".gitmodules", repo.blob(listed.encode())),
            (FILE, b"a.py", repo.blob(b"a = 2\n")),
            (SUBMODULE, b"module", inner),
            (SUBMODULE, b"module\r", inner),
        ]
    )
    head = repo.commit_tree(tree, base)
    calls = spied_on(tmp_path, monkeypatch)

    mirror = Mirror.open(tmp_path / "cache", "local/repo")
    mirror.fetch(repo.remote, [base, head])
    diff = changes(mirror, base, head, DiffLimits())
    with CheckoutPool(tmp_path / "pool").borrow(mirror, head, CheckoutLimits()) as checkout:
        assert sorted(contents(checkout.path)) == [".gitmodules", "a.py"]
        left_out = {file.path: file.reason for file in checkout.skipped}

    assert left_out == {"module": "submodule", "module\\x0d": "submodule"}
    assert {file.path for file in diff.unreviewed} == {"module", "module\\x0d"}
    assert not sprung.exists()
    words = calls.read_text(encoding="utf-8").split()
    assert {"submodule", "clone", str(other.path), f"file://{other.path}"}.isdisjoint(words)
    assert words.count("fetch") == 1
    assert [path for path in mirror.path.rglob("*") if "modules" in path.name] == []
    assert obeyed_by_others(repo, tmp_path), "the trap itself is broken"


def obeyed_by_others(repo: Repo, tmp_path: Path) -> bool:
    """Whether a git that trusts the first of these modules fetches it."""
    loose = Repo(tmp_path / "loose")
    loose.git("pull", "-q", str(repo.path), "pull")
    text = (loose.path / ".gitmodules").read_text()
    trusted = [line for line in text.split("\n") if "update" not in line][:4]
    (loose.path / ".gitmodules").write_text("\n".join(trusted))
    trusting = ("-c", "protocol.file.allow=always", "submodule", "update", "--init", "module")
    loose.git(*trusting)
    return (loose.path / "module/canary.py").exists()


def names(repo: Repo, sha: str) -> list[bytes]:
    """The raw path of every leaf of a commit, one by one, without asking git for a list of them."""

    def below(tree: str, above: bytes) -> list[bytes]:
        raw = subprocess.run(
            ["git", "cat-file", "tree", tree], cwd=repo.path, capture_output=True, check=True
        ).stdout
        found = []
        while raw:
            head, _, rest = raw.partition(b"\0")
            mode, name = head.split(b" ", 1)
            oid, raw = rest[:20].hex(), rest[20:]
            is_tree = mode.decode().zfill(6) == TREE
            found += below(oid, above + name + b"/") if is_tree else [above + name]
        return found

    return below(f"{sha}^{{tree}}", b"")


@pytest.mark.threat("T9", layer="git")
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tree=TREES)
def test_every_name_of_any_tree_is_reviewed_or_named_as_not_reviewed(
    tmp_path_factory: pytest.TempPathFactory, tree: list[Any]
) -> None:
    """Whatever bytes a name is made of, none is lost, split or joined to another."""
    tmp_path = tmp_path_factory.mktemp("names")
    repo = Repo(tmp_path / "repo")
    base = repo.commit_tree(repo.tree([]), branch="main")
    head = repo.commit_tree(store(repo, tree), base)
    mirror = Mirror.open(tmp_path / "cache", "h/r")
    mirror.fetch(repo.remote, [base, head])
    diff = changes(mirror, base, head, DiffLimits())
    told = [*(file.path for file in diff.files), *(file.path for file in diff.unreviewed)]
    assert set(told) == {shown(name) for name in names(repo, head)}
    with CheckoutPool(tmp_path / "pool").borrow(mirror, head, CheckoutLimits()) as checkout:
        there = [name for name in contents(checkout.path) if not name.endswith("/")]
        kept = [*there, *(file.path for file in checkout.skipped)]
    assert sorted(kept) == sorted(shown(name) for name in names(repo, head))


HIDING = {
    "binary": "*.py binary\n",
    "no diff": "*.py -diff\n",
    "no text": "*.py -text\n",
    "generated": "*.py linguist-generated linguist-vendored linguist-documentation\n",
    "encoding": "*.py working-tree-encoding=UTF-16\n",
    "LFS": "*.py filter=lfs diff=lfs merge=lfs -text\n",
    "export": "*.py export-ignore export-subst\n",
    "driver": "*.py diff=astextplain\n[attr]hidden -diff\n*.py hidden\n",
}


@pytest.mark.threat("T10", layer="git")
@pytest.mark.parametrize("how", HIDING)
def test_no_attribute_hides_a_line_from_the_diff_or_the_checkout(
    repo: Repo, mirror: Mirror, tmp_path: Path, how: str
) -> None:
    """Neither those of the commit nor those that somebody planted in the mirror."""
    bad = "import os\nos.system('steal')\n"
    base = repo.commit({"a.py": "import os\n", "d/.gitattributes": "* -diff\n"})
    files = {".gitattributes": HIDING[how], "a.py": bad, "d/b.py": bad}
    head = repo.commit(files, branch="pull")
    mirror.fetch(repo.remote, [base, head])
    (mirror.path / "info").mkdir()
    (mirror.path / "info" / "attributes").write_text(
        HIDING[how].replace("*.py", "*"), encoding="ascii"
    )
    diff = changes(mirror, base, head, DiffLimits())
    for path in ("a.py", "d/b.py"):
        file = diff.file(path)
        assert file is not None
        assert "os.system('steal')" in [line.text for line in file.added_lines()]
    with CheckoutPool(tmp_path / "pool").borrow(mirror, head, CheckoutLimits()) as checkout:
        assert (checkout.path / "a.py").read_text() == bad
