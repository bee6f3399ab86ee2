"""The passes of one review, one after another: finding passes, then one that tries to refute.

Each valid answer is saved before the next pass starts, so that a killed review goes on where it
stopped and pays for nothing twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reviewer_cli.contract import contract_hash, instructions
from reviewer_cli.core.models import Finding, Head, Remark, Usage
from reviewer_cli.core.prompt import find_prompt, verify_prompt
from reviewer_cli.core.remarks import judged, kept, remarks, without_duplicates
from reviewer_cli.core.reply import (
    findings_schema,
    parse_findings,
    parse_verdicts,
    verdicts_schema,
)
from reviewer_cli.errors import InvalidReply, ReviewTimeout, SecretInOutput
from reviewer_cli.ledger.rows import SavedReply
from reviewer_cli.ports.engine import Brief, Engine, Pass, Reply, ReviewRequest
from reviewer_cli.sweep.availability import Availability, engine_door
from reviewer_cli.sweep.outgoing import Outgoing, reply_text
from reviewer_cli.sweep.plan import Plan
from reviewer_cli.sweep.round import Round
from reviewer_cli.sweep.workshop import Prepared
from reviewer_cli.telemetry import SECRETS

Parsed = TypeVar("Parsed")

GRACE_S = 15.0
"""An engine ends itself at the deadline; this much later it is cancelled whatever it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """All remarks of a review, the dropped ones included, and what the passes used.

    `unsaved` are the last answers; they go into the ledger together with the finished review.
    """

    remarks: tuple[Remark, ...]
    model: str
    usage: Usage
    unsaved: tuple[SavedReply, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Where answers are kept, by step and the hash of all that went into the question."""

    recall: Callable[[str, str], SavedReply | None]
    keep: Callable[[SavedReply], None]
    entering: Callable[[str], None]


class Passes:
    """One review of one head by one engine, with another engine's findings as evidence."""

    def __init__(
        self,
        *,
        engine: Engine,
        evidence: Engine | None,
        head: Head,
        prepared: Prepared,
        round_: Round,
        plan: Plan,
        memory: Memory,
        availability: Availability,
    ) -> None:
        self._engine = engine
        self._evidence = evidence
        self._head = head
        self._prepared = prepared
        self._round = round_
        self._diff = prepared.diff
        self._outgoing = Outgoing(head, prepared.diff)
        self._advice = prepared.guidance.advice
        self._plan = plan
        self._memory = memory
        self._availability = availability
        self._usage = Usage()
        self._model = ""
        self._unsaved: list[SavedReply] = []

    async def run(self) -> Verified:
        """Every pass of the plan's effort, in order; what the evidence says is posted as it is."""
        try:
            return await self._run()
        except BaseException:
            self._save()
            raise

    async def _run(self) -> Verified:
        self._usage = Usage()
        if not self._round.has_news:
            return Verified(remarks=(), model="", usage=self._usage, unsaved=())
        evidence: tuple[Finding, ...] = ()
        if self._evidence is not None:
            evidence = await self._find(self._evidence, Pass.FIND, ())
        findings: list[Finding] = []
        found: tuple[Remark, ...] = ()
        for step in self._engine.passes(self._plan.effort):
            if step is Pass.VERIFY:
                found = await self._verify(self._new(remarks(findings, self._diff)))
            else:
                known = (*evidence, *findings)
                findings += await self._find(self._engine, step, known)
                found = remarks(findings, self._diff)
        found = self._new((*remarks(evidence, self._diff), *found))
        found = tuple(map(self._outgoing.masked, found))
        unsaved, self._unsaved = tuple(self._unsaved), []
        return Verified(remarks=found, model=self._model, usage=self._usage, unsaved=unsaved)

    def _new(self, found: Sequence[Remark]) -> tuple[Remark, ...]:
        """Said once, and not said in an earlier round."""
        return self._round.new(without_duplicates(found))

    def _save(self) -> None:
        while self._unsaved:
            self._memory.keep(self._unsaved.pop(0))

    async def _find(
        self, engine: Engine, step: Pass, known: tuple[Finding, ...]
    ) -> tuple[Finding, ...]:
        brief = Brief(
            instructions=instructions(step),
            prompt=find_prompt(
                self._head, self._round.diff, self._advice, known, self._round.before
            ),
            schema=findings_schema(),
        )
        return await self._ask(engine, step, brief, parse_findings)

    async def _verify(self, found: tuple[Remark, ...]) -> tuple[Remark, ...]:
        doubted = [remark.finding for remark in kept(found)]
        if not doubted:
            return found
        brief = Brief(
            instructions=instructions(Pass.VERIFY),
            prompt=verify_prompt(self._head, self._round.diff, self._advice, doubted),
            schema=verdicts_schema(),
        )
        verdicts = await self._ask(
            self._engine, Pass.VERIFY, brief, lambda data: parse_verdicts(data, len(doubted))
        )
        return judged(found, verdicts)

    async def _ask(
        self, engine: Engine, step: Pass, brief: Brief, parse: Callable[[object], Parsed]
    ) -> Parsed:
        self._memory.entering(step)
        inputs = _inputs_hash(engine, step, brief)
        saved = self._memory.recall(step, inputs)
        if saved is None:
            reply = await self._review(engine, brief)
            try:
                # In a thread: a hijacked program's answer may be as large as the SDK lets through.
                await asyncio.to_thread(self._outgoing.check_reply, reply)
                parse(reply.data)
            except (InvalidReply, SecretInOutput):
                # Kept for people and for the bill, under inputs that no later attempt asks for.
                unasked = f"{inputs} refused {secrets.token_hex(4)}"
                self._memory.keep(_saved(engine, f"{step} refused", unasked, _redacted(reply)))
                raise
            saved = _saved(engine, step, inputs, reply)
            self._unsaved.append(saved)
        self._usage += saved.usage
        self._model = saved.model
        return parse(json.loads(saved.reply))

    async def _review(self, engine: Engine, brief: Brief) -> Reply:
        request = ReviewRequest(
            head=self._head,
            diff=self._round.diff,
            fresh=self._round.since.news.fresh if self._round.since else None,
            checkout=self._prepared.checkout,
            brief=brief,
            deadline_s=self._plan.deadline_s,
            max_usd=max(self._plan.max_usd - self._usage.usd, 0.01),
        )
        self._save()
        try:
            async with asyncio.timeout(request.deadline_s + GRACE_S):
                with self._availability.working(engine_door(engine.name)):
                    return await engine.review(request)
        except TimeoutError as error:
            raise ReviewTimeout(
                f"The review did not end within {request.deadline_s:.0f} s and was stopped; "
                "raise engine.deadline if such changes need longer."
            ) from error


def _inputs_hash(engine: Engine, step: Pass, brief: Brief) -> str:
    parts = (engine.name, contract_hash(), step, brief.prompt)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _saved(engine: Engine, step: str, inputs: str, reply: Reply) -> SavedReply:
    return SavedReply(
        step=step,
        engine=engine.name,
        model=reply.model,
        inputs_hash=inputs,
        reply=_text_of(reply.data),
        usage=reply.usage,
    )


def _redacted(reply: Reply) -> Reply:
    """What was refused, for people: its texts without any secret, no longer its structure."""
    try:
        text = SECRETS.redacted(reply_text(reply))
    except InvalidReply:
        text = "too large to be kept"
    return Reply(data=text, usage=reply.usage, model=SECRETS.redacted(reply.model))


def _text_of(data: object) -> str:
    """The reply as JSON; one that is nested too deeply for that was refused, and is only named."""
    try:
        return json.dumps(data, default=str)
    except RecursionError:
        return json.dumps("nested too deeply to be kept")
