"""A digest with a paragraph by a model, or without one and the reason why."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reviewer_cli.core.digest import Digest, Words
from reviewer_cli.core.measures import usd
from reviewer_cli.core.models import Usage
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.core.worded import accepted, numbers_of
from reviewer_cli.errors import HeadError, ReviewerError, defect
from reviewer_cli.ports.writer import Writer

WITHOUT = "The digest goes without the model's paragraph"
LONGEST_NAME = 80
"""Characters of a model's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A digest after a model was asked; `trouble` says in a sentence why it has no paragraph.

    `usage` is what the answer took, also of one that was refused; None where there was none.
    """

    digest: Digest
    usage: Usage | None = None
    trouble: str = ""


async def worded(digest: Digest, writer: Writer) -> Worded:
    """The digest with the writer's paragraph where that may be told; it raises nothing."""
    bare = replace(digest, words=None)
    try:
        draft = await writer.write(numbers_of(bare))
        text = accepted(draft.words.text, bare)
    except HeadError as error:  # its message speaks of a head that is tried again
        why = f"{WITHOUT} ({type(error).__name__}); the next digest asks for one again."
        return Worded(digest=bare, trouble=why)
    except ReviewerError as error:
        return Worded(digest=bare, trouble=f"{WITHOUT}: {error}")
    except Exception as error:  # noqa: BLE001 - the numbers are what people wait for
        return Worded(digest=bare, trouble=f"{WITHOUT}: {defect(error)}.")
    if text is None:
        why = f"{WITHOUT}: it was not plain, or had a number that is none of the digest's."
        return Worded(digest=bare, usage=draft.usage, trouble=why)
    model = one_line(draft.words.model, LONGEST_NAME)
    words = Words(text=text, model=model, usd=usd(draft.usage.usd))
    return Worded(digest=replace(digest, words=words), usage=draft.usage)
