"""Heeding what people said on a pull request: their commands, and what they declined."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from reviewer_cli.core.commands import Command, parse
from reviewer_cli.core.conversation import Conversation, Said, Thread
from reviewer_cli.core.models import Disposition, Earlier, HeadKey, Outcome
from reviewer_cli.core.outcomes import Circumstances, deciders, judged, strangers
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.core.threads import comments_found, thread_of
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import commands, outcomes
from reviewer_cli.ledger.earlier import all_of, attach_comments
from reviewer_cli.ledger.rows import Attention, Wish
from reviewer_cli.ledger.store import Store
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.plan import Doors, Plan

LOGGER = logging.getLogger(__name__)

ASKED_FOR: dict[Command, Wish | Attention] = {
    Command.REVIEW: Wish.REVIEW,
    Command.FULL_REVIEW: Wish.FULL,
    Command.PAUSE: Attention.PAUSED,
    Command.RESUME: Attention.ACTIVE,
    Command.IGNORE: Attention.IGNORED,
}

MOST_STRANGERS = 5
"""Accounts on one pull request about whose rights the host is asked, to know what they think."""


class Writers:
    """Who may write where, each account asked about once in a sweep."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._known: dict[tuple[str, str, str], bool] = {}

    async def include(self, key: HeadKey, login: str) -> bool:
        """Whether an account may push to a head's repository."""
        who = (key.host, key.repo, login.lower())
        if who not in self._known:
            host = self._doors.hosts[key.host]
            self._known[who] = await aside(partial(host.may_write, key.repo, login))
        return self._known[who]


async def heed(
    doors: Doors, plan: Plan, sweep_id: int, writers: Writers, told: Conversation
) -> Circumstances:
    """Do what is asked for, note what was declined, and tell whose words count.

    So a review that follows knows it. What else became of the findings needs the head's files,
    which are there after the reviews. Raises what the host fails with when it is asked who may
    write: what is left waits then.
    """
    about = await _circumstances(doors, plan, writers, told)
    for said, thread in _said(told):
        command = _command(doors.ledger.store, about, told, said)
        if command is not None:
            await _obey(doors, about, writers, command, thread)
    if told.threads:
        _note_declined(doors, sweep_id, told, about)
    return about


def said_by_us(said: Sequence[Earlier]) -> list[Earlier]:
    """Those that were posted."""
    return [one for one in said if one.remark.disposition is Disposition.KEPT]


def _note_declined(doors: Doors, sweep_id: int, told: Conversation, about: Circumstances) -> None:
    store = doors.ledger.store
    ours = said_by_us(all_of(store, told.key))
    attach_comments(store, comments_found(ours, told.threads))
    declined = [
        outcomes.Noted(finding_id=one.id, outcome=found.outcome, evidence=found.evidence)
        for one in ours
        if one.outcome is not Outcome.SUGGESTION_COMMITTED
        and (found := judged(one, thread_of(one, told.threads), None, about)) is not None
        and found.outcome is Outcome.DISMISSED
    ]
    outcomes.note(store, declined, sweep_id, doors.clock())


def _said(told: Conversation) -> Iterator[tuple[Said, Thread | None]]:
    """Every comment of a person or a program, oldest first, with the thread that it is in."""
    on_lines = [(said, thread) for thread in told.threads for said in thread.said]
    remarks: list[tuple[Said, Thread | None]] = [(said, None) for said in told.remarks]
    yield from sorted([*on_lines, *remarks], key=lambda one: one[0].said_at)


def _is_about_us(said: Said, thread: Thread | None) -> bool:
    """Whether it may matter what we are called: we spoke there, or somebody is spoken to."""
    return (thread is not None and thread.opening.is_ours) or "@" in said.body


def _command(
    store: Store, about: Circumstances, told: Conversation, said: Said
) -> commands.Command | None:
    """What a comment asks for, if it asks for anything and was not read before."""
    if said.is_ours or said.is_bot or "@" not in said.body:
        return None
    word = parse(said.body, about.own_logins)
    if word is None or commands.is_obeyed(store, told.key, said.id):
        return None
    return commands.Command(
        key=told.key,
        comment_id=said.id,
        author=one_line(said.author, 60),
        word=word,
        said_at=said.said_at,
        answer="obeyed",
    )


async def _obey(
    doors: Doors,
    about: Circumstances,
    writers: Writers,
    command: commands.Command,
    thread: Thread | None,
) -> None:
    """Only people with write access are obeyed; a finding declines whoever's word counts."""
    store, now = doors.ledger.store, doors.clock()
    is_word = command.word is Command.IGNORE and thread is not None and thread.opening.is_ours
    if is_word and command.author.lower() in about.deciders:
        commands.note(store, command, now)
    elif not is_word and await writers.include(command.key, command.author):
        commands.obey(store, command, ASKED_FOR[Command(command.word)], now)
    else:
        commands.note(store, replace(command, answer="refused: no write access"), now)
        return
    await _acknowledge(doors, command.key, command.comment_id)


async def _acknowledge(doors: Doors, key: HeadKey, comment_id: str) -> None:
    """Show that it was read; what was asked for is done already, whether that works or not."""
    try:
        await aside(partial(doors.hosts[key.host].acknowledge, key, comment_id))
    except ReviewerError as error:
        LOGGER.warning("A command on %s was obeyed, which could not be shown: %s", key, error)


async def _circumstances(
    doors: Doors, plan: Plan, writers: Writers, told: Conversation
) -> Circumstances:
    own_logins = plan.mentions
    if any(_is_about_us(said, thread) for said, thread in _said(told)):
        # Asked only then: what our account is called may cost questions.
        own_logins = (*plan.mentions, *doors.hosts[told.key.host].names(told.key.repo))
    asking = sorted(strangers(told, deciders(told), own_logins))[:MOST_STRANGERS]
    may_write = [one for one in asking if await writers.include(told.key, one)]
    return Circumstances(
        state=told.state,
        ended_at=told.ended_at,
        deciders=deciders(told, may_write),
        own_logins=own_logins,
    )
