"""--env on the command line: own ledgers, and no run beside an environment with the same key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Ended

CANARY = "canary-0123456789-madeup"


@pytest.fixture
def config(cli: Cli) -> Path:
    """Two environments over one repository, each with a token of its own to post with."""
    path = cli.root / "reviewer.toml"
    path.write_text(
        f'repositories = ["{cli.repo.path}"]\n[engine]\nname = "offline"\n'
        '[env.staging.github]\ntoken = "${env:STAGING}"\n'
        '[env.prod.github]\ntoken = "${cmd:printenv OP_PROD}"\n'
    )
    return path


def swept(cli: Cli, name: str, *args: str, **variables: str) -> Ended:
    given = {"STAGING": f"{CANARY}-staging", "OP_PROD": f"{CANARY}-prod", **variables}
    return cli.run("sweep", "--env", name, *args, **given)


def posted(cli: Cli, *args: str) -> int:
    return len(json.loads(cli.here("ledger", "list", "--json", *args).out)["heads"])


def test_each_environment_has_its_own_ledger(cli: Cli, config: Path) -> None:
    done = swept(cli, "staging")
    assert (done.code, done.err) == (0, "")
    assert "1 posted" in done.out
    known = ("--config", str(config))
    assert posted(cli, *known, "--env", "staging") == 1
    for args in ((*known, "--env", "prod"), known):
        missing = cli.here("status", *args)
        assert missing.code == 2
        assert "no ledger" in missing.err
    assert swept(cli, "prod").code == 0
    assert posted(cli, *known, "--env", "prod") == 1, "found by its mark on the host"
    assert not (cli.state / "ledger.db").exists()
    again = cli.run("sweep", REVIEWER_ENV="prod", OP_PROD=f"{CANARY}-prod")
    assert (again.code, again.out) == (0, "")


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("command", ["sweep", "review", "rebuild", "dry run"])
def test_a_shared_credential_is_refused_before_anything_is_done(cli: Cli, command: str) -> None:
    words = {
        "sweep": ["sweep"],
        "review": ["review", f"{cli.repo.path}@topic"],
        "rebuild": ["ledger", "rebuild"],
        "dry run": ["sweep", "--dry-run"],
    }[command]
    both = {"STAGING": CANARY, "OP_PROD": CANARY}
    done = cli.run(*words, "--env", "staging", **both)
    assert (done.code, done.out) == (78, "")
    assert "environments staging and prod use one credential (github.token here" in done.err
    assert CANARY not in done.err
    assert not (cli.state / "env").exists()


@pytest.mark.usefixtures("config")
def test_a_credential_that_another_process_used_is_refused(cli: Cli) -> None:
    """Production's key cannot be read in staging; that it is the same is known all the same."""
    assert swept(cli, "prod", OP_PROD=CANARY, STAGING="").code == 0
    done = swept(cli, "staging", OP_PROD="", STAGING=CANARY)
    assert done.code == 78
    assert "staging and prod use one credential" in done.err
    assert swept(cli, "staging", OP_PROD="").code == 0


@pytest.mark.usefixtures("config")
def test_no_file_and_no_word_holds_a_credential(cli: Cli) -> None:
    said = [swept(cli, name, "--verbose") for name in ("staging", "prod")]
    assert all(CANARY not in done.out + done.err for done in said)
    for path in cli.root.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


@pytest.mark.usefixtures("config")
def test_a_dry_run_in_an_environment_changes_nothing(cli: Cli) -> None:
    before = cli.snapshot()
    done = swept(cli, "staging", "--dry-run")
    assert (done.code, "1 to work on now" in done.out) == (0, True)
    assert cli.snapshot() == before


def test_a_secret_is_looked_up_only_by_a_command_that_needs_it(cli: Cli) -> None:
    looked_up = cli.root / "looked-up"
    (cli.root / "reviewer.toml").write_text(
        f'repositories = ["{cli.repo.path}"]\n[engine]\nkey = "${{cmd:touch {looked_up}}}"\n'
        f'[github]\ntoken = "${{cmd:touch {looked_up}}}"\n'
    )
    for words in (["sweep", "--engine", "offline"], ["sweep", "--engine", "offline", "--dry-run"]):
        assert cli.run(*words).code == 0
    assert cli.run("status").code == 0
    assert not looked_up.exists()
    assert cli.run("sweep", "--engine", "agent").code == 77
    assert looked_up.exists()


def test_an_unknown_environment_is_refused_by_every_command(cli: Cli, config: Path) -> None:
    for words in (
        ["sweep"],
        ["review", "x@y"],
        ["status"],
        ["ledger", "list"],
        ["ledger", "show", "x"],
    ):
        done = cli.here(*words, "--config", config, "--env", "production")
        assert done.code == 2
        assert "no environment 'production'; known are staging, prod" in done.err
    assert not cli.state.exists()
