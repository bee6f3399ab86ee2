"""Each layer of defence alone: the product's own engine with the other layers taken away.

The agent program, the SDK, the engine, the proxy and the jails are the real ones. What changes is
what the options of the program would have closed, and which jail it starts in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reviewer_cli.core.diff import Diff
from reviewer_cli.core.models import Head, HeadKey
from reviewer_cli.core.reply import findings_schema
from reviewer_cli.engines import agent, agent_options
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.engines.agent_credential import Credential
from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.command import Launcher
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.engine import Brief, Reply, ReviewRequest
from reviewer_cli.ports.jail import Jail, Network
from tests.fakes.scripted_model import Body, Say, ScriptedModel, Step, answer, together
from tests.hostile.outside import KEY

if TYPE_CHECKING:
    from claude_agent_sdk import ClaudeAgentOptions

MODEL = "claude-sonnet-5"
PROMPT = "Review this change of a stranger."
NOTHING: dict[str, object] = {"findings": []}
AT_ONCE = 12
"""Tool calls in one answer of the model."""
# What settings of the program would have to name to let every tool do everything.
EVERY_TOOL = [
    *("Agent", "AskUserQuestion", "Bash", "CronCreate", "CronDelete", "CronList", "Edit"),
    *("EnterWorktree", "ExitPlanMode", "ExitWorktree", "Glob", "Grep", "ListAgents", "Monitor"),
    *("NotebookEdit", "Read", "ReportFindings", "ScheduleWakeup", "SendMessage", "Skill"),
    *("Task", "TaskStop", "TodoWrite", "ToolSearch", "WebFetch", "WebSearch", "Workflow", "Write"),
    *("mcp__planted", "mcp__planted__run"),
]
WALLED: dict[str, type[Walled]] = {"bubblewrap": Bubblewrap, "landlock": Landlock}

Change = Callable[["ClaudeAgentOptions"], "ClaudeAgentOptions"]


def as_it_is(options: ClaudeAgentOptions) -> ClaudeAgentOptions:
    """What the product does."""
    return options


def only_tools(options: ClaudeAgentOptions) -> ClaudeAgentOptions:
    """The list of tools and the answer to every question: no."""
    return replace(options, extra_args=_without_restricted(options), settings=None)


def only_restricted(options: ClaudeAgentOptions) -> ClaudeAgentOptions:
    """The program's own switch, with every tool allowed and all settings loaded."""
    # It refuses to start where no permission is asked for, so each is given in advance.
    opened = replace(wide_open(options), permission_mode="dontAsk")
    return replace(opened, extra_args=options.extra_args)


def every_tool(options: ClaudeAgentOptions) -> ClaudeAgentOptions:
    """Every tool without asking, but nothing of the repository's, which would only confuse."""
    return replace(wide_open(options), setting_sources=[], strict_mcp_config=True)


def wide_open(options: ClaudeAgentOptions) -> ClaudeAgentOptions:
    """Every tool, allowed in advance, with the repository's settings, and paths expanded."""
    return replace(
        options,
        tools=None,
        settings=None,
        setting_sources=None,
        strict_mcp_config=False,
        skills=None,
        verbatim_prompts=False,
        allowed_tools=EVERY_TOOL,
        permission_mode="bypassPermissions",
        extra_args=_without_restricted(options),
    )


def _without_restricted(options: ClaudeAgentOptions) -> dict[str, str | None]:
    return {name: value for name, value in options.extra_args.items() if name != "restricted"}


@dataclass(kw_only=True)
class Post:
    """A review of one hostile directory, held by the layers that a test leaves standing."""

    checkout: Path
    scratch: Path
    patch: pytest.MonkeyPatch
    jail: Jail = field(default_factory=Launcher)
    stderr: list[str] = field(default_factory=list)

    def engine(self, model: ScriptedModel, *, max_turns: int = 60) -> AgentEngine:
        settings = AgentSettings(
            model=MODEL,
            max_turns=max_turns,
            scratch=self.scratch,
            key=KEY,
            base_url=model.url,
        )
        return AgentEngine(settings, self.jail)

    def request(self, prompt: str = PROMPT) -> ReviewRequest:
        key = HeadKey(host="local", repo="r", pull="1", sha="a" * 40)
        return ReviewRequest(
            head=Head(key=key, head_ref="h", base_ref="b", base_sha="b" * 40),
            diff=Diff(merge_base="b" * 40),
            checkout=self.checkout,
            brief=Brief(instructions="You review code.", prompt=prompt, schema=findings_schema()),
            deadline_s=60,
            max_usd=5,
        )

    def review(self, model: ScriptedModel, prompt: str = PROMPT) -> Reply:
        return asyncio.run(self.engine(model).review(self.request(prompt)))


def change_options(monkeypatch: pytest.MonkeyPatch, change: Change, heard: list[str]) -> None:
    """Let the engine start its program with other options, and hear what that complains of."""
    real = agent.agent_options
    if change is not as_it_is:  # root may not do without asking otherwise
        monkeypatch.setitem(agent_options.ENVIRONMENT, "IS_SANDBOX", "1")

    def changed(*given: Any, on_stderr: Callable[[str], None], **more: Any) -> ClaudeAgentOptions:
        def hear(line: str) -> None:
            heard.append(line)
            on_stderr(line)

        return change(real(*given, on_stderr=hear, **more))

    monkeypatch.setattr(agent, "agent_options", changed)


def take_the_proxy_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the program the real key, and the network to use it."""

    @asynccontextmanager
    async def access(self: AgentEngine, private: Path) -> AsyncIterator[agent._Access]:
        found = self._provider
        assert isinstance(found, Credential)
        variables = {found.variable: found.value, agent.BASE_URL: found.base_url}
        yield agent._Access(variables=variables, network=Network.OPEN)

    monkeypatch.setattr(AgentEngine, "_access", access)


class Hijacked:
    """A model that makes its calls, many at a time, and then answers as if nothing had been.

    An agent that the program starts on its own account is hijacked as well, and then done.
    """

    def __init__(self, calls: Sequence[Say], *, stray: Say, prompt: str = PROMPT) -> None:
        self.calls = calls
        self._stray = stray
        self._prompt = prompt
        self._steps: list[Step] = [
            together(calls[start : start + AT_ONCE]) for start in range(0, len(calls), AT_ONCE)
        ]

    def __call__(self, body: Body) -> Step:
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        if self._prompt not in str(body["messages"][:2]):
            return self._stray if turn == 0 else Say(text="done")
        return self._steps[turn] if turn < len(self._steps) else answer(NOTHING)


def results(model: ScriptedModel) -> dict[str, str]:
    """What came back for each tool call of any conversation, by its id."""
    found = {}
    for request in model.requests:
        for message in request.body["messages"]:
            if isinstance(message["content"], list):
                for block in message["content"]:
                    if block["type"] == "tool_result":
                        found[block["tool_use_id"]] = str(block.get("content"))
    return found
