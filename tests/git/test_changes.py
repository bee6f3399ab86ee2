from __future__ import annotations

import pytest

from reviewer_cli.core.coverage import DiffLimits, is_limit
from reviewer_cli.core.diff import Diff, FileStatus, LineKind
from reviewer_cli.core.models import Side
from reviewer_cli.core.select import SkipClass, skip_class
from reviewer_cli.errors import HeadRejected
from reviewer_cli.git.changes import changes
from reviewer_cli.git.mirror import Mirror, MirrorDamaged
from tests.building import EXECUTABLE, FILE, LINK, SUBMODULE, TREE, Repo

Contents = dict[str, str | bytes | None]


def compare(repo: Repo, mirror: Mirror, base: str, head: str, **limits: object) -> Diff:
    mirror.fetch(repo.remote, [base, head])
    return changes(mirror, base, head, DiffLimits(**limits))  # type: ignore[arg-type]


def diff_of(
    repo: Repo, mirror: Mirror, before: Contents, after: Contents, **limits: object
) -> Diff:
    base = repo.commit({"README": "x\n", **before})
    return compare(repo, mirror, base, repo.commit(after, branch="pull"), **limits)


def reasons(diff: Diff) -> dict[str, str]:
    return {file.path: file.reason for file in diff.unreviewed}


def lines(diff: Diff, path: str) -> list[tuple[str, str, int | None, int | None]]:
    file = diff.file(path)
    assert file is not None, diff
    return [
        (str(line.kind), line.text, line.old, line.new)
        for hunk in file.hunks
        for line in hunk.lines
    ]


def test_the_diff_starts_at_the_merge_base(repo: Repo, mirror: Mirror) -> None:
    """What happened on the base branch since is not part of the pull request."""
    fork = repo.commit({"a": "1\n", "b": "1\n"})
    head = repo.commit({"b": "2\n"}, branch="pull")
    base = repo.commit({"a": "2\n"})
    diff = compare(repo, mirror, base, head)
    assert diff.merge_base == fork
    assert diff.paths() == ("b",)
    assert lines(diff, "b") == [("-", "1", 1, None), ("+", "2", None, 1)]


def test_statuses_and_old_paths(repo: Repo, mirror: Mirror) -> None:
    text = "".join(f"line {n}\n" for n in range(20))
    diff = diff_of(
        repo,
        mirror,
        {"old.py": text, "gone.py": "x\n", "kept.py": "x\n"},
        {
            "old.py": None,
            "new.py": text + "more\n",
            "gone.py": None,
            "kept.py": "y\n",
            "added.py": "z\n",
        },
    )
    found = {file.path: (file.old_path, file.status) for file in diff.files}
    assert found == {
        "new.py": ("old.py", FileStatus.RENAMED),
        "gone.py": ("gone.py", FileStatus.DELETED),
        "kept.py": ("kept.py", FileStatus.MODIFIED),
        "added.py": ("added.py", FileStatus.ADDED),
    }
    assert lines(diff, "new.py")[-1] == ("+", "more", None, 21)
    assert diff.unreviewed == ()


def test_each_path_has_its_own_lines(repo: Repo, mirror: Mirror) -> None:
    """Dropped files in between never shift the lines of one file to another."""
    before: Contents = {f"f{n:02}": f"{n}\n" * 3 for n in range(30)}
    after: Contents = {
        f"f{n:02}": (b"\0" if n % 5 == 0 else b"new %d\n" % n) if n % 7 else None for n in range(30)
    }
    diff = diff_of(repo, mirror, before, after)
    for file in diff.files:
        number = int(file.path[1:])
        added = [line.text for line in file.added_lines()]
        assert added == ([f"new {number}"] if number % 7 else [])
    assert set(reasons(diff)) == {f"f{n:02}" for n in range(30) if n % 5 == 0 and n % 7}


@pytest.mark.threat("T10", layer="git")
def test_attributes_cannot_hide_a_change(repo: Repo, mirror: Mirror) -> None:
    hiding = "*.py -diff linguist-generated working-tree-encoding=UTF-16 -text binary\n"
    diff = diff_of(repo, mirror, {}, {".gitattributes": hiding, "bad.py": "import os\n"})
    assert lines(diff, "bad.py") == [("+", "import os", None, 1)]


@pytest.mark.threat("T10", layer="git", tries=2)
def test_binary_files_are_named(repo: Repo, mirror: Mirror) -> None:
    diff = diff_of(repo, mirror, {"b": b"a\0b\n"}, {"a": b"\x89PNG\0\n", "b": "text\n"})
    assert reasons(diff) == {"a": "binary", "b": "binary"}


def test_line_ends_and_odd_separators_do_not_shift_numbers(repo: Repo, mirror: Mirror) -> None:
    odd = "one\x0cfeed\ntwo\u2028sep\x85\x1c\nthree\rcr\r\nlast"
    diff = diff_of(repo, mirror, {}, {"odd": odd})
    assert lines(diff, "odd") == [
        ("+", "one\x0cfeed", None, 1),
        ("+", "two\u2028sep\x85\x1c", None, 2),
        ("+", "three\rcr\r", None, 3),
        ("+", "last", None, 4),
    ]


def test_a_missing_newline_at_the_end_is_no_line(repo: Repo, mirror: Mirror) -> None:
    diff = diff_of(repo, mirror, {"a": "x\ny"}, {"a": "x\ny\n"})
    assert lines(diff, "a") == [(" ", "x", 1, 1), ("-", "y", 2, None), ("+", "y", None, 2)]


@pytest.mark.threat("T10", layer="git")
def test_content_that_looks_like_a_patch_is_content(repo: Repo, mirror: Mirror) -> None:
    forged = "diff --git a/000000000 b/000000000\n@@ -1,9 +1,9 @@\n--- a/x\n+++ b/x\n"
    diff = diff_of(repo, mirror, {"a": "1\n", "z": "1\n"}, {"a": forged, "z": "2\n"})
    assert [line[1] for line in lines(diff, "a")] == ["1", *forged.split("\n")[:-1]]
    assert lines(diff, "z") == [("-", "1", 1, None), ("+", "2", None, 1)]


def test_text_that_is_not_utf8_is_still_reviewed(repo: Repo, mirror: Mirror) -> None:
    diff = diff_of(repo, mirror, {}, {"latin": b"caf\xe9\n"})
    assert lines(diff, "latin") == [("+", "caf\ufffd", None, 1)]


def test_the_hunk_names_its_function(repo: Repo, mirror: Mirror) -> None:
    body = "def outer():\n" + "".join(f"    x{n} = {n}\n" for n in range(20))
    diff = diff_of(repo, mirror, {"a.py": body}, {"a.py": body.replace("x15 = 15", "x15 = 0")})
    file = diff.file("a.py")
    assert file is not None
    assert file.hunks[0].section == "def outer():"
    changed = [line for line in file.hunks[0].lines if line.kind is not LineKind.CONTEXT]
    assert [line.number(Side.LEFT) or line.number(Side.RIGHT) for line in changed] == [17, 17]


def raw_head(repo: Repo, *entries: tuple[str, bytes, str]) -> tuple[str, str]:
    base = repo.commit({"README": "x\n"})
    readme = repo.blob(b"x\n")
    return base, repo.commit_tree(repo.tree([(FILE, b"README", readme), *entries]), base)


@pytest.mark.threat("T9", layer="git", tries=9)
def test_links_submodules_and_hostile_names_are_named(repo: Repo, mirror: Mirror) -> None:
    blob = repo.blob(b"import os\n")
    inner = repo.tree([(FILE, b"a.py", blob)])
    base, head = raw_head(
        repo,
        (LINK, b"link", repo.blob(b"/etc/passwd")),
        (SUBMODULE, b"module", "1" * 40),
        (TREE, b"..", inner),
        (TREE, b".GIT", inner),
        (TREE, b"git~1", inner),
        (FILE, b"new\nline", blob),
        (FILE, b"esc\x1b[31m", blob),
        (FILE, b"back\\slash", blob),
        (FILE, b"latin-\xe9", blob),
        (FILE, b"--dash", blob),
        (FILE, 'naïve "q".py'.encode(), blob),
    )
    diff = compare(repo, mirror, base, head)
    assert {file.path for file in diff.files} == {"--dash", 'naïve "q".py'}
    assert reasons(diff) == {
        "link": "symbolic link",
        "module": "submodule",
        "../a.py": "its name is unsafe",
        ".GIT/a.py": "its name is unsafe",
        "git~1/a.py": "its name is unsafe",
        "new\\x0aline": "its name is unsafe",
        "esc\\x1b[31m": "its name is unsafe",
        "back\\slash": "its name is unsafe",
        "latin-\\xe9": "its name is not UTF-8",
    }


def test_a_rename_from_a_hostile_name_is_named(repo: Repo, mirror: Mirror) -> None:
    lines = b"".join(b"line %d\n" % n for n in range(20))
    before = repo.tree([(FILE, b"latin-\xe9", repo.blob(lines))])
    after = repo.tree([(FILE, b"good.py", repo.blob(lines + b"more\n"))])
    base = repo.commit_tree(before, branch="main")
    diff = compare(repo, mirror, base, repo.commit_tree(after, base))
    assert reasons(diff) == {"good.py": "its name is not UTF-8"}


def test_type_changes(repo: Repo, mirror: Mirror) -> None:
    text, target = repo.blob(b"a = 1\n"), repo.blob(b"target")
    before = repo.tree([(LINK, b"to-file", target), (FILE, b"to-link", text)])
    after = repo.tree([(FILE, b"to-file", text), (LINK, b"to-link", target)])
    base = repo.commit_tree(before, branch="main")
    diff = compare(repo, mirror, base, repo.commit_tree(after, base))
    file = diff.file("to-file")
    assert file is not None
    assert file.status is FileStatus.TYPE_CHANGED
    assert lines(diff, "to-file") == [("+", "a = 1", None, 1)]
    assert reasons(diff) == {"to-link": "symbolic link"}


def test_changes_without_lines_are_named(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"mode.sh": "x\n", "old.py": "a\nb\nc\n"})
    mode, moved = repo.blob(b"x\n"), repo.blob(b"a\nb\nc\n")
    tree = repo.tree(
        [
            (EXECUTABLE, b"mode.sh", mode),
            (FILE, b"new.py", moved),
            (FILE, b"empty", repo.blob(b"")),
        ]
    )
    diff = compare(repo, mirror, base, repo.commit_tree(tree, base))
    assert diff.files == ()
    assert reasons(diff) == dict.fromkeys(["mode.sh", "new.py", "empty"], "no changed lines")


@pytest.mark.threat("T9", layer="git", tries=2)
def test_large_files_are_never_read(repo: Repo, mirror: Mirror) -> None:
    diff = diff_of(
        repo,
        mirror,
        {"shrinks": "y\n" * 600},
        {"big": "x\n" * 600, "fits": "x\n" * 500, "shrinks": "y\n"},
        max_file_bytes=1000,
    )
    assert diff.paths() == ("fits", "big", "shrinks")
    assert reasons(diff) == dict.fromkeys(["big", "shrinks"], "larger than 1000 bytes")
    assert all(map(is_limit, reasons(diff).values()))


@pytest.mark.threat("T9", layer="git", tries=5)
def test_long_lines_and_totals_are_named(repo: Repo, mirror: Mirror) -> None:
    files: Contents = {f"f{n}": "x\n" * 50 for n in range(6)}
    diff = diff_of(
        repo, mirror, {}, {"a": "y" * 300 + "\n", **files}, max_line_bytes=200, max_files=4
    )
    assert [file.path for file in diff.files] == ["f0", "f1", "f2", "f3"]
    assert reasons(diff) == {
        "a": "it has a line longer than 200 bytes",
        "f4": "the review stops at 4 files",
        "f5": "the review stops at 4 files",
    }
    small = changes(mirror, diff.merge_base, repo.tip("pull"), DiffLimits(max_diff_bytes=500))
    assert len(small.files) == 1
    assert reasons(small)["f1"] == "the review stops at 500 bytes of changes"
    tiny = changes(mirror, diff.merge_base, repo.tip("pull"), DiffLimits(max_read_bytes=450))
    assert [file.path for file in tiny.files] == ["a", "f0"]
    assert reasons(tiny)["f5"] == "the pull request is too large to read it all"
    for some in (diff, small, tiny):
        assert all(map(is_limit, reasons(some).values()))


@pytest.mark.threat("T10", layer="git", tries=3)
def test_generated_and_ignored_files_are_named(repo: Repo, mirror: Mirror) -> None:
    diff = diff_of(
        repo,
        mirror,
        {},
        {
            "uv.lock": "x\n",
            "gen.go": "// Code generated by protoc. DO NOT EDIT.\nx\n",
            "docs/a.md": "x\n",
            "a.py": "x\n",
        },
        ignore=("docs/**",),
    )
    assert [file.path for file in diff.files] == ["a.py"]
    assert reasons(diff) == {
        "docs/a.md": "ignored by the configuration",
        "uv.lock": "generated or vendored",
        "gen.go": "marked as generated",
    }
    assert not any(map(is_limit, reasons(diff).values()))


def test_a_head_equal_to_its_base_changes_nothing(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    assert compare(repo, mirror, base, base) == Diff(merge_base=base)


def test_no_common_history_is_final_and_says_so(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    head = repo.commit({"a": "2"}, branch="pull", start=None)
    with pytest.raises(HeadRejected, match="shares no history with its base") as raised:
        compare(repo, mirror, base, head)
    assert skip_class(str(raised.value)) is SkipClass.NO_HISTORY


def test_a_lost_blob_is_damage_not_an_empty_diff(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1\n"})
    head = repo.commit({"a": "2\n"}, branch="pull")
    mirror.fetch(repo.remote, [base, head])
    oid = mirror.git("rev-parse", f"{head}:a").decode().strip()
    (mirror.path / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(MirrorDamaged, match="only a cache"):
        changes(mirror, base, head, DiffLimits())
