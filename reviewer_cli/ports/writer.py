"""The door to a model that writes a paragraph about the numbers of a digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reviewer_cli.core.digest import Words
from reviewer_cli.core.models import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A paragraph as a model wrote it, which nobody checked yet, and what it took to write it."""

    words: Words
    usage: Usage


class Writer(Protocol):
    """What writes a paragraph about numbers."""

    async def write(self, numbers: str) -> Draft:
        """A paragraph about `numbers`, which core/worded.py made.

        Raises AccessRefused, ConfigurationError or ProviderWait for what concerns everybody, a
        HeadError for what concerns this paragraph. Cancelling it leaves no child process behind.
        """
