"""A checkout, a scratch directory and a canary outside, for tests of the real agent program."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from reviewer_cli.contract import instructions
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.models import Head, HeadKey
from reviewer_cli.core.reply import findings_schema
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports.engine import Brief, Pass, Reply, ReviewRequest
from reviewer_cli.ports.jail import Jail
from tests.fakes.scripted_model import ScriptedModel
from tests.jail.room import running

KEY = "sk-ant-made-up-0123456789"
NOTHING: dict[str, object] = {"findings": []}
CREDENTIAL_NAMES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
)
CANARY = "canary-7f3a91"


@dataclass(frozen=True, kw_only=True)
class Room:
    """A checkout, a scratch directory, and something outside that must never be read."""

    checkout: Path
    scratch: Path
    outside: Path
    jail: Jail = field(default_factory=Launcher, repr=False)

    def engine(self, environment: dict[str, str], **settings: object) -> AgentEngine:
        values = {"model": "claude-sonnet-5", "max_turns": 30, **settings}
        return AgentEngine(
            AgentSettings(scratch=self.scratch, environment=environment, **values),  # type: ignore[arg-type]
            self.jail,
        )

    def request(
        self, prompt: str = "Review this.", *, deadline_s: float = 30, max_usd: float = 2
    ) -> ReviewRequest:
        key = HeadKey(host="local", repo="r", pull="1", sha="a" * 40)
        return ReviewRequest(
            head=Head(key=key, head_ref="h", base_ref="b", base_sha="b" * 40),
            diff=Diff(merge_base="b" * 40),
            checkout=self.checkout,
            brief=Brief(
                instructions=instructions(Pass.FIND), prompt=prompt, schema=findings_schema()
            ),
            deadline_s=deadline_s,
            max_usd=max_usd,
        )

    def review(self, model: ScriptedModel, prompt: str = "Review this.", **limits: float) -> Reply:
        engine = self.engine(model.environment(KEY))
        return asyncio.run(engine.review(self.request(prompt, **limits)))

    def child(self) -> int:
        """The process id of the one agent that runs now."""
        (private,) = self.scratch.glob("agent-*")
        return min(running(str(private)))  # what it has started knows the directory too
