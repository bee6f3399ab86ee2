"""Which repository a path is in, read from its files as gitrepository-layout(5) describes them."""

from __future__ import annotations

from pathlib import Path


def repository_at(path: Path) -> Path | None:
    """The one name of the repository that an absolute path lies in; None when there is none.

    That is the directory above its `.git`, or the git directory itself where that is called
    otherwise (bare repositories, submodules). A linked work tree belongs to its main repository.
    """
    try:
        for directory in (path, *path.parents):
            for candidate in (directory / ".git", directory):
                if found := _git_directory(candidate):
                    common = _shared(found)
                    return common.parent if common.name == ".git" else common
    except (OSError, UnicodeDecodeError):
        return None
    return None


def _git_directory(candidate: Path) -> Path | None:
    if candidate.is_file() and candidate.name == ".git":
        target = _pointer(candidate, "gitdir: ")
        return target if target is not None and _is_git_directory(target) else None
    return candidate.resolve() if _is_git_directory(candidate) else None


def _is_git_directory(path: Path) -> bool:
    if not (path / "HEAD").is_file():
        return False
    return (path / "commondir").is_file() or (
        (path / "objects").is_dir() and (path / "refs").is_dir()
    )


def _shared(git_directory: Path) -> Path:
    """The directory with the refs, which a linked work tree names in `commondir`."""
    pointer = git_directory / "commondir"
    return (_pointer(pointer, "") if pointer.is_file() else None) or git_directory


def _pointer(file: Path, prefix: str) -> Path | None:
    with file.open(encoding="utf-8") as opened:
        line = opened.read(5000).rstrip("\n")
    return (file.parent / line.removeprefix(prefix)).resolve() if line.startswith(prefix) else None
