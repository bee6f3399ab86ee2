"""The door to whoever gets a digest: a file, an issue, a service that carries messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reviewer_cli.core.health import Sign
from reviewer_cli.errors import ReviewerError


class PerhapsSent(ReviewerError):
    """It went out and nobody said whether it came; sent once more it might come twice."""


class Form(StrEnum):
    """The forms in which a digest can be had; `BRIEF` is Markdown short enough for a message."""

    BRIEF = "brief"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A digest that shall reach somebody; `period` is such as "2026-W47" or two days.

    `scope` is the one repository that it is about, empty for all. `text` gives it in a form,
    without any secret; it raises SecretInOutput where one of our own would be in it.
    """

    period: str
    scope: str
    title: str
    text: Callable[[Form], str]


class Channel(Protocol):
    """One way out. Every method may raise the errors of `errors.py`: then nothing was sent.

    `name` is that of the setting that makes it. One that `is_repeatable` may be sent the same
    again at no harm; one that `keeps_newest` shows a single digest, so that an older one is not
    worth sending any more. `shows_titles` says whether its readers may read the findings' titles,
    `forms` which texts it asks a notice for.
    """

    name: str
    is_repeatable: bool
    keeps_newest: bool
    shows_titles: bool

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms of which it is made."""

    @property
    def pause_s(self) -> float:
        """Seconds between `send` and `finish`."""

    def send(self, notice: Notice) -> bool:
        """Send it; False where it only will be by `finish`. Raises PerhapsSent, too."""

    def finish(self, notice: Notice) -> None:
        """Send what `send` did not yet."""

    def examine(self) -> Iterator[Sign]:
        """Whether it could be sent; nothing is."""

    def close(self) -> None:
        """Let go of connections."""
