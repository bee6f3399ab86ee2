"""reviewer doctor, as a user starts it: what it says, how it ends, and that it leaves no trace."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.core.health import Health
from reviewer_cli.hosts.github.accounts import TokenAccount
from reviewer_cli.hosts.github.connection import Connection
from reviewer_cli.hosts.github.examination import account
from tests.cli.conftest import Cli, Ended
from tests.fakes.github import spec
from tests.fakes.github.server import FakeGitHub
from tests.fakes.scripted_model import ScriptedModel
from tests.hosts.github_desk import Desk

KEY = "canary-model-key-4b1d"


def signs(done: Ended) -> dict[str, list[dict[str, Any]]]:
    """All signs by their subject."""
    found: dict[str, list[dict[str, Any]]] = {}
    for sign in json.loads(done.out)["signs"]:
        found.setdefault(sign["subject"], []).append(sign)
    return found


def written(cli: Cli, text: str) -> Path:
    path = cli.root / "reviewer.toml"
    path.write_text(text)
    return path


def offline(cli: Cli, *more: object) -> Ended:
    return cli.run("doctor", "--json", "--engine", "offline", "--repo", cli.repo.path, *more)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel([]) as made:
        yield made


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as made:
        yield made


def test_a_good_installation_has_no_red_sign_and_leaves_no_trace(cli: Cli) -> None:
    before = cli.snapshot()
    done = offline(cli)
    assert (done.code, done.err) == (0, "")
    assert cli.snapshot() == before
    found = signs(done)
    assert {"configuration", "ledger", "lock", "git", "sandbox", "offline engine"} <= found.keys()
    assert found[str(cli.repo.path)][0]["said"] == "1 open branches"


def test_after_a_sweep_it_reads_the_ledger_and_changes_nothing(cli: Cli) -> None:
    cli.sweep()
    before = cli.snapshot()
    found = signs(offline(cli))
    assert "1 posted" in found["ledger"][0]["said"]
    assert found["last sweep"][0]["said"] == "ended well"
    assert cli.snapshot() == before


def test_on_a_terminal_it_reads_without_colour(cli: Cli) -> None:
    done = cli.run("doctor", "--engine", "offline", "--repo", cli.root / "gone", "--repo", ".")
    assert done.code == 1
    assert "✓  git" in done.out
    assert "✗" in done.out
    assert "→" in done.out


def test_a_damaged_ledger_ends_with_78(cli: Cli) -> None:
    cli.state.mkdir(mode=0o700)
    (cli.state / "ledger.db").write_bytes(b"no ledger" * 99)
    done = offline(cli)
    assert (done.code, signs(done)["ledger"][0]["health"]) == (78, "red")


def test_a_state_directory_that_is_open_to_others_ends_with_78(cli: Cli) -> None:
    cli.state.mkdir()
    cli.state.chmod(0o755)
    assert offline(cli).code == 78


def test_a_missing_key_ends_with_77(cli: Cli) -> None:
    done = cli.run("doctor", "--json", "--repo", cli.repo.path)
    assert done.code == 77
    assert "No credential for the model" in signs(done)["agent"][0]["said"]


@pytest.mark.parametrize(
    ("status", "code", "health"), [(200, 0, "green"), (401, 77, "red"), (404, 0, "amber")]
)
def test_the_models_key_is_tried_and_never_shown(
    status: int, code: int, health: str, cli: Cli, model: ScriptedModel
) -> None:
    model.status_of_models = status
    done = cli.run("doctor", "--json", "--repo", cli.repo.path, **model.environment(KEY))
    assert (done.code, signs(done)["model"][0]["health"]) == (code, health)
    assert [one["x-api-key"] for one in model.looked] == [KEY]
    assert model.requests == []  # nothing that costs
    assert KEY not in done.out + done.err


def test_a_provider_out_of_reach_is_red(cli: Cli) -> None:
    away = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    done = cli.run("doctor", "--json", "--repo", cli.repo.path, **away)
    assert (done.code, signs(done)["model"][0]["health"]) == (1, "red")


def test_what_a_killed_doctor_leaves_is_removed_by_the_next_sweep(cli: Cli) -> None:
    temporary = cli.root / "tmp"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            cli.command("doctor", "--repo", cli.repo.path),
            env=cli.environment
            | {"TMPDIR": str(temporary), "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        asks, _ = silent.accept()
        process.kill()
        process.wait()
        asks.close()
    assert list(temporary.iterdir()) != []
    done = cli.run(
        *("sweep", "--repo", cli.repo.path, "--engine", "offline"), TMPDIR=str(temporary)
    )
    assert done.code == 0, done.err
    assert list(temporary.iterdir()) == []


def test_no_sandbox_is_amber(cli: Cli) -> None:
    path = written(cli, 'sandbox = "none"\n')
    done = offline(cli, "--config", path)
    assert (done.code, signs(done)["sandbox"][0]["health"]) == (0, "amber")


def test_each_secret_is_told_to_be_there_or_not_and_never_what_it_is(cli: Cli) -> None:
    path = written(
        cli, '[github]\ntoken = "${env:HAVE}"\nposting_token = "${file:/nonexistent/token}"\n'
    )
    done = cli.run(
        *("doctor", "--json", "--engine", "offline", "--repo", cli.repo.path, "--config", path),
        HAVE=KEY,
    )
    found = signs(done)
    assert found["github.token"][0]["said"] == "${env:HAVE} is there"
    assert found["github.posting_token"][0]["health"] == "red"
    assert done.code == 77
    assert KEY not in done.out + done.err


def test_environments_that_share_a_credential_are_refused(cli: Cli) -> None:
    path = written(
        cli,
        "".join(f'[env.{one}.github]\ntoken = "${{env:ONE}}"\n' for one in ("prod", "staging")),
    )
    done = cli.run(
        *("doctor", "--json", "--engine", "offline", "--repo", cli.repo.path),
        *("--config", path, "--env", "prod"),
        ONE=KEY,
    )
    assert done.code == 78
    assert "use one credential" in signs(done)["environments"][0]["said"]
    assert not (cli.state / "fingerprints").exists()


def test_credentials_that_cannot_be_seen_are_not_called_apart(cli: Cli) -> None:
    path = written(
        cli,
        "".join(f'[env.{one}.github]\ntoken = "${{env:UNSET}}"\n' for one in ("prod", "staging")),
    )
    done = offline(cli, "--config", path, "--env", "prod")
    (sign,) = signs(done)["environments"]
    assert sign["health"] == "amber"
    assert "prod's github.token, staging's github.token cannot be seen here" in sign["said"]


def test_a_state_directory_that_cannot_be_made_ends_with_78(cli: Cli) -> None:
    done = cli.run(
        *("doctor", "--json", "--engine", "offline", "--repo", cli.repo.path),
        REVIEWER_STATE_DIR="/proc/nowhere",
    )
    assert done.code == 78
    assert "/proc/nowhere cannot be made" in signs(done)["directories"][0]["said"]


@spec.needs_graphql
@pytest.mark.parametrize(
    ("rights", "strict", "code", "health"),
    [
        ({"pull_requests": "write", "contents": "read"}, "true", 0, "green"),
        ({"pull_requests": "write", "contents": "write"}, "true", 77, "red"),
        ({"pull_requests": "write", "contents": "write"}, "false", 0, "amber"),
        ({"pull_requests": "write"}, "true", 77, "red"),
    ],
)
def test_the_tokens_rights_are_told(
    rights: dict[str, str], strict: str, code: int, health: str, cli: Cli, hub: FakeGitHub
) -> None:
    repo = hub.world.repo("acme/shop", {"a.py": "a = 1\n"}, private=True)
    hub.world.pull(repo, {"a.py": "a = 2\n"})
    bot, acme = hub.world.account("sweeper"), hub.world.account("acme")
    hub.world.grant(repo, bot, "write")
    token = hub.tokens.fine_grained(bot, acme, **rights)
    path = written(
        cli,
        f'repositories = ["acme/shop"]\n[engine]\nname = "offline"\n[github]\n'
        f'api_url = "{hub.api_url}"\ntoken = "${{env:TOKEN}}"\nstrict_scopes = {strict}\n',
    )
    done = cli.run("doctor", "--json", "--config", path, TOKEN=token)
    server = hub.origin.removeprefix("http://")
    found = signs(done)
    assert (done.code, found[f"token for {server}"][0]["health"]) == (code, health)
    said = [one["said"] for one in found[server]]
    assert said == [
        "1 repositories answer, with 1 open pull requests",
        "reviews are posted by sweeper",
    ]
    assert found["clock"][0]["health"] == "green"
    assert token not in done.out + done.err
    writes = [one for one in hub.log if one.method not in ("GET", "HEAD") and one.kind == "rest"]
    assert writes == []


@spec.needs_graphql
@pytest.mark.parametrize(("ahead_s", "health"), [(0, Health.GREEN), (300, Health.AMBER)])
def test_a_clock_that_goes_wrong_is_amber(
    ahead_s: int, health: Health, hub: FakeGitHub, tmp_path: Path
) -> None:
    bot = hub.world.account("sweeper")
    token = hub.tokens.fine_grained(bot, bot, contents="read")
    desk = Desk(hub, tmp_path)
    made = TokenAccount(desk.server, token, longest_wait_s=0.0).of("any/thing")
    connection = Connection(
        desk.server, made.auth, longest_wait_s=0.0, clock=lambda: time.time() + ahead_s
    )
    (sign,) = (one for one in account(connection) if one.subject == "clock")
    assert sign.health is health
    made.close()
    connection.close()
