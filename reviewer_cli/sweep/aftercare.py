"""After the reviews: what became of our findings is noted, and what is done with is settled."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import Disposition, Earlier, Outcome, Placement, Side
from reviewer_cli.core.outcomes import (
    Circumstances,
    LinesSince,
    deciders,
    judged,
    strangers_with_thumbs,
)
from reviewer_cli.core.settling import Settlement, settled
from reviewer_cli.core.threads import comments_found, thread_of
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import outcomes, pulls
from reviewer_cli.ledger.earlier import attach_comments, earlier, last_reviewed
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.listening import Heard
from reviewer_cli.sweep.lookback import Flagged
from reviewer_cli.sweep.plan import Doors, Plan

LOGGER = logging.getLogger(__name__)

MENDED = (Outcome.FIXED, Outcome.SUGGESTION_COMMITTED)
MOST_STRANGERS = 5
"""Accounts behind thumbs on one pull request about whose rights the host is asked."""


async def look_after(doors: Doors, plan: Plan, sweep_id: int, heard: Heard) -> None:
    """Do so for every pull request that was heard of in this sweep, then note that it was.

    One that fails is named in the log and heard of again by the next sweep.
    """
    done = []
    for told in heard.all():
        try:
            await _look_after(doors, plan, sweep_id, told)
            done += [told] if heard.is_done(told.key) else []
        except ReviewerError as error:
            LOGGER.warning("What became of our findings on %s is not known: %s", told.key, error)
    pulls.gathered(doors.ledger.store, done, doors.clock(), plan.watch_s)


async def _look_after(doors: Doors, plan: Plan, sweep_id: int, told: Conversation) -> None:
    store, host = doors.ledger.store, doors.hosts[told.key.host]
    said = earlier(store, replace(told.key, sha=""))
    ours = [one for one in said if one.remark.disposition is Disposition.KEPT]
    if not ours:
        return
    attach_comments(store, comments_found(ours, told.threads))
    lines = await aside(partial(_lines, doors, told, ours))
    about = await _circumstances(doors, plan, told)
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
        for settlement in _settlements(told, said, mended, lines, host.limits.body_chars):
            settle = partial(host.settle, told.key, settlement.comment_id, settlement.body)
            await aside(settle)
            await aside(partial(host.resolve, told.key, settlement.thread_id))


def _lines(doors: Doors, told: Conversation, ours: Sequence[Earlier]) -> dict[int, LinesSince]:
    """What became of the flagged lines, by the findings' ids; without those that are on no line."""
    flagged = [
        Flagged(id=one.id, sha=one.sha, path=one.remark.anchor.path, first=first, last=last)
        for one in ours
        for first, last in _range(one)
    ]
    remote = doors.hosts[told.key.host].remote(told.key.repo)
    return doors.workshop.follow(told.key, remote, flagged)


def _range(one: Earlier) -> Iterator[tuple[int, int]]:
    anchor = one.remark.anchor
    if anchor.placement is Placement.LINE and anchor.side is Side.RIGHT and anchor.line:
        yield anchor.start_line or anchor.line, anchor.line


async def _circumstances(doors: Doors, plan: Plan, told: Conversation) -> Circumstances:
    host = doors.hosts[told.key.host]
    known = deciders(told)
    strangers = sorted(strangers_with_thumbs(told, known))[:MOST_STRANGERS]
    writers = [one for one in strangers if await aside(partial(host.may_write, told.key.repo, one))]
    return Circumstances(
        state=told.state,
        ended_at=told.ended_at,
        deciders=deciders(told, writers),
        own_logins=(*plan.mentions, *host.names(told.key.repo)),
    )


def _settlements(
    told: Conversation,
    said: Sequence[Earlier],
    mended: Sequence[Earlier],
    lines: dict[int, LinesSince],
    limit: int,
) -> Iterator[Settlement]:
    """Only where our newest review is of the present head, so that it saw how it is mended."""
    found = [one.remark for one in said if one.sha == told.key.sha]
    for one in mended:
        thread = thread_of(one, told.threads)
        if thread is not None and (to_do := settled(one, thread, lines.get(one.id), found, limit)):
            yield to_do
