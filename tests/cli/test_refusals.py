"""Refused credentials, and slow hosts, as a schedule and its mails see them."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.fakes.github import faults, spec
from tests.fakes.github.server import FakeGitHub

BAD = {"a.py": "x = eval(input())\n"}


def test_an_idle_sweep_with_a_missing_key_ends_with_77(cli: Cli) -> None:
    cli.repo.git("update-ref", "-d", "refs/heads/topic")
    done = cli.run("sweep", "--repo", cli.repo.path)
    assert done.code == 77
    assert "set ANTHROPIC_API_KEY" in done.err
    assert done.out == ""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as made:
        yield made


@pytest.fixture
def token(cli: Cli, hub: FakeGitHub) -> str:
    """A good token, for a reviewer.toml that names this server and the offline engine."""
    spec.graphql_schema()
    (cli.root / "reviewer.toml").write_text(
        'repositories = ["acme/shop"]\n[engine]\nname = "offline"\n'
        f'[github]\napi_url = "{hub.api_url}"\ntoken = "${{env:CANARY}}"\nlists_lag = "0s"\n'
    )
    bot, acme = hub.world.account("sweeper"), hub.world.account("acme", "Organization")
    repo = hub.world.repo("acme/shop", {"a.py": "x = 1\n"})
    hub.world.pull(repo, BAD)
    return hub.tokens.fine_grained(bot, acme, pull_requests="write", contents="read")


@pytest.mark.threat("T37", layer="all layers")
@spec.needs_graphql
def test_a_refused_token_is_told_of_until_it_is_mended(
    cli: Cli, hub: FakeGitHub, token: str
) -> None:
    first = cli.run("sweep", CANARY="ghp_canarycanary")
    assert (first.code, len(hub.log)) == (77, 1)
    assert "has refused its credential since" not in first.err

    second = cli.run("sweep", CANARY="ghp_canarycanary")
    said = second.err.splitlines()
    door = f"host {hub.origin.removeprefix('http://')}"
    assert said[0].startswith(f"reviewer: {door} has refused its credential since 20")
    assert "set it where github.token points" in said[-1]
    assert f"{door} has refused 2 sweeps since 20" in second.out
    assert (second.code, len(hub.log)) == (77, 2)

    status = cli.here("status")
    assert f"{door} has refused 2 sweeps since 20" in status.out
    assert "set it where github.token points" in status.out
    assert json.loads(cli.here("status", "--json").out)["breakers"][0]["door"] == door

    third = cli.run("sweep", "--json", CANARY="ghp_canarycanary")
    (told,) = json.loads(third.out)["breakers"]
    assert (told["door"], told["failures"], told["kind"]) == (door, 3, "authentication")

    mended = cli.run("sweep", "--json", CANARY=token)
    assert (mended.code, json.loads(mended.out)["breakers"]) == (0, [])
    quiet = cli.run("sweep", CANARY=token)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert "has refused" not in cli.here("status").out


@spec.needs_graphql
def test_a_host_that_asks_to_wait_is_told_of_and_left_alone_until_then(
    cli: Cli, hub: FakeGitHub, token: str
) -> None:
    limit = faults.primary_limit(time.time() + 7200.0)
    hub.fail("POST", "/graphql", limit, times=100)
    first = cli.run("sweep", CANARY=token)
    assert (first.code, len(hub.log)) == (75, 1)
    door = f"host {hub.origin.removeprefix('http://')}"
    waits = f"{door} has asked 1 sweep since 20"
    assert waits in first.out
    assert "API rate limit exceeded" in first.err

    second = cli.run("sweep", "--json", CANARY=token)
    assert (second.code, len(hub.log)) == (75, 1), "nothing was asked"
    assert second.err.startswith(f"reviewer: {door} has asked to wait since 20")
    assert f"The {door} asked to wait, and is not asked before 20" in second.err
    (told,) = json.loads(second.out)["breakers"]
    assert (told["kind"], told["failures"]) == ("rate limit", 1)
    assert 7190.0 < told["until"] - told["opened_at"] < 7205.0

    status = cli.here("status")
    assert waits in status.out
    assert "nothing is asked of it" in status.out
    assert json.loads(cli.here("status", "--json").out)["breakers"] == [told]
    examined = cli.run("doctor", CANARY=token)
    assert "sweeps leave it alone until 20" in examined.out


@spec.needs_graphql
def test_a_host_that_is_down_is_told_of_until_it_answers(
    cli: Cli, hub: FakeGitHub, token: str
) -> None:
    hub.fail("POST", "/repos/acme/shop/pulls/*/reviews", faults.bad_gateway_before)
    door = f"host {hub.origin.removeprefix('http://')}"
    first = cli.run("sweep", CANARY=token)
    assert first.code == 3, first.err
    assert f"{door} has failed 1 sweep since 20" in first.out
    assert f"{door} has failed 1 sweep since 20" in cli.here("status").out
    mended = cli.run("sweep", "--json", CANARY=token)
    assert f"reviewer: {door} has failed since 20" in mended.err
    assert (mended.code, json.loads(mended.out)["breakers"]) == (0, [])


@spec.needs_graphql
@pytest.mark.parametrize(
    ("method", "path", "nth"),
    [
        ("POST", "/graphql", 1),
        ("POST", "/graphql", 2),
        ("POST", "/acme/shop.git/git-upload-pack", 1),
        ("POST", "/repos/acme/shop/pulls/*/reviews", 1),
    ],
    ids=["poll", "describe", "fetch", "post"],
)
def test_a_sweep_that_is_stopped_while_a_host_is_silent_ends_soon(
    cli: Cli, hub: FakeGitHub, token: str, method: str, path: str, nth: int
) -> None:
    with (cli.root / "reviewer.toml").open("a") as settings:
        settings.write('[sweep]\ndrain = "1s"\n')
    hub.fail(method, path, faults.slow(0.0), times=nth - 1)
    hub.fail(method, path, faults.hang_before)
    process = subprocess.Popen(
        cli.command("sweep"),
        cwd=cli.root,
        env={**cli.environment, "CANARY": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    given_up = time.monotonic() + 20.0
    while not waits(hub) and time.monotonic() < given_up:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    stopped = time.monotonic()
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - stopped < 4.0
    assert process.returncode == 128 + signal.SIGTERM
    (said,) = errors.splitlines()
    assert said.startswith("reviewer: stopped by a signal;")
    with closing(sqlite3.connect(cli.state / "ledger.db")) as db:
        rows = db.execute("SELECT state, attempts, lease FROM heads").fetchall()
        assert db.execute("SELECT error FROM sweeps").fetchall() == [("stopped by a signal",)]
    assert all(row in [("due", 0, None), ("reviewed", 0, None)] for row in rows)
    assert cli.run("sweep", CANARY=token).code == 0
    assert len([one for one in hub.world.tables.reviews.values() if one.state != "PENDING"]) == 1


def waits(hub: FakeGitHub) -> bool:
    return any(one.fault == "hang_before" for one in hub.log)
