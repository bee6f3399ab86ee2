"""Each ending has its code, its sentence, and silence where nothing happened."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from reviewer_cli import __version__
from reviewer_cli.ledger.lock import exclusive
from tests.building import Repo
from tests.cli.conftest import Cli


def test_0_a_sweep_that_reviews_and_then_one_with_nothing_to_do(cli: Cli) -> None:
    first = cli.sweep()
    assert (first.code, first.err) == (0, "")
    assert "Evaluates text as code" in first.out
    assert "1 posted" in first.out
    second = cli.sweep()
    assert (second.code, second.out, second.err) == (0, "", ""), "cron would mail any word"


def test_1_no_repository_could_be_polled(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = cli.here("sweep", "--repo", tmp_path / "plain", "--engine", "offline")
    assert done.code == 1
    assert "is not a git repository" in done.out


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["sweep", "--nonsense"],
        ["sweep", "--batch-size", "0"],
        ["sweep", "--batch-size", "many"],
        ["sweep", "--engine", "gpt"],
        ["sweep", "--repo", "/no/such/place"],
        ["sweep"],
        ["review"],
        ["review", "no-branch"],
        ["review", "@topic"],
        ["status"],
        ["ledger", "list"],
        ["ledger", "show"],
        ["ledger", "list", "--state", "lost"],
        [],
    ],
)
def test_2_the_command_line_does_not_fit(cli: Cli, args: list[str]) -> None:
    done = cli.here(*args)
    assert done.code == 2
    assert done.out + done.err
    assert not cli.state.exists(), "nothing is made for a command that cannot be run"


def test_3_some_heads_are_left(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    done = cli.sweep("--repo", tmp_path / "plain")
    assert done.code == 3
    assert "1 posted" in done.out
    assert "is not a git repository" in done.out


def test_75_another_sweep_runs_unless_that_is_fine(cli: Cli) -> None:
    cli.state.mkdir(mode=0o700)
    with exclusive(cli.state / "sweep.lock", 1_800_000_000.0):
        refused = cli.sweep()
        skipped = cli.sweep("--if-locked", "skip")
    assert refused.code == 75
    assert refused.err.startswith("reviewer: Another sweep holds ")
    assert "since 2027-01-15T08:00:00" in refused.err
    assert (skipped.code, skipped.out, skipped.err) == (0, "", "")


def test_77_without_a_key_says_how_to_set_one_and_what_needs_none(cli: Cli) -> None:
    done = cli.run("sweep", "--repo", cli.repo.path)
    assert done.code == 77
    assert "set ANTHROPIC_API_KEY" in done.err
    assert "--engine offline" in done.err
    assert "Traceback" not in done.err
    assert "nothing new" not in done.out, "there was something new, it was not reviewed"
    assert cli.sweep().code == 0, "and no attempt was lost"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[sweep]\nbatchsize = 1", "did you mean 'batch_size'?"),
        ("= nonsense", "not valid TOML"),
        ("[sweep]\nfirst_retry = 5", "a duration is written as"),
    ],
)
def test_78_the_configuration_is_refused(cli: Cli, config: str, words: str) -> None:
    (cli.root / "reviewer.toml").write_text(config)
    for command in (["sweep", "--repo", cli.repo.path], ["status"], ["ledger", "list"]):
        done = cli.here(*command, "--config", cli.root / "reviewer.toml")
        assert done.code == 78
        assert words in done.err


def test_78_a_named_configuration_is_missing(cli: Cli) -> None:
    done = cli.run("sweep", "--config", "missing.toml")
    assert done.code == 78
    assert done.err == ("reviewer: There is no configuration file missing.toml; check its name.\n")


def test_78_a_damaged_ledger_is_left_untouched(cli: Cli) -> None:
    cli.state.mkdir(mode=0o700)
    (cli.state / "ledger.db").write_bytes(b"not a ledger" * 100)
    for command in (["status"], ["sweep", "--repo", cli.repo.path, "--engine", "offline"]):
        done = cli.run(*command)
        assert done.code == 78
        assert "is not a ledger or is damaged" in done.err
        assert "Traceback" not in done.err
    assert (cli.state / "ledger.db").read_bytes() == b"not a ledger" * 100


@pytest.mark.threat("T35", layer="all layers")
def test_78_a_state_directory_that_others_could_have_prepared(cli: Cli) -> None:
    (cli.root / "elsewhere").mkdir(mode=0o700)
    cli.state.symlink_to(cli.root / "elsewhere")
    done = cli.sweep()
    assert done.code == 78
    assert "is a link" in done.err
    assert list((cli.root / "elsewhere").iterdir()) == []


def test_78_git_is_not_installed(cli: Cli) -> None:
    (cli.root / "bin").mkdir()
    done = cli.run(
        *("sweep", "--repo", cli.repo.path, "--engine", "offline"), PATH=str(cli.root / "bin")
    )
    assert done.code == 78
    assert "git was not found; install it" in done.err


# ---- dry run, JSON, one head


def test_a_dry_run_changes_nothing_before_the_first_sweep(cli: Cli) -> None:
    before = cli.snapshot()
    done = cli.run("sweep", "--repo", cli.repo.path, "--dry-run")
    assert done.code == 0
    assert "repo@topic" in done.out
    assert "1 to work on now" in done.out
    assert cli.snapshot() == before


def test_a_dry_run_changes_nothing_after_a_sweep(cli: Cli) -> None:
    cli.sweep()
    cli.repo.commit({"a.py": "x = 3\n"}, branch="later")
    before = cli.snapshot()
    done = cli.here("sweep", "--repo", cli.repo.path, "--dry-run", "--json")
    assert [one["key"]["pull"] for one in json.loads(done.out)["heads"]] == ["later"]
    assert cli.snapshot() == before


def test_json_is_json_and_nothing_else(cli: Cli) -> None:
    cli.repo.commit(
        {"a.py": "x = 4\n"}, branch="odd", message="\x1b[31mred\x9b \u202e [/nope] \u2028"
    )
    done = cli.sweep("--json")
    told = json.loads(done.out)
    assert (done.code, done.err) == (told["exit_code"], "") == (0, "")
    assert {one["key"]["pull"] for one in told["heads"]} == {"topic", "odd"}
    for command in (
        ["status", "--json"],
        ["ledger", "list", "--json"],
        ["ledger", "show", "odd", "--json"],
    ):
        out = cli.here(*command).out
        assert json.loads(out)
        assert out.isascii()
        assert "\x1b" not in out


def test_json_is_printed_also_when_a_sweep_is_stopped(cli: Cli) -> None:
    done = cli.here("sweep", "--repo", cli.repo.path, "--json")
    assert done.code == 77
    assert json.loads(done.out)["exit_code"] == 77


def test_one_head_is_reviewed_by_its_name(cli: Cli) -> None:
    cli.repo.commit({"a.py": "x = 5\n"}, branch="other")
    done = cli.run("review", f"{cli.repo.path}@topic", "--engine", "offline")
    assert done.code == 0
    assert "repo@topic" in done.out
    (listed,) = json.loads(cli.here("ledger", "list", "--json", "--state", "posted").out)["heads"]
    assert listed["key"]["pull"] == "topic"


def test_a_head_that_is_not_open_is_a_wrong_name(cli: Cli) -> None:
    done = cli.here("review", f"{cli.repo.path}@nowhere", "--engine", "offline")
    assert done.code == 2
    assert "nowhere" in done.err


@pytest.mark.parametrize("way", ["src/deep", ".git", "."])
def test_a_repository_is_one_whichever_way_it_is_named(cli: Cli, way: str) -> None:
    (cli.repo.path / "src/deep").mkdir(parents=True)
    assert cli.here("sweep", "--repo", cli.repo.path, "--engine", "offline").code == 0
    again = cli.here("sweep", "--repo", cli.repo.path / way, "--engine", "offline", "--json")
    assert json.loads(again.out)["counts"]["new"] == 0
    assert json.loads(again.out)["counts"]["polled"] == 1


def test_settings_come_from_the_file_beside_which_the_repository_is_named(cli: Cli) -> None:
    (cli.repo.path / "reviewer.toml").write_text(
        'repositories = ["."]\n[engine]\nname = "offline"\n[skip]\ntitles = ["^read"]\n'
    )
    done = cli.here("sweep", "--config", cli.repo.path / "reviewer.toml", "--json")
    (head,) = json.loads(done.out)["heads"]
    assert (head["state"], head["reason"]) == ("skipped", "title matches '^read'")


# ---- the rest of a command line


def test_the_version_and_every_help(cli: Cli) -> None:
    assert cli.run("--version").out == f"reviewer {__version__}\n"
    assert cli.here("--version").out == f"reviewer {__version__}\n"
    for command in ([], ["sweep"], ["review"], ["status"], ["ledger"], ["ledger", "list"]):
        done = cli.here(*command, "--help")
        assert done.code == 0
        assert done.out.startswith("Usage: ")
    assert cli.run("ledger", "show", "--help").code == 0
    assert not cli.state.exists()


@pytest.mark.parametrize("command", [["ledger", "list"], ["ledger", "list", "--json"], ["status"]])
def test_a_closed_pipe_ends_a_command_quietly(cli: Cli, command: list[str]) -> None:
    """`reviewer ledger list | head -1` is no reason for a traceback."""
    if not cli.state.exists():
        assert cli.here("sweep", "--repo", cli.repo.path, "--engine", "offline").code == 0
    with subprocess.Popen(
        cli.command(*command),
        env={**cli.environment, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        process.stdout = None
        assert process.wait(timeout=30) in (0, 1, 141)
    assert said == b""


@pytest.mark.parametrize("name", ["x" * 5000, "~nobody-of-this-name/x"])
def test_a_path_that_cannot_be_one_is_a_wrong_name(cli: Cli, name: str) -> None:
    done = cli.run("sweep", "--repo", name, "--engine", "offline")
    assert done.code == 2
    assert "defect" not in done.err


def test_a_branch_with_an_at_sign_can_be_named(cli: Cli) -> None:
    sha = cli.repo.tip("topic")
    cli.repo.git("update-ref", "refs/heads/fix@2", sha)
    cli.repo.git("update-ref", "-d", "refs/heads/topic")
    done = cli.here("review", f"{cli.repo.path}@fix@2", "--engine", "offline")
    assert (done.code, done.err) == (0, "")


def test_what_a_list_shows_can_be_asked_for(cli: Cli) -> None:
    Repo(cli.root / "other").commit({"a.py": "x = 1\n"})
    cli.here("sweep", "--repo", cli.repo.path, "--engine", "offline")
    assert "repo@topic" in cli.here("ledger", "list").out
    for name in ("repo@topic", f"{cli.repo.path}@topic", "topic", "1", cli.repo.tip("topic")[:8]):
        assert cli.here("ledger", "show", name).code == 0, name
