"""ledger check, backup, export and retry as a user types them."""

from __future__ import annotations

import json
import logging
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.doctor import machine
from tests.cli.conftest import Cli


@pytest.fixture
def swept(cli: Cli) -> Cli:
    """One head is posted."""
    done = cli.here("sweep", "--repo", cli.repo.path, "--engine", "offline")
    assert done.code == 0, done
    return cli


def change(cli: Cli, statement: str) -> None:
    with closing(sqlite3.connect(cli.state / "ledger.db", isolation_level=None)) as db:
        db.execute(statement)


def dead(cli: Cli) -> None:
    """The posted head as if it had died instead, before anything was saved."""
    for table in ("findings", "reviews"):
        change(cli, f"DELETE FROM {table}")  # noqa: S608
    change(
        cli,
        "UPDATE heads SET state = 'dead', posted_at = NULL, attempts = 3, reason = 'too long', "
        "error_class = 'ReviewTimeout', error = 'too long'",
    )
    columns = (
        "head_id, step, engine, model, inputs_hash, reply, input_tokens, output_tokens, "
        "cache_read_tokens, cache_write_tokens, usd, turns, duration_s, received_at"
    )
    change(
        cli,
        f"INSERT INTO replies ({columns}) VALUES "  # noqa: S608
        """(1, 'find refused', 'agent', 'm', 'h', 'no JSON: \x1b[31m', 1, 1, 0, 0, 0.5, 1, 1, 1)""",
    )


def test_a_sound_ledger_is_said_to_be_so(swept: Cli) -> None:
    done = swept.here("ledger", "check")
    assert (done.code, done.err) == (0, "")
    assert "ledger.db is sound" in done.out
    told = json.loads(swept.here("ledger", "check", "--json").out)
    assert (told["sound"], told["faults"]) == (True, [])


def test_a_fault_is_named_and_ends_with_78(swept: Cli) -> None:
    change(swept, "UPDATE heads SET posted_at = NULL")
    done = swept.run("ledger", "check")
    assert done.code == 78
    assert "head 1 is posted, but nobody knows when" in done.out
    assert "not sound" in done.err
    told = swept.here("ledger", "check", "--json")
    assert told.code == 78
    assert json.loads(told.out)["faults"] == ["head 1 is posted, but nobody knows when"]


@pytest.mark.parametrize("words", [("check",), ("backup", "x.db"), ("export",), ("retry", "--all")])
def test_where_no_sweep_ever_ran_there_is_nothing_to_care_for(
    cli: Cli, words: tuple[str, ...]
) -> None:
    done = cli.here("ledger", *words)
    assert done.code == 2
    assert "no ledger" in done.err
    assert not cli.state.exists()


def test_a_backup_is_a_checked_private_copy_and_replaces_nothing(swept: Cli) -> None:
    target = swept.root / "copy.db"
    done = swept.here("ledger", "backup", target)
    assert (done.code, done.err) == (0, "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = swept.here("ledger", "backup", target)
    assert again.code == 2
    assert "exists already" in again.err
    restored = swept.root / "restored"
    restored.mkdir(0o700)
    target.rename(restored / "ledger.db")
    told = swept.run("ledger", "list", "--json", REVIEWER_STATE_DIR=str(restored))
    assert [one["state"] for one in json.loads(told.out)["heads"]] == ["posted"]


@pytest.mark.parametrize("table", ["heads", "reviews", "findings", "replies", "sweeps"])
def test_each_table_is_exported_as_json_lines(swept: Cli, table: str) -> None:
    done = swept.here("ledger", "export", "--table", table)
    assert (done.code, done.err) == (0, "")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert rows
    assert all(isinstance(row, dict) for row in rows)


def test_an_export_goes_to_a_new_private_file(swept: Cli) -> None:
    target = swept.root / "heads.jsonl"
    assert swept.here("ledger", "export", target).out == ""
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text() == swept.here("ledger", "export", "-").out
    again = swept.here("ledger", "export", target)
    assert again.code == 2
    assert "cannot be written (File exists)" in again.err
    assert again.out == ""


def test_a_reader_that_has_seen_enough_is_no_defect(swept: Cli) -> None:
    command = " ".join(swept.command("ledger", "export", "--table", "findings"))
    done = subprocess.run(
        ["sh", "-c", f"{command} | true"], env=swept.environment, capture_output=True, check=False
    )
    assert b"defect" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_dead_head_tells_why_it_died_and_what_was_paid_for(swept: Cli) -> None:
    dead(swept)
    shown = swept.here("ledger", "show", "topic").out
    assert "ReviewTimeout: too long" in shown
    assert r"no JSON: \u{1b}[31m" in shown
    (told,) = json.loads(swept.here("ledger", "show", "topic", "--json").out)["heads"]
    assert told["replies"][-1]["reply"] == "no JSON: \x1b[31m"


def impatient(cli: Cli) -> Path:
    """A file by which each head dies of its first attempt."""
    config = cli.root / "impatient.toml"
    config.write_text('[sweep]\nmax_attempts = 1\n[engine]\ndeadline = "0.001s"\n')
    return config


def test_a_death_is_told_where_people_look(cli: Cli) -> None:
    done = cli.sweep("--config", impatient(cli))
    assert done.code == 3, done
    assert "1 dead" in done.out
    said = "1 head is dead and will not be tried again; reviewer ledger show HEAD tells why"
    assert said in done.out
    again = cli.sweep()
    assert (again.code, again.out) == (0, ""), "one that is dead is not tried"
    status = cli.here("status")
    assert said in status.out
    assert json.loads(cli.here("status", "--json").out)["dead"] == 1
    assert "ReviewTimeout" in cli.here("ledger", "show", "topic").out


def test_a_new_commit_beside_a_dead_head_is_reviewed_with_all_attempts(cli: Cli) -> None:
    cli.sweep("--config", impatient(cli))
    cli.repo.commit({"a.py": "y = eval(input())\n"}, branch="topic", message="Again")
    done = cli.sweep("--json")
    assert json.loads(done.out)["counts"]["posted"] == 1, done
    heads = json.loads(cli.here("ledger", "list", "--json").out)["heads"]
    assert [(one["state"], one["attempts"]) for one in heads] == [("posted", 1), ("dead", 1)]


def test_a_dead_head_is_tried_again_by_name(swept: Cli) -> None:
    dead(swept)
    swept.repo.git("update-ref", "-d", "refs/notes/reviewer")
    idle = swept.here("sweep", "--repo", swept.repo.path, "--engine", "offline")
    assert "nothing new" in idle.out or idle.out == ""
    done = swept.here("ledger", "retry", "topic")
    assert (done.code, done.out.strip()) == (0, "1 head is due at the next sweep.")
    swept_again = swept.sweep("--json")
    assert json.loads(swept_again.out)["counts"]["posted"] == 1, swept_again


def test_all_dead_heads_are_tried_again(swept: Cli) -> None:
    dead(swept)
    assert json.loads(swept.here("ledger", "retry", "--all", "--json").out) == {"retried": [1]}
    assert json.loads(swept.here("ledger", "retry", "--all", "--json").out) == {"retried": []}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "say --all"),
        (("topic", "--all"), "say --all"),
        (("nobody",), "knows no head"),
        (("topic",), "topic is posted, not dead"),
    ],
)
def test_a_retry_that_means_nothing_dead_is_refused(
    swept: Cli, words: tuple[str, ...], says: str
) -> None:
    done = swept.here("ledger", "retry", *words)
    assert done.code == 2
    assert says in done.err


def test_what_is_kept_how_long_is_settled_in_the_file(swept: Cli, tmp_path: Path) -> None:
    config = tmp_path / "reviewer.toml"
    config.write_text('[ledger]\nkeep_heads = "0.001s"\nkeep_findings = "400d"\n')
    again = swept.here(
        "sweep", "--repo", swept.repo.path, "--engine", "offline", "--config", config
    )
    assert again.code == 0
    change(swept, "UPDATE retention SET applied_at = 0")
    swept.here("sweep", "--repo", swept.repo.path, "--engine", "offline", "--config", config)
    (told,) = json.loads(swept.here("ledger", "show", "topic", "--json").out)["heads"]
    assert told["head"]["removed"] == ["texts"]
    assert told["body"] is None
    assert told["findings"]
    assert "removed" in swept.here("ledger", "show", "topic").out


@pytest.mark.parametrize(("kind", "warned"), [("nfs4", 1), ("ext4", 0)])
def test_a_sweep_says_once_that_its_ledger_is_on_a_network_file_system(
    cli: Cli,
    kind: str,
    warned: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(machine, "mounts", lambda table: [machine.Mount(Path("/"), kind)])
    done = cli.here("sweep", "--repo", cli.repo.path, "--engine", "offline")
    assert done.code == 0, done
    said = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert sum("move state_dir to a local disk" in one for one in said) == warned


def test_a_second_ledger_is_told_of_by_the_sweep_and_by_the_doctor(swept: Cli) -> None:
    other = {"REVIEWER_STATE_DIR": str(swept.root / "laptop")}
    words = ("--repo", swept.repo.path, "--engine", "offline")
    first = swept.run("sweep", *words, **other)
    assert (first.code, first.err) == (0, ""), "a new ledger finds old reviews: that is no sign"
    swept.repo.commit({"a.py": "y = eval(input())\n"}, branch="topic", message="Again")
    assert swept.run("sweep", *words, **other).code == 0
    ours = swept.run("sweep", *words)
    assert ours.code == 0
    assert "repo@topic that this ledger did not post" in ours.err
    assert "second ledger" in swept.run("doctor", *words).out
    assert "second ledger" not in swept.run("doctor", *words, **other).out
    assert len(swept.repo.git("notes", "--ref=reviewer", "list").splitlines()) == 2


def test_a_pull_request_is_shown_with_what_people_asked_for(swept: Cli) -> None:
    (one,) = json.loads(swept.here("ledger", "list", "--json").out)["heads"]
    pull = one["key"]["pull"]
    change(
        swept,
        "INSERT INTO commands (host, repo, pull, comment_id, author, word, said_at, obeyed_at, "
        "answer) SELECT host, repo, pull, 'c-1', 'bob', 'pause', 1e9, 1e9, 'paused' FROM heads",
    )
    done = swept.here("ledger", "show", pull)
    assert done.code == 0
    assert "bob said pause: paused" in done.out
    assert f"{one['key']['sha'][:8]}  round 1: posted" in done.out
    told = json.loads(swept.here("ledger", "show", pull, "--json").out)
    assert [each["head"]["head_id"] for each in told["heads"]] == [1]
    assert told["pulls"][0]["commands"][0]["word"] == "pause"
    assert told["pulls"][0]["pull"]["state"] == "open"
    assert "bob said" not in swept.here("ledger", "show", one["key"]["sha"]).out
