"""One head's way through a sweep: prepare, claim, review, save, publish, and what may go wrong.

What concerns this head only ends in its row: retried later, buried, skipped or superseded. What
concerns every head is raised after the row was given back with its attempt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from reviewer_cli.contract import contract_hash
from reviewer_cli.core.backoff import delay
from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import Clean, Severity, State
from reviewer_cli.core.remarks import kept
from reviewer_cli.core.select import skip_reason_for_diff
from reviewer_cli.errors import (
    HeadError,
    HeadGone,
    LeaseLost,
    LedgerUnwritable,
    NoCommonHistory,
    ProviderUnavailable,
    ProviderWait,
    RepositoryUnusable,
    ReviewerError,
    defect,
)
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.rows import Reviewed, Work
from reviewer_cli.render.markdown import Facts, compose
from reviewer_cli.sweep.passes import Memory, Passes, Verified
from reviewer_cli.sweep.pause import Pause
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.publish import publish
from reviewer_cli.sweep.workshop import Prepared
from reviewer_cli.telemetry import LOGGER, HeadEnded, Observer, Phase, PhaseChanged

UNSAID = "clean, not posted"
"""Recorded instead of a review's id where clean reviews keep quiet."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Work with what preparing it gave: files and diff, an error, or nothing (review is saved)."""

    work: Work
    prepared: Prepared | Exception | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A review in the ledger that is still to be posted."""

    work: Work
    lease: Lease
    severities: tuple[Severity, ...]
    usd: float


class Journey:
    """The three stages of a head, for the batch to call."""

    def __init__(self, doors: Doors, plan: Plan, sweep_id: int, observe: Observer) -> None:
        self._doors = doors
        self._plan = plan
        self._sweep_id = sweep_id
        self._observe = observe
        self._pause = Pause(
            clock=doors.clock,
            chance=doors.chance,
            sleep=doors.sleep,
            longest_s=plan.longest_pause_s,
            observe=observe,
        )

    async def prepare(self, head_id: int) -> Ready:
        """Fetch, diff and lay out; an error is kept for the review stage, which owns the row."""
        work = self._doors.ledger.load(head_id)
        if work.review is not None:
            return Ready(work, None)
        key = work.head.key
        self._phase(work, Phase.PREPARING)
        try:
            remote = self._doors.hosts[key.host].remote(key.repo)
            prepared = await asyncio.to_thread(self._doors.workshop.prepare, work.head, remote)
        except Exception as error:  # noqa: BLE001 - judged where the row is ours
            return Ready(work, error)
        self._phase(work, Phase.READY)
        return Ready(work, prepared)

    def abandon(self, ready: Ready) -> None:
        """Give back what was prepared and will not be reviewed in this sweep."""
        if isinstance(ready.prepared, Prepared):
            ready.prepared.close()

    async def review(self, ready: Ready) -> Saved | None:
        """Claim the row, review the head, save the review; None when there is nothing to post."""
        try:
            lease = self._doors.ledger.claim(
                ready.work.head_id, self._doors.clock(), self._plan.lease_s
            )
            if lease is None:
                return None
            with self._accountable(ready.work, lease):
                return await self._saved_review(ready, lease)
            return None
        finally:
            self.abandon(ready)

    def give_back(self, saved: Saved) -> None:
        """Leave a saved review to a later sweep, which posts it without asking the engine."""
        self._release(saved.lease)

    async def publish(self, saved: Saved) -> None:
        """Post a saved review."""
        work, review = saved.work, saved.work.review
        if review is None:
            raise AssertionError("a review is posted only after it was saved")
        self._phase(work, Phase.POSTING)
        with self._accountable(work, saved.lease):
            if saved.severities or self._plan.clean is Clean.COMMENT:
                host = self._doors.hosts[work.head.key.host]
                await publish(host, saved.lease, review, work.draft_id, self._doors.clock)
            else:
                saved.lease.posted(UNSAID, self._doors.clock())
            self._observe(
                HeadEnded(
                    key=work.head.key,
                    state=State.POSTED,
                    severities=saved.severities,
                    usd=saved.usd,
                )
            )

    async def _saved_review(self, ready: Ready, lease: Lease) -> Saved | None:
        work, prepared = ready.work, ready.prepared
        if isinstance(prepared, NoCommonHistory):
            self._skip(work, lease, str(prepared))
            return None
        if isinstance(prepared, Exception):
            raise prepared
        if prepared is None:
            return Saved(work, lease, severities=work.severities, usd=0.0)
        if reason := skip_reason_for_diff(prepared.diff, self._plan.rules):
            self._skip(work, lease, reason)
            return None
        verified = await self._verified(work, prepared, lease)
        try:
            done = self._reviewed(work, prepared, verified)
        except BaseException:
            for reply in verified.unsaved:
                lease.save_reply(reply, self._sweep_id, self._doors.clock())
            raise
        lease.save_review(done, self._sweep_id, self._doors.clock())
        self._phase(work, Phase.SAVED)
        severities = tuple(remark.finding.severity for remark in kept(verified.remarks))
        return Saved(
            replace(work, review=done.review), lease, severities=severities, usd=verified.usage.usd
        )

    def _skip(self, work: Work, lease: Lease, reason: str) -> None:
        lease.skip(reason, self._doors.clock())
        self._end(work, State.SKIPPED, reason)

    async def _verified(self, work: Work, prepared: Prepared, lease: Lease) -> Verified:
        """All passes, waiting out what the provider asks for; saved answers are not asked again."""
        passes = Passes(
            engine=self._doors.engine,
            evidence=self._doors.evidence,
            head=work.head,
            prepared=prepared,
            plan=self._plan,
            memory=Memory(
                recall=lambda step, inputs: self._doors.ledger.saved_reply(
                    work.head_id, step, inputs
                ),
                keep=lambda saved: lease.save_reply(saved, self._sweep_id, self._doors.clock()),
                entering=lambda step: self._phase(work, Phase.REVIEWING, step),
            ),
        )
        while True:
            await self._pause.over()
            try:
                verified = await passes.run()
            except ProviderWait as request:
                self._pause.ask(request)
            except ProviderUnavailable as error:
                self._pause.unavailable(error)
                raise
            else:
                self._pause.relax()
                return verified

    def _reviewed(self, work: Work, prepared: Prepared, verified: Verified) -> Reviewed:
        facts = Facts(
            head=work.head,
            diff=prepared.diff,
            engine=self._doors.engine.name,
            model=verified.model,
            effort=self._plan.effort,
            contract=contract_hash(),
        )
        key = work.head.key
        host = self._doors.hosts[key.host]
        signed = marker(key, host.marker_secret)
        return Reviewed(
            review=compose(facts, verified.remarks, signed, host.limits),
            remarks=verified.remarks,
            engine=facts.engine,
            model=facts.model,
            effort=facts.effort,
            contract_hash=facts.contract,
            merge_base=prepared.diff.merge_base,
            files=len(prepared.diff.files),
            changed_lines=prepared.diff.changed_line_count(),
            unreviewed=prepared.diff.unreviewed,
            replies=verified.unsaved,
        )

    @contextmanager
    def _accountable(self, work: Work, lease: Lease) -> Iterator[None]:
        """Turn whatever happens inside into the row's next state."""
        clock = self._doors.clock
        try:
            yield
        except LeaseLost:
            self._end(work, State.DUE, "another process took it over")
        except HeadGone as gone:
            lease.supersede(str(gone), clock())
            self._end(work, State.SUPERSEDED, str(gone))
        except HeadError as error:
            self._fail(work, lease, error)
        except RepositoryUnusable as error:
            self._fail(work, lease, HeadError(str(error)))
        except (ReviewerError, asyncio.CancelledError):
            self._release(lease)  # not this head's fault
            raise
        except Exception as error:  # noqa: BLE001 - one head never breaks the others
            LOGGER.error("%s, with %s", defect(error), work.head.key)
            self._fail(work, lease, HeadError(defect(error)))

    def _release(self, lease: Lease) -> None:
        # A ledger that cannot be written is what recovery is for.
        with suppress(LedgerUnwritable, LeaseLost):
            lease.release(self._doors.clock())

    def _fail(self, work: Work, lease: Lease, error: HeadError) -> None:
        now = self._doors.clock()
        used_up = lease.attempts >= self._plan.max_attempts and not error.waits_for_person
        if error.permanent or used_up:
            lease.bury(error, now)
            self._end(work, State.DEAD, str(error))
            return
        wait = delay(
            lease.attempts,
            first_s=self._plan.first_retry_s,
            longest_s=self._plan.longest_retry_s,
            chance=self._doors.chance(),
        )
        lease.retry(error, now + wait, now)
        self._end(work, State.DUE, str(error))

    def _phase(self, work: Work, phase: Phase, note: str = "") -> None:
        self._observe(PhaseChanged(key=work.head.key, phase=phase, note=note))

    def _end(self, work: Work, state: State, reason: str) -> None:
        self._observe(HeadEnded(key=work.head.key, state=state, reason=reason))
