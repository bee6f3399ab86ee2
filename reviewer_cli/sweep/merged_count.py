"""Counting what was merged, reviewed or not: once a day each host is asked, if anybody wants it."""

from __future__ import annotations

from functools import partial

from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import ends
from reviewer_cli.ports.host import RepositoryPoll
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import host_door
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import Poll
from reviewer_cli.sweep.report import Tally
from reviewer_cli.telemetry import RepositoryFailed

DAY_S = 86_400.0

OVERLAP_S = 2 * DAY_S
"""Asked about once more: a repository may not have been polled the last time."""

LONGEST_S = 31 * DAY_S
"""What was merged before that is counted by nobody who starts again after a long pause."""


async def count_merged(doors: Doors, plan: Plan, polled: Poll, tally: Tally) -> None:
    """Note the pull requests that were merged in the polled repositories, if the plan says so.

    At most once a day for each host, whatever it answers. What cannot tell is named like a
    repository that cannot be polled, and stops nothing; each look goes back to before the last
    one at which all of a host's repositories told.
    """
    if not plan.count_merged or plan.only_pull is not None:
        return
    now = doors.clock()
    for name in sorted({host for host, _ in polled.answered}):
        asked = ends.asked_at(doors.ledger.store, name, now)
        is_shut = doors.availability.against_door(host_door(name)) is not None
        if not is_shut and (asked is None or now - asked >= DAY_S):
            repos = sorted({repo for host, repo in polled.answered if host == name})
            await _count(doors, name, repos, now, tally)


async def _count(doors: Doors, name: str, repos: list[str], now: float, tally: Tally) -> None:
    store, host = doors.ledger.store, doors.hosts[name]
    since = max((ends.counted_at(store, name, now) or now) - OVERLAP_S, now - LONGEST_S)
    try:
        answers = await aside(partial(host.merged_since, repos, since))
    except ReviewerError as error:
        answers = [RepositoryPoll(repo=name, error=str(error))]
    for answer in answers:
        if answer.error is not None:
            tally.observe(RepositoryFailed(repo=answer.repo, reason=answer.error))
    note = ends.count if all(one.error is None for one in answers) else ends.count_in_part
    note(store, name, (tip for one in answers if one.error is None for tip in one.tips), now)
