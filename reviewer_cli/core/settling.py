"""Which of our own threads are done with, and what our comment says from then on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviewer_cli.core.conversation import Thread
from reviewer_cli.core.models import Disposition, Earlier, Remark
from reviewer_cli.core.outcomes import LinesSince
from reviewer_cli.core.repeats import same_words
from reviewer_cli.core.replies import Meaning, meaning

SETTLED = re.compile(r"Fixed in [0-9a-f]{7,12}\.(?:\n|\Z)")
SHA = re.compile(r"[0-9a-f]{7,64}")
SUGGESTION = re.compile(r"^(`{3,})suggestion$", re.MULTILINE)
FOLDED = """
<details><summary>The lines changed, and a later review did not find it again</summary>

{}

</details>"""
LEFT_OUT = "\n_What it was about is in the history of this comment._"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A comment of ours that is to be folded up, with its new body, and the thread it opened."""

    finding_id: int
    comment_id: str
    thread_id: str
    body: str


def last_found(said: Iterable[Earlier]) -> dict[int, Earlier]:
    """When each finding was found for the last time, by the first one's id; oldest round first."""
    return {one.remark.repeats or one.id: one for one in said}


def settled(
    earlier: Earlier,
    thread: Thread,
    lines: LinesSince | None,
    found: Sequence[Remark] | None,
    limit: int,
) -> Settlement | None:
    """How to settle an earlier finding's thread, None where it is not to be settled.

    All of this must hold: we opened the thread; nobody else has resolved it; its comment is not
    settled yet; `lines`, those that were flagged when it was `last_found`, changed since; the
    newest review, which saw that change and `found` these remarks, found nothing that repeats it,
    not even what it kept to itself (None where there is no such review); and no person's question
    or dispute is left open in it, whoever they are: a stranger's keeps a thread open, which harms
    nobody. `limit` is in characters.
    """
    if not thread.opening.is_ours or is_settled(thread.opening.body):
        return None
    if thread.is_resolved and not thread.resolved_by_us:
        return None
    if lines is None or lines.commit is None or found is None:
        return None
    if any(_is_again(remark, earlier) for remark in found) or waits_for_answer(thread):
        return None
    body = settled_body(thread.opening.body, lines.commit.sha, limit)
    return Settlement(
        finding_id=earlier.id, comment_id=thread.opening.id, thread_id=thread.id, body=body
    )


def _is_again(remark: Remark, earlier: Earlier) -> bool:
    """Whether a remark is that finding once more.

    One that was not kept for another reason, as that it is known, was compared with no earlier one:
    then the words decide.
    """
    if remark.disposition is Disposition.KEPT or remark.repeats is not None:
        return remark.repeats == earlier.id
    return remark.anchor.path == earlier.remark.anchor.path and same_words(remark, earlier.remark)


def is_settled(body: str) -> bool:
    """Whether a comment of ours says already that it is done with."""
    return SETTLED.match(body) is not None


def settled_body(body: str, sha: str, limit: int) -> str:
    """The body of a comment whose finding was fixed in a commit; a settled one stays as it is.

    What it said is kept below a fold, its suggestion as code that no button commits any more; it
    is left out where it does not fit into `limit` characters. Raises ValueError for what is no SHA.
    """
    if is_settled(body):
        return body
    if not SHA.fullmatch(sha):
        raise ValueError(f"{sha!r} names no commit")
    said = SUGGESTION.sub(r"\1", body.strip("\n"))
    first = f"Fixed in {sha[:7]}."
    whole = f"{first}\n{FOLDED.format(said)}"
    return whole if len(whole) <= limit else f"{first}\n{LEFT_OUT}"


def waits_for_answer(thread: Thread) -> bool:
    """Whether a person asked or disputed something, and nobody but themselves said more since.

    An answer is what we or another person say after it without asking in turn; a bot's is none.
    """
    asking = ""
    for said in thread.said[1:]:
        if said.is_bot and not said.is_ours:
            continue
        means = None if said.is_ours else meaning(said.body)
        if means in (Meaning.ASKS, Meaning.DECLINES):
            asking = said.author
        elif means is Meaning.ACCEPTS or said.is_ours or said.author != asking:
            asking = ""
    return bool(asking)
