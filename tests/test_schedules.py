"""The ready-made schedules run commands that exist."""

from __future__ import annotations

import shlex
from pathlib import Path

from typer.testing import CliRunner

from reviewer_cli.cli.app import app

CRONTAB = Path("schedules/crontab")
FIELDS = 5


def test_every_line_of_the_crontab_runs_a_command_we_have() -> None:
    lines = [
        line
        for line in CRONTAB.read_text().splitlines()
        if line and not line.startswith("#") and "=" not in line.split()[0]
    ]
    assert lines
    for line in lines:
        fields = line.split(maxsplit=FIELDS)
        assert all(set(field) <= set("0123456789*/,-") for field in fields[:FIELDS])
        program, *words = shlex.split(fields[FIELDS])
        assert program == "reviewer"
        done = CliRunner().invoke(app, [*words, "--help"])
        assert done.exit_code == 0, done.output
        for word in words:
            assert not word.startswith("--") or word in done.output
