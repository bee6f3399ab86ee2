"""What an agent's run says of itself, message by message, and what that comes to in the end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewer_cli.core.models import Usage
from reviewer_cli.engines.agent_outcome import Ending, in_short

if TYPE_CHECKING:  # importing the SDK takes a second and 70 MB, which an idle tick must not pay
    from claude_agent_sdk import Message, ResultMessage

STDERR_LINES = 20


@dataclass(slots=True, kw_only=True)
class Heard:
    """What a run has said so far; `result` is its last word, `stderr` the end of its complaints.

    `insists` when it is about to repeat a request with a credential that was refused.
    """

    result: ResultMessage | None = None
    error: str = ""
    insists: bool = False
    model: str = ""
    stderr: deque[str] = field(default_factory=lambda: deque(maxlen=STDERR_LINES))

    def take(self, message: Message) -> None:
        """Keep what a message says of the model, of trouble and of the result."""
        from claude_agent_sdk import AssistantMessage, ResultMessage, SystemMessage

        if isinstance(message, AssistantMessage):
            self.error = message.error or ""
            if not message.error:
                self.model = message.model
        elif isinstance(message, ResultMessage):
            self.result = message
        elif (
            isinstance(message, SystemMessage)
            and message.subtype == "api_retry"
            and message.data.get("error") == "authentication_failed"
        ):
            self.error, self.insists = "authentication_failed", True

    def ending(self, trouble: Exception | None) -> Ending:
        """The signs of how the run ended; `trouble` is what the SDK raised."""
        result = self.result
        if result is None:
            said = " ".join(self.stderr) or str(trouble or "")
            return Ending(finished=False, error=self.error, detail=in_short(said))
        return Ending(
            failed=result.is_error or result.subtype != "success",
            answered=result.structured_output is not None,
            error=self.error,
            status=result.api_error_status,
            reason=result.terminal_reason or "",
            subtype=result.subtype,
            detail=in_short(result.result or " ".join(result.errors or ())),
        )

    def usage(self) -> Usage:
        """Summed over models: `usage` misses the last call on some endings, `model_usage` not."""
        result = self.result
        if result is None:
            return Usage()
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
