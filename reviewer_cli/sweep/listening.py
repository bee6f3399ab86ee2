"""Listening to people: what was said on pull requests since the last sweep, heeded at once.

A pull request about which nothing changed is not asked about, but for thumbs, which leave no other
trace: those are looked at now and then, a few pull requests in each sweep.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from reviewer_cli.core.conversation import Conversation, Thread
from reviewer_cli.core.models import HeadKey
from reviewer_cli.core.outcomes import Circumstances
from reviewer_cli.core.threads import of_others
from reviewer_cli.errors import AccessRefused, HeadError, ProviderWait
from reviewer_cli.ledger import pulls
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import host_door
from reviewer_cli.sweep.heeding import Writers, heed
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import Poll, due

LOGGER = logging.getLogger(__name__)

THUMBS_TOGETHER = 25
"""Pull requests of one sweep that are asked about although nothing else changed: one request."""

FOREIGN_TROUBLE = (HeadError, ProviderWait, AccessRefused)
"""What a host may fail with: it keeps no review back."""

Pull = tuple[str, str, str]


class Heard:
    """What was told in this sweep, by pull request."""

    def __init__(self) -> None:
        self._told: dict[Pull, Conversation] = {}
        self._heeded: dict[Pull, Circumstances] = {}
        self._asked: set[Pull] = set()

    def asking(self, keys: Iterable[HeadKey]) -> list[HeadKey]:
        """Those of them that nobody asked about yet; from now on they count as asked about."""
        new = {_pull(key): key for key in keys if _pull(key) not in self._asked}
        self._asked |= new.keys()
        return list(new.values())

    def add(self, told: Conversation) -> None:
        """Remember what was told."""
        self._told[_pull(told.key)] = told

    def heeded(self, key: HeadKey, about: Circumstances) -> None:
        """Remember that all that was said there was heeded, and what is true of it as a whole."""
        self._heeded[_pull(key)] = about

    def others(self, key: HeadKey) -> tuple[Thread, ...]:
        """The threads of other people and programs on a head's pull request."""
        told = self._told.get(_pull(key))
        return of_others(told) if told is not None else ()

    def all(self) -> Iterator[tuple[Conversation, Circumstances]]:
        """Every one that was heeded; the others are heard of again by the next sweep."""
        for pull, about in self._heeded.items():
            yield self._told[pull], about


async def listen(doors: Doors, plan: Plan, sweep_id: int, polled: Poll) -> Heard:
    """Ask what was said since the last sweep and heed it: before the reviews, which it may change.

    Asked about is every pull request with news, and every one that is to be reviewed, in one go. A
    host that cannot tell, or who may write, is named in the log and asked again by the next sweep.
    """
    heard, writers = Heard(), Writers(doors)
    worth_asking = list(_worth_asking(doors, plan, polled))

    async def ask(keys: Iterable[HeadKey]) -> bool:
        """Whether anybody said anything there."""
        found = await _told(doors, heard.asking(keys))
        for told in found:
            heard.add(told)
            try:
                heard.heeded(told.key, await heed(doors, plan, sweep_id, writers, told))
            except FOREIGN_TROUBLE as error:
                LOGGER.warning("What people say on %s waits: %s", told.key, error)
        return any(told.threads or told.remarks for told in found)

    if await ask([*worth_asking, *_due(doors, plan, polled)]):
        # What was asked for may have made other heads due than those that were expected to be.
        await ask(_due(doors, plan, polled))
    return heard


async def _told(doors: Doors, keys: Sequence[HeadKey]) -> list[Conversation]:
    by_host: dict[str, list[HeadKey]] = defaultdict(list)
    for key in keys:
        by_host[key.host].append(key)
    found: list[Conversation] = []
    for name, mine in by_host.items():
        if doors.availability.against_door(host_door(name)):
            continue
        try:
            with doors.availability.fetching(name):
                found += await aside(partial(doors.hosts[name].conversations, mine))
        except FOREIGN_TROUBLE as error:
            LOGGER.warning("%s could not tell what was said there: %s", name, error)
    return found


def _due(doors: Doors, plan: Plan, polled: Poll) -> list[HeadKey]:
    return doors.ledger.keys(due(doors, plan, polled))


def _worth_asking(doors: Doors, plan: Plan, polled: Poll) -> Iterator[HeadKey]:
    """Where something changed, where the pull request has ended, and a few others for thumbs."""
    if plan.only_pull is not None:
        yield from (tip.key for tip in polled.tips)
        return
    store, old = doors.ledger.store, doors.clock() - plan.feedback_s
    new = pulls.unheard(store, polled.answered, polled.tips)
    quiet = pulls.rested(store, polled.answered, old, THUMBS_TOGETHER)
    if new or quiet:
        open_now = {_pull(tip.key): tip.key for tip in polled.tips}
        for record in (*new, *quiet):
            yield open_now.get(_pull(record.key), record.key)


def _pull(key: HeadKey) -> Pull:
    return (key.host, key.repo, key.pull)
