"""Everything at one moment of a search, and which two of these are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.posting.protocol import EARLIER, Request, Row, Sweep, View

FORGOTTEN = -1
"""The id of any draft that is gone."""

TEXTS = ("create", "amend")
"""Requests whose subject is no id."""


class Budget(NamedTuple):
    """How often each thing may still go wrong.

    `faults` are deaths, lost answers and requests that land late, `stale` reads from the past,
    `losses` ledgers that come back empty, `moves` of the head, to and fro, `acts` what others do
    to our earlier review.
    """

    faults: int = 0
    stale: int = 0
    losses: int = 0
    moves: int = 0
    acts: int = 0


class State(NamedTuple):
    """Everything at one moment; `past` is what stale reads may show, `late` may still land.

    `owed` is what our earlier review has to go on saying.
    """

    view: View
    past: frozenset[View]
    late: tuple[Request, ...]
    rows: tuple[Row, ...]
    sweeps: tuple[Sweep, ...]
    budget: Budget
    owed: int = 0


def ids(state: State) -> Iterator[int]:
    """Every id that is there or that somebody still holds, whatever it is."""
    yield from state.view.submitted
    if state.view.draft is not None:
        yield state.view.draft[0]
    for one in (*state.rows, *state.sweeps):
        yield one.draft
    for sweep in state.sweeps:
        yield sweep.posted
    for request in state.late:
        if request.verb not in TEXTS:
            yield request.subject


def renamed(state: State) -> State:
    """The same state with its ids counted from 1: what differs in names only is one state.

    A draft that is gone, and that nobody holds any more, is like any other such draft.
    """
    names = {0: 0, EARLIER: EARLIER}
    for number in ids(state):
        names.setdefault(number, len(names) - 1)

    if not state.past and all(old == new for old, new in names.items()):
        return state

    def view(old: View) -> View:
        draft = old.draft and (names.get(old.draft[0], FORGOTTEN), old.draft[1])
        return old._replace(draft=draft, submitted=tuple(names[one] for one in old.submitted))

    def request(old: Request) -> Request:
        return old if old.verb in TEXTS else old._replace(subject=names[old.subject])

    def views(old: frozenset[View]) -> frozenset[View]:
        return frozenset(map(view, old))

    return state._replace(
        view=view(state.view),
        past=views(state.past),
        late=tuple(sorted(map(request, state.late))),
        rows=tuple(
            one._replace(draft=names[one.draft], since=views(one.since)) for one in state.rows
        ),
        sweeps=tuple(
            one._replace(draft=names[one.draft], posted=names[one.posted], since=views(one.since))
            for one in state.sweeps
        ),
    )


def without_what_nobody_reads(state: State, rested: tuple[str, ...]) -> State:
    """What makes no difference any more is forgotten, or equal states would count as many."""
    is_read = bool(state.budget.stale and rested)
    waiting = ("rest", "submit", *rested)
    return state._replace(
        past=state.past if state.budget.stale else frozenset(),
        rows=tuple(
            one if not one.since or (is_read and one.draft) else one._replace(since=frozenset())
            for one in state.rows
        ),
        sweeps=tuple(
            one
            if not one.since or (is_read and one.at in waiting)
            else one._replace(since=frozenset())
            for one in state.sweeps
        ),
    )


def spent(state: State, **what: int) -> State:
    left = {name: getattr(state.budget, name) - count for name, count in what.items()}
    return state._replace(budget=state.budget._replace(**left))
