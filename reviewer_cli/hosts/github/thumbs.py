"""Whose thumbs they are under our comments: asked only where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reviewer_cli.core.conversation import Conversation, Said, Thread
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.conversation_queries import THUMBS
from reviewer_cli.hosts.github.halves import TooMuch, finished

TOGETHER = 100
"""Comments in one question: as many as GitHub takes ids."""


@dataclass(frozen=True, slots=True)
class Thumbs:
    """Logins, in the order in which GitHub tells them."""

    up: tuple[str, ...]
    down: tuple[str, ...]


def with_thumbs(
    connection: Connection, conversations: Sequence[Conversation]
) -> Iterator[Conversation]:
    """The same conversations with the logins behind the thumbs under our threads.

    Raises HostUnavailable when they cannot be told.
    """
    openings = (thread.opening for one in conversations for thread in one.threads)
    ids = [said.id for said in openings if said.is_ours and (said.thumbs_up or said.thumbs_down)]
    known: dict[str, Thumbs] = {}
    for start in range(0, len(ids), TOGETHER):
        known |= _asked(connection, ids[start : start + TOGETHER])
    for one in conversations:
        yield replace(one, threads=tuple(_with(thread, known) for thread in one.threads))


def _asked(connection: Connection, ids: Sequence[str]) -> dict[str, Thumbs]:
    try:
        answer = finished(connection, THUMBS, {"ids": list(ids)})
    except TooMuch as error:
        raise HostUnavailable(f"GitHub could not tell who reacted ({error}).") from error
    return {node["id"]: _thumbs(node) for node in answer.data["nodes"] or () if node}


def _thumbs(node: Mapping[str, Any]) -> Thumbs:
    logins: dict[str, tuple[str, ...]] = {}
    for group in node.get("reactionGroups") or ():
        found = filter(None, group["reactors"]["nodes"] or ())
        logins[group["content"]] = tuple(one["login"] for one in found if "login" in one)
    return Thumbs(up=logins.get("THUMBS_UP", ()), down=logins.get("THUMBS_DOWN", ()))


def _with(thread: Thread, known: Mapping[str, Thumbs]) -> Thread:
    thumbs = known.get(thread.opening.id)
    if thumbs is None:
        return thread
    opening: Said = replace(thread.opening, up_by=thumbs.up, down_by=thumbs.down)
    return replace(thread, said=(opening, *thread.said[1:]))
