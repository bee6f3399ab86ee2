"""The agent as a writer: one answer about numbers, without a tool and without anything to read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from reviewer_cli.contract import digest_instructions
from reviewer_cli.core.digest import Words
from reviewer_cli.core.worded import ANSWER, paragraph
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.engines.agent_options import Task
from reviewer_cli.ports.engine import Brief
from reviewer_cli.ports.jail import Jail
from reviewer_cli.ports.writer import Draft
from reviewer_cli.scratch import private_directory

MAX_TURNS = 1
MAX_USD = 0.25
"""The numbers are some 3,000 tokens, the answer is 200: a few cents with the dearest model."""
DEADLINE_S = 120.0


class AgentWriter:
    """A `Writer` that runs one agent process for each paragraph, held as for a review.

    It takes one turn, whatever the settings say, and at most `max_usd`.
    """

    def __init__(self, settings: AgentSettings, jail: Jail, *, max_usd: float = MAX_USD) -> None:
        self._engine = AgentEngine(replace(settings, max_turns=MAX_TURNS), jail)
        self._scratch = settings.scratch
        self._max_usd = max_usd

    async def write(self, numbers: str) -> Draft:
        """The paragraph of a `Writer`; the jail is tried first, as before a sweep's reviews."""
        await asyncio.to_thread(self._engine.check)
        with private_directory("words-", self._scratch) as empty:
            task = Task(
                brief=Brief(instructions=digest_instructions(), prompt=numbers, schema=ANSWER),
                directory=empty,
                tools=(),
                deadline_s=DEADLINE_S,
                max_usd=self._max_usd,
            )
            reply = await self._engine.run(task)
        words = Words(text=paragraph(reply.data), model=reply.model)
        return Draft(words=words, usage=reply.usage)
