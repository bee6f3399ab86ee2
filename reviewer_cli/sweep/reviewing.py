"""One head's review, from the first question to the ledger; nothing is posted here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from reviewer_cli.contract import contract_hash
from reviewer_cli.core.coverage import is_limit
from reviewer_cli.core.marker import marker
from reviewer_cli.core.models import Remark
from reviewer_cli.core.remarks import kept
from reviewer_cli.core.stacked import Elsewhere, across
from reviewer_cli.errors import ProviderUnavailable, ProviderWait
from reviewer_cli.ledger.earlier import earlier, last_reviewed, said_elsewhere
from reviewer_cli.ledger.lease import Lease
from reviewer_cli.ledger.rows import Reviewed, Work
from reviewer_cli.render.markdown import Facts, compose
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import engine_door
from reviewer_cli.sweep.outgoing import Outgoing
from reviewer_cli.sweep.passes import Memory, Passes, Verified
from reviewer_cli.sweep.pause import Pause
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.round import Round
from reviewer_cli.sweep.workshop import Prepared
from reviewer_cli.telemetry import Observer, Phase

Entering = Callable[[Work, Phase, str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """A review as it was saved, and what it cost in this sweep."""

    reviewed: Reviewed
    usd: float


class Reviewing:
    """Asks the engine, round by round, with one pause for all heads when it asks for one."""

    def __init__(
        self, doors: Doors, plan: Plan, sweep_id: int, entering: Entering, observe: Observer
    ) -> None:
        self._doors = doors
        self._plan = plan
        self._sweep_id = sweep_id
        self._entering = entering
        self._engine_door = engine_door(doors.engine.name)
        self._pause = Pause(
            clock=doors.elapsed,
            chance=doors.chance,
            sleep=doors.sleep,
            longest_s=plan.longest_pause_s,
            observe=observe,
            door=self._engine_door,
        )

    async def saved(self, work: Work, prepared: Prepared, lease: Lease) -> Done:
        """All passes and the review that they come to, saved before anything is posted."""
        round_ = Round(
            number=work.round,
            today=datetime.fromtimestamp(self._doors.clock(), UTC).date(),
            whole=prepared.diff,
            guidance=prepared.guidance,
            since=prepared.since,
            earlier=earlier(self._doors.ledger.store, work.head.key),
            others=prepared.others,
        )
        verified = await self._verified(work, prepared, round_, lease)
        try:
            verified = replace(verified, remarks=await self._said_here(work, verified.remarks))
            done = self._reviewed(work, prepared, round_, verified)
        except BaseException:
            for reply in verified.unsaved:
                lease.save_reply(reply, self._sweep_id, self._doors.clock())
            raise
        lease.save_review(done, self._sweep_id, self._doors.clock())
        return Done(done, verified.usage.usd)

    async def _verified(
        self, work: Work, prepared: Prepared, round_: Round, lease: Lease
    ) -> Verified:
        """All passes, waiting out what the provider asks for; saved answers are not asked again."""
        passes = Passes(
            engine=self._doors.engine,
            evidence=self._doors.evidence,
            head=work.head,
            prepared=prepared,
            round_=round_,
            plan=self._plan,
            memory=Memory(
                recall=lambda step, inputs: self._doors.ledger.saved_reply(
                    work.head_id, step, inputs
                ),
                keep=lambda saved: lease.save_reply(saved, self._sweep_id, self._doors.clock()),
                entering=lambda step: self._entering(work, Phase.REVIEWING, step),
            ),
            availability=self._doors.availability,
        )
        while True:
            with self._doors.stopping.idle():
                await self._pause.over()
            try:
                verified = await passes.run()
            except ProviderWait as request:
                with self._doors.availability.waiting(self._engine_door):
                    self._pause.ask(request)
            except ProviderUnavailable as error:
                self._doors.availability.engine_failed(self._engine_door, error)
                raise
            else:
                self._pause.relax()
                return verified

    def _reviewed(
        self, work: Work, prepared: Prepared, round_: Round, verified: Verified
    ) -> Reviewed:
        since = round_.since.sha if round_.since else ""
        facts = Facts(
            head=work.head,
            diff=round_.diff,
            round=round_.number,
            since=since,
            change=round_.change,
            unopened=prepared.unopened,
            unheeded=prepared.guidance.unheeded,
            engine=self._doors.engine.name,
            model=verified.model,
            effort=self._plan.effort,
            contract=contract_hash(),
        )
        key = work.head.key
        host = self._doors.hosts[key.host]
        signed = marker(key, host.marker_secret)
        review = compose(facts, verified.remarks, signed, host.limits)
        review = replace(review, amends=self._amended(work, verified))
        return Reviewed(
            review=Outgoing(work.head, prepared.diff).checked(review),
            remarks=verified.remarks,
            engine=facts.engine,
            model=facts.model,
            effort=facts.effort,
            contract_hash=facts.contract,
            merge_base=prepared.diff.merge_base,
            files=len(prepared.diff.files),
            changed_lines=prepared.diff.changed_line_count(),
            unreviewed=prepared.diff.unreviewed,
            guided=bool(prepared.guidance.advice),
            over_limits=sum(is_limit(one.reason) for one in prepared.diff.unreviewed),
            replies=verified.unsaved,
            since_sha=since,
            change=round_.change,
            amends=review.amends,
        )

    async def _said_here(self, work: Work, found: Sequence[Remark]) -> tuple[Remark, ...]:
        """Without what is said of a commit on another pull request that has it as well."""
        store, prints = self._doors.ledger.store, {one.fingerprint for one in kept(found)}
        there = [
            one
            for one in said_elsewhere(store, work.head.key, prints)
            if any(one.says(remark) for remark in kept(found))
        ]
        return across(found, await aside(partial(self._followed, work, there)) if there else ())

    def _followed(self, work: Work, there: Sequence[Elsewhere]) -> tuple[Elsewhere, ...]:
        """Those about a commit that the head has too, where its lines are there."""
        key = work.head.key
        remote = self._doors.hosts[key.host].remote(key.repo)
        shas = {one.key.sha for one in there}
        lookback = self._doors.workshop.look_back(key, remote, shas)
        return tuple(
            replace(one, anchor=anchor)
            for one in there
            if (anchor := lookback.shared(one.key.sha, one.base, one.anchor)) is not None
        )

    def _amended(self, work: Work, verified: Verified) -> str | None:
        """Our earlier review that says for this head as well what there is to say, if there is."""
        if kept(verified.remarks) or any(one.said_on for one in verified.remarks):
            return None
        last = last_reviewed(self._doors.ledger.store, work.head.key)
        return last.review_id if last is not None else None
