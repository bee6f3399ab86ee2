"""One head's way through a sweep: prepare, claim, review, save, publish, and what may go wrong.

What concerns this head only ends in its row: retried later, buried, skipped or superseded. What
concerns every head is raised after the row was given back with its attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from reviewer_cli.core.models import Clean, Head, Review, Severity, State
from reviewer_cli.core.remarks import kept
from reviewer_cli.core.select import skip_reason_for_diff
from reviewer_cli.errors import HostUnavailable, NoCommonHistory
from reviewer_cli.ledger.earlier import LastReviewed, last_reviewed
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.rows import Wish, Work
from reviewer_cli.ledger.told import UNSAID
from reviewer_cli.sweep.availability import engine_door
from reviewer_cli.sweep.endings import Endings
from reviewer_cli.sweep.listening import Heard
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.publish import Recorded, Times, publish, recorded
from reviewer_cli.sweep.retro import UNREVIEWED
from reviewer_cli.sweep.reviewing import Reviewing
from reviewer_cli.sweep.workshop import Prepared
from reviewer_cli.telemetry import HeadEnded, Observer, Phase, PhaseChanged


@dataclass(frozen=True, slots=True)
class Ready:
    """Work with what preparing it gave: files and diff, an error, or nothing (review is saved)."""

    work: Work
    prepared: Prepared | Exception | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A review in the ledger that is still to be posted; `draft` is what it has at its host."""

    work: Work
    lease: Lease
    severities: tuple[Severity, ...]
    usd: float
    draft: Recorded | None = None


class Journey:
    """The three stages of a head, for the batch to call."""

    def __init__(
        self, doors: Doors, plan: Plan, sweep_id: int, heard: Heard, observe: Observer
    ) -> None:
        self._doors = doors
        self._plan = plan
        self._heard = heard
        self._observe = observe
        self._engine_door = engine_door(doors.engine.name)
        self._endings = Endings(doors, plan, observe)
        self._reviewing = Reviewing(doors, plan, sweep_id, self._phase, observe)
        self._held: dict[int, Lease] = {}

    @contextmanager
    def holding(self, head_ids: Sequence[int]) -> Iterator[None]:
        """Claim these heads before anything is done with them; what is left is given back.

        So the ledger tells who was in work, should the process die, from the first step on.
        """
        try:
            for head_id in head_ids:
                if lease := self._claimed(head_id):
                    self._held[head_id] = lease
            yield
        finally:
            for lease in self._held.values():
                self._endings.release(lease)
            self._held.clear()

    async def prepare(self, head_id: int) -> Ready:
        """Fetch, diff and lay out; an error is kept for the review stage, which owns the row."""
        work = self._doors.ledger.load(head_id)
        if work.review is not None or self._is_kept_back(work):
            return Ready(work, None)
        key = work.head.key
        self._phase(work, Phase.PREPARING)
        try:
            with self._doors.availability.fetching(key.host):
                prepared = await asyncio.to_thread(self._prepared, work.head, self._last(work))
        except Exception as error:  # noqa: BLE001 - judged where the row is ours
            return Ready(work, error)
        self._phase(work, Phase.READY)
        return Ready(work, prepared)

    def abandon(self, ready: Ready) -> None:
        """Give back what was prepared and will not be reviewed in this sweep."""
        if isinstance(ready.prepared, Prepared):
            ready.prepared.close()

    async def review(self, ready: Ready) -> Saved | None:
        """Claim the row, review the head, save the review; None when there is nothing to post.

        A head that has still to go through a door that is shut is left as it is; one that found it
        silent leaves the next probe to others.
        """
        try:
            met_silence = isinstance(ready.prepared, HostUnavailable)
            if self._is_kept_back(ready.work) and not met_silence:
                return None
            held = self._held.pop(ready.work.head_id, None)
            lease = held or self._claimed(ready.work.head_id)
            if lease is None:
                return None
            with self._endings.of(ready.work, lease):
                return await self._saved_review(ready, lease)
            return None
        finally:
            self.abandon(ready)

    def give_back(self, saved: Saved) -> None:
        """Leave a saved review to a later sweep, which posts it without asking the engine."""
        self._endings.release(saved.lease)

    async def publish(self, saved: Saved) -> Saved | None:
        """Post a saved review; what has a draft now that must rest first is given back with it.

        A host that refuses us keeps no other host's back.
        """
        work, review = saved.work, saved.work.review
        if review is None:
            raise AssertionError("a review is posted only after it was saved")
        key, availability = work.head.key, self._doors.availability
        if availability.against(key):
            self.give_back(saved)
            return None
        self._phase(work, Phase.POSTING)
        with self._endings.of(work, saved.lease):
            if work.merged_at is not None:
                saved.lease.posted(None, self._doors.clock())
            elif saved.severities or self._plan.clean is Clean.COMMENT:
                if draft := await self._published(saved, review):
                    return replace(saved, draft=draft)
            else:
                saved.lease.posted(UNSAID, self._doors.clock())
            self._observe(
                HeadEnded(
                    key=key,
                    state=State.POSTED,
                    reason=UNREVIEWED if work.merged_at is not None else "",
                    severities=saved.severities,
                    usd=saved.usd,
                )
            )
        return None

    async def rest(self, saved: Saved) -> None:
        """Return when the draft of a review has rested; no place of the batch is held."""
        if saved.draft is None:
            return
        while (left := saved.draft.rested_at - self._doors.elapsed()) > 0:
            self._phase(saved.work, Phase.POSTING, "the draft rests")
            await self._doors.sleep(left)

    async def _published(self, saved: Saved, review: Review) -> Recorded | None:
        key = saved.work.head.key
        host, times = self._doors.hosts[key.host], Times(self._doors.clock, self._doors.elapsed)
        known = saved.draft or recorded(host, saved.work, times)
        with self._doors.availability.posting(key):
            return await publish(host, saved.lease, review, known, times)

    def _is_kept_back(self, work: Work) -> bool:
        """Whether a door that the head has still to go through is shut now."""
        availability = self._doors.availability
        if work.review is None and availability.against_door(self._engine_door):
            return True
        return availability.against(work.head.key) is not None

    def _claimed(self, head_id: int) -> Lease | None:
        return self._doors.ledger.claim(head_id, self._doors.clock(), self._plan.lease_s)

    def _last(self, work: Work) -> LastReviewed | None:
        """The head since which to look; None where somebody asked for all of it."""
        if work.wish is Wish.FULL:
            return None
        return last_reviewed(self._doors.ledger.store, work.head.key)

    def _prepared(self, head: Head, last: LastReviewed | None) -> Prepared:
        """For a thread: a host may have to ask for a token before anything can be fetched."""
        remote = self._doors.hosts[head.key.host].remote(head.key.repo)
        others = self._heard.others(head.key)
        return self._doors.workshop.prepare(head, remote, last, others)

    async def _saved_review(self, ready: Ready, lease: Lease) -> Saved | None:
        work, prepared = ready.work, ready.prepared
        if isinstance(prepared, NoCommonHistory):
            self._endings.skip(work, lease, str(prepared))
            return None
        if isinstance(prepared, Exception):
            raise prepared
        if prepared is None:
            return Saved(work, lease, severities=work.severities, usd=0.0)
        if reason := skip_reason_for_diff(prepared.diff, self._plan.rules):
            self._endings.skip(work, lease, reason)
            return None
        done = await self._reviewing.saved(work, prepared, lease)
        self._phase(work, Phase.SAVED)
        severities = tuple(remark.finding.severity for remark in kept(done.reviewed.remarks))
        reviewed = replace(work, review=done.reviewed.review)
        return Saved(reviewed, lease, severities=severities, usd=done.usd)

    def _phase(self, work: Work, phase: Phase, note: str = "") -> None:
        self._observe(PhaseChanged(key=work.head.key, phase=phase, note=note))
