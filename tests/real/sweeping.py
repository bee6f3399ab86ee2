"""The product's own command line over copies of the repositories, and what it left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewer_cli.sweep.report import PARTIAL
from tests.fakes.scripted_model import Request, ScriptedModel
from tests.real.critic import Critic, title_of
from tests.real.releases import PROJECTS
from tests.real.witness import Snapshot, Witness

BATCH_SIZE = 4
LONGEST_S = 300
Report = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Swept:
    """One engine's sweep of all projects and a second one after it, both in one installation.

    On a busy machine the agent's process may fail once; such heads are swept again, as a schedule
    would, and `retried` says which and why.
    """

    engine: str
    projects: Mapping[str, Witness]
    before: Mapping[str, Snapshot]
    first: Report
    retried: tuple[str, ...]
    notes: Mapping[str, str]
    second: Report
    seconds: float
    critic: Critic
    requests: tuple[Request, ...]
    requests_of_second: int
    peak: int

    def reviews(self) -> Iterator[tuple[Witness, str, Report]]:
        """Each review of the first sweep with its repository and its head."""
        for review in self.first["reviews"]:
            key = review["head"]["key"]
            yield self.projects[Path(key["repo"]).name], key["sha"], review


def swept(engine: str, repositories: Path, into: Path) -> Swept:
    """Sweep copies of all the repositories twice with this engine, keeping all below `into`."""
    projects = {
        one.name: Witness(_copy(repositories / one.name, into / one.name)) for one in PROJECTS
    }
    before = {name: witness.snapshot() for name, witness in projects.items()}
    critic = Critic()
    with ScriptedModel(critic) as model:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(into / "home"),
            "REVIEWER_STATE_DIR": str(into / "state"),
            "REVIEWER_CACHE_DIR": str(into / "cache"),
            "REVIEWER_CONFIG": str(into / "reviewer.toml"),
            **model.environment(),
        }
        (into / "reviewer.toml").write_text('[sweep]\nfirst_retry = "1s"\n')
        paths = [witness.path for witness in projects.values()]
        started = time.monotonic()
        first, retried = _sweep_all(engine, paths, environment)
        seconds = time.monotonic() - started
        notes = {name: witness.notes_tip() for name, witness in projects.items()}
        asked = len(model.requests)
        second = _sweep(engine, paths, environment)
    return Swept(
        engine=engine,
        projects=projects,
        before=before,
        first=first,
        retried=retried,
        notes=notes,
        second=second,
        seconds=seconds,
        critic=critic,
        requests=tuple(model.requests),
        requests_of_second=len(model.requests) - asked,
        peak=model.peak,
    )


def at_once(requests: tuple[Request, ...]) -> int:
    """The largest number of reviews that had asked the model and not yet for the last time."""
    spans: dict[str, list[float]] = {}
    for request in requests:
        spans.setdefault(title_of(request), []).append(request.at)
    edges = [(min(times), 1) for times in spans.values()]
    edges += [(max(times), -1) for times in spans.values()]
    running = largest = 0
    for _, step in sorted(edges):
        running += step
        largest = max(largest, running)
    return largest


def _copy(repository: Path, to: Path) -> Path:
    """Files are shared with the original, since git replaces files and never writes into one."""
    shutil.copytree(repository, to, copy_function=os.link, symlinks=True)
    return to


def _sweep_all(
    engine: str, paths: list[Path], environment: Mapping[str, str]
) -> tuple[Report, tuple[str, ...]]:
    """Sweep until nothing is to be retried, at most three times, as one report."""
    whole = _sweep(engine, paths, environment)
    retried: list[str] = []
    for _ in range(2):
        again = [one for one in whole["heads"] if one["state"] == "due"]
        if not again:
            break
        retried += [f"{one['key']['repo']}@{one['key']['pull']}: {one['reason']}" for one in again]
        time.sleep(1.0)
        later = _sweep(engine, paths, environment)
        whole["heads"] = [one for one in whole["heads"] if one["state"] != "due"] + later["heads"]
        whole["reviews"] += later["reviews"]
    return whole, tuple(retried)


def _sweep(engine: str, paths: list[Path], environment: Mapping[str, str]) -> Report:
    """One run of the command line; what failed as a whole is shown with what it logged."""
    repositories = [word for path in paths for word in ("--repo", str(path))]
    options = ["--engine", engine, "--batch-size", str(BATCH_SIZE), "--limit", "100", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "reviewer_cli", "sweep", *repositories, *options],
        cwd=Path(__file__).parents[2],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode in (0, PARTIAL), done.stderr[-4000:]
    report: Report = json.loads(done.stdout)
    return report
