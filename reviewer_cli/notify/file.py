"""Digests as files on this machine, each there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviewer_cli.core.health import Sign, green
from reviewer_cli.errors import ConfigurationError, ReviewerError
from reviewer_cli.ports.notices import Form, Notice
from reviewer_cli.scratch import remove_abandoned, temporary_directory

WEEK, FORMAT = "{week}", "{format}"

SUFFIXES = {
    ".html": Form.HTML,
    ".htm": Form.HTML,
    ".md": Form.MARKDOWN,
    ".markdown": Form.MARKDOWN,
    ".json": Form.JSON,
}
"""The suffix of a file → what is in it."""
ALL = ("html", "md", "json")
"""What `{format}` stands for, one file each."""


class FileChannel:
    """Writes where a pattern such as `/srv/digests/{week}.{format}` says."""

    is_repeatable = True
    pause_s = 0.0

    def __init__(self, name: str, pattern: Path, *, shows_titles: bool) -> None:
        """A pattern without `{week}` is one file, the newest digest's."""
        self.name = name
        self.shows_titles = shows_titles
        self.keeps_newest = WEEK not in str(pattern)
        self._pattern = pattern

    @property
    def forms(self) -> tuple[Form, ...]:
        """What its suffixes say."""
        return tuple(map(form_of, self._paths("2026-W01")))

    def send(self, notice: Notice) -> bool:
        """Write each file beside its place and move it there; readers never see half of one.

        Directories that are missing are made.
        """
        for path in self._paths(notice.period):
            with _usable(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            write(path, notice.text(form_of(path)))
        return True

    def finish(self, notice: Notice) -> None:
        """Nothing is left."""

    def examine(self) -> Iterator[Sign]:
        """Whether a file may be made in the directory, or in the one it would be made in."""
        for path in self._paths("2026-W01"):
            form_of(path)
            there = next(one for one in path.parents if one.exists())
            with _usable(path), temporary_directory(there):
                pass
        yield green(self.name, f"{self._pattern} can be written")

    def close(self) -> None:
        """Nothing is open."""

    def _paths(self, period: str) -> list[Path]:
        pattern = str(self._pattern).replace(WEEK, period)
        formats = ALL if FORMAT in pattern else ("",)
        return [Path(pattern.replace(FORMAT, one)) for one in formats]


def form_of(path: Path) -> Form:
    """What a file of this name shall hold; raises ConfigurationError for an unknown suffix."""
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise ConfigurationError(
            f"{path} does not say by its suffix what shall be in it; write .html, .md or .json."
        )
    return form


def write(path: Path, text: str) -> None:
    """Put a file in its place whole; raises ReviewerError where that cannot be done.

    A link leads to the place, a device or a pipe is written to and stays what it is. What a process
    that was killed left beside the place is removed.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        with _usable(path):
            path.write_text(text, encoding="utf-8")
        return
    with _usable(path), temporary_directory(path.parent) as place:
        remove_abandoned(path.parent)
        draft = place / path.name
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ReviewerError(
            f"There is no directory {path.parent}; make it, or name another."
        ) from error
    except OSError as error:
        raise ReviewerError(
            f"{path} cannot be written ({error.strerror}); let this user write there."
        ) from error
