"""After the reviews: what people did about our findings and what became of them is noted.

What is done with is settled.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import Earlier, HeadKey, Outcome, Placement, Remark, Side
from reviewer_cli.core.outcomes import Circumstances, LinesSince, judged
from reviewer_cli.core.settling import Settlement, last_found, settled
from reviewer_cli.core.signals import Signal, signals_in
from reviewer_cli.core.threads import thread_of
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import outcomes, pulls, signals
from reviewer_cli.ledger.earlier import all_of, found_on, last_reviewed, said_before
from reviewer_cli.ledger.store import Store
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.heeding import said_by_us
from reviewer_cli.sweep.listening import Heard
from reviewer_cli.sweep.lookback import Flagged
from reviewer_cli.sweep.plan import Doors, Plan

LOGGER = logging.getLogger(__name__)

MENDED = (Outcome.FIXED, Outcome.SUGGESTION_COMMITTED)


async def look_after(doors: Doors, plan: Plan, sweep_id: int, heard: Heard) -> None:
    """Do so for every pull request whose people were heeded, then note that it was.

    One that fails is named in the log and heard of again by the next sweep.
    """
    done = []
    concerned = _concerned(doors.ledger.store, [told for told, _ in heard.all()])
    for told, about in heard.all():
        try:
            if told.key in concerned:
                await _look_after(doors, sweep_id, told, about)
            done.append(told)
        except ReviewerError as error:
            LOGGER.warning("What became of our findings on %s is not known: %s", told.key, error)
    pulls.gathered(doors.ledger.store, done, doors.clock(), plan.watch_s)


def _concerned(store: Store, told: Sequence[Conversation]) -> Set[HeadKey]:
    """The heads on whose pull requests something may have become of a finding of ours.

    Nothing did where nobody answered and all that we said is about the head that is there.
    """
    silent = [one.key for one in told if one.state is PullState.OPEN and not one.threads]
    other = {one.key for one in told} - set(silent)
    return other | said_before(store, silent) if silent else other


async def _look_after(
    doors: Doors, sweep_id: int, told: Conversation, about: Circumstances
) -> None:
    store, host = doors.ledger.store, doors.hosts[told.key.host]
    said = all_of(store, told.key)
    ours = said_by_us(said)
    signals.note(store, _signals(told, about, ours), doors.clock())
    newest = last_found(said)
    flagged = {one.id: one for one in (*ours, *newest.values())}
    lines = await aside(partial(_lines, doors, told, tuple(flagged.values())))
    noted: dict[int, outcomes.Noted] = {}
    for one in ours:
        moved_on = replace(about, has_moved_on=one.sha != told.key.sha)
        told_of = judged(one, thread_of(one, told.threads), lines.get(one.id), moved_on)
        if told_of is not None:
            noted[one.id] = outcomes.Noted(
                finding_id=one.id, outcome=told_of.outcome, evidence=told_of.evidence
            )
    outcomes.note(store, noted.values(), sweep_id, doors.clock())
    mended = [one for one in ours if one.id in noted and noted[one.id].outcome in MENDED]
    last = last_reviewed(store, replace(told.key, sha=""))
    if told.state is PullState.OPEN and last is not None and last.sha == told.key.sha:
        since = {one.id: lines.get(newest[one.id].id) for one in mended}
        found = found_on(store, told.key)
        for settlement in _settlements(told, mended, since, found, host.limits.body_chars):
            await _settle(host, told.key, settlement)


def _signals(
    told: Conversation, about: Circumstances, ours: Sequence[Earlier]
) -> Iterator[tuple[int, Signal]]:
    for one in ours:
        if (thread := thread_of(one, told.threads)) is not None:
            yield from ((one.id, signal) for signal in signals_in(thread, about))


async def _settle(host: CodeHost, key: HeadKey, to_do: Settlement) -> None:
    """Resolve the thread where we may, then fold up our comment, which tells that all is done.

    A person may open it again after that, and then it stays open.
    """
    try:
        await aside(partial(host.resolve, key, to_do.thread_id))
    except ReviewerError as error:
        LOGGER.warning("A thread on %s could not be resolved: %s", key, error)
    await aside(partial(host.settle, key, to_do.comment_id, to_do.body))


def _lines(doors: Doors, told: Conversation, ours: Sequence[Earlier]) -> dict[int, LinesSince]:
    """What became of the flagged lines, by the findings' ids; without those that are on no line."""
    flagged = [
        Flagged(id=one.id, sha=one.sha, path=one.remark.anchor.path, first=first, last=last)
        for one in ours
        for first, last in _range(one)
    ]
    # Nothing became of what was said of the present head: no git is needed to tell that.
    lines = {one.id: LinesSince() for one in flagged if one.sha == told.key.sha}
    older = [one for one in flagged if one.id not in lines]
    if older:
        remote = doors.hosts[told.key.host].remote(told.key.repo)
        lines |= doors.workshop.follow(told.key, remote, older)
    return lines


def _range(one: Earlier) -> Iterator[tuple[int, int]]:
    anchor = one.remark.anchor
    if anchor.placement is Placement.LINE and anchor.side is Side.RIGHT and anchor.line:
        yield anchor.start_line or anchor.line, anchor.line


def _settlements(
    told: Conversation,
    mended: Sequence[Earlier],
    since: Mapping[int, LinesSince | None],
    found: Sequence[Remark],
    limit: int,
) -> Iterator[Settlement]:
    """Only where our newest review is of the present head, so that it saw how it is mended.

    `since` is what became of the lines after the last time that each was found, `found` all that
    this review found, also what it did not say.
    """
    for one in mended:
        thread = thread_of(one, told.threads)
        if thread is not None and (to_do := settled(one, thread, since[one.id], found, limit)):
            yield to_do
