"""reviewer digest as a user types it, and what a sweep does about digests by itself."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer_cli.cli.app import app
from reviewer_cli.core.digest import SCHEMA
from reviewer_cli.core.digest_json import from_json
from reviewer_cli.core.periods import Span, last_week, week_name
from reviewer_cli.digest import digest as numbers
from reviewer_cli.ledger.lock import exclusive
from reviewer_cli.ledger.store import Store
from tests.cli.conftest import Cli, Ended
from tests.cli.test_doctor import signs
from tests.notify.post_office import PASSWORD, TOKEN, Mood, PostOffice, post_office

WEEK_S = 7 * 86_400.0


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


class Installed:
    """An installation that has swept for weeks; `week` is the last whole one."""

    def __init__(self, cli: Cli, patch: pytest.MonkeyPatch) -> None:
        self.cli = cli
        self.patch = patch
        self.span: Span = last_week(time.time(), UTC)
        self.week = week_name(self.span.since, UTC)
        assert self.sweep().code == 0
        with closing(sqlite3.connect(cli.state / "ledger.db", isolation_level=None)) as db:
            db.execute("UPDATE sweeps SET started_at = started_at - ?", (4 * WEEK_S,))

    def settings(self, text: str = "") -> None:
        """The offline engine, and this."""
        (self.cli.root / "reviewer.toml").write_text(f'[engine]\nname = "offline"\n{text}')

    def deliver_to(self, office: PostOffice, more: str = "enabled = true\n") -> None:
        """A service and a file."""
        self.patch.setenv("TEAM", office.url)
        self.settings(
            f'[digest]\n{more}at = "mon 00:00"\nfile = "{self.cli.root}/{{week}}.{{format}}"\n'
            '[notify.team]\nurl = "${env:TEAM}"\n'
        )

    def run(self, *args: object) -> Ended:
        """A command with these settings, in this process."""
        path = self.cli.root / "reviewer.toml"
        return self.cli.here(*args, *(("--config", path) if path.exists() else ()))

    def sweep(self) -> Ended:
        """A sweep with these settings."""
        return self.run("sweep", "--repo", self.cli.repo.path, "--engine", "offline")

    def sweep_apart(self) -> Ended:
        """The same as a process of its own, as cron starts it."""
        return self.cli.sweep("--config", "reviewer.toml", TEAM=os.environ["TEAM"])

    @property
    def files(self) -> list[str]:
        """The digests that lie there."""
        return sorted(path.suffix for path in self.cli.root.glob(f"{self.week}.*"))


@pytest.fixture
def installed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(cli, monkeypatch)


def test_the_last_whole_week_is_told_as_markdown_where_there_is_no_terminal(
    installed: Installed,
) -> None:
    before = installed.cli.snapshot()
    done = installed.run("digest")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("## ")
    assert installed.week in done.out
    after = installed.cli.snapshot()
    assert {name for name in before.items() ^ after.items() if "seal" not in name[0]} == set()


def test_on_a_terminal_it_is_drawn(installed: Installed) -> None:
    code, seen = installed.cli.on_terminal("digest")
    assert code == 0
    assert b"\x1b[" in seen
    assert installed.week.encode() in seen


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [("html", "<!doctype html>"), ("md", "## "), ("json", "{")],
)
def test_the_suffix_of_a_file_says_as_what_it_is_written(
    installed: Installed, suffix: str, begins: str
) -> None:
    path = installed.cli.root / f"digest.{suffix}"
    done = installed.cli.here("digest", "--output", path)
    assert (done.code, done.out) == (0, "")
    assert path.read_text().lower().startswith(begins)
    other = installed.cli.root / "digest.txt"
    assert installed.cli.here("digest", "--output", other, "--format", suffix_of(suffix)).code == 0
    assert other.read_bytes() == path.read_bytes()


def suffix_of(suffix: str) -> str:
    return {"md": "markdown"}.get(suffix, suffix)


def test_json_is_a_digest_and_the_same_each_time(installed: Installed) -> None:
    first, second = (installed.cli.here("digest", "--format", "json").out for _ in range(2))
    assert first == second
    told = json.loads(first)
    assert (told["schema"], told["period"]["week"]) == ("reviewer-digest/1", installed.week)


def test_days_and_a_repository_can_be_asked_for(installed: Installed) -> None:
    today = datetime.now(UTC).date().isoformat()
    done = installed.cli.here(
        *("digest", "--since", today, "--until", today, "--repo", "repo", "--format", "json")
    )
    told = json.loads(done.out)
    assert (told["scope"], told["period"]["is_final"]) == (str(installed.cli.repo.path), False)
    assert told["volume"]["reviewed"] == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--week", "2026-47"], "weeks are written as 2026-W47"),
        (["--week", "2026-W54"], "has none of that number"),
        (["--week", "9998-W01"], "has not begun yet"),
        (["--week", "0001-W01"], "between the years 1970 and 9000"),
        (["--week", "1969-W40"], "between the years 1970 and 9000"),
        (["--since", "0001-01-01", "--until", "2026-01-02"], "between the years 1970 and 9000"),
        (["--since", "2026-01-01", "--until", "9999-12-30"], "between the years 1970 and 9000"),
        (["--since", "2026-01-01", "--until", "9999-12-31"], "between the years 1970 and 9000"),
        (["--since", "2026-01-01"], "both --since and --until"),
        (["--week", "2026-W01", "--since", "2026-01-01", "--until", "2026-01-02"], "a --week, or"),
        (["--since", "soon", "--until", "2026-01-02"], "'soon' is no day"),
        (["--since", "2026-01-03", "--until", "2026-01-02"], "is before"),
        (["--output", "digest.pdf"], "does not say by its suffix"),
        (["--output", "digest.md", "--format", "terminal"], "A file is markdown, html or json"),
        (["--again", "notify.team"], "add --deliver"),
        (["--deliver", "--repo", "x"], "leave out --repo"),
        (["--deliver"], "Nobody gets digests"),
    ],
)
def test_2_what_does_not_fit_is_said(cli: Cli, args: list[str], words: str) -> None:
    cli.state.mkdir(mode=0o700)
    Store(cli.state / "ledger.db").close()
    done = cli.here("digest", *args)
    assert done.code == 2
    assert words in done.err


def test_2_without_a_ledger_there_is_nothing_to_tell(cli: Cli) -> None:
    done = cli.here("digest")
    assert done.code == 2
    assert "run reviewer sweep first" in done.err
    assert not cli.state.exists()


def test_a_sweep_delivers_the_week_once_and_says_nothing_of_it(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office)
    for _ in range(2):
        done = installed.sweep_apart()
        assert (done.code, done.out, done.err) == (0, "", ""), "cron would mail any word"
    assert [one["title"] for one in office.arrived] == [f"Reviews, {installed.week}"]
    assert installed.files == [".html", ".json", ".md"]
    assert (
        installed.run("digest", "--format", "json").out
        == (installed.cli.root / f"{installed.week}.json").read_text()
    )


def test_without_enabled_nothing_goes_out_by_itself(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office, more="")
    assert installed.sweep().code == 0
    assert (office.arrived, installed.files) == ([], [])
    assert installed.run("digest", "--deliver").code == 0
    assert (len(office.arrived), len(installed.files)) == (1, 3)


def test_3_a_digest_that_does_not_come_changes_nothing_of_the_sweep(
    installed: Installed, office: PostOffice
) -> None:
    installed.cli.repo.commit({"b.py": "y = eval(input())\n"}, branch="other")
    installed.deliver_to(office)
    office.mood = Mood.REFUSES
    done = installed.sweep()
    assert done.code == 3
    assert "1 posted" in done.out
    assert f"The digest of {installed.week} did not reach notify.team" in done.err
    said = installed.run("status").out
    assert "did not reach notify.team" in said
    assert json.loads(installed.run("status", "--json").out)["deliveries"][0]["attempts"] == 1
    doctor = installed.run("doctor", "--json", "--repo", installed.cli.repo.path)
    assert "did not reach notify.team" in signs(doctor)["digest"][0]["said"]
    for text in (done.out + done.err, said, doctor.out):
        assert PASSWORD not in text
        assert TOKEN not in text
    office.mood = Mood.TAKES
    with closing(sqlite3.connect(installed.cli.state / "ledger.db", isolation_level=None)) as db:
        db.execute("UPDATE deliveries SET next_due_at = 0")
    again = installed.sweep()
    assert (again.code, again.err) == (0, "")
    assert len(office.arrived) == 2
    assert "notify.team" not in installed.run("status").out


def test_3_a_digest_that_cannot_be_made_changes_nothing_of_the_sweep(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("with canary-token-in-it-44")

    installed.cli.repo.commit({"b.py": "y = eval(input())\n"}, branch="other")
    installed.settings('[digest]\nenabled = true\nat = "mon 00:00"\n')
    monkeypatch.setattr(numbers, "digest_of", broken)
    done = installed.sweep()
    assert done.code == 3
    assert "1 posted" in done.out
    assert "The digest was not made: A defect of reviewer itself: RuntimeError" in done.err
    assert "canary" not in done.err
    monkeypatch.undo()
    assert installed.sweep().code == 0


def test_3_a_signal_ends_the_sending_at_once_and_the_sweep_is_still_told(
    installed: Installed, office: PostOffice
) -> None:
    installed.cli.repo.commit({"b.py": "y = eval(input())\n"}, branch="other")
    installed.deliver_to(office)
    office.mood = Mood.HANGS
    asked = ("sweep", "--repo", installed.cli.repo.path, "--config", "reviewer.toml")
    process = subprocess.Popen(
        installed.cli.command(*asked),
        cwd=installed.cli.root,
        env=installed.cli.environment | {"TEAM": office.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not office.arrived:
        assert process.poll() is None
        time.sleep(0.05)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=25)
    assert time.monotonic() - began < 10
    assert (process.returncode, b"1 posted" in out) == (143, True)
    assert b"stopped by a signal" in err
    office.mood = Mood.TAKES
    again = installed.sweep()
    assert (again.code, len(office.arrived)) == (3, 1)
    assert "the process that sent it died; it may have arrived" in again.err


def test_a_sweep_of_one_pull_request_leaves_the_digest_to_the_others(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office)
    one = f"{installed.cli.repo.path}@topic"
    assert installed.run("review", one, "--engine", "offline").code == 0
    assert office.arrived == []


def test_3_one_that_may_have_come_is_sent_again_only_by_name(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office)
    office.mood = Mood.SAYS_NOTHING
    first = installed.sweep()
    assert first.code == 3
    office.mood = Mood.TAKES
    waiting = installed.run("digest", "--deliver")
    assert (waiting.code, waiting.out) == (3, "digest.file: delivered\nnotify.team: unsure\n")
    assert "is not known" in waiting.err
    assert len(office.arrived) == 1
    assert "is not known" in installed.run("status").out
    wrong = installed.run("digest", "--deliver", "--again", "team")
    assert wrong.code == 2
    assert "known are notify.team, digest.file" in wrong.err
    assert f"--week {installed.week} --deliver --again notify.team" in first.err
    done = installed.run("digest", "--week", installed.week, "--deliver", "--again", "notify.team")
    assert (done.code, done.err) == (0, "")
    assert done.out == "digest.file: delivered\nnotify.team: delivered\n"
    assert len(office.arrived) == 2
    assert "notify.team" not in installed.run("status").out


def test_a_secret_that_is_not_there_is_said_and_the_sweep_goes_on(
    installed: Installed, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.deliver_to(office)
    monkeypatch.delenv("TEAM")
    done = installed.sweep()
    assert done.code == 3
    assert "${env:TEAM} is not set" in done.err
    assert installed.files == [".html", ".json", ".md"]
    doctor = signs(installed.run("doctor", "--json", "--repo", installed.cli.repo.path))
    assert doctor["notify.team"][0]["health"] == "red"


def test_a_kept_digest_stays_what_it_was_whatever_the_ledger_learns_later(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office)
    installed.sweep()
    before = installed.run("digest", "--format", "json").out
    with closing(sqlite3.connect(installed.cli.state / "ledger.db", isolation_level=None)) as db:
        db.execute("UPDATE told SET told_at = ?", (installed.span.since + 1,))
    assert installed.run("digest", "--format", "json").out == before


def test_the_doctor_looks_at_each_channel_and_sends_nothing(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office, more="")
    found = signs(installed.run("doctor", "--json", "--repo", installed.cli.repo.path))
    assert found["notify.team"][0]["health"] == found["digest.file"][0]["health"] == "green"
    assert "enabled = true" in found["digest"][0]["mend"]
    assert office.arrived == []


def test_75_beside_a_sweep_nothing_is_delivered(installed: Installed, office: PostOffice) -> None:
    installed.deliver_to(office)
    with exclusive(installed.cli.state / "sweep.lock", time.time()):
        done = installed.run("digest", "--deliver")
        shown = installed.run("digest")
    assert (done.code, shown.code) == (75, 0)
    assert office.arrived == []


def test_a_week_that_is_not_over_is_shown_and_not_delivered(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office)
    this_week = week_name(time.time(), UTC)
    assert installed.run("digest", "--week", this_week).code == 0
    done = installed.run("digest", "--week", this_week, "--deliver")
    assert done.code == 2
    assert "is not final yet" in done.err
    assert office.arrived == []


def test_what_a_newer_week_takes_the_place_of_is_said(
    installed: Installed, office: PostOffice
) -> None:
    installed.deliver_to(office)
    office.mood = Mood.REFUSES
    before = week_name(installed.span.since - WEEK_S, UTC)
    assert installed.run("digest", "--week", before, "--deliver").code == 3
    office.mood = Mood.TAKES
    done = installed.run("digest", "--deliver")
    assert "took the place of deliveries that never came; there were 1." in done.err
    assert (done.code, len(office.arrived)) == (3, 2)


def test_a_file_that_cannot_be_written_is_a_sentence(installed: Installed) -> None:
    done = installed.cli.here("digest", "--output", Path("/nowhere/digest.md"))
    assert done.code == 1
    assert "There is no directory /nowhere" in done.err


def test_a_person_is_asked_about_findings_and_told_what_became_of_them_only_then(
    installed: Installed,
) -> None:
    today = datetime.now(UTC).date().isoformat()
    asked = ["digest", "--since", today, "--until", today, "--label"]
    environment = installed.cli.environment
    stopped = CliRunner().invoke(app, asked, input="", env=environment)
    assert stopped.exit_code == 0
    assert "Evaluates text as code" in stopped.stdout
    assert "became of it" not in stopped.stdout
    done = CliRunner().invoke(app, asked, input="what\nr\n", env=environment)
    assert done.stdout.count("Is it right?") == 2
    assert done.stdout.index("Is it right?") < done.stdout.index("became of it")
    assert "waits for a label" in installed.run(*asked).out
    refused = installed.run(*asked, "--format", "json")
    assert (refused.code, "leave out --format" in refused.err) == (2, True)


def test_a_repository_that_nobody_knew_is_no_quiet_one(installed: Installed) -> None:
    done = installed.cli.here(
        "digest", "--week", week_name(time.time(), UTC), "--repo", "acme/else"
    )
    assert done.code == 2
    assert "acme/else" in done.err


def test_a_dash_is_the_standard_output(installed: Installed) -> None:
    done = installed.cli.here("digest", "--output", Path("-"), "--format", "json")
    assert done.code == 0
    assert from_json(done.out).schema == SCHEMA


def test_delivering_by_hand_waits_for_no_retry(installed: Installed, office: PostOffice) -> None:
    installed.deliver_to(office)
    office.mood = Mood.REFUSES
    assert installed.run("digest", "--deliver").code == 3
    office.mood = Mood.TAKES
    assert installed.run("digest", "--deliver").code == 0
    assert installed.run("digest", "--deliver").code == 0
    assert len(office.arrived) == 2


def test_a_signal_that_comes_during_an_import_ends_as_any_other() -> None:
    program = (sys.executable, "-m", "tests.cli.interrupted")
    done = subprocess.run(program, cwd=Path(__file__).parents[2], timeout=60, check=False)
    assert done.returncode == 143
