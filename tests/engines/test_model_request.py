"""What of the model's API a jailed process may use: none of what reaches further than the model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reviewer_cli.engines.model_request import NotAllowed, model_of

PLAIN: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Review."}]}


def with_block(**block: Any) -> dict[str, Any]:
    return {**PLAIN, "messages": [{"role": "user", "content": [block]}]}


def with_result(**block: Any) -> dict[str, Any]:
    return with_block(type="tool_result", tool_use_id="t", content=[block])


LEGAL = {
    "plain": PLAIN,
    "tools of its own": {**PLAIN, "tools": [{"name": "Read", "input_schema": {"type": "object"}}]},
    "a custom tool": {**PLAIN, "tools": [{"type": "custom", "name": "Read"}]},
    "all that the agent says": {
        "model": "m",
        "system": [{"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "t"}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "t"}]},
            {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "t"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "input": {"type": "py"}}]},
            {"role": "user", "content": [{"type": "tool_result", "content": "t"}]},
        ],
    },
    "what a tool is called with": with_block(type="tool_use", input={"source": {"type": "url"}}),
    "a result in blocks": with_result(type="text", text="t"),
    "a result of nothing": with_block(type="tool_result"),
    "code that speaks of sources": with_block(type="text", text='"source": {"type": "url"}'),
}


@pytest.mark.parametrize("name", LEGAL)
def test_a_conversation_is_let_through(name: str) -> None:
    assert model_of(json.dumps(LEGAL[name]).encode()) == "m"


WAYS_OUT = {
    "servers": {**PLAIN, "mcp_servers": [{"type": "url", "url": "https://evil.example"}]},
    "container": {**PLAIN, "container": {"skills": []}},
    "fetching": {**PLAIN, "tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
    "searching": {**PLAIN, "tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    "executing": {**PLAIN, "tools": [{"type": "code_execution_20250825", "name": "x"}]},
    "tools that are no list": {**PLAIN, "tools": {"type": "web_fetch_20250910"}},
    "a tool that is no object": {**PLAIN, "tools": ["web_fetch"]},
    "a picture elsewhere": with_block(type="image", source={"type": "url", "url": "https://x"}),
    "a document elsewhere": with_result(type="document", source={"type": "url", "url": "u"}),
    "a stored file": with_block(type="document", source={"type": "file", "file_id": "f"}),
    "a picture in the message": with_block(type="image", source={"type": "base64", "data": "x"}),
    "a file for a container": with_block(type="container_upload", file_id="f"),
    "a picture by another name": with_block(type="image_url", image_url={"url": "https://x"}),
    "a source without a type": with_block(source={"type": "url", "url": "https://x"}),
    "a source in a text": with_block(type="text", text="t", source={"type": "url", "url": "u"}),
    "a block of no kind": with_block(text="t"),
    "content that is a block": {**PLAIN, "messages": [{"content": {"type": "image"}}]},
    "messages that are no list": {**PLAIN, "messages": {"content": [{"type": "image"}]}},
    "a message that is a list": {**PLAIN, "messages": [[{"type": "image"}]]},
    "in the system": {**PLAIN, "system": [{"type": "image", "source": {"type": "url"}}]},
}


@pytest.mark.threat("T11", layer="proxy")
@pytest.mark.parametrize("name", WAYS_OUT)
def test_what_has_the_provider_reach_further_is_not(name: str) -> None:
    with pytest.raises(NotAllowed):
        model_of(json.dumps(WAYS_OUT[name]).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"model": 1}',
        b'{"model": "m", "model": "n"}',
        b'{"model": "m", "messages": [{"source": {"type": "url"}, "source": {}}]}',
        json.dumps(PLAIN).encode("utf-16"),
        b'{"model": "m", "messages": ' + b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_two_parsers_could_read_differently_is_not(body: bytes) -> None:
    with pytest.raises(NotAllowed):
        model_of(body)


def test_depth_is_no_way_around() -> None:
    deep: Any = [{"type": "image", "source": {"type": "url"}}]
    for _ in range(200):
        deep = [{"type": "tool_result", "content": deep}]
    with pytest.raises(NotAllowed, match="more than text: 'image'"):
        model_of(json.dumps({**PLAIN, "messages": [{"content": deep}]}).encode())
