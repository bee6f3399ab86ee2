"""Real repositories out of published releases: fetched by pip, pinned by hash, built with git.

A project becomes a repository whose `main` is its first release here, and each later release is a
branch of one commit on top of main. The same table gives the same commit SHAs on every machine.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

INERT_BACKEND = Path(__file__).with_name("inert_backend.py")
CACHE = Path(__file__).parents[2] / ".cache" / "real"
# Where pip looks for the build backends of the projects below, as files on its import path.
BACKENDS = (
    "flit_core/buildapi.py",
    "hatchling/build.py",
    "poetry/core/masonry/api.py",
    "setuptools/build_meta.py",
)


class ReleaseError(RuntimeError):
    """A release could not be fetched or is not the one the table pins."""


@dataclass(frozen=True, slots=True)
class Release:
    """One published source distribution: its version and the SHA-256 of the archive."""

    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Consecutive releases of one project, oldest first, and why they are worth a sweep."""

    name: str
    why: str
    releases: tuple[Release, ...]


PROJECTS = (
    Project(
        name="iniconfig",
        why="tiny: ten files, doubled when the build backend changes",
        releases=(
            Release("2.0.0", "2d91e135bf72d31a410b17c16da610a82cb55f6b0477d1a902134b24a455b8b3"),
            Release("2.1.0", "3abbd2e30b36733fee78f9c7f7308f2d0050e88f0087fd25c2645f63c773e1c7"),
            Release("2.2.0", "1807d2bc2eb4231a5e40e2ecee093fc25fc0eb0e2840f01ea50a1d15380adbff"),
            Release("2.3.0", "c76315c77db068650d49c5b56314774a7804df16fee4402c1f19d6d15d8c4730"),
        ),
    ),
    Project(
        name="click",
        why="small and typed: code and tests change while prose moves to another markup",
        releases=(
            Release("8.3.0", "e7b8232224eba16f4ebe410c25ced9f7875cb5f3263ffc93cc3e8da705e229c4"),
            Release("8.3.1", "12ff4785d337a1bb490bb7e9c2b1ee5da3112e94a8622f26a6c77f5d2fc6842a"),
            Release("8.3.2", "14162b8b3b3550a7d479eafa77dfd3c38d9dc8951f6f69c78913a8f9a7540fd5"),
            Release("8.3.3", "398329ad4837b2ff7cbe1dd166a4c0f8900c3ca3a218de04466f38f6497f18a2"),
        ),
    ),
    Project(
        name="requests",
        why="settled: short, hand-made changes in old code",
        releases=(
            Release("2.32.4", "27d0316682c8a29834d3264820024b62a36942083d52caf2f14c0591336d3422"),
            Release("2.32.5", "dbba0bac56e100853db0ea71b82b4dfd5fe2bf6d3754a8893c3af500cec7d7cf"),
            Release("2.33.0", "c7ebc5e8b0f21837386ad0e1c8fe8b829fa5f544d8df3b2253bff14ef29d7652"),
            Release("2.33.1", "18817f8c57c6263968bc123d237e3b8b08ac046f5456bd1e307ee8f4250d3517"),
        ),
    ),
    Project(
        name="rich",
        why="a library without its tests: nothing but code changes",
        releases=(
            Release("13.9.4", "439594978a49a09530cff7ebc4b5c7103ef57baf48d5ea3184f21d9a2befa098"),
            Release("14.0.0", "82f1bc23a6a21ebca4ae0c45af9bdbc492ed20231dcb63f297d6d1021a9d5725"),
            Release("14.1.0", "e497a48b844b0320d45007cdebfeaeed8db2a4f4bcf49f15e455cfc4af11eaa8"),
            Release("14.2.0", "73ff50c7c0c1c77c8243079283f4edb376f0f6442433aecb8ce7e6d0b92d1fe4"),
        ),
    ),
    Project(
        name="docutils",
        why="prose, 157 renames, symbolic links, UTF-16, a CRLF file, names with spaces",
        releases=(
            Release("0.21.2", "3a6b18732edf182daa3cd12775bbb338cf5691468f91eeeb109deff6ebfa986f"),
            Release("0.22", "ba9d57750e92331ebe7c08a1bbf7a7f8143b86c476acd51528b042216a6aad0f"),
            Release("0.22.1", "d2fb50923a313532b6d41a77776d24cb459a594be9b7e4afa1fbcb5bda1893e6"),
            Release("0.22.2", "9fdb771707c8784c8f2728b67cb2c691305933d68137ef95a75db5f4dfbc213d"),
        ),
    ),
    Project(
        name="pytest",
        why="mid-size: dense Python, and a test suite as large as the code",
        releases=(
            Release("8.3.5", "f4efe70cc14e511565ac476b57c279e12a855b11f48f212af1080ef2263d3845"),
            Release("8.4.0", "14d920b48472ea0dbf68e45b96cd1ffda4705f33307dcc86c676c1b5104838a6"),
            Release("8.4.1", "7c67fd69174877359ed9371ec3af8a3d2b04741818c51e5e99cc1742251fa93c"),
            Release("8.4.2", "86c0d0b93306b961d58d62a4db4879f27fe25513d4b969df351abdddb3c30e01"),
        ),
    ),
    Project(
        name="pygments",
        why="samples of every language, generated outputs by the hundred, pure renames",
        releases=(
            Release("2.18.0", "786ff802f32e91311bff3889f6e9a86e81505fe99f2735bb6d60ae0c5004f199"),
            Release("2.19.0", "afc4146269910d4bdfabcd27c24923137a74d562a23a320a41a55ad303e19783"),
            Release("2.19.1", "61c16d2a8576dc0649d9f39e089b5f02bcd27fba10d8fb4dcc28173f7a45151f"),
            Release("2.19.2", "636cb2477cec7f8952536970bc533bc43743542f70392ae026374600add5b887"),
        ),
    ),
    Project(
        name="django",
        why="large: a small patch in almost seven thousand files, with binary catalogues",
        releases=(
            Release("5.2", "1a47f7a7a3d43ce64570d350e008d2949abe8c7e21737b351b6a1611277c6d89"),
            Release("5.2.1", "57fe1f1b59462caed092c80b3dd324fd92161b620d59a9ba9181c34746c97284"),
            Release("5.2.2", "85852e517f84435e9b13421379cd6c43ef5b48a9c8b391d29a26f7900967e952"),
            Release("5.2.3", "335213277666ab2c5cac44a792a6d2f3d58eb79a80c14b6b160cd4afc3b75684"),
        ),
    ),
)


def build(project: Project, into: Path, cache: Path) -> Path:
    """Build the project's repository at `into/<name>`, which must not exist, and return its path.

    The working tree holds `main`; each later release is `release/<version>`, one commit on main.
    Archives missing from `cache` are downloaded. Raises ReleaseError.
    """
    archives = [fetch(project, release, cache) for release in project.releases]
    repository = into / project.name
    repository.mkdir(parents=True)
    _git(repository, "init", "--quiet", "--template=", "--initial-branch=main")
    main: list[str] = []
    for day, (release, archive) in enumerate(zip(project.releases, archives, strict=True), 1):
        subject = f"{project.name} {release.version}"
        commit = _commit(repository, archive, subject, day, parents=main)
        branch = f"release/{release.version}" if main else "main"
        _git(repository, "update-ref", f"refs/heads/{branch}", commit)
        main = main or [commit]
    _git(repository, "reset", "--quiet", "--hard", "main")
    return repository


def fetch(project: Project, release: Release, cache: Path) -> Path:
    """Return the release's archive in `cache`, downloaded if it is missing.

    Raises ReleaseError when pip fails or when the archive's SHA-256 is not the pinned one.
    """
    archive = _archive(project, release, cache)
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache.resolve()) as scratch:
            _download(project, release, Path(scratch)).replace(archive)
    with archive.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != release.sha256:
        raise ReleaseError(f"{archive} has SHA-256 {found}, not the pinned one: delete it.")
    return archive


def missing(cache: Path) -> list[str]:
    """Names of the archives that `fetch` would have to download."""
    archives = [_archive(project, one, cache) for project in PROJECTS for one in project.releases]
    return [archive.name for archive in archives if not archive.exists()]


def _archive(project: Project, release: Release, cache: Path) -> Path:
    return cache / f"{project.name}-{release.version}.tar.gz"


def _download(project: Project, release: Release, scratch: Path) -> Path:
    """Let pip download the archive; pip checks the hash before it opens it.

    pip insists on metadata and asks the project's build backend for it. The stand-ins come first
    on the import path, so neither a backend nor the project's own setup.py runs or is needed.
    """
    stand_ins, downloads = scratch / "backends", scratch / "downloads"
    for backend in BACKENDS:
        module = stand_ins / backend
        module.parent.mkdir(parents=True)
        shutil.copy(INERT_BACKEND, module)
        # A folder without __init__.py would lose against an installed package of its name.
        for package in Path(backend).parents[:-1]:
            (stand_ins / package / "__init__.py").touch()
    wanted = scratch / "wanted.txt"
    wanted.write_text(f"{project.name}=={release.version} --hash=sha256:{release.sha256}\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--quiet", "--no-input", "download", "--no-deps"),
            *("--no-binary", ":all:", "--no-build-isolation", "--use-pep517"),
            *("--dest", downloads, "--requirement", wanted),
        ],
        env=os.environ | {"PYTHONPATH": str(stand_ins)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(
            f"pip could not download {project.name} {release.version}; check the connection and "
            f"pip's index settings, then run again. pip said:\n{done.stderr[-2000:]}"
        )
    (archive,) = downloads.iterdir()
    return archive


def _commit(repository: Path, archive: Path, subject: str, day: int, parents: list[str]) -> str:
    """Commit the archive's only folder as the whole tree and return the commit's SHA.

    The folder is added from outside the working tree, so nothing of another release can remain;
    `--force` takes files too that the release's own .gitignore names.
    """
    with TemporaryDirectory(dir=repository.parent) as scratch:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch, filter="data")
        (tree,) = Path(scratch).iterdir()
        _git(repository, "read-tree", "--empty")
        _git(repository, f"--work-tree={tree}", "add", "--all", "--force", cwd=tree)
        written = _git(repository, "write-tree")
    ancestry = [argument for parent in parents for argument in ("-p", parent)]
    return _git(repository, "commit-tree", *ancestry, "-m", subject, written, day=day)


def _git(repository: Path, *arguments: str, cwd: Path | None = None, day: int = 1) -> str:
    """Run git on the repository, deaf to the user's configuration, and return its output."""
    moment = f"2020-01-{day:02}T12:00:00+0000"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Release",
        "GIT_AUTHOR_EMAIL": "release@example.invalid",
        "GIT_AUTHOR_DATE": moment,
        "GIT_COMMITTER_NAME": "Release",
        "GIT_COMMITTER_EMAIL": "release@example.invalid",
        "GIT_COMMITTER_DATE": moment,
    }
    # Repositories live for one test: no fsync, and speed before size.
    fast = ("-c", "core.fsync=none", "-c", "core.looseCompression=1")
    done = subprocess.run(
        ["git", f"--git-dir={repository / '.git'}", *fast, *arguments],
        cwd=cwd or repository,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def main() -> None:
    """Fill the cache with every release of the table; nothing is fetched that is there already."""
    for project in PROJECTS:
        for release in project.releases:
            if not _archive(project, release, CACHE).exists():
                sys.stdout.write(f"downloading {project.name} {release.version}\n")
                sys.stdout.flush()
            fetch(project, release, CACHE)


if __name__ == "__main__":
    try:
        main()
    except ReleaseError as error:
        sys.exit(str(error))
