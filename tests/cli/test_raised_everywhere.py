"""Wherever something breaks, what it was broken with is told to nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import Repo
from tests.cli.conftest import ROOT
from tests.cli.test_talkative import everything

CANARY = "canary-4f9d1c7b-Zk8-of-a-traceback"
#: One place in each room, as those that call it know it.
PLACES = (
    "reviewer_cli.config.load.load",
    "reviewer_cli.config.environments.keep_apart",
    "reviewer_cli.wiring.doors",
    "reviewer_cli.wiring.plan",
    "reviewer_cli.jail.choose.Strongest.check",
    "reviewer_cli.ledger.ledger.Ledger.enter",
    "reviewer_cli.ledger.lease.Lease.save_review",
    "reviewer_cli.ledger.records.reading",
    "reviewer_cli.hosts.local_git.LocalGit.open_tips",
    "reviewer_cli.hosts.local_git.LocalGit.submit",
    "reviewer_cli.git.mirror.Mirror.fetch",
    "reviewer_cli.git.files.Writer.write",
    "reviewer_cli.engines.offline.OfflineEngine.review",
    "reviewer_cli.core.remarks.place",
    "reviewer_cli.sweep.workshop.changes",
    "reviewer_cli.sweep.passes.parse_findings",
    "reviewer_cli.sweep.reviewing.compose",
    "reviewer_cli.sweep.journey.publish",
    "reviewer_cli.cli.results.show",
    "reviewer_cli.cli.running.run",
)
PROGRAM = """
import contextlib, os, shutil, sys
from pathlib import Path
from unittest.mock import patch
from reviewer_cli import __main__, telemetry, wiring
from reviewer_cli.errors import HeadError
from reviewer_cli.cli import app, results, running

canary, known, root, places = {canary!r}, {known!r}, Path({root!r}), {places!r}
if known:
    telemetry.SECRETS.add(canary)


def broken(*args, **named):
    secret = [canary, args]
    reached.append(place)
    try:
        raise OSError(2, canary, canary)
    except OSError as cause:
        # Errors of our own say what happened; they quote what others said.
        failure = (HeadError if known and number % 2 else ValueError)("with " + canary)
        failure.add_note(canary)
        raise failure from cause


reached = []
for number, place in enumerate(places):
    os.environ["REVIEWER_STATE_DIR"] = str(root / f"state-{{number}}")
    os.environ["REVIEWER_CACHE_DIR"] = str(root / "cache" / str(number))
    copy = shutil.copytree({repo!r}, root / f"copy-{{number}}")
    sys.argv = ["reviewer", "sweep", "--verbose", "--engine", "offline", "--repo", str(copy)]
    with patch(place, broken), contextlib.suppress(SystemExit):
        __main__.main()
print("reached", len(set(reached)))
"""


@pytest.mark.threat("T29", layer="redaction", tries=len(PLACES))
@pytest.mark.parametrize("known", [False, True], ids=["unknown", "known"])
def test_no_room_tells_what_it_broke_with(tmp_path: Path, known: bool) -> None:
    """A defect says its place alone, since nobody knows what it quotes; on request it says more,
    and so does an error of ours, without the secrets that are known."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.py": "x = 1\n"})
    repo.commit({"a.py": "x = eval('1')\n"}, branch="topic")
    program = PROGRAM.format(
        canary=CANARY, known=known, root=str(tmp_path), places=PLACES, repo=str(repo.path)
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path / "home"),
            "PATH": os.environ["PATH"],
            **({"REVIEWER_DEBUG": "1"} if known else {}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = done.stdout + done.stderr
    assert done.stdout.endswith(f"reached {len(PLACES)}\n"), said
    assert CANARY not in said
    assert len(list(tmp_path.glob("state-*/ledger.db"))) > len(PLACES) / 2
    assert [name for name, text in everything(tmp_path) if CANARY in text] == []
    assert ("[redacted]" in said) == known
    assert "ValueError at <string>:" in said
