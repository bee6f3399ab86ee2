from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewer_cli.core.tree import PICTURE, CheckoutLimits
from reviewer_cli.engines.agent_options import PICTURES as DENIED
from reviewer_cli.git.checkout import CheckoutFailed, CheckoutPool
from reviewer_cli.git.files import WRITTEN_AT_NS, Writer
from reviewer_cli.git.mirror import Mirror, MirrorDamaged
from tests.building import EXECUTABLE, FILE, LINK, SUBMODULE, TREE, Repo

LIMITS = CheckoutLimits()


@pytest.fixture
def pool(tmp_path: Path) -> CheckoutPool:
    return CheckoutPool(tmp_path / "checkouts")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were really written, in order."""
    paths: list[str] = []
    original = Writer.write

    def write(self: Writer, path: bytes, content: bytes) -> None:
        paths.append(path.decode())
        original(self, path, content)

    monkeypatch.setattr(Writer, "write", write)
    return paths


def contents(root: Path) -> dict[str, bytes]:
    """Every name below a directory; directories end with a slash."""
    found: dict[str, bytes] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        assert not path.is_symlink()
        found[name + "/" * path.is_dir()] = b"" if path.is_dir() else path.read_bytes()
    return found


def check_out(pool: CheckoutPool, mirror: Mirror, sha: str) -> dict[str, bytes]:
    with pool.borrow(mirror, sha, LIMITS) as checkout:
        return contents(checkout.path)


def test_a_checkout_holds_the_heads_files_and_nothing_else(
    repo: Repo, mirror: Mirror, pool: CheckoutPool
) -> None:
    head = repo.commit({"a.py": "1\n", "d/e/f": b"\0\xff\r\n", "empty": ""})
    mirror.fetch(repo.remote, [head])
    with pool.borrow(mirror, head, LIMITS) as checkout:
        assert contents(checkout.path) == {
            "a.py": b"1\n",
            "d/": b"",
            "d/e/": b"",
            "d/e/f": b"\0\xff\r\n",
            "empty": b"",
        }
        assert checkout.skipped == ()
        assert checkout.path.stat().st_mode & 0o777 == 0o700
        assert (checkout.path / "a.py").stat().st_mode & 0o777 == 0o600


def test_the_next_head_costs_only_what_differs(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, written: list[str]
) -> None:
    first = repo.commit({"same": "x", "d/edited": "1", "d/gone": "1", "e/f/gone": "1", "e/x": "1"})
    second = repo.commit({"d/edited": "2", "d/gone": None, "e/f/gone": None, "new/file": "1"})
    mirror.fetch(repo.remote, [first, second])
    check_out(pool, mirror, first)
    written.clear()
    after = check_out(pool, mirror, second)
    assert written == ["d/edited", "new/file"]
    assert sorted(after) == ["d/", "d/edited", "e/", "e/x", "new/", "new/file", "same"]
    written.clear()
    check_out(pool, mirror, second)
    assert written == []


def test_files_and_directories_change_places(
    repo: Repo, mirror: Mirror, pool: CheckoutPool
) -> None:
    first = repo.commit({"a": "file", "b/c": "below"})
    second = repo.commit({"a": None, "a/x": "below", "b/c": None, "b": "file"})
    mirror.fetch(repo.remote, [first, second])
    check_out(pool, mirror, first)
    assert check_out(pool, mirror, second) == {"a/": b"", "a/x": b"below", "b": b"file"}
    assert check_out(pool, mirror, first) == {"a": b"file", "b/": b"", "b/c": b"below"}


@pytest.mark.threat("T8", layer="checkout", tries=2)
def test_whatever_somebody_changed_is_written_again(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, written: list[str], tmp_path: Path
) -> None:
    names = ["edited", "kept", "linked", "lost", "touched", "turned"]
    head = repo.commit(dict.fromkeys(names, "1"))
    mirror.fetch(repo.remote, [head])
    outside = tmp_path / "outside"
    outside.write_text("mine")
    clean = check_out(pool, mirror, head)
    with pool.borrow(mirror, head, LIMITS) as checkout:
        root = checkout.path
    (root / "edited").write_text("2")
    (root / "lost").unlink()
    (root / "touched").touch()
    for name in ("linked", "turned"):
        (root / name).unlink()
    (root / "linked").symlink_to(outside)
    (root / "turned").mkdir()
    (root / "turned" / "planted").write_text("x")
    (root / "extra").symlink_to(tmp_path)
    os.utime(root / "turned" / "planted", ns=(WRITTEN_AT_NS, WRITTEN_AT_NS))
    written.clear()
    assert check_out(pool, mirror, head) == clean
    assert written == ["edited", "linked", "lost", "touched", "turned"]
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("at", [0, 3, 7])
def test_a_checkout_killed_half_way_is_rebuilt(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    first = repo.commit({f"f{n}": f"old {n}" for n in range(8)})
    second = repo.commit({f"f{n}": f"new {n}" for n in range(8)})
    mirror.fetch(repo.remote, [first, second])
    check_out(pool, mirror, first)
    calls = iter(range(100))
    original = Writer.write

    def dies(self: Writer, path: bytes, content: bytes) -> None:
        if next(calls) == at:
            original(self, path, content[:2])
            raise KeyboardInterrupt
        original(self, path, content)

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            check_out(pool, mirror, second)
    assert check_out(pool, mirror, first) == {f"f{n}": f"old {n}".encode() for n in range(8)}


def hostile_tree(repo: Repo) -> str:
    blob = repo.blob(b"x\n")
    inner = repo.tree([(FILE, b"a.py", blob)])
    return repo.tree(
        [
            (FILE, b"good.py", blob),
            (EXECUTABLE, b"run.sh", blob),
            (LINK, b"link", repo.blob(b"/etc/passwd")),
            (SUBMODULE, b"module", "1" * 40),
            (TREE, b"..", inner),
            (TREE, b".", inner),
            (TREE, b".git", inner),
            (FILE, b".GIT", blob),
            (TREE, b"git~1", inner),
            (FILE, b"new\nline", blob),
            (FILE, b"\x1b]0;x\x07", blob),
            (FILE, b"latin\xe9", blob),
            (FILE, b"twice", blob),
            (TREE, b"twice", inner),
            (FILE, b"y" * 256, blob),
        ]
    )


@pytest.mark.threat("T9", layer="checkout", tries=12)
def test_hostile_names_are_left_out_and_named(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, tmp_path: Path
) -> None:
    head = repo.commit_tree(hostile_tree(repo))
    mirror.fetch(repo.remote, [head])
    with pool.borrow(mirror, head, LIMITS) as checkout:
        assert contents(checkout.path) == dict.fromkeys(["good.py", "run.sh", "twice"], b"x\n")
        assert {file.path: file.reason for file in checkout.skipped} == {
            "link": "symbolic link",
            "module": "submodule",
            "../a.py": "its name is unsafe",
            "./a.py": "its name is unsafe",
            ".git/a.py": "its name is unsafe",
            ".GIT": "its name is unsafe",
            "git~1/a.py": "its name is unsafe",
            "new\\x0aline": "its name is unsafe",
            "\\x1b]0;x\\x07": "its name is unsafe",
            "latin\\xe9": "its name is not UTF-8",
            "twice/a.py": "its name is in the tree twice",
            "y" * 256: "its name is too long",
        }
    assert not list(tmp_path.rglob("a.py"))


PICTURES = {
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "gif": b"GIF89a\1\0\1\0",
    "webp": b"RIFF\x22\0\0\0WEBPVP8 ",
    "pdf": b"%PDF-1.7\n1 0 obj",
    "bmp": b"BM:\0\0\0\0\0\0\0\x36\0\0\0",
    "tiff": b"II*\0\x08\0\0\0",
    "tiff, other order": b"MM\0*\0\0\0\x08",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
}
TEXTS = {
    "ascii": "Bitmaps start with BM; %PDF- with this; GIF8 is half of one.\n",
    "BMW.py": b"BM = 1\n",
    "utf-8": b"\xef\xbb\xbf" + "grün\n".encode(),
    "utf-16 little": "\ufeffa = 1\n".encode("utf-16-le"),
    "utf-16 big": "\ufeffa = 1\n".encode("utf-16-be"),
    "utf-32": "\ufeffa = 1\n".encode("utf-32-le"),
    "latin": b"\xff\xd8 = 1\n",
    "binary": bytes(range(256)),
    "drawing.svg": "<svg/>",
    "pdf": "no dot\n",
    "a.pdf.txt": "named like one\n",
}


@pytest.mark.parametrize("named", ["", ".py"])
def test_what_begins_like_a_picture_is_left_out_whatever_its_name(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, named: str
) -> None:
    head = repo.commit({name + named: content + b"\0" * 50 for name, content in PICTURES.items()})
    mirror.fetch(repo.remote, [head])
    with pool.borrow(mirror, head, LIMITS) as checkout:
        assert contents(checkout.path) == {}
        assert {file.path for file in checkout.skipped} == {name + named for name in PICTURES}
        assert {file.reason for file in checkout.skipped} == {PICTURE}


def test_what_the_agent_may_not_read_by_its_name_is_left_out(
    repo: Repo, mirror: Mirror, pool: CheckoutPool
) -> None:
    head = repo.commit({f"d/{'x.' + kind}": "x" for kind in (*DENIED, "PNG", "tiff", "Heic")})
    mirror.fetch(repo.remote, [head])
    with pool.borrow(mirror, head, LIMITS) as checkout:
        assert contents(checkout.path) == {}
        assert len(checkout.skipped) == len(DENIED) + 3


def test_text_in_any_encoding_is_there(repo: Repo, mirror: Mirror, pool: CheckoutPool) -> None:
    head = repo.commit(TEXTS)
    mirror.fetch(repo.remote, [head])
    with pool.borrow(mirror, head, LIMITS) as checkout:
        assert sorted(contents(checkout.path)) == sorted(TEXTS)
        assert checkout.skipped == ()


def test_a_picture_stays_away_from_a_checkout_that_is_used_again(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, written: list[str]
) -> None:
    """Also one that takes a text's name, one that turns to text, and one planted meanwhile."""
    picture = PICTURES["png"]
    first = repo.commit({"same": picture, "turns": "text\n", "ends": picture, "a": "1\n"})
    second = repo.commit({"turns": picture, "ends": "text\n"})
    mirror.fetch(repo.remote, [first, second])
    with pool.borrow(mirror, first, LIMITS) as checkout:
        assert sorted(contents(checkout.path)) == ["a", "turns"]
        assert sorted(file.path for file in checkout.skipped) == ["ends", "same"]
        root = checkout.path
    (root / "same").write_bytes(picture)
    os.utime(root / "same", ns=(WRITTEN_AT_NS, WRITTEN_AT_NS))
    written.clear()
    with pool.borrow(mirror, second, LIMITS) as checkout:
        assert contents(checkout.path) == {"a": b"1\n", "ends": b"text\n"}
        assert sorted(file.path for file in checkout.skipped) == ["same", "turns"]
    assert written == ["ends"]


@pytest.mark.threat("T9", layer="checkout", tries=3)
def test_caps_hold_and_say_so(repo: Repo, mirror: Mirror, pool: CheckoutPool) -> None:
    head = repo.commit({"a": "x" * 50, "b": "x" * 101, "c": "x" * 50, "d": "x" * 50, "e": "x"})
    mirror.fetch(repo.remote, [head])
    limits = CheckoutLimits(max_file_bytes=100, max_total_bytes=120, max_files=3)
    with pool.borrow(mirror, head, limits) as checkout:
        assert sorted(contents(checkout.path)) == ["a", "c", "e"]
        assert [(file.path, file.reason) for file in checkout.skipped] == [
            ("b", "larger than 100 bytes"),
            ("d", "the checkout stops at 120 bytes"),
        ]
    with pool.borrow(mirror, head, LIMITS) as checkout:
        assert sorted(contents(checkout.path)) == ["a", "b", "c", "d", "e"]
    with pool.borrow(mirror, head, CheckoutLimits(max_files=1)) as checkout:
        assert sorted(contents(checkout.path)) == ["a"]


def test_borrowers_at_one_time_have_slots_of_their_own(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, tmp_path: Path
) -> None:
    """Also when they come from two pools, as two processes would; idle slots are limited."""
    heads = [repo.commit({"a": f"{n}"}) for n in range(4)]
    mirror.fetch(repo.remote, heads)
    other = CheckoutPool(tmp_path / "checkouts")
    with ExitStack() as stack:
        checkouts = [
            stack.enter_context((pool, other)[n % 2].borrow(mirror, head, LIMITS))
            for n, head in enumerate(heads)
        ]
        assert len({checkout.path for checkout in checkouts}) == 4
        for n, checkout in enumerate(checkouts):
            assert contents(checkout.path) == {"a": f"{n}".encode()}
    assert len(list((tmp_path / "checkouts").glob("*/slot-*/tree"))) == 2


def test_threads_share_a_pool(repo: Repo, mirror: Mirror, pool: CheckoutPool) -> None:
    heads = [repo.commit({f"f{n}": f"{i} {n}" for n in range(20)}) for i in range(4)]
    mirror.fetch(repo.remote, heads)
    wrong: list[Any] = []

    def work(i: int) -> None:
        for _ in range(4):
            found = check_out(pool, mirror, heads[i])
            if found != {f"f{n}": f"{i} {n}".encode() for n in range(20)}:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_lost_blob_is_damage_of_the_mirror(
    repo: Repo, mirror: Mirror, pool: CheckoutPool
) -> None:
    head = repo.commit({"a": "1\n", "b": "2\n"})
    mirror.fetch(repo.remote, [head])
    oid = mirror.git("rev-parse", f"{head}:a").decode().strip()
    blob = mirror.path / "objects" / oid[:2] / oid[2:]
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:4] + b"garbage")
    with pytest.raises(MirrorDamaged, match="only a cache"):
        check_out(pool, mirror, head)
    blob.unlink()
    with pytest.raises(MirrorDamaged, match="only a cache"):
        check_out(pool, mirror, head)


def test_a_full_disk_is_an_error_that_names_the_directory(
    repo: Repo, mirror: Mirror, pool: CheckoutPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repo.commit({"a": "1"})
    mirror.fetch(repo.remote, [head])

    def full(self: Writer, path: bytes, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "write", full)
        with (
            pytest.raises(CheckoutFailed, match="No space left"),
            pool.borrow(mirror, head, LIMITS),
        ):
            pass
    assert check_out(pool, mirror, head) == {"a": b"1"}


@pytest.mark.threat("T8", layer="checkout", tries=2)
def test_a_writer_never_passes_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "d").symlink_to(outside)
    (root / "f").symlink_to(outside / "f")
    with Writer(root) as writer:
        for path in (b"d/x", b"f"):
            with pytest.raises(OSError, match=r"Not a directory|File exists"):
                writer.write(path, b"x")
    assert list(outside.iterdir()) == []


NAMES = st.one_of(
    st.sampled_from([b"a", b"b", b"c.py", b"..", b".", b".git", b".GIT", b"git~1", b"d\n", b"\\"]),
    st.binary(min_size=1, max_size=6).map(lambda b: b.translate(None, b"/\0") or b"n"),
)
LEAVES = st.tuples(
    st.sampled_from([FILE, FILE, FILE, EXECUTABLE, LINK, SUBMODULE]),
    st.one_of(st.binary(max_size=40), st.sampled_from([b"GIF89a", b"%PDF-1"])),
)
TREES = st.recursive(
    st.lists(st.tuples(NAMES, LEAVES), max_size=5),
    lambda below: st.lists(st.tuples(NAMES, st.one_of(LEAVES, below)), max_size=5),
    max_leaves=12,
)


def store(repo: Repo, tree: list[Any]) -> str:
    entries = []
    for name, item in tree:
        if isinstance(item, list):
            entries.append((TREE, name, store(repo, item)))
        elif item[0] == SUBMODULE:
            entries.append((SUBMODULE, name, "1" * 40))
        else:
            entries.append((item[0], name, repo.blob(item[1])))
    return repo.tree(entries)


@pytest.mark.threat("T8", layer="checkout")
@pytest.mark.threat("T9", layer="checkout")
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=TREES, second=TREES, max_files=st.integers(0, 8), max_total=st.integers(0, 120))
def test_any_tree_stays_inside_and_a_delta_equals_a_fresh_checkout(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[Any],
    second: list[Any],
    max_files: int,
    max_total: int,
) -> None:
    tmp_path = tmp_path_factory.mktemp("trees")
    repo = Repo(tmp_path / "repo")
    heads = [repo.commit_tree(store(repo, tree)) for tree in (first, second)]
    mirror = Mirror.open(tmp_path / "cache", "h/r")
    mirror.fetch(repo.remote, heads)
    pool = CheckoutPool(tmp_path / "pool")
    limits = CheckoutLimits(max_file_bytes=30, max_total_bytes=max_total, max_files=max_files)
    with pool.borrow(mirror, heads[0], LIMITS):
        pass
    with pool.borrow(mirror, heads[1], limits) as checkout:
        by_delta = contents(checkout.path)
        files = [data for name, data in by_delta.items() if not name.endswith("/")]
        inside = os.path.realpath(checkout.path)
        for path in checkout.path.rglob("*"):
            assert os.path.realpath(path).startswith(inside + "/")
    with CheckoutPool(tmp_path / "fresh").borrow(mirror, heads[1], limits) as fresh:
        assert contents(fresh.path) == by_delta
        assert fresh.skipped == checkout.skipped
    assert len(files) <= max_files
    assert sum(map(len, files)) <= max_total
    assert all(len(data) <= 30 for data in files)
    listed = mirror.git("ls-tree", "-r", "-z", heads[1]).count(b"\0")
    assert len(files) + len(fresh.skipped) == listed


def test_a_later_process_empties_what_a_killed_one_left(
    repo: Repo, mirror: Mirror, tmp_path: Path
) -> None:
    """Whole slots that are kept stay for the next head, and one in use is left alone."""
    head = repo.commit({"a": "1"})
    mirror.fetch(repo.remote, [head])
    pool = CheckoutPool(tmp_path / "checkouts", keep=4)
    with ExitStack() as stack:
        slots = [
            stack.enter_context(pool.borrow(mirror, head, LIMITS)).path.parent for _ in range(4)
        ]
    (slots[0] / "written").unlink()  # it is written when all the files are there
    later = CheckoutPool(tmp_path / "checkouts", keep=3)
    with later.borrow(mirror, head, LIMITS) as used:
        assert used.path.parent == slots[0]
        (slots[0] / "written").unlink()
        (slots[1] / "written").unlink()
        later.tidy()
        assert used.path.exists()
    assert [slot.exists() for slot in slots] == [True, False, True, False]
    assert [slot.with_suffix(".lock").exists() for slot in slots] == [True] * 4
