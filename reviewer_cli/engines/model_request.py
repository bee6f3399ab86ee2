"""What a jailed agent may ask of the model's API: a conversation, and nothing that goes further.

The provider offers tools that it runs itself, fetches what an address in a message leads to, and
speaks to servers that a request names. To a hijacked process these are ways out of its jail, so
a request that uses one is not sent. The fields are those that the agent program 2.1.330 sends,
and plain ones of the Messages API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

FIELDS = frozenset(
    {
        *("model", "messages", "system", "tools", "tool_choice", "metadata", "max_tokens"),
        *("stream", "stop_sequences", "temperature", "top_k", "top_p", "thinking"),
        *("context_management", "output_config"),
    }
)
OWN_TOOLS = (None, "custom")  # a type that is none of these names a tool of the provider's
INLINE = ("base64", "text", "content")  # sources that stand in the message itself


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
    for source in _sources([request.get("messages"), request.get("system")]):
        if source not in INLINE:
            raise NotAllowed("the request has the provider fetch something")
    return str(request["model"])


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a repeated name, of which we and the provider could read different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _sources(messages: Any) -> Iterator[Any]:
    """The type of the source of every block, however deep; the peer chooses the depth."""
    left = [messages]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            left.extend(value.values())
            if isinstance(value.get("source"), dict) and isinstance(value.get("type"), str):
                yield value["source"].get("type")
