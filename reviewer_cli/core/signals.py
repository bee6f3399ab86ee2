"""What people did about a finding that can be counted, whatever it is taken to mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.core.conversation import Thread
from reviewer_cli.core.outcomes import Circumstances, is_person


class SignalKind(StrEnum):
    """What somebody can do about one of our comments."""

    UP = "up"
    DOWN = "down"
    REPLY = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One of them; `token` tells it from the others of its kind: who it is of, or its comment.

    `counts` says that the word of whoever it is of counts on that pull request.
    """

    kind: SignalKind
    token: str
    counts: bool


def signals_in(thread: Thread, about: Circumstances) -> Iterator[Signal]:
    """The thumbs that people gave to what opens a thread, and their replies; no program's."""
    for kind, logins in (
        (SignalKind.UP, thread.opening.up_by),
        (SignalKind.DOWN, thread.opening.down_by),
    ):
        for login in dict.fromkeys(one.lower() for one in logins if one):
            if not login.endswith("[bot]"):
                yield Signal(kind=kind, token=login, counts=login in about.deciders)
    for said in thread.said[1:]:
        if is_person(said):
            yield Signal(
                kind=SignalKind.REPLY, token=said.id, counts=said.author.lower() in about.deciders
            )
