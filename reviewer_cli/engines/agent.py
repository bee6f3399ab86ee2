"""The agent: a model that reads the checkout with three read-only tools and answers in JSON.

The checkout is hostile. The agent gets no network, write or command tool, no settings of the
repository, no token of the host, no key of the model's, and a private home that is removed
afterwards.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer_cli.core.health import Sign, amber, green
from reviewer_cli.engines.agent_credential import BASE_URL, Cloud, Credential, provider
from reviewer_cli.engines.agent_heard import Heard
from reviewer_cli.engines.agent_options import (
    OF_THE_SDK,
    TOOLS,
    Task,
    agent_environment,
    agent_options,
)
from reviewer_cli.engines.agent_outcome import Seen, failure, witnessed
from reviewer_cli.engines.agent_program import agent_program, prove
from reviewer_cli.errors import ReviewTimeout
from reviewer_cli.ports.engine import Effort, Pass, Reply, ReviewRequest
from reviewer_cli.ports.jail import Cell, Jail, Network
from reviewer_cli.scratch import private_directory
from reviewer_cli.telemetry import LOGGER, SECRETS

if TYPE_CHECKING:  # importing these takes a second and 90 MB, which an idle tick must not pay
    from claude_agent_sdk import ClaudeAgentOptions

    from reviewer_cli.engines.model_proxy import ModelProxy

PASSES = {
    Effort.LOW: (Pass.FIND,),
    Effort.STANDARD: (Pass.FIND, Pass.VERIFY),
    Effort.HIGH: (Pass.FIND, Pass.SECOND_LOOK, Pass.VERIFY),
}

# Where the program believes its provider to be: it takes a socket only beside a plain address.
UNIX_SOCKET, NOWHERE = "ANTHROPIC_UNIX_SOCKET", "http://127.0.0.1:9"
# A turn is one request, of which some are repeated; the rest is for an answer that did not fit.
REQUESTS_PER_TURN, REQUESTS_MORE = 2, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """`scratch` is where private directories are made; `program` None means the one in the SDK.

    `key` and `base_url` lead to the provider; without a key `environment` does, which is laid over
    the process's own.
    """

    model: str
    max_turns: int
    scratch: Path
    key: str = field(default="", repr=False)
    base_url: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    program: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Access:
    """How one pass reaches its provider; `seen` is what the proxy saw, where there is one."""

    variables: Mapping[str, str] = field(repr=False)
    socket: Path | None = None
    seen: Seen | None = None
    readable: tuple[Path, ...] = ()
    network: Network = Network.NONE


class AgentEngine:
    """An `Engine` that runs one agent process per pass."""

    name = "agent"

    def __init__(self, settings: AgentSettings, jail: Jail) -> None:
        self._settings = settings
        self._jail = jail
        self._proving = threading.Lock()
        self._proven = False
        self._warned = False

    def passes(self, effort: Effort) -> tuple[Pass, ...]:
        """One conversation at low effort, a refuting one more, a second lens at high."""
        return PASSES[effort]

    def check(self) -> None:
        """Raise AccessRefused without a credential, ConfigurationError without program or jail."""
        if isinstance(self._provider, Cloud) and not self._warned:
            self._warned = True
            LOGGER.warning(
                "With %s the agent's process holds the cloud's credential itself and has an open "
                "network; give the cloud's key no right but to this model.",
                self._provider.switch,
            )
        agent_program(self._settings.program)
        self._jail.check()

    def examine(self) -> Iterator[Sign]:
        """Whether program and credential would do; what is asked of the provider costs nothing."""
        program = agent_program(self._settings.program)
        yield green(
            "agent program", f"{program.name} {self._proof(program)}, knows what confines it"
        )
        if isinstance(self._provider, Cloud):
            yield amber(
                "model",
                f"{self._provider.switch}: the agent's process holds the cloud's credential",
                "give the cloud's key no right but to this model",
            )
            return
        from reviewer_cli.engines.model_examination import credential

        yield credential(self._provider)

    def close(self) -> None:
        """Nothing is held between reviews: what a pass opened, it closed."""

    async def review(self, request: ReviewRequest) -> Reply:
        """One pass in one agent process, as `run` makes it."""
        return await self.run(
            Task(
                brief=request.brief,
                directory=request.checkout,
                tools=TOOLS,
                deadline_s=request.deadline_s,
                max_usd=request.max_usd,
            )
        )

    async def run(self, task: Task) -> Reply:
        """One agent process, which is gone when this returns, raises or is cancelled.

        Raises AccessRefused, ConfigurationError, ProviderWait or a HeadError.
        """
        program = await asyncio.to_thread(self._fit_program)
        with self._private() as private:
            async with self._access(private) as access:
                return await self._run(task, program, private, access)

    async def _run(self, task: Task, program: Path, private: Path, access: _Access) -> Reply:
        heard = Heard()
        environment = agent_environment(private, access.variables)
        cell = Cell(
            private=private,
            checkout=task.directory,
            socket=access.socket,
            readable=access.readable,
            variables=frozenset(environment) | OF_THE_SDK,
            network=access.network,
        )
        options = agent_options(
            task,
            program=self._jail.wrap(program, cell),
            private=private,
            model=self._settings.model,
            max_turns=self._settings.max_turns,
            environment=environment,
            on_stderr=heard.complain,
        )
        running = asyncio.create_task(self._listen(task.brief.prompt, options, cell, heard))
        try:
            ended, _ = await asyncio.wait({running}, timeout=task.deadline_s)
        finally:
            await self._end(running, cell)
        if not ended and heard.result is None:
            raise ReviewTimeout(
                f"The review took longer than {task.deadline_s:g} s and was stopped; "
                "the head will be tried again."
            )
        trouble = None if running.cancelled() else running.result()
        ending = heard.ending(trouble)
        if access.seen is not None:
            ending = witnessed(ending, access.seen, NOWHERE.partition("//")[2])
            if ending.objection:
                LOGGER.warning("A request of the agent was not let out: %s.", ending.objection)
        error = failure(ending)
        if error is not None:
            raise error
        assert heard.result is not None  # noqa: S101 - failure() has covered it
        return Reply(
            data=heard.result.structured_output,
            usage=heard.usage(),
            model=heard.speaker() or self._settings.model,
        )

    async def _listen(
        self, prompt: str, options: ClaudeAgentOptions, cell: Cell, heard: Heard
    ) -> Exception | None:
        """Hear a run to its end; what the SDK raises is one more sign of how it ended."""
        from claude_agent_sdk import query

        try:
            # Leaving this loop early would leave the program running for seconds.
            async for message in query(prompt=prompt, options=options):
                heard.take(message)
                if heard.insists:  # to a cloud; the proxy lets nothing be repeated
                    self._jail.kill(cell)
        except Exception as error:  # noqa: BLE001 - the SDK raises bare Exception too
            return error
        return None

    async def _end(self, running: asyncio.Task[Exception | None], cell: Cell) -> None:
        """Stop a run that still goes on; the SDK alone would let it spend for 5 s more."""
        running.cancel()
        while not running.done():
            self._jail.kill(cell)
            await asyncio.wait({running}, timeout=0.1)

    @asynccontextmanager
    async def _access(self, private: Path) -> AsyncIterator[_Access]:
        if isinstance(self._provider, Cloud):
            yield _Access(
                variables=self._provider.variables,
                readable=self._provider.files,
                network=Network.OPEN,
            )
            return
        most = REQUESTS_PER_TURN * self._settings.max_turns + REQUESTS_MORE
        async with self._proxy.door(private, most_requests=most) as door:
            variables = {
                self._provider.variable: door.nonce,
                BASE_URL: NOWHERE,
                UNIX_SOCKET: str(door.socket),
            }
            yield _Access(variables=variables, socket=door.socket, seen=door.seen)

    @cached_property
    def _provider(self) -> Credential | Cloud:
        found = provider(
            {**os.environ, **self._settings.environment},
            key=self._settings.key,
            base_url=self._settings.base_url,
        )
        for secret in found.secrets():
            SECRETS.add(secret)
        return found

    @cached_property
    def _proxy(self) -> ModelProxy:
        from reviewer_cli.engines.model_proxy import ModelProxy

        assert isinstance(self._provider, Credential)  # noqa: S101 - clouds take another way
        return ModelProxy(self._provider)

    def _fit_program(self) -> Path:
        """The program, which is asked what it knows before its first review."""
        program = agent_program(self._settings.program)
        with self._proving:
            if not self._proven:
                self._proof(program)
                self._proven = True
        return program

    def _proof(self, program: Path) -> str:
        """The version of a program that knows what confines it."""
        with self._private() as private:
            environment = agent_environment(private, {})
            cell = Cell(private=private, variables=frozenset(environment))
            return prove(program, self._jail, cell)

    def _private(self) -> AbstractContextManager[Path]:
        return private_directory("agent-", self._settings.scratch)
