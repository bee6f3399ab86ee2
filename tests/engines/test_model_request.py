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
    "a picture in the message": with_block(type="image", source={"type": "base64", "data": "x"}),
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
    deep: Any = {"type": "image", "source": {"type": "url"}}
    for _ in range(200):
        deep = [{"content": deep}]
    with pytest.raises(NotAllowed, match="fetch"):
        model_of(json.dumps({**PLAIN, "messages": deep}).encode())
