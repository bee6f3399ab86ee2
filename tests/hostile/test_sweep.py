"""The whole program as cron starts it, over a hostile repository with a hijacked model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewer_cli.git import orphans
from reviewer_cli.jail.walled import Walled
from tests.building import Repo
from tests.fakes.host import reviews_on
from tests.fakes.scripted_model import Say, ScriptedModel
from tests.hostile import calls, shell, tree
from tests.hostile.layers import Hijacked, results
from tests.hostile.outside import KEY, TOKEN, Outside
from tests.jail.room import running, wait_until

ROOT = Path(__file__).parents[2]
# Python loads it before everything else in the process that sweeps, and nowhere in the jail.
LISTENING = """
import json, os, sys
heard = os.open({heard!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def hear(event, given):
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn"):
        words = given[1] if len(given) > 1 else given[0]
        words = [words] if isinstance(words, (str, bytes)) else list(words)
        os.write(heard, json.dumps([os.fsdecode(word) for word in words]).encode() + b"\\n")
sys.addaudithook(hear)
"""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """How a sweep ended, what it said and left, and which processes it started."""

    code: int
    said: bytes
    files: dict[Path, bytes]
    started: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A state directory and a repository of a stranger's, beside everything that is outside."""

    root: Path
    repo: Repo
    outside: Outside

    def sweep(self, model: ScriptedModel, sandbox: str) -> Swept:
        site, heard = self.root / "site", self.root / "heard"
        for directory in (site, self.root / "tmp"):
            directory.mkdir()
        (site / "sitecustomize.py").write_text(LISTENING.format(heard=str(heard)))
        (self.root / "reviewer.toml").write_text(f'sandbox = "{sandbox}"\n')
        command = ["sweep", "--engine", "agent", "--repo", self.repo.path, "--verbose"]
        done = subprocess.run(
            [sys.executable, "-m", "reviewer_cli", *command],
            cwd=self.root,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{site}:{ROOT}",
                "HOME": str(self.outside.home),
                "TMPDIR": str(self.root / "tmp"),
                "REVIEWER_STATE_DIR": str(self.root / "state"),
                "REVIEWER_CACHE_DIR": str(self.root / "cache"),
                "GITHUB_TOKEN": TOKEN,
                **model.environment(KEY),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Swept(
            code=done.returncode,
            said=done.stdout + done.stderr,
            files=dict(self._files()),
            started=[json.loads(line) for line in heard.read_text().splitlines()],
        )

    def _files(self) -> Iterator[tuple[Path, bytes]]:
        for place in ("state", "cache", "tmp"):
            for path in (self.root / place).rglob("*"):
                if path.is_file() and not path.is_symlink():
                    yield path, path.read_bytes()


@pytest.fixture
def installation(tmp_path: Path, outside: Outside) -> Installation:
    repo = Repo(tmp_path / "repo")
    base = repo.commit({"a.py": "a = 1\n"})
    tree.in_git(repo, outside.ground(Path()), "topic", base)
    return Installation(root=tmp_path, repo=repo, outside=outside)


def tried(outside: Outside) -> list[Say]:
    """With paths that are relative: where the checkout lies is not known beforehand."""
    ground = outside.ground(Path())
    return [
        *calls.link_calls(ground),
        *calls.process_calls(ground),
        *calls.path_calls(ground),
        *calls.other_calls(ground),
        *calls.changing_calls(ground),
        *calls.defacing_calls(ground),
        *shell.shell_calls(ground),
    ]


LINKS, PROCESSES, BUILDS, SETTINGS = calls.LINKS, calls.PROCESSES, tree.BUILDS, tree.SETTINGS


@pytest.mark.threat("T1", layer="all layers", tries=BUILDS)
@pytest.mark.threat("T2", layer="all layers", tries=SETTINGS)
@pytest.mark.threat("T3", layer="all layers", tries=len(tree.INSTRUCTIONS))
@pytest.mark.threat("T8", layer="all layers", tries=LINKS)
@pytest.mark.threat("T11", layer="all layers", tries=calls.TOOLS + calls.DEFACING + shell.COMMANDS)
@pytest.mark.threat("T13", layer="all layers", tries=PROCESSES)
@pytest.mark.threat("T34", layer="all layers")
def test_a_sweep_posts_its_review_and_nothing_else_happens(
    installation: Installation, outside: Outside, walled: Walled
) -> None:
    asked = tried(outside)
    with ScriptedModel(Hijacked(asked, stray=asked[0], prompt="Review this change.")) as model:
        swept = installation.sweep(model, walled.name)
    assert swept.code == 0, swept.said
    assert reviews_on(installation.repo, installation.repo.tip("topic")) == 1
    note = installation.repo.git("notes", "--ref=reviewer", "show", "topic").encode()
    sent = [request.raw for request in model.requests]
    assert outside.reached(*sent, swept.said, note, *swept.files.values()) == []
    assert len(results(model)) >= len(asked)
    assert [path for path in swept.files if path.suffix == ".jsonl"] == []
    assert list((installation.root / "state" / "scratch").glob("*")) == []
    assert list((installation.root / "tmp").iterdir()) == []
    assert wait_until(lambda: running(shell.STAYS) == [], within_s=1)
    assert tree.HOOK_RAN.encode() not in b"".join(sent)
    only_git_and_jailed_programs_started(swept)


def ours(words: list[str]) -> bool:
    """Whether this is one of the programs that a sweep may start."""
    return (
        Path(words[0]).name == "git"
        or "reviewer_cli.jail.inside.launch" in " ".join(words[:6])
        or Path(words[0]).match("scratch/agent-*.start")
        or words == ["/bin/sh", "-c", "read line"]  # the bait of the jail's self-test
        or words[:4] == [sys.executable, "-I", "-S", orphans.__file__]  # which ends git with us
    )


def only_git_and_jailed_programs_started(swept: Swept) -> None:
    assert [words for words in swept.started if not ours(words)] == []
    kinds = {Path(words[0]).name for words in swept.started}
    assert {"git", Path(sys.executable).name} <= kinds
    assert any(kind.endswith(".start") for kind in kinds)
    programs = {words[0] for words in swept.started if Path(words[0]).name == "git"}
    assert programs <= {"git", shutil.which("git")}
    assert any(Path(word).name == "ruff" for words in swept.started for word in words)
