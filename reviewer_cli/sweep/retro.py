"""What was merged unreviewed: found, and entered to be reviewed like any other head.

Such a review stays in the ledger: nobody is told of it on a pull request that is done with.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reviewer_cli.core.models import State, Tip
from reviewer_cli.core.quiet import too_many_rounds
from reviewer_cli.core.select import skip_reason
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HostUnavailable,
    ProviderWait,
    RepositoryUnusable,
)
from reviewer_cli.ledger.pushes import pushes_before
from reviewer_cli.ledger.rows import Entry
from reviewer_cli.ports.host import Merged
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import DESCRIBED_TOGETHER, Poll
from reviewer_cli.sweep.report import Tally
from reviewer_cli.telemetry import HeadEnded, RepositoryFailed

UNREVIEWED = "merged unreviewed"
"""Told of a head instead of where its review was posted."""


async def enter_merged(doors: Doors, plan: Plan, polled: Poll, tally: Tally) -> None:
    """Enter the last heads of what was merged in the time of the plan, and has no review of ours.

    Call it after the open heads were entered: what was open and waiting is retired then.
    """
    if plan.merged_s is None:
        return
    now = doors.clock()
    since = max(now - plan.merged_s, 0.0)
    tips = await aside(lambda: list(_merged_tips(doors, polled, since, tally)))
    undecided = doors.ledger.undecided(
        list({tip.key: tip for tip in tips}.values()), plan.rules_hash
    )
    for start in range(0, len(undecided), DESCRIBED_TOGETHER):
        some = undecided[start : start + DESCRIBED_TOGETHER]
        found = await aside(partial(_described, doors, some, tally))
        entries = [_entry(doors, plan, one, now) for one in found]
        doors.ledger.enter(entries, plan.rules_hash, now)
        for entry in entries:
            tally.new += 1
            if entry.reason is not None and entry.head.posted is None:
                ended = HeadEnded(key=entry.head.key, state=State.SKIPPED, reason=entry.reason)
                tally.observe(ended)


def _merged_tips(doors: Doors, polled: Poll, since: float, tally: Tally) -> Iterator[Tip]:
    for name in sorted({host for host, _ in polled.answered}):
        repos = sorted(repo for host, repo in polled.answered if host == name)
        try:
            with doors.availability.polling(name):
                answers = doors.hosts[name].merged_since(repos, since)
        except (HostUnavailable, ProviderWait, AccessRefused) as error:
            if len(doors.hosts) == 1:
                raise
            tally.observe(RepositoryFailed(repo=name, reason=str(error)))
            continue
        for answer in answers:
            yield from answer.tips
            if answer.error is not None:
                tally.observe(RepositoryFailed(repo=answer.repo, reason=answer.error))


def _described(doors: Doors, tips: list[Tip], tally: Tally) -> list[Merged]:
    """Details of these tips; a repository that cannot tell them is named and left out."""
    found: list[Merged] = []
    for name, repo in dict.fromkeys((tip.key.host, tip.key.repo) for tip in tips):
        mine = [tip for tip in tips if (tip.key.host, tip.key.repo) == (name, repo)]
        try:
            with doors.availability.polling(name):
                found += doors.hosts[name].describe_merged(mine)
        except (HeadError, RepositoryUnusable) as error:
            tally.observe(RepositoryFailed(repo=repo, reason=str(error)))
    return found


def _entry(doors: Doors, plan: Plan, merged: Merged, now: float) -> Entry:
    """A head as it is entered; one that has our review at its host was not merged unreviewed."""
    head = merged.head
    rounds = pushes_before(doors.ledger.store, head.key).rounds
    return Entry(
        head=head,
        reason=skip_reason(head, plan.rules) or too_many_rounds(rounds, plan.max_rounds),
        due_at=now,
        pushed_at=merged.at if head.pushed_at is None else min(head.pushed_at, merged.at),
        merged_at=None if head.posted else merged.at,
    )
