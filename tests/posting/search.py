"""Every state that the protocol can come to, whatever dies, is lost, late or stale."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from tests.posting.protocol import (
    MARK,
    TAKEN,
    TWO_PHASES,
    UNFENCED,
    Kind,
    Protocol,
    Request,
    Row,
    Sweep,
    View,
    applied,
    request_of,
)
from tests.posting.states import (
    Budget,
    State,
    ids,
    renamed,
    spent,
    without_what_nobody_reads,
)


class Edge(NamedTuple):
    """One way on; what costs something of the budget is a fault."""

    label: str
    to: State
    is_fault: bool


def posted_twice(state: State) -> bool:
    """Two reviews of one head."""
    return len(state.view.submitted) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What may go wrong, and who sweeps: each on a ledger of its own, or all on one.

    `rested` are the reads that a draft's rest protects: none where it rests for less than reads
    may lag. `body` is what our review of an earlier head says at first, `acts` what others may make
    of it. Nothing may come to be `broken`.
    """

    budget: Budget
    sweeps: int = 1
    ledgers: int = 1
    late: bool = False
    rested: tuple[str, ...] = ()
    protocol: Protocol = field(default_factory=lambda: TWO_PHASES)
    unfenced: tuple[str, ...] = UNFENCED
    body: int = 0
    acts: Mapping[str, Callable[[int], int]] = field(default_factory=dict)
    broken: Callable[[State], bool] = posted_twice

    def first(self) -> State:
        """An open head that nobody knows yet."""
        rows, sweeps = (Row(),) * self.ledgers, (Sweep(),) * self.sweeps
        view = View(body=self.body)
        return State(view, frozenset(), (), rows, sweeps, self.budget, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to.

    `broken` is the shortest way to a broken promise; `stuck` counts states from which nobody comes
    to an end any more, however well everything goes.
    """

    states: int
    steps: frozenset[str]
    broken: tuple[str, ...]
    stuck: int


def search(scenario: Scenario) -> Found:
    """Visit every reachable state, breadth first; the first broken promise ends the search."""
    first = scenario.first()
    came_from: dict[State, tuple[State, str] | None] = {first: None}
    sources: dict[State, list[State]] = {}
    steps: set[str] = set()
    queue = deque([first])
    while queue:
        state = queue.popleft()
        if scenario.broken(state):
            break
        steps.update(sweep.at for sweep in state.sweeps)
        for label, reached, is_fault in edges(state, scenario):
            to = renamed(without_what_nobody_reads(reached, scenario.rested))
            if not is_fault:
                sources.setdefault(to, []).append(state)
            if to not in came_from:
                came_from[to] = (state, label)
                queue.append(to)
    else:
        live = _leading_to([one for one in came_from if is_end(one)], sources)
        stuck = len(came_from) - len(live)
        return Found(states=len(came_from), steps=frozenset(steps), broken=(), stuck=stuck)
    way = tuple(_way_to(state, came_from))
    return Found(states=len(came_from), steps=frozenset(steps), broken=way, stuck=0)


def walk(
    state: State,
    meanwhile: Mapping[str, Callable[[View], View]],
    protocol: Protocol = TWO_PHASES,
) -> list[str]:
    """The steps of one sweep that nothing dies in, from its recovery to its end.

    `meanwhile` says what others do to the host just before a step.
    """
    scenario, steps = Scenario(budget=Budget(), protocol=protocol), ["recover"]
    (state,) = (edge.to for edge in edges(state, scenario))
    while (at := state.sweeps[0].at) not in ("recover", "done"):
        steps.append(at)
        view = meanwhile.get(at, lambda view: view)(state.view)
        state = next(edges(state._replace(view=view), scenario)).to
    return steps


def is_end(state: State) -> bool:
    """Everybody is done with a head that is told of, or with one that is gone.

    A note that a person took away with its review was told as well.
    """
    view = state.view
    if not view.current:
        return all(sweep.at in ("done", "recover") for sweep in state.sweeps)
    is_told = bool(view.told or view.body & MARK)
    return is_told and all(sweep.at == "done" for sweep in state.sweeps)


def edges(state: State, scenario: Scenario) -> Iterator[Edge]:
    """Everything that can happen next."""
    for number, request in enumerate(state.late):
        late = (*state.late[:number], *state.late[number + 1 :])
        yield Edge(
            f"late {request.verb} lands", _asked(state, request)[0]._replace(late=late), False
        )
    if state.budget.moves:
        yield _moved(state)
    if state.budget.acts and not state.view.body & TAKEN:
        for label, act in scenario.acts.items():
            yield _acted(state, label, act(state.view.body))
    for me, sweep in enumerate(state.sweeps):
        if sweep.at != "done":
            for edge in _steps(state, scenario, me, sweep):
                yield edge._replace(label=f"{me}: {edge.label}")
        yield from _losses(state, scenario, me)


def _steps(state: State, scenario: Scenario, me: int, sweep: Sweep) -> Iterator[Edge]:
    if state.budget.faults and sweep.at != "recover":
        died = _at(state, me, Sweep())
        yield Edge(f"dies before {sweep.at}", spent(died, faults=1), True)
    kind, step = scenario.protocol[sweep.at]
    if kind is Kind.WRITE:
        yield from _writes(state, scenario, me, sweep)
    elif kind is Kind.REST:
        yield Edge(sweep.at, _at(state, me, cast(Sweep, step(sweep))), False)
    elif kind is Kind.READ:
        yield Edge(sweep.at, _at(state, me, cast(Sweep, step(sweep, state.view))), False)
        if state.budget.stale:
            past = sweep.since if sweep.at in scenario.rested else state.past
            for old in past - {state.view}:
                misled = _at(state, me, cast(Sweep, step(sweep, old)))
                yield Edge(f"{sweep.at} of the past", spent(misled, stale=1), True)
    else:
        request = request_of(sweep)
        after, answer = _asked(state, request)
        yield Edge(sweep.at, _at(after, me, cast(Sweep, step(sweep, answer))), False)
        if state.budget.faults:
            lost = spent(_at(after, me, Sweep()), faults=1)
            yield Edge(f"{sweep.at}, its answer is lost", lost, True)
            if scenario.late:
                given_up = spent(_at(state, me, Sweep()), faults=1)
                late = tuple(sorted((*state.late, request)))
                yield Edge(f"{sweep.at} is late", given_up._replace(late=late), True)


def _writes(state: State, scenario: Scenario, me: int, sweep: Sweep) -> Iterator[Edge]:
    slot = me % scenario.ledgers
    row = state.rows[slot]
    if sweep.at not in scenario.unfenced and row.holder != me:
        yield Edge(f"{sweep.at} without a lease", _at(state, me, Sweep()), False)
        return
    step = scenario.protocol[sweep.at][1]
    for new_row, new in cast("Iterator[tuple[Row, Sweep]]", step(sweep, row, me)):
        yield Edge(sweep.at, _at(_row_set(state, slot, new_row), me, new), False)


def _losses(state: State, scenario: Scenario, me: int) -> Iterator[Edge]:
    slot = me % scenario.ledgers
    if state.budget.losses and state.rows[slot] != Row():
        empty = _at(_row_set(state, slot, Row()), me, Sweep())
        yield Edge(f"{me}: its ledger is lost", spent(empty, losses=1), True)


def _moved(state: State) -> Edge:
    """Off to another commit, or back; whoever was done looks again at the next sweep."""
    view = state.view._replace(current=not state.view.current)
    again = tuple(Sweep() if one.at == "done" else one for one in state.sweeps)
    to = _seen(state._replace(sweeps=again), view)
    return Edge("the head moves", spent(to, moves=1), True)


def _acted(state: State, label: str, body: int) -> Edge:
    """What others leave of our earlier review has to stay, but for the head's own marker."""
    owed = 0 if body & TAKEN else body & ~MARK
    to = _seen(state._replace(owed=owed), state.view._replace(body=body))
    return Edge(label, spent(to, acts=1), True)


def _asked(state: State, request: Request) -> tuple[State, int]:
    view, answer = applied(state.view, request, 1 + max(ids(state), default=0))
    return _seen(state, view), answer


def _seen(state: State, view: View) -> State:
    """The host as it is from now on; what was true until now is of the past."""
    if not state.budget.stale:
        return state._replace(view=view)  # nobody reads the past any more
    until_now = {state.view}
    return state._replace(
        view=view,
        past=state.past | until_now,
        rows=tuple(one._replace(since=one.since | until_now) for one in state.rows),
        sweeps=tuple(one._replace(since=one.since | until_now) for one in state.sweeps),
    )


def _at(state: State, me: int, sweep: Sweep) -> State:
    return state._replace(sweeps=(*state.sweeps[:me], sweep, *state.sweeps[me + 1 :]))


def _row_set(state: State, slot: int, row: Row) -> State:
    return state._replace(rows=(*state.rows[:slot], row, *state.rows[slot + 1 :]))


def _leading_to(ends: list[State], sources: dict[State, list[State]]) -> set[State]:
    live, todo = set(ends), list(ends)
    while todo:
        for source in sources.get(todo.pop(), ()):
            if source not in live:
                live.add(source)
                todo.append(source)
    return live


def _way_to(state: State, came_from: dict[State, tuple[State, str] | None]) -> Iterator[str]:
    labels: list[str] = []
    while (step := came_from[state]) is not None:
        state, label = step
        labels.append(label)
    return reversed(labels)
