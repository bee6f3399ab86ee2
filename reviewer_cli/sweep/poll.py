"""Asking the hosts what is open, and entering what the ledger does not know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from reviewer_cli.core.models import Head, HeadKey, State, Tip
from reviewer_cli.core.quiet import due_at, too_many_rounds
from reviewer_cli.core.select import skip_reason
from reviewer_cli.errors import (
    AccessRefused,
    HeadError,
    HostUnavailable,
    ProviderWait,
    RepositoryUnusable,
    UsageError,
)
from reviewer_cli.ledger.elsewhere import posted_elsewhere
from reviewer_cli.ledger.pushes import pushes_before
from reviewer_cli.ledger.rows import Entry
from reviewer_cli.ledger.store import Store
from reviewer_cli.ports.host import CodeHost
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import FAILURES_OF_EVERYBODY, host_door
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.report import Tally
from reviewer_cli.telemetry import LOGGER, HeadEnded, Observer, RepositoryFailed

DESCRIBED_TOGETHER = 200
"""Heads whose details are asked for and entered at a time: bounds the memory of a first sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Every open tip of the repositories that could be polled: `answered` (host, repo) pairs."""

    tips: tuple[Tip, ...]
    answered: frozenset[tuple[str, str]]
    failures: tuple[RepositoryFailed, ...]


async def poll(doors: Doors, plan: Plan) -> Poll:
    """Ask every host; a repository that fails is named and does not disturb the others."""
    return await aside(partial(_poll, doors, plan))


def _poll(doors: Doors, plan: Plan) -> Poll:
    tips: list[Tip] = []
    answered: set[tuple[str, str]] = set()
    failures: list[RepositoryFailed] = []
    for name, selectors in plan.selectors.items():
        host = doors.hosts[name]
        try:
            if refused := doors.availability.against_door(host_door(name)):
                raise refused
            with doors.availability.polling(name):
                answers = host.open_tips(host.repositories(selectors))
        except (HostUnavailable, ProviderWait, AccessRefused) as error:
            if len(plan.selectors) == 1:
                raise
            failures.append(RepositoryFailed(repo=name, reason=str(error)))
            continue
        for answer in answers:
            if answer.error is None:
                answered |= {(name, one) for one in (answer.repo, answer.asked_as) if one}
                tips += answer.tips
            else:
                failures.append(RepositoryFailed(repo=answer.repo, reason=answer.error))
    if plan.only_pull is not None:
        open_now = [tip.key.pull for tip in tips]
        tips = [tip for tip in tips if tip.key.pull == plan.only_pull]
        if not tips and not failures:
            raise UsageError(_not_open(plan.only_pull, open_now))
    return Poll(tips=tuple(tips), answered=frozenset(answered), failures=tuple(failures))


def _not_open(pull: str, open_now: Sequence[str]) -> str:
    named = ", ".join(open_now[:10]) + (" and more" if len(open_now) > 10 else "")
    return f"There is no open pull request {pull!r}; open are: {named or 'none'}."


async def enter(doors: Doors, plan: Plan, polled: Poll, tally: Tally) -> None:
    """Enter new heads as due or skipped, and retire what moved on."""
    began = doors.clock()
    for failure in polled.failures:
        tally.observe(failure)
    async for entry in newly_decided(doors, plan, polled, tally.observe):
        tally.new += 1
        if entry.reason is not None and entry.head.posted is None:
            ended = HeadEnded(key=entry.head.key, state=State.SKIPPED, reason=entry.reason)
            tally.observe(ended)
    if tally.new:
        _warn_of_second_ledger(posted_elsewhere(doors.ledger.store, began))
    if plan.only_pull is None:
        tally.superseded += doors.ledger.retire(polled.answered, polled.tips, doors.clock())


def due(doors: Doors, plan: Plan, polled: Poll) -> list[int]:
    """The ids of the heads to review now: saved reviews first, then the longest waiting."""
    return doors.ledger.due(polled.answered, doors.clock(), plan.limit, plan.only_pull)


def _warn_of_second_ledger(elsewhere: Sequence[HeadKey]) -> None:
    if elsewhere:
        LOGGER.warning(
            "%s that this ledger did not post: another ledger is in use, or an older copy of this "
            "one was put back. Run one ledger for each account.",
            reviews_of(elsewhere),
        )


def reviews_of(keys: Sequence[HeadKey]) -> str:
    """The beginning of a sentence about our reviews of these heads, at least one."""
    if len(keys) == 1:
        return f"There is a review by our account of {keys[0]}"
    more = "another head" if len(keys) == 2 else f"{len(keys) - 1} more heads"
    return f"There are reviews by our account of {keys[0]} and {more}"


async def newly_decided(
    doors: Doors, plan: Plan, polled: Poll, observe: Observer
) -> AsyncIterator[Entry]:
    """Describe and enter the undecided heads, a few hundred at a time, each with its reason."""
    ledger, now = doors.ledger, doors.clock()
    undecided = ledger.undecided(polled.tips, plan.rules_hash)
    for start in range(0, len(undecided), DESCRIBED_TOGETHER):
        some = undecided[start : start + DESCRIBED_TOGETHER]
        heads = await aside(lambda: list(described(doors, some, observe)))  # noqa: B023
        entries = [_entry(ledger.store, plan, head, now) for head in heads]
        ledger.enter(entries, plan.rules_hash, now)
        for entry in entries:
            yield entry


def _entry(store: Store, plan: Plan, head: Head, now: float) -> Entry:
    """A head with what is decided of it; one that a person named is reviewed at once."""
    pushed_at = now if head.pushed_at is None else min(head.pushed_at, now)
    before = pushes_before(store, head.key)
    reason, at = skip_reason(head, plan.rules), now
    if plan.only_pull is None:
        reason = reason or too_many_rounds(before.rounds, plan.max_rounds)
        at = due_at((*before.unreviewed, pushed_at), before.rounds, plan.settle_s)
    return Entry(head=head, reason=reason, due_at=max(at, now), pushed_at=pushed_at)


def described(doors: Doors, tips: Sequence[Tip], observe: Observer) -> Iterator[Head]:
    """Details of these tips; a repository that cannot tell them is observed and left out.

    So is a host that refuses us or does not answer, unless it is the only one.
    """
    for name in dict.fromkeys(tip.key.host for tip in tips):
        mine = [tip for tip in tips if tip.key.host == name]
        try:
            with doors.availability.polling(name):
                yield from _described(doors.hosts[name], mine, observe)
        except (HostUnavailable, ProviderWait, AccessRefused) as error:
            if len(doors.hosts) == 1:
                raise
            observe(RepositoryFailed(repo=name, reason=str(error)))


def _described(host: CodeHost, tips: Sequence[Tip], observe: Observer) -> Iterator[Head]:
    try:
        yield from host.describe(tips)
    except (HeadError, RepositoryUnusable):
        yield from _described_apart(host, tips, observe)


def _described_apart(host: CodeHost, tips: Sequence[Tip], observe: Observer) -> Iterator[Head]:
    """Ask again for each repository alone, so that the one that fails is named and left out.

    Raises HostUnavailable when several in a row get no answer.
    """
    unanswered = 0
    for repo in dict.fromkeys(tip.key.repo for tip in tips):
        try:
            yield from host.describe([tip for tip in tips if tip.key.repo == repo])
            unanswered = 0
        except HostUnavailable as error:
            unanswered += 1
            if unanswered >= FAILURES_OF_EVERYBODY:
                raise
            observe(RepositoryFailed(repo=repo, reason=str(error)))
        except (HeadError, RepositoryUnusable) as error:
            observe(RepositoryFailed(repo=repo, reason=str(error)))
