"""What people ask of us in comments; who may ask is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from reviewer_cli.core.prose import own_words


class Command(StrEnum):
    """A word that follows our name; all but `ignore` in a thread are about the pull request."""

    REVIEW = "review"
    """Review the newest head now: what is new in it, and although it is paused or skipped."""
    FULL_REVIEW = "full review"
    """Review the newest head now, all of it, as if it were the first."""
    PAUSE = "pause"
    """Review no later head by itself until asked to."""
    RESUME = "resume"
    """Take `pause` or `ignore` back."""
    IGNORE = "ignore"
    """In a thread of ours, decline its finding; elsewhere, leave this pull request alone."""


WORDS = "|".join(one.replace(" ", r"[ \t]+") for one in sorted(Command, key=len, reverse=True))


def parse(body: str, names: Collection[str]) -> Command | None:
    """The first command of a comment, None where there is none.

    A command is at the start of a line of the writer's own words: one of our `names` after an at
    sign, then the word, then nothing more but an aside behind a stop or a comma. A name may be
    given and written with or without an App's `[bot]`. Never raises.
    """
    bare = {name.strip().removeprefix("@").lower().removesuffix("[bot]") for name in names}
    ours = "|".join(re.escape(name) for name in sorted(bare) if name)
    if not ours:
        return None
    command = re.compile(
        rf" {{0,3}}@(?:{ours})(?:\[bot\])?[,:]?[ \t]+(?:please[ \t]+)?({WORDS})"
        r"(?:[ \t]+(?:please|again|now|thanks))?[ \t]*(?:[.,;:!]+(?:[ \t].*)?|-[ \t].*)?",
        re.IGNORECASE | re.ASCII,
    )
    for line in own_words(body).lines:
        if said := command.fullmatch(line):
            return Command(" ".join(said[1].lower().split()))
    return None
