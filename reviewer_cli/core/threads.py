"""Which thread of a pull request says which of our findings, and which are other people's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reviewer_cli.core.conversation import Conversation, Said, Thread
from reviewer_cli.core.models import Earlier
from reviewer_cli.core.sanitise import harmless_markdown, one_line


def thread_of(earlier: Earlier, threads: Iterable[Thread]) -> Thread | None:
    """The thread that an earlier finding opened: by its comment, or by its place and title."""
    ours = (thread for thread in threads if thread.opening.is_ours)
    if earlier.comment_id is not None:
        return next((one for one in ours if one.opening.id == earlier.comment_id), None)
    return next((one for one in ours if _says(one, earlier)), None)


def comments_found(findings: Sequence[Earlier], threads: Sequence[Thread]) -> dict[int, str]:
    """The comments of the findings whose comments were not known yet, by the findings' ids."""
    unknown = (one for one in findings if one.comment_id is None)
    found = ((one.id, thread_of(one, threads)) for one in unknown)
    return {finding: thread.opening.id for finding, thread in found if thread is not None}


def of_others(told: Conversation) -> tuple[Thread, ...]:
    """What programs and people who have a say wrote in threads that are not ours, but the author.

    Who wrote the change could keep a finding from being said by saying it first: in a thread of
    their own, in another's, or by another account.
    """
    heard = (
        replace(thread, said=tuple(said for said in thread.said if _counts(said, told.author)))
        for thread in told.threads
        if not thread.opening.is_ours
    )
    return tuple(thread for thread in heard if thread.said)


def _counts(said: Said, author: str) -> bool:
    return (said.is_bot or said.may_steer) and said.author != author


def _says(thread: Thread, earlier: Earlier) -> bool:
    anchor, title = earlier.remark.anchor, one_line(earlier.remark.finding.title)
    place = (anchor.path, anchor.line, anchor.side, earlier.sha)
    return place == (thread.path, thread.line, thread.side, thread.sha) and (
        harmless_markdown(title) in thread.opening.body
    )
