"""How a round with nothing new to say is told of: our newest review is edited.

The steps come before those of a draft, which follow where that review cannot be edited. An edit
is decided on what was read before it: nobody offers one that fails when the body has changed
meanwhile. It may be made twice, and two sweeps may make it: so nothing rests. What is believed of
the host beyond `protocol`:

* only whoever wrote a review edits it by our requests, a person with write access in the browser;
* a review that was taken away is not found, by readers and by writers.
"""

from __future__ import annotations

from tests.posting.protocol import (
    GONE,
    MARK,
    QUIET,
    TAKEN,
    TWO_PHASES,
    Kind,
    Protocol,
    Row,
    Sweep,
    View,
    Writes,
)


def nothing_new(sweep: Sweep, row: Row, me: int) -> Writes:
    """The review is saved before it is told of."""
    yield row._replace(state="reviewed", text=QUIET), Sweep("peek", QUIET)


def perhaps_something_new(sweep: Sweep, row: Row, me: int) -> Writes:
    """Whoever does not know what was said before may say it again."""
    yield from nothing_new(sweep, row, me)
    yield row._replace(state="reviewed", text=1), Sweep("create", 1)


def peek(sweep: Sweep, view: View) -> Sweep:
    """Is it told of already, and is the head still the tip?"""
    if view.told:
        return sweep._replace(at="posted")
    return sweep._replace(at="read" if view.current else "supersede")


def read(sweep: Sweep, view: View) -> Sweep:
    """What the earlier review says now; without it, a review of its own."""
    if view.body & TAKEN:
        return sweep._replace(at="create")
    return sweep._replace(at="amend", body=view.body | MARK)


def amend(sweep: Sweep, answer: int) -> Sweep:
    """Confirmed, or it was taken away since: then the next sweep begins anew."""
    return sweep._replace(at="retry" if answer == GONE else "posted", body=0)


AMENDING: Protocol = {
    **TWO_PHASES,
    "save_review": (Kind.WRITE, nothing_new),
    "peek": (Kind.READ, peek),
    "read": (Kind.READ, read),
    "amend": (Kind.REQUEST, amend),
}
EITHER: Protocol = {**AMENDING, "save_review": (Kind.WRITE, perhaps_something_new)}
