"""What the decorators of a Python definition say about its name, read from the lines alone.

Analysers know `typing.overload` and its like by where they are imported from. Projects import
them from modules of their own, where only the name is left to go by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST_ABOVE = 100
"""Lines above a definition that are searched for its decorators."""

DECORATOR = re.compile(r"\s*@\s*(?:\w+\s*\.\s*)*(\w+)")
SHARING = re.compile(r"overload|setter|getter|deleter|register")


def may_redefine(lines: Sequence[str], row: int, earlier: int) -> bool:
    """Whether the definition on `row` may bear the name of the one on the row `earlier`.

    It may where its own decorator makes it an overload, an accessor or a registered function, and
    where it is the implementation below an overload. Rows count from 1.
    """
    own = any(SHARING.fullmatch(name) for name in _decorators(lines, row))
    return own or "overload" in _decorators(lines, earlier)


def _decorators(lines: Sequence[str], row: int) -> Iterator[str]:
    """The last parts of the decorators' names, from the definition upwards."""
    if not 0 < row <= len(lines):
        return
    margin = _margin(lines[row - 1])
    for text in reversed(lines[max(0, row - 1 - MOST_ABOVE) : row - 1]):
        decorator = DECORATOR.match(text)
        if decorator and _margin(text) == margin:
            yield decorator[1]
        elif not _is_passed_over(text, margin):
            return


def _is_passed_over(text: str, margin: int) -> bool:
    """Blank lines, comments, and the arguments of a decorator that takes several lines."""
    return _margin(text) > margin or not text.strip() or text.lstrip()[0] in "#)]}"


def _margin(text: str) -> int:
    return len(text) - len(text.lstrip())
