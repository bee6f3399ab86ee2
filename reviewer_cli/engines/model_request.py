"""What a jailed agent may ask of the model's API: a conversation, and nothing that goes further.

The provider offers tools that it runs itself, fetches what an address in a message leads to, and
speaks to servers that a request names. To a hijacked process these are ways out of its jail, so
a request that uses one is not sent. The fields are those that the agent program 2.1.330 sends,
and plain ones of the Messages API.
"""

from __future__ import annotations

import json
from typing import Any

FIELDS = frozenset(
    {
        *("model", "messages", "system", "tools", "tool_choice", "metadata", "max_tokens"),
        *("stream", "stop_sequences", "temperature", "top_k", "top_p", "thinking"),
        *("context_management", "output_config"),
    }
)
OWN_TOOLS = (None, "custom")  # a type that is none of these names a tool of the provider's
# What a conversation about text is made of; all else leads to files, pictures or other services.
BLOCKS = ("text", "tool_use", "tool_result", "thinking", "redacted_thinking")


class NotAllowed(Exception):
    """A request asks for more than a conversation; the message says for what."""


def model_of(body: bytes) -> str:
    """The model that a conversation is with; raises NotAllowed for a request that is none."""
    try:
        request = json.loads(body.decode("utf-8"), object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        raise NotAllowed("the request is not JSON") from error
    if not isinstance(request, dict) or not isinstance(request.get("model"), str):
        raise NotAllowed("the request names no model")
    if unknown := sorted(request.keys() - FIELDS):
        raise NotAllowed(f"the request has the field {unknown[0]:.40}")
    tools = request.get("tools") or []
    if not isinstance(tools, list) or any(
        not isinstance(tool, dict) or tool.get("type") not in OWN_TOOLS for tool in tools
    ):
        raise NotAllowed("the request asks for a tool that the provider runs")
    _object_to(request.get("messages", []), request.get("system"))
    return str(request["model"])


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a repeated name, of which we and the provider could read different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _object_to(messages: Any, system: Any) -> None:
    """Raise NotAllowed unless all that is said is text, thought, or a call of a tool of its own.

    What a tool is called with is the model's own and is not looked at.
    """
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise NotAllowed("the messages are none")
    left = [system, *(message.get("content") for message in messages)]
    while left:  # not by recursion: the peer chooses the depth
        content = left.pop()
        if content is None or isinstance(content, str):
            continue
        if not isinstance(content, list) or not all(isinstance(block, dict) for block in content):
            raise NotAllowed("what a message holds are no blocks")
        for block in content:
            if block.get("type") not in BLOCKS or "source" in block:
                raise NotAllowed(f"a message holds more than text: {block.get('type')!r:.40}")
            left.append(block.get("content"))
