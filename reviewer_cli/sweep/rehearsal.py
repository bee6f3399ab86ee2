"""The work list of a sweep that is not run: what would be reviewed, skipped or left waiting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewer_cli.core.models import Head, HeadKey
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import due, enter, poll
from reviewer_cli.sweep.report import Tally
from reviewer_cli.sweep.retro import UNREVIEWED, enter_merged
from reviewer_cli.telemetry import RepositoryFailed

EVERYTHING = 1_000_000_000


class Action(StrEnum):
    """What the sweep would do with a head."""

    REVIEW = "review"
    POST = "post"
    SKIP = "skip"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One head of the work list, in the order in which it would be taken."""

    key: HeadKey
    title: str
    action: Action
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The whole list; heads that are posted already are not in it."""

    heads: tuple[Planned, ...]
    failures: tuple[RepositoryFailed, ...]
    open_heads: int


async def rehearse(doors: Doors, plan: Plan) -> Rehearsal:
    """Run the first verbs of the story; hand in doors whose ledger is a copy."""
    now = doors.clock()
    doors.ledger.recover(now)
    tally = Tally(doors.observe)
    polled = await poll(doors, plan)
    await enter(doors, plan, polled, tally)
    await enter_merged(doors, plan, polled, tally)
    waiting = due(doors, plan, polled)
    chosen = set(waiting)
    later = [
        head_id
        for head_id in doors.ledger.due(polled.answered, float("inf"), EVERYTHING, plan.only_pull)
        if head_id not in chosen
    ]
    heads = [_planned(doors, head_id, now, chosen) for head_id in (*waiting, *later)]
    skipped = [
        Planned(key=one.key, title="", action=Action.SKIP, reason=one.reason) for one in tally.ended
    ]
    return Rehearsal(
        heads=(*heads, *skipped), failures=polled.failures, open_heads=len(polled.tips)
    )


def _new(head: Head) -> str:
    """What decides the place of a new head in the list."""
    size = [f"{head.changed_lines} changed lines"] if head.changed_lines else []
    return ", ".join(["new", *(["from a fork"] if head.from_fork else []), *size])


def _planned(doors: Doors, head_id: int, now: float, chosen: set[int]) -> Planned:
    work = doors.ledger.load(head_id)
    if head_id in chosen:
        action = Action.POST if work.review else Action.REVIEW
        reason = "its review is saved, only posting is left" if work.review else _new(work.head)
        if action is Action.REVIEW and work.attempts:
            reason = f"attempt {work.attempts + 1}"
        if work.merged_at is not None:
            reason = f"{UNREVIEWED}, {reason}"
    elif work.next_due_at > now:
        failed = f"attempt {work.attempts} failed; waits before the next"
        action, reason = Action.WAIT, failed if work.attempts else "waits for more pushes"
    else:
        action, reason = Action.WAIT, "over the limit of one sweep; comes with the next"
    return Planned(key=work.head.key, title=work.head.title, action=action, reason=reason)
