"""How one review is posted, as a table of steps: what sweep/publish.py and the GitHub host do.

Each step is one transaction of the ledger, one read or one request to the host; nothing can die
in its middle. `test_same_steps.py` holds this table against the steps of the real program.

What is believed of the host (reported of GitHub, promised by nobody):

* at most one pending review per account and pull request, decided when a review is created;
* a pending review can be deleted or submitted, a submitted one stays for ever;
* submitting or deleting a submitted one is refused, a vanished id is not found;
* a write is decided on what is true now; a read may show any earlier state.

A draft rests between its recording and the look at it, for as long as reads may lag: a step that
touches nothing. `RESTED` are the reads behind it: they show what was true since the recording at
the earliest.

Not modelled: attempts that are used up, a person's draft, two heads of one pull request at once,
forged markers, and time but for that rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

NOBODY = -1
GONE, CONFLICT = 404, 422

QUIET = 3
"""The saved review that has nothing new to say: a note in our review of an earlier head."""

TEXT, OLDER, MARK, WORDS, TAKEN = 1, 2, 4, 8, 16
"""What that review's body holds: its own text and marker, another head's marker, this head's
marker, a person's words. One that a person took away is `TAKEN`, and still knows its `MARK`."""

EARLIER = -2
"""That review, where an id is wanted."""


class View(NamedTuple):
    """What a read of the host tells: our draft as (id, text), our submitted reviews, the tip.

    `body` is that of our review of an earlier head, 0 where there never was one.
    """

    draft: tuple[int, int] | None = None
    submitted: tuple[int, ...] = ()
    current: bool = True
    body: int = 0

    @property
    def told(self) -> int:
        """Where our marker of the head can be read, its own review first; 0 where it cannot."""
        noted = EARLIER if self.body & MARK and not self.body & TAKEN else 0
        return self.submitted[0] if self.submitted else noted


class Request(NamedTuple):
    """A write to the host: create a draft with a text, or submit or delete one by its id.

    Or put another body in place of that of the earlier review.
    """

    verb: str
    subject: int


def applied(view: View, request: Request, fresh_id: int) -> tuple[View, int]:
    """The host after a write, and its answer: an id, GONE or CONFLICT."""
    verb, subject = request
    if verb == "create":
        if view.draft is not None:
            return view, CONFLICT
        return view._replace(draft=(fresh_id, subject)), fresh_id
    if verb == "amend":
        if view.body & TAKEN:
            return view, GONE
        return view._replace(body=subject), EARLIER
    if view.draft is None or view.draft[0] != subject:
        return view, CONFLICT if subject in view.submitted else GONE
    if verb == "submit":
        return view._replace(draft=None, submitted=(*view.submitted, subject)), subject
    return view._replace(draft=None), subject


class Row(NamedTuple):
    """The head's row in a ledger; `text` is which review is saved, 0 for none.

    `since` are the views that are of the past now and were not yet when the draft was recorded.
    """

    state: str = "unknown"
    text: int = 0
    draft: int = 0
    holder: int = NOBODY
    since: frozenset[View] = frozenset()


class Sweep(NamedTuple):
    """A running process: the step it comes to, and what it remembers.

    `earlier` means that the draft was recorded by an earlier sweep, `gone` that the host refused
    to submit it as not found; `posted` is the review that was found on the host, `since` as in
    the row whose draft it holds, `body` what the earlier review shall say.
    """

    at: str = "recover"
    text: int = 0
    draft: int = 0
    earlier: bool = False
    gone: bool = False
    posted: int = 0
    since: frozenset[View] = frozenset()
    body: int = 0


class Kind(StrEnum):
    """What a step touches."""

    WRITE = "write"
    """The ledger: (sweep, row, me) to the rows and sweeps that may come of it."""

    READ = "read"
    """The host, perhaps as it was earlier: (sweep, view) to the sweep."""

    REQUEST = "request"
    """The host as it is: (sweep, answer) to the sweep; `request_of` says what is asked."""

    REST = "rest"
    """Nothing but time: the sweep to the sweep."""


Writes = Iterator[tuple[Row, Sweep]]


def recover(sweep: Sweep, row: Row, me: int) -> Writes:
    """Under the lock no lease is alive; a head that is done or gone is left alone."""
    free = row._replace(holder=NOBODY)
    if row.state == "posted":
        yield row, Sweep("done")
    elif row.state in ("unknown", "superseded"):
        yield free, Sweep("describe")
    else:
        yield free, Sweep("claim")


def describe(sweep: Sweep, view: View) -> Sweep:
    """Only what is open is described; a review of ours is told with it."""
    if not view.current:
        return Sweep("recover")
    return Sweep("admit", posted=view.told)


def admit(sweep: Sweep, row: Row, me: int) -> Writes:
    """Enter the head, with its saved review if it has one; by then it may be claimed or done."""
    if row.state not in ("unknown", "superseded"):
        yield row, Sweep("recover")
    elif sweep.posted:
        yield row._replace(state="posted"), Sweep("done")
    else:
        yield row._replace(state="reviewed" if row.text else "due"), Sweep("claim")


def claim(sweep: Sweep, row: Row, me: int) -> Writes:
    """One winner; a recorded draft is looked at before it is submitted."""
    if row.holder != NOBODY or row.state not in ("due", "reviewed", "posting"):
        yield row, Sweep("recover")
        return
    mine = row._replace(holder=me)
    if not row.text:
        yield mine, Sweep("save_review")
    elif row.draft:
        yield mine, Sweep("rest", row.text, row.draft, earlier=True, since=row.since)
    else:
        yield mine, begun(row.text)


def begun(text: int) -> Sweep:
    """A review begins as a draft; one with nothing new to say with a look."""
    return Sweep("peek" if text == QUIET else "create", text)


def save_review(sweep: Sweep, row: Row, me: int) -> Writes:
    """The engine may say the same as ever or something else; a retired head is not reviewed."""
    for text in (1, 2):
        yield row._replace(state="reviewed", text=text), Sweep("create", text)


def create(sweep: Sweep, answer: int) -> Sweep:
    """A draft, unless one stands in the way."""
    if answer == CONFLICT:
        return sweep._replace(at="list")
    return sweep._replace(at="posting", draft=answer)


def listed(sweep: Sweep, view: View) -> Sweep:
    """Our own draft in the way: the very same is adopted, any other cleared; unseen it waits."""
    if view.draft is None:
        return sweep._replace(at="retry")
    number, text = view.draft
    return sweep._replace(at="posting" if text == sweep.text else "clear", draft=number)


def clear(sweep: Sweep, answer: int) -> Sweep:
    """The one in the way is deleted, by us or before; a submitted one is for the next sweep."""
    at = "retry" if answer == CONFLICT else "create again"
    return sweep._replace(at=at, draft=0)


def create_again(sweep: Sweep, answer: int) -> Sweep:
    """Whoever was faster has the right of way."""
    if answer == CONFLICT:
        return sweep._replace(at="retry")
    return sweep._replace(at="posting", draft=answer)


def posting(sweep: Sweep, row: Row, me: int) -> Writes:
    """The draft's id is recorded before anything is submitted."""
    done = row._replace(state="posting", draft=sweep.draft, since=frozenset())
    yield done, sweep._replace(at="rest", earlier=False, since=frozenset())


def rest(sweep: Sweep) -> Sweep:
    """A draft of an earlier sweep has rested already, or does what is left of it."""
    return sweep._replace(at="look")


def look(sweep: Sweep, view: View) -> Sweep:
    """Holding a draft: is there our review already, and is the head still the tip?

    A note in an earlier one is none: somebody may have asked for another look since.
    """
    if view.submitted:
        found = sweep.draft if sweep.draft in view.submitted else view.submitted[0]
        at = "posted" if found == sweep.draft else "discard"
        return sweep._replace(at=at, posted=found)
    return sweep._replace(at="submit" if view.current else "discard", posted=0)


def submit(sweep: Sweep, answer: int) -> Sweep:
    """Confirmed, or the id is asked after."""
    if answer in (GONE, CONFLICT):
        return sweep._replace(at="get", gone=answer == GONE)
    return sweep._replace(at="posted", posted=answer)


def get(sweep: Sweep, view: View) -> Sweep:
    """Submitted by somebody, or gone as the refusal said: then it is as if there had been none.

    Anything else is a read from the past, which nothing is built on.
    """
    if sweep.draft in view.submitted:
        return sweep._replace(at="posted", posted=sweep.draft, gone=False)
    is_there = view.draft is not None and view.draft[0] == sweep.draft
    if sweep.gone and not is_there and sweep.earlier:
        return begun(sweep.text)
    return sweep._replace(at="retry")


def discard(sweep: Sweep, answer: int) -> Sweep:
    """Gone is fine."""
    return sweep._replace(at="posted" if sweep.posted else "supersede")


def posted(sweep: Sweep, row: Row, me: int) -> Writes:
    """Whichever review it is."""
    yield row._replace(state="posted", holder=NOBODY), Sweep("done")


def supersede(sweep: Sweep, row: Row, me: int) -> Writes:
    """The saved review and the draft's id stay with the row."""
    yield row._replace(state="superseded", holder=NOBODY), Sweep("recover")


def retry(sweep: Sweep, row: Row, me: int) -> Writes:
    """A saved review stays saved."""
    yield row._replace(holder=NOBODY), Sweep("recover")


Step = tuple[Kind, Callable[..., object]]
Protocol = Mapping[str, Step]

TWO_PHASES: Protocol = {
    "recover": (Kind.WRITE, recover),
    "describe": (Kind.READ, describe),
    "admit": (Kind.WRITE, admit),
    "claim": (Kind.WRITE, claim),
    "save_review": (Kind.WRITE, save_review),
    "create": (Kind.REQUEST, create),
    "list": (Kind.READ, listed),
    "clear": (Kind.REQUEST, clear),
    "create again": (Kind.REQUEST, create_again),
    "posting": (Kind.WRITE, posting),
    "rest": (Kind.REST, rest),
    "look": (Kind.READ, look),
    "submit": (Kind.REQUEST, submit),
    "get": (Kind.READ, get),
    "discard": (Kind.REQUEST, discard),
    "posted": (Kind.WRITE, posted),
    "supersede": (Kind.WRITE, supersede),
    "retry": (Kind.WRITE, retry),
}

RESTED = ("look", "get")
"""The reads behind the rest of a draft."""

UNFENCED = ("recover", "admit", "claim")
"""The writes that need no lease."""


def request_of(sweep: Sweep) -> Request:
    """What a step asks of the host."""
    if sweep.at.startswith("create"):
        return Request("create", sweep.text)
    if sweep.at == "amend":
        return Request("amend", sweep.body)
    return Request("submit" if sweep.at == "submit" else "delete", sweep.draft)
