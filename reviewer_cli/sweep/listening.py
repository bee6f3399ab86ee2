"""Listening to people: what was said on pull requests since the last sweep, and what it asks for.

A pull request about which nothing changed is not asked about, but for thumbs, which leave no other
trace: those are looked at now and then, a few pull requests in each sweep.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from reviewer_cli.core.commands import Command, parse
from reviewer_cli.core.conversation import Conversation, Said, Thread
from reviewer_cli.core.models import HeadKey, Outcome
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.core.threads import of_others, thread_of
from reviewer_cli.errors import AccessRefused, HeadError, ProviderWait
from reviewer_cli.ledger import commands, outcomes, pulls
from reviewer_cli.ledger.earlier import earlier
from reviewer_cli.ledger.rows import Attention, Wish
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import host_door
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import Poll

LOGGER = logging.getLogger(__name__)

THUMBS_TOGETHER = 100
"""Pull requests of one sweep that are asked about although nothing else changed: four requests."""

FOREIGN_TROUBLE = (HeadError, ProviderWait, AccessRefused)
"""What a host may fail with: it keeps no review back."""

ASKED_FOR: dict[Command, Wish | Attention] = {
    Command.REVIEW: Wish.REVIEW,
    Command.FULL_REVIEW: Wish.FULL,
    Command.PAUSE: Attention.PAUSED,
    Command.RESUME: Attention.ACTIVE,
    Command.IGNORE: Attention.IGNORED,
}

Pull = tuple[str, str, str]


class Heard:
    """What was told in this sweep, by pull request."""

    def __init__(self) -> None:
        self._told: dict[Pull, Conversation] = {}
        self._unfinished: set[Pull] = set()

    def add(self, told: Iterable[Conversation]) -> None:
        """Remember these."""
        self._told.update({_pull(one.key): one for one in told})

    def ask_again(self, key: HeadKey) -> None:
        """A head's pull request is to be heard of again by the next sweep."""
        self._unfinished.add(_pull(key))

    def is_done(self, key: HeadKey) -> bool:
        """Whether all that was asked for there was done, or refused."""
        return _pull(key) not in self._unfinished

    def of(self, key: HeadKey) -> Conversation | None:
        """What was told of a head's pull request."""
        return self._told.get(_pull(key))

    def others(self, key: HeadKey) -> tuple[Thread, ...]:
        """The threads of other people and programs on a head's pull request."""
        told = self.of(key)
        return of_others(told) if told is not None else ()

    def all(self) -> tuple[Conversation, ...]:
        """Every one."""
        return tuple(self._told.values())


async def listen(doors: Doors, plan: Plan, polled: Poll) -> Heard:
    """Ask what was said since the last sweep, and do what people with write access ask for.

    A host that cannot tell, or who may write, is named in the log; it is asked again by the next
    sweep.
    """
    heard = Heard()
    await hear(doors, heard, list(_worth_asking(doors, plan, polled)))
    for told in heard.all():
        try:
            for said, thread in _said(told):
                await _obey(doors, plan, told, said, thread)
        except FOREIGN_TROUBLE as error:
            LOGGER.warning("What is asked for on %s waits: %s", told.key, error)
            heard.ask_again(told.key)
    return heard


async def hear(doors: Doors, heard: Heard, keys: Sequence[HeadKey]) -> None:
    """Ask about these heads' pull requests, but for those that were told of already."""
    by_host: dict[str, list[HeadKey]] = defaultdict(list)
    for key in keys:
        if heard.of(key) is None:
            by_host[key.host].append(key)
    for name, mine in by_host.items():
        if doors.availability.against_door(host_door(name)):
            continue
        try:
            with doors.availability.fetching(name):
                heard.add(await aside(partial(doors.hosts[name].conversations, mine)))
        except FOREIGN_TROUBLE as error:
            LOGGER.warning("%s could not tell what was said there: %s", name, error)


def _worth_asking(doors: Doors, plan: Plan, polled: Poll) -> Iterator[HeadKey]:
    """Where something changed, where the pull request has ended, and a few others for thumbs."""
    store, open_now = doors.ledger.store, {_pull(tip.key): tip.key for tip in polled.tips}
    if plan.only_pull is not None:
        yield from open_now.values()
        return
    for record in pulls.unheard(store, polled.answered, polled.tips):
        yield open_now.get(_pull(record.key), record.key)
    old = doors.clock() - plan.feedback_s
    for record in pulls.rested(store, polled.answered, old, THUMBS_TOGETHER):
        yield open_now.get(_pull(record.key), record.key)


def _said(told: Conversation) -> Iterator[tuple[Said, Thread | None]]:
    """Every comment of a person or a program, oldest first, with the thread that it is in."""
    on_lines = [(said, thread) for thread in told.threads for said in thread.said]
    remarks: list[tuple[Said, Thread | None]] = [(said, None) for said in told.remarks]
    yield from sorted([*on_lines, *remarks], key=lambda one: one[0].said_at)


async def _obey(
    doors: Doors, plan: Plan, told: Conversation, said: Said, thread: Thread | None
) -> None:
    store, host = doors.ledger.store, doors.hosts[told.key.host]
    if said.is_ours or said.is_bot or "@" not in said.body:
        return  # before anything is asked: what our account is called may cost questions
    word = parse(said.body, (*plan.mentions, *host.names(told.key.repo)))
    if word is None or commands.is_obeyed(store, told.key, said.id):
        return
    command = commands.Command(
        key=told.key,
        comment_id=said.id,
        author=one_line(said.author, 60),
        word=word,
        said_at=said.said_at,
        answer="obeyed",
    )
    now = doors.clock()
    if not await aside(partial(host.may_write, told.key.repo, said.author)):
        commands.note(store, replace(command, answer="refused: no write access"), now)
        return
    declined = _declined(doors, told, thread) if word is Command.IGNORE else None
    if declined is not None:
        evidence = f"{command.author} asked to ignore it."
        noted = outcomes.Noted(finding_id=declined, outcome=Outcome.DISMISSED, evidence=evidence)
        outcomes.note(store, [noted], None, now)
        commands.note(store, command, now)
    else:
        commands.obey(store, command, ASKED_FOR[word], now)
    await aside(partial(host.acknowledge, told.key, said.id))


def _declined(doors: Doors, told: Conversation, thread: Thread | None) -> int | None:
    """The finding whose thread this is; None where it is none of ours."""
    if thread is None or not thread.opening.is_ours:
        return None
    for one in earlier(doors.ledger.store, replace(told.key, sha="")):
        if thread_of(one, [thread]) is not None:
            return one.id
    return None


def _pull(key: HeadKey) -> Pull:
    return (key.host, key.repo, key.pull)
