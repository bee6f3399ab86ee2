"""A program that was taken over talks to us as it likes: it costs one head, little time and memory.

What it says is what the real agent program could say, through the SDK that listens to that one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc

import pytest
from claude_agent_sdk import AssistantMessage, ResultMessage

from reviewer_cli.engines import agent_options
from reviewer_cli.engines.agent_heard import MOST, Heard
from reviewer_cli.engines.agent_outcome import failure, in_short
from reviewer_cli.errors import HeadError, InvalidReply, ReviewTimeout
from reviewer_cli.ports.engine import Reply
from tests.engines.agent_room import Room
from tests.fakes.scripted_model import ScriptedModel

PROGRAM = """#!{python} -IS
import json, sys
if "--help" in sys.argv:
    print("--restricted --no-session-persistence --permission-mode --setting-sources "
        "--settings --strict-mcp-config --tools --json-schema --max-budget-usd")
    sys.exit()
if "--version" in sys.argv:
    print("2.1.330")
    sys.exit()
def say(**message):
    print(json.dumps(message), flush=True)
def model(name):
    say(type="assistant", message=dict(model=name, content=[]))
def end(**fields):
    say(**{{**json.loads({result!r}), **fields}})
for line in sys.stdin:
    said = json.loads(line)
    if said["type"] == "control_request":
        answer = dict(subtype="success", request_id=said["request_id"], response=dict(commands=[]))
        say(type="control_response", response=answer)
    elif said["type"] == "user":
        break
{what}
"""
USED = {
    "inputTokens": 1,
    "outputTokens": 2,
    "cacheReadInputTokens": 3,
    "cacheCreationInputTokens": 4,
}
FIELDS = {
    "subtype": "success",
    "is_error": False,
    "num_turns": 1,
    "session_id": "s",
    "duration_ms": 1500,
    "duration_api_ms": 1,
    "total_cost_usd": 0.25,
    "structured_output": {"findings": []},
}


def saying(room: Room, what: str, deadline_s: float = 10) -> Reply:
    program = room.outside.parent / "program"
    result = json.dumps({"type": "result", **FIELDS, "modelUsage": {"m": USED}})
    program.write_text(PROGRAM.format(python=sys.executable, result=result, what=what))
    program.chmod(0o700)
    with ScriptedModel([]) as model:
        engine = room.engine(model.environment(), program=program)
        return asyncio.run(engine.review(room.request(deadline_s=deadline_s)))


def heard(**fields: object) -> Heard:
    values = {**FIELDS, "model_usage": {"m": USED}, **fields}
    return Heard(result=ResultMessage(**values))  # type: ignore[arg-type]


def test_honest_words_are_believed(room: Room) -> None:
    reply = saying(room, 'model("claude"); end()')
    assert (reply.data, reply.model) == ({"findings": []}, "claude")
    assert (reply.usage.input_tokens, reply.usage.cache_write_tokens) == (1, 4)
    assert (reply.usage.usd, reply.usage.duration_s) == (0.25, 1.5)


IMPOSSIBLE: dict[str, dict[str, object]] = {
    "endless dollars": {"total_cost_usd": float("inf")},
    "no number of dollars": {"total_cost_usd": float("nan")},
    "negative dollars": {"total_cost_usd": -0.01},
    "all dollars there are": {"total_cost_usd": 1e300},
    "dollars in words": {"total_cost_usd": "abc"},
    "more tokens than 64 bits": {"model_usage": {"m": {**USED, "inputTokens": 2**70}}},
    "tokens that overflow in sum": {
        "model_usage": {str(at): {**USED, "outputTokens": MOST} for at in range(2)}
    },
    "negative tokens": {"model_usage": {"m": {**USED, "cacheReadInputTokens": -5}}},
    "half a token": {"model_usage": {"m": {**USED, "outputTokens": 0.5}}},
    "tokens in words": {"model_usage": {"m": {**USED, "inputTokens": "9" * 10}}},
    "no tokens": {"model_usage": {"m": {}}},
    "no models": {"model_usage": ["m"]},
    "models without figures": {"model_usage": {"m": 7}},
    "turns in words": {"num_turns": "x"},
    "yes turns": {"num_turns": True},
    "negative time": {"duration_ms": -1},
}


@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_figures_that_cannot_be_are_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(InvalidReply, match=r"used what cannot be; the head will be tried again\."):
        heard(**IMPOSSIBLE[name]).usage()


@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize("name", ["m" * 201, "a\nb", "a\x1b[31m", "m\ud800", 7, None, ["m"]])
def test_a_name_that_no_model_has_is_refused(name: object) -> None:
    said = Heard()
    said.take(AssistantMessage(content=[], model=name))  # type: ignore[arg-type]
    with pytest.raises(InvalidReply, match="a name that cannot be"):
        said.speaker()


@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize(
    "field", ["api_error_status", "terminal_reason", "subtype", "result", "errors"]
)
@pytest.mark.parametrize("value", ["x", 7, 7.5, True, ["a", 1], {"a": 1}, "\ud800"])
def test_an_ending_of_any_shape_is_the_affair_of_one_head(field: str, value: object) -> None:
    said = heard(**{"is_error": True, field: value})
    said.error = value  # type: ignore[assignment]
    assert isinstance(failure(said.ending(None)), HeadError)


@pytest.mark.threat("T20", layer="validation")
def test_a_giant_name_of_a_model_costs_no_search(room: Room) -> None:
    started = time.process_time()
    with pytest.raises(InvalidReply, match="a name that cannot be"):
        saying(room, 'model("m%41 " * (1 << 20)); end()')
    assert time.process_time() - started < 3


@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize("text", ["m%41 " * (1 << 20), "%41&#65;" * (1 << 20), " " * (8 << 20)])
def test_giant_words_are_cut_before_they_are_searched(text: str) -> None:
    started = time.process_time()
    assert len(in_short(text)) <= 300
    assert time.process_time() - started < 1


# The SDK leaves a pipe that still holds something to Python's garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize("end", ["", "\\n"], ids=["without an end", "line by line"])
def test_an_endless_error_output_does_not_fill_our_memory(room: Room, end: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ReviewTimeout):
            saying(room, f'while True: sys.stderr.write("x" * (9 << 20) + "{end}")', 2)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.collect()
    assert peak < 4 * agent_options.LARGEST_MESSAGE + (40 << 20)


def test_of_each_line_of_the_error_output_the_beginning_is_kept() -> None:
    said = Heard()
    for at in range(100):
        said.complain(f"{at} " + "x" * 10_000)
    assert sum(map(len, said.stderr)) <= 20 * 2000
    assert said.stderr[-1].startswith("99 x")


@pytest.mark.threat("T20", layer="validation")
def test_a_message_that_is_larger_than_any_honest_one_ends_the_review(room: Room) -> None:
    size = agent_options.LARGEST_MESSAGE + 1
    with pytest.raises(HeadError, match="exceeded"):
        saying(room, f'end(structured_output="x" * {size})')


def test_the_longest_file_still_fits_into_a_message() -> None:
    """256 kB is what the program reads at most; each character may take six in a message."""
    text = "\u0001" * (256 << 10)
    assert len(json.dumps([text, text])) < agent_options.LARGEST_MESSAGE
