"""The agent engine with the real agent program, against a model that answers from a script."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewer_cli.core.prompt import OPENING
from reviewer_cli.engines.agent_program import NEEDED
from reviewer_cli.errors import (
    AccessRefused,
    ConfigurationError,
    HeadError,
    HeadRejected,
    InvalidReply,
    ProviderUnavailable,
    ProviderWait,
    ReviewerError,
    ReviewTimeout,
    TurnsUsedUp,
)
from reviewer_cli.ports.engine import Effort, Pass, Reply
from tests.engines.agent_room import KEY, NOTHING, Room
from tests.fakes.scripted_model import (
    Body,
    Fail,
    Hang,
    Request,
    Say,
    ScriptedModel,
    Step,
    Tokens,
    answer,
    call,
)

NO_RETRY = {"x-should-retry": "false"}


def test_it_reads_a_file_and_brings_back_the_answer_and_what_it_cost(room: Room) -> None:
    finding = {
        "path": "a.py",
        "line": 2,
        "severity": "low",
        "category": "correctness",
        "title": "t",
        "body": "b",
        "quote": "    return n / 2",
        "confidence": 0.9,
    }
    tokens = Tokens(input=100, output=20, cache_read=3, cache_write=4)
    steps = [call("Read", file_path="a.py"), answer({"findings": [finding]}, tokens=tokens)]
    with ScriptedModel(steps) as model:
        reply = room.review(model)
    assert reply.data == {"findings": [finding]}
    assert reply.model == "claude-sonnet-5"
    assert "return n / 2" in model.requests[1].user_text()
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (110, 25)
    assert (reply.usage.cache_read_tokens, reply.usage.cache_write_tokens) == (3, 4)
    assert reply.usage.usd > 0
    assert reply.usage.turns >= 2
    assert len(model.requests) == 2


def test_what_comes_before_the_diff_is_small_and_the_same_for_every_review(room: Room) -> None:
    other = room.checkout.parent / "elsewhere"
    other.mkdir()
    prefixes = []
    with ScriptedModel([answer(NOTHING)]) as model:
        for checkout, title in ((room.checkout, "one"), (other, "two")):
            place = Room(checkout=checkout, scratch=room.scratch, outside=room.outside)
            place.review(model, f"{OPENING}<diff-0>\n=== {title}.py\n</diff-0>\n{title}")
        prefixes = [request.prefix("<diff-0>") for request in model.requests]
    assert len(prefixes) == 2
    assert prefixes[0] == prefixes[1]
    assert b"billing" not in prefixes[0]  # a block that changes with the prompt
    assert len(prefixes[0]) <= 12_000


def test_nothing_is_left_behind(room: Room) -> None:
    with ScriptedModel([call("Read", file_path="a.py"), answer(NOTHING)]) as model:
        room.review(model)
    assert list(room.scratch.iterdir()) == []
    assert [path.name for path in room.checkout.iterdir()] == ["a.py"]


def test_two_reviews_at_once_do_not_mix(room: Room) -> None:
    def script(body: Body) -> Step:
        request = Request(raw=b"", body=body, headers={}, at=0.0)
        if request.turn == 0:
            return call("Read", file_path="a.py")
        name = "first" if "I am first" in request.user_text() else "second"
        return Say(tool="StructuredOutput", arguments={"findings": []}, text=name, delay_s=2)

    async def both(model: ScriptedModel) -> list[Reply]:
        engine = room.engine(model.environment(KEY))
        prompts = ("I am first", "I am second")
        return await asyncio.gather(*(engine.review(room.request(text)) for text in prompts))

    with ScriptedModel(script) as model:
        replies = asyncio.run(both(model))
    assert [reply.data for reply in replies] == [NOTHING, NOTHING]
    assert model.peak == 2
    assert sorted(model.conversations().values()) == [2, 2]


CALLS_FOR_EVER = [call("Glob", pattern="*")]

# script, kind of error, words of its message, requests that are allowed at most
OUTCOMES: dict[str, tuple[list[Step], type[ReviewerError], str, int]] = {
    "401": ([Fail(status=401, type="authentication_error")], AccessRefused, "credential", 1),
    "403": ([Fail(status=403, type="permission_error")], AccessRefused, "credential", 1),
    "no credit": (
        [
            Fail(
                status=400,
                type="invalid_request_error",
                message="Your credit balance is too low to access the Anthropic API.",
            )
        ],
        AccessRefused,
        "credit",
        1,
    ),
    "no such model": (
        [Fail(status=404, type="not_found_error", message="model: claude-sonnet-5")],
        ConfigurationError,
        "correct its name",
        2,
    ),
    "too long": (
        [
            Fail(
                status=400,
                type="invalid_request_error",
                message="prompt is too long: 2000000 tokens > 1000000 maximum",
            )
        ],
        HeadRejected,
        "too long",
        1,
    ),
    "413": ([Fail(status=413, type="request_too_large")], HeadRejected, "too long", 1),
    "500": ([Fail(status=500)], ProviderUnavailable, "overloaded", 3),
    "529": (
        [Fail(status=529, type="overloaded_error", headers=NO_RETRY)],
        ProviderUnavailable,
        "overloaded",
        3,
    ),
    "refusal": ([Say(text="No.", stop_reason="refusal")], HeadError, "declined", 2),
    "cut": ([Say(text="a", stop_reason="max_tokens")], HeadError, "cut", 4),
    "text only": ([Say(text="Looks good to me.")], InvalidReply, "without an answer", 2),
    "never valid": ([answer({"findings": "none"})], InvalidReply, "schema", 6),
    "turns": (CALLS_FOR_EVER, TurnsUsedUp, "max_turns", 4),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_way_to_fail_has_its_own_error(room: Room, name: str) -> None:
    script, kind, words, most = OUTCOMES[name]
    with ScriptedModel(script) as model:
        engine = room.engine(model.environment(KEY), max_turns=3 if name == "turns" else 30)
        with pytest.raises(ReviewerError, match=words) as caught:
            asyncio.run(engine.review(room.request()))
    assert type(caught.value) is kind
    assert 1 <= len(model.requests) <= most
    assert list(room.scratch.iterdir()) == []


@pytest.mark.parametrize(("hint", "requests"), [("1", 3), ("3600", 1)])
def test_a_rate_limit_asks_everybody_to_wait_as_long_as_the_provider_says(
    room: Room, hint: str, requests: int
) -> None:
    """The agent program gives up at once when the wait is long, and does not tell how long."""
    limit = Fail(status=429, type="rate_limit_error", headers={"retry-after": hint})
    with ScriptedModel([limit]) as model, pytest.raises(ProviderWait) as caught:
        room.review(model)
    assert caught.value.retry_after == float(hint)
    assert len(model.requests) == requests


def test_a_prompt_that_the_program_itself_finds_too_long_is_rejected(room: Room) -> None:
    with ScriptedModel([answer(NOTHING)]) as model, pytest.raises(HeadRejected):
        room.review(model, "word " * 900_000)
    assert model.requests == []


def test_a_spent_budget_ends_the_run(room: Room) -> None:
    step = Say(tool="Glob", arguments={"pattern": "*"}, tokens=Tokens(output=100_000))
    with ScriptedModel([step]) as model, pytest.raises(HeadError, match="budget"):
        room.review(model, max_usd=0.5)
    assert len(model.requests) <= 2


def test_one_overload_does_not_lose_the_review(room: Room) -> None:
    answers: Iterator[Step] = iter([Fail(status=529, type="overloaded_error"), answer(NOTHING)])
    with ScriptedModel(lambda _: next(answers)) as model:
        assert room.review(model).data == NOTHING
    assert len(model.requests) == 2


def test_a_provider_out_of_reach_is_unavailable(room: Room) -> None:
    with ScriptedModel([Hang()]) as model:
        environment = model.environment(KEY)
    engine = room.engine(environment)
    with pytest.raises(ProviderUnavailable):
        asyncio.run(engine.review(room.request()))


def test_an_error_never_shows_the_key(room: Room) -> None:
    step = Fail(status=400, type="invalid_request_error", message=f"bad {KEY}, sorry")
    with ScriptedModel([step]) as model, pytest.raises(HeadError) as caught:
        room.review(model)
    shown = repr([caught.value, caught.value.__cause__, caught.value.__context__])
    assert "bad [redacted], sorry" in shown
    assert KEY not in shown


DYING = f"""#!/bin/sh
case "$1" in
  --help) printf -- '--%s\\n' {" ".join(NEEDED)};;
  --version) echo 9.0.0;;
  *) echo 'no room for {KEY}' >&2; exit 3;;
esac
"""


def test_a_program_that_dies_is_an_error_with_its_last_words(room: Room) -> None:
    program = room.outside.parent / "dies"
    program.write_text(DYING)
    program.chmod(0o755)
    engine = room.engine({"ANTHROPIC_API_KEY": KEY}, program=program)
    with pytest.raises(HeadError, match=r"ended early.*no room for \[redacted\]"):
        asyncio.run(engine.review(room.request()))


class TestEnds:
    """However a review ends, no process of it goes on."""

    def test_a_deadline_stops_it_at_once(self, room: Room) -> None:
        children: list[int] = []

        def script(_: Body) -> Step:
            children.append(room.child())
            return Hang()

        started = time.monotonic()
        with ScriptedModel(script) as model, pytest.raises(ReviewTimeout, match="3 s"):
            room.review(model, deadline_s=3)
        assert time.monotonic() - started < 5.5  # the SDK alone takes 5 s more than the deadline
        assert not Path(f"/proc/{children[0]}").exists()
        assert list(room.scratch.iterdir()) == []

    def test_cancelling_it_leaves_no_child(self, room: Room) -> None:
        async def start_and_cancel(model: ScriptedModel) -> tuple[int, float]:
            engine = room.engine(model.environment(KEY))
            task = asyncio.create_task(engine.review(room.request()))
            while not model.requests:
                await asyncio.sleep(0.02)
            child, started = room.child(), time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return child, time.monotonic() - started

        with ScriptedModel([Hang()]) as model:
            child, seconds = asyncio.run(start_and_cancel(model))
        assert not Path(f"/proc/{child}").exists()
        assert seconds < 1
        assert list(room.scratch.iterdir()) == []

    @pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1])
    def test_cancelling_it_early_leaves_no_child(self, room: Room, after_s: float) -> None:
        async def start_and_cancel(model: ScriptedModel) -> None:
            engine = room.engine(model.environment(KEY))
            task = asyncio.create_task(engine.review(room.request()))
            await asyncio.sleep(after_s)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        before = children_of(os.getpid())
        with ScriptedModel([Hang()]) as model:
            asyncio.run(start_and_cancel(model))
        assert children_of(os.getpid()) == before

    def test_sigkill_of_the_sweep_leaves_no_agent(self, room: Room) -> None:
        with ScriptedModel([Hang()]) as model:
            code = PARENT.format(environment=model.environment(KEY), room=room)
            parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path.cwd())
            wait_for(lambda: bool(model.requests))
            child = room.child()
            parent.send_signal(signal.SIGKILL)
            parent.wait()
            wait_for(lambda: not runs(child), seconds=2)


PARENT = """
import asyncio
from pathlib import PosixPath
from tests.engines.agent_room import Room
room = {room!r}
asyncio.run(room.engine({environment!r}).review(room.request()))
"""


class TestCheck:
    """What must be right before a first review is started."""

    def test_it_costs_nothing_and_starts_nothing(self, room: Room) -> None:
        engine = room.engine({"ANTHROPIC_API_KEY": KEY})
        started = time.process_time()
        engine.check()
        assert time.process_time() - started < 0.05
        assert not room.scratch.exists()

    def test_without_a_credential_it_says_how_to_set_one(self, room: Room) -> None:
        with pytest.raises(AccessRefused, match=r"ANTHROPIC_API_KEY.*--engine offline"):
            room.engine({}).check()

    @pytest.mark.parametrize(
        "environment",
        [
            {"CLAUDE_CODE_OAUTH_TOKEN": "t"},
            {"ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"},
            {"CLAUDE_CODE_USE_BEDROCK": "1"},
            {"CLAUDE_CODE_USE_VERTEX": "1"},
        ],
    )
    def test_other_credentials_do_as_well(self, room: Room, environment: dict[str, str]) -> None:
        room.engine(environment).check()

    def test_half_a_credential_is_none(self, room: Room) -> None:
        with pytest.raises(AccessRefused):
            room.engine({"ANTHROPIC_AUTH_TOKEN": "t"}).check()

    def test_a_missing_program_is_a_configuration_error(self, room: Room) -> None:
        engine = room.engine({"ANTHROPIC_API_KEY": KEY}, program=room.outside)
        with pytest.raises(ConfigurationError, match="reinstall"):
            engine.check()

    @pytest.mark.parametrize(
        ("known", "version", "said"),
        [
            (NEEDED[1:], "9.0.0", "does not know --restricted"),
            (NEEDED[:-1], "9.0.0", f"does not know --{NEEDED[-1]}"),
            (NEEDED, "2.1.247", "too old to take prompts verbatim"),
        ],
    )
    def test_a_program_that_cannot_be_confined_is_refused_before_its_first_review(
        self, room: Room, known: tuple[str, ...], version: str, said: str
    ) -> None:
        program = room.outside.parent / "older"
        program.write_text(
            DYING.replace(" ".join(NEEDED), " ".join(known)).replace("9.0.0", version)
        )
        program.chmod(0o755)
        engine = room.engine({"ANTHROPIC_API_KEY": KEY}, program=program)
        engine.check()
        with pytest.raises(ConfigurationError, match=said):
            asyncio.run(engine.review(room.request()))


def test_effort_decides_the_passes(room: Room) -> None:
    engine = room.engine({})
    assert engine.passes(Effort.LOW) == (Pass.FIND,)
    assert engine.passes(Effort.STANDARD) == (Pass.FIND, Pass.VERIFY)
    assert engine.passes(Effort.HIGH) == (Pass.FIND, Pass.SECOND_LOOK, Pass.VERIFY)


def test_what_is_heavy_is_not_imported_before_the_first_review() -> None:
    code = (
        "import sys, pathlib; from reviewer_cli.engines.agent import *; "
        "from reviewer_cli.jail.command import Launcher; "
        "place = pathlib.Path('/nonexistent'); "
        "settings = AgentSettings(model='m', max_turns=1, scratch=place, key='k' * 9); "
        "AgentEngine(settings, Launcher()).check(); "
        "print({'claude_agent_sdk', 'aiohttp', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return state_and_parent(pid)[0] != "Z"
    except FileNotFoundError:
        return False


def children_of(parent: int) -> list[int]:
    """Running children, those that ended and were not collected left out."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, of = state_and_parent(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if of == parent and state != "Z":
                found.append(int(entry.name))
    return found


def state_and_parent(pid: int) -> tuple[str, int]:
    said = Path(f"/proc/{pid}/stat").read_text(errors="replace")  # a name may be any bytes
    state, parent = said.rpartition(")")[2].split()[:2]
    return state, int(parent)
