"""What an agent's run says of itself, message by message, and what that comes to in the end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reviewer_cli.core.models import Usage
from reviewer_cli.engines.agent_outcome import Ending, in_short
from reviewer_cli.errors import InvalidReply

if TYPE_CHECKING:  # importing the SDK takes a second and 70 MB, which an idle tick must not pay
    from claude_agent_sdk import Message, ResultMessage

STDERR_LINES, STDERR_LINE = 20, 2000  # the second in characters
LONGEST_NAME = 200  # characters of a model's name
MOST, MOST_USD = 2**40, 1e6  # what no review comes near, and of which sums stay in 64 bits


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
            self.error = _word(message.error)
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

    def complain(self, line: str) -> None:
        """Keep the beginning of a line of the error output; it may be as long as a message."""
        self.stderr.append(line[:STDERR_LINE])

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
            status=_status(result.api_error_status),
            reason=_word(result.terminal_reason),
            subtype=_word(result.subtype),
            detail=in_short(_word(result.result) or _words(result.errors)),
        )

    def speaker(self) -> str:
        """The model's name as it was said, "" when none was; raises InvalidReply for no name."""
        name: object = self.model
        if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidReply(
                "The agent program gave its model a name that cannot be; "
                "the head will be tried again."
            )
        return name

    def usage(self) -> Usage:
        """Summed over models: `usage` misses the last call on some endings, `model_usage` not.

        Raises InvalidReply for figures that cannot be: the program may be hijacked.
        """
        result = self.result
        if result is None:
            return Usage()
        used = result.model_usage or {}
        return Usage(
            input_tokens=_tokens(used, "inputTokens"),
            output_tokens=_tokens(used, "outputTokens"),
            cache_read_tokens=_tokens(used, "cacheReadInputTokens"),
            cache_write_tokens=_tokens(used, "cacheCreationInputTokens"),
            usd=_amount(0.0 if result.total_cost_usd is None else result.total_cost_usd, MOST_USD),
            turns=_count(result.num_turns),
            duration_s=_amount(result.duration_ms, MOST) / 1000,
        )


def _tokens(used: object, name: str) -> int:
    models: list[object] = list(used.values()) if isinstance(used, dict) else [used]
    counts = (_count(each.get(name) if isinstance(each, dict) else None) for each in models)
    return _count(sum(counts))


def _count(value: object) -> int:
    if type(value) is int and 0 <= value <= MOST:
        return value
    raise _impossible()


def _amount(value: object, most: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    raise _impossible()


def _impossible() -> InvalidReply:
    return InvalidReply(
        "The agent program says it used what cannot be; the head will be tried again."
    )


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _words(value: object) -> str:
    return " ".join(map(_word, value)) if isinstance(value, list) else ""


def _status(value: object) -> int | None:
    return value if type(value) is int else None
