"""The agent: a model that reads the checkout with three read-only tools and answers in JSON.

The checkout is hostile. The agent gets no network, write or command tool, no settings of the
repository, no token of the host, and a private home that is removed afterwards.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reviewer_cli.core.models import Usage
from reviewer_cli.engines.agent_options import FLAGS, agent_options
from reviewer_cli.engines.agent_outcome import Ending, failure, redacted, secrets_of
from reviewer_cli.errors import AccessRefused, ConfigurationError, ReviewTimeout
from reviewer_cli.ports import Effort, Pass, Reply, ReviewRequest

if TYPE_CHECKING:  # importing the SDK takes a second and 70 MB, which an idle tick must not pay
    from claude_agent_sdk import ClaudeAgentOptions, Message, ResultMessage

PASSES = {
    Effort.LOW: (Pass.FIND,),
    Effort.STANDARD: (Pass.FIND, Pass.VERIFY),
    Effort.HIGH: (Pass.FIND, Pass.SECOND_LOOK, Pass.VERIFY),
}

# Any one set of these is a way to reach a model.
CREDENTIALS = (
    ("ANTHROPIC_API_KEY",),
    ("CLAUDE_CODE_OAUTH_TOKEN",),
    ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"),
    ("CLAUDE_CODE_USE_BEDROCK",),
    ("CLAUDE_CODE_USE_VERTEX",),
)

STDERR_LINES = 20


class Jail(Protocol):
    """How a program is started between us and the checkout; `jail.command` has one."""

    def wrap(self, program: Path, *, private: Path, checkout: Path) -> Path:
        """An executable that starts the program, and is written into `private`."""

    def kill(self, private: Path) -> None:
        """End what was started through that directory, at once."""

    def ask(self, program: Path, *, private: Path, question: str) -> str:
        """What the program prints for one argument."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """`scratch` is where private directories are made; `environment` holds the credentials.

    `environment` is laid over the process's own. `program` None means the one inside the SDK.
    """

    model: str
    max_turns: int
    scratch: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    program: Path | None = None


@dataclass(slots=True, kw_only=True)
class _Heard:
    """What a run has said so far."""

    result: ResultMessage | None = None
    error: str = ""
    retry_after: float | None = None
    model: str = ""
    stderr: deque[str] = field(default_factory=lambda: deque(maxlen=STDERR_LINES))


class AgentEngine:
    """An `Engine` that runs one agent process per pass."""

    name = "agent"

    def __init__(self, settings: AgentSettings, jail: Jail) -> None:
        self._settings = settings
        self._jail = jail
        self._proven = False

    def passes(self, effort: Effort) -> tuple[Pass, ...]:
        """One conversation at low effort, a refuting one more, a second lens at high."""
        return PASSES[effort]

    def check(self) -> None:
        """Raise AccessRefused without a credential, ConfigurationError without a fit program.

        The program is asked once per engine (0.2 s); after that only variables are looked at.
        """
        environment = {**os.environ, **self._settings.environment}
        if not any(all(map(environment.get, names)) for names in CREDENTIALS):
            raise AccessRefused(
                "No credential for the model was found; set ANTHROPIC_API_KEY (or "
                "CLAUDE_CODE_OAUTH_TOKEN, ANTHROPIC_AUTH_TOKEN with ANTHROPIC_BASE_URL, "
                "CLAUDE_CODE_USE_BEDROCK or CLAUDE_CODE_USE_VERTEX), or use --engine offline, "
                "which needs none."
            )
        if not self._proven:
            self._prove()

    def _prove(self) -> None:
        program = self._program()
        with self._private() as private:
            text = self._jail.ask(program, private=Path(private), question="--help")
        for flag in FLAGS:
            if f"--{flag}" not in text:
                raise ConfigurationError(
                    f"{program} does not know --{flag}, which keeps it inside the checkout; "
                    "install the release of claude-agent-sdk that this package names."
                )
        self._proven = True

    async def review(self, request: ReviewRequest) -> Reply:
        """One pass in one agent process, which is gone when this returns, raises or is cancelled.

        Raises AccessRefused, ConfigurationError, ProviderWait or a HeadError.
        """
        heard = _Heard()
        with self._private() as name:
            private = Path(name)
            program = self._jail.wrap(self._program(), private=private, checkout=request.checkout)
            options = agent_options(
                request,
                program=program,
                private=private,
                model=self._settings.model,
                max_turns=self._settings.max_turns,
                credentials=self._settings.environment,
                on_stderr=heard.stderr.append,
            )
            task = asyncio.create_task(self._listen(request.brief.prompt, options, private, heard))
            try:
                ended, _ = await asyncio.wait({task}, timeout=request.deadline_s)
            finally:
                await self._end(task, private)
        if not ended and heard.result is None:
            raise ReviewTimeout(
                f"The review took longer than {request.deadline_s:g} s and was stopped; "
                "the head will be tried again."
            )
        trouble = None if task.cancelled() else task.result()
        error = failure(self._ending(heard, trouble))
        if error is not None:
            raise error
        assert heard.result is not None  # noqa: S101 - failure() has covered it
        return Reply(
            data=heard.result.structured_output,
            usage=_usage(heard.result),
            model=heard.model or self._settings.model,
        )

    async def _listen(
        self, prompt: str, options: ClaudeAgentOptions, private: Path, heard: _Heard
    ) -> Exception | None:
        """Hear a run to its end; what the SDK raises is one more sign of how it ended."""
        from claude_agent_sdk import query

        try:
            # Leaving this loop early would leave the program running for seconds.
            async for message in query(prompt=prompt, options=options):
                _take(message, heard)
                if heard.error == "authentication_failed":
                    self._jail.kill(private)  # else it asks twice more with the refused key
        except Exception as error:  # noqa: BLE001 - the SDK raises bare Exception too
            return error
        return None

    async def _end(self, task: asyncio.Task[Exception | None], private: Path) -> None:
        """Stop a run that still goes on; the SDK alone would let it spend for 5 s more."""
        task.cancel()
        while not task.done():
            self._jail.kill(private)
            await asyncio.wait({task}, timeout=0.1)

    def _ending(self, heard: _Heard, trouble: Exception | None) -> Ending:
        result = heard.result
        secrets = secrets_of({**os.environ, **self._settings.environment})
        if result is None:
            said = " ".join(heard.stderr) or str(trouble or "")
            return Ending(
                finished=False,
                error=heard.error,
                retry_after=heard.retry_after,
                detail=redacted(said, secrets),
            )
        return Ending(
            failed=result.is_error or result.subtype != "success",
            answered=result.structured_output is not None,
            error=heard.error,
            status=result.api_error_status,
            reason=result.terminal_reason or "",
            subtype=result.subtype,
            retry_after=heard.retry_after,
            detail=redacted(result.result or " ".join(result.errors or ()), secrets),
        )

    def _private(self) -> tempfile.TemporaryDirectory[str]:
        # A file that cannot be removed must not cost a review that has been paid for.
        self._settings.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(
            prefix="agent-", dir=self._settings.scratch, ignore_cleanup_errors=True
        )

    def _program(self) -> Path:
        """The agent program, found without importing the SDK."""
        program = self._settings.program
        if program is None:
            package = find_spec("claude_agent_sdk")
            origin = package.origin if package else None
            program = Path(origin or "claude_agent_sdk").parent / "_bundled" / "claude"
        if not os.access(program, os.X_OK):
            raise ConfigurationError(
                f"The agent program {program} is missing; reinstall claude-agent-sdk from its "
                "wheel for this platform, or use --engine offline."
            )
        return program


def _take(message: Message, heard: _Heard) -> None:
    """Keep what a message says of the model, of trouble and of the result."""
    from claude_agent_sdk import AssistantMessage, ResultMessage, SystemMessage

    if isinstance(message, AssistantMessage):
        heard.error = message.error or ""
        if not message.error:
            heard.model = message.model
    elif isinstance(message, ResultMessage):
        heard.result = message
    elif isinstance(message, SystemMessage) and message.subtype == "api_retry":
        if message.data.get("error") == "authentication_failed":
            heard.error = "authentication_failed"
        if message.data.get("error_status") == 429:
            heard.retry_after = message.data.get("retry_delay_ms", 0) / 1000 or None


def _usage(result: ResultMessage) -> Usage:
    """Summed over models: `usage` misses the last call on some endings, `model_usage` does not."""
    used = (result.model_usage or {}).values()
    return Usage(
        input_tokens=sum(each["inputTokens"] for each in used),
        output_tokens=sum(each["outputTokens"] for each in used),
        cache_read_tokens=sum(each["cacheReadInputTokens"] for each in used),
        cache_write_tokens=sum(each["cacheCreationInputTokens"] for each in used),
        usd=result.total_cost_usd or 0.0,
        turns=result.num_turns,
        duration_s=result.duration_ms / 1000,
    )
