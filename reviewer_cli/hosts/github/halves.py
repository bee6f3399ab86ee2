"""One question about many things; what the server cannot finish is asked again in two halves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import HostUnavailable
from reviewer_cli.hosts.github.connection import Answer, Connection
from reviewer_cli.hosts.github.queries import ALIVE

Thing = TypeVar("Thing")

FINAL = ("NOT_FOUND", "FORBIDDEN")
"""Errors that asking again does not mend; others may only say that the question was too large."""


@dataclass(frozen=True, slots=True)
class Question:
    """A GraphQL text whose aliases r0, r1, … stand for the things it asks about, in order."""

    text: str
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[Thing]):
    """What was told of one thing: `node`, or `kind` and `reason` of the error in its place.

    `kind` is one of `FINAL`, and otherwise empty.
    """

    thing: Thing
    node: dict[str, Any] | None = None
    kind: str = ""
    reason: str = ""


class TooMuch(Exception):
    """The server answered this question without an answer to it, or with half of one."""


def ask(
    connection: Connection,
    things: Sequence[Thing],
    question: Callable[[Sequence[Thing]], Question],
    spared: tuple[str, ...] = (),
) -> Iterator[Told[Thing]]:
    """What is told of each thing, in no order; one that fails does so alone.

    `spared` are fields that may be missing by themselves, because the credential may not see them.
    Raises HostUnavailable when the server answers nothing at all.
    """
    asked = question(things)
    try:
        answer = finished(connection, asked.text, asked.variables)
    except TooMuch as error:
        if len(things) == 1:
            yield Told(thing=things[0], reason=str(error))
        else:
            yield from _in_halves(connection, things, question, spared)
        return
    again: list[Thing] = []
    for number, thing in enumerate(things):
        alias = f"r{number}"
        found = trouble(answer, alias, spared)
        if found is None:
            yield Told(thing=thing, node=answer.data[alias])
        elif found.get("type") in FINAL:
            yield Told(thing=thing, kind=found["type"], reason=said(found))
        elif len(things) == 1:
            yield Told(thing=thing, reason=said(found))
        else:
            again.append(thing)
    yield from _in_halves(connection, again, question, spared)


def _in_halves(
    connection: Connection,
    things: Sequence[Thing],
    question: Callable[[Sequence[Thing]], Question],
    spared: tuple[str, ...],
) -> Iterator[Told[Thing]]:
    half = (len(things) + 1) // 2
    for some in (things[:half], things[half:]):
        if some:
            yield from ask(connection, some, question, spared)


def finished(connection: Connection, text: str, variables: dict[str, Any]) -> Answer:
    """The answer; raises TooMuch when the server fails at this question but is there."""
    try:
        answer = connection.query(text, variables)
    except HostUnavailable as error:
        connection.query(ALIVE, {})
        raise TooMuch(str(error)) from error
    if nowhere := [one for one in answer.errors if not one.get("path")]:
        raise TooMuch(said(nowhere[0]))
    return answer


def trouble(answer: Answer, alias: str, spared: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The error anywhere below an alias: half of a list must not pass for the whole of it."""
    for error in answer.errors:
        is_spared = error.get("type") == "FORBIDDEN" and error["path"][-1] in spared
        if error["path"][0] == alias and not is_spared:
            return error
    return {} if answer.data.get(alias) is None else None


def said(error: dict[str, Any]) -> str:
    """What GitHub said in an error, on one line."""
    return one_line(str(error.get("message", "")), 300) or "GitHub gave no reason."
