"""The model's key stays outside: not in the agent's processes, not in its files, and used once.

The real agent program runs in each jail that works here.
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from pydantic import ValidationError

from reviewer_cli.config.settings import Settings
from reviewer_cli.errors import AccessRefused, HeadError
from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.command import Launcher
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.ports.engine import Reply
from reviewer_cli.ports.jail import Jail
from reviewer_cli.wiring.engines import engine
from reviewer_cli.wiring.places import Places
from tests.engines.agent_room import CANARY, KEY, NOTHING, Room
from tests.fakes.scripted_model import Body, Fail, ScriptedModel, Step, answer, call

REFUSED = Fail(status=401, type="authentication_error", message="invalid x-api-key")


@pytest.fixture(params=["none", "landlock", "bubblewrap"])
def jail(request: pytest.FixtureRequest) -> Jail:
    if request.param == "none":
        return Launcher()
    walled = {"landlock": Landlock, "bubblewrap": Bubblewrap}[request.param]()
    if trouble := walled.verdict().trouble:
        pytest.skip(f"{walled.name} does not work on this machine: {trouble}")
    return walled


@pytest.fixture
def full_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "REVIEWER_ANYTHING", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", KEY)
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"x-team: {KEY}")


@pytest.mark.threat("T13", layer="proxy")
@pytest.mark.usefixtures("full_environment")
def test_the_agents_processes_and_files_hold_a_nonce_and_no_key(room: Room, jail: Jail) -> None:
    room = replace(room, jail=jail)
    seen: list[bytes] = []

    def script(body: Body) -> Step:
        for process in (room.child(), *descendants(room.child())):
            place = Path(f"/proc/{process}")
            seen.extend((place / name).read_bytes() for name in ("environ", "cmdline"))
        files = [path for path in room.scratch.rglob("*") if path.is_file()]
        seen.extend(path.read_bytes() for path in files)
        return answer(NOTHING)

    with ScriptedModel(script) as model:
        assert room.review(model).data == NOTHING
    (request,) = model.requests
    everything = b"\n".join(seen)
    nonces = set(re.findall(rb"ANTHROPIC_API_KEY=(\w*)", everything))
    assert len(nonces - {b""}) == 1
    assert len(max(nonces)) == 32
    assert KEY.encode() not in everything
    assert CANARY.encode() not in everything
    assert request.headers["x-api-key"] == KEY
    assert max(nonces) not in request.raw + repr(request.headers).encode()


@pytest.mark.threat("T37", layer="all layers")
@pytest.mark.parametrize("status", [401, 403])
def test_a_revoked_key_costs_one_request_however_many_reviews_run(room: Room, status: int) -> None:
    with ScriptedModel([replace(REFUSED, status=status, delay_s=0.3)]) as model:
        endings = asyncio.run(reviews(room, model, 4))
    assert [type(one) for one in endings] == [AccessRefused] * 4
    assert len(model.requests) == 1


@pytest.mark.threat("T37", layer="all layers")
def test_a_key_that_is_revoked_meanwhile_costs_no_more_than_what_is_under_way(room: Room) -> None:
    numbers = count(1)

    def script(body: Body) -> Step:
        return call("Glob", pattern="*") if next(numbers) <= 4 else replace(REFUSED, delay_s=0.3)

    with ScriptedModel(script) as model:
        endings = asyncio.run(reviews(room, model, 3))
    assert [type(one) for one in endings] == [AccessRefused] * 3
    assert len(model.requests) <= 4 + 3


def test_the_next_review_of_the_same_sweep_asks_nobody(room: Room) -> None:
    async def one_after_another(model: ScriptedModel) -> None:
        agent = room.engine(model.environment(KEY))
        for _ in range(2):
            with pytest.raises(AccessRefused, match="refused the credential"):
                await agent.review(room.request())

    with ScriptedModel([REFUSED]) as model:
        asyncio.run(one_after_another(model))
    assert len(model.requests) == 1


def test_a_program_that_cries_wolf_stops_nobody_else(room: Room) -> None:
    """The provider answered well; that the program says otherwise is no reason to end the sweep."""
    with ScriptedModel([answer(NOTHING)]) as model:
        agent = room.engine(model.environment(KEY), program=wolf(room))
        with pytest.raises(HeadError) as caught:
            asyncio.run(agent.review(room.request()))
    assert type(caught.value) is HeadError
    assert model.requests == []


@pytest.mark.parametrize("variable", ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"])
def test_other_credentials_stay_outside_as_well(room: Room, variable: str) -> None:
    with ScriptedModel([call("Read", file_path="a.py"), answer(NOTHING)]) as model:
        environment = {"ANTHROPIC_BASE_URL": model.url, variable: KEY}
        agent = room.engine(environment)
        reply = asyncio.run(agent.review(room.request()))
    assert reply.data == NOTHING
    sent = [{name.lower(): value for name, value in one.headers.items()} for one in model.requests]
    assert [one["authorization"] for one in sent] == [f"Bearer {KEY}"] * 2
    assert not any("x-api-key" in one for one in sent)
    is_subscription = variable == "CLAUDE_CODE_OAUTH_TOKEN"
    assert all(("oauth-2025-04-20" in one["anthropic-beta"]) == is_subscription for one in sent)


def test_the_key_and_the_address_can_come_from_the_settings(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_MODEL_KEY", KEY)
    with ScriptedModel([answer(NOTHING)]) as model:
        table = {"key": "${env:OUR_MODEL_KEY}", "base_url": model.url}
        settings = Settings.model_validate({"engine": table})
        where = Places(state=room.scratch, cache=room.scratch)
        reply = asyncio.run(engine("agent", settings, where, Launcher()).review(room.request()))
    assert reply.data == NOTHING
    assert [one.headers["x-api-key"] for one in model.requests] == [KEY]


@pytest.mark.parametrize("address", ["http://gateway.example", "gateway.example", "file:///x"])
def test_an_address_in_clear_is_refused_with_the_settings(address: str) -> None:
    with pytest.raises(ValidationError, match="by https"):
        Settings.model_validate({"engine": {"base_url": address}})


@pytest.mark.usefixtures("full_environment")
def test_a_cloud_that_signs_by_itself_gets_its_own_variables_and_is_warned_of(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    told = room.outside.parent / "told"
    program = room.outside.parent / "program"
    program.write_text(SOMEBODY.format(act=f"env >{told}; exit 3"))
    program.chmod(0o755)
    environment = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-central-1"}
    agent = room.engine(environment, program=program)
    agent.check()
    agent.check()
    with pytest.raises(HeadError):
        asyncio.run(agent.review(room.request()))
    variables = dict(line.split("=", 1) for line in told.read_text().splitlines())
    assert variables["AWS_REGION"] == "eu-central-1"
    assert variables["AWS_SECRET_ACCESS_KEY"] == CANARY
    assert not {"GITHUB_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_UNIX_SOCKET"} & variables.keys()
    assert sum("CLAUDE_CODE_USE_BEDROCK" in one.getMessage() for one in caplog.records) == 1


SOMEBODY = """#!/bin/sh
case "$1" in
  --help) printf -- '--%s ' restricted no-session-persistence permission-mode setting-sources \\
    settings strict-mcp-config tools json-schema max-budget-usd;;
  --version) echo 9.0.0;;
  *) {act};;
esac
"""
CRY = """
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if said["type"] == "control_request":
        answer = {"subtype": "success", "request_id": said["request_id"], "response": {}}
        print(json.dumps({"type": "control_response", "response": answer}), flush=True)
    else:
        break
print(json.dumps({
    "type": "result", "subtype": "success", "is_error": True, "api_error_status": 401,
    "duration_ms": 1, "duration_api_ms": 1, "num_turns": 1, "session_id": "s", "result": "wolf",
}), flush=True)
"""


def wolf(room: Room) -> Path:
    """A program that says at once that the key was refused."""
    script, program = room.outside.parent / "cry.py", room.outside.parent / "program"
    script.write_text(CRY)
    program.write_text(SOMEBODY.format(act=f"exec /usr/bin/env python3 -I {script}"))
    program.chmod(0o755)
    return program


async def reviews(room: Room, model: ScriptedModel, number: int) -> list[Reply | BaseException]:
    agent = room.engine(model.environment(KEY))
    tasks = (agent.review(room.request()) for _ in range(number))
    return await asyncio.gather(*tasks, return_exceptions=True)


def descendants(process: int) -> list[int]:
    found, parents = [], {process}
    processes = {int(name): parent_of(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    while parents:
        parents = {child for child, parent in processes.items() if parent in parents}
        found += parents
    return found


def parent_of(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
