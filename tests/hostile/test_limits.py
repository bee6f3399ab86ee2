"""What a hijacked agent may take and leave: turns, memory, processes, and nothing on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli.core.models import State
from reviewer_cli.errors import HeadError
from reviewer_cli.jail.command import Limits
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.jail import Jail
from tests.fakes.host import reviews_on
from tests.fakes.scripted_model import Body, Say, ScriptedModel, Step, answer, call
from tests.fakes.stage import Stage
from tests.hostile.layers import NOTHING, Post, change_options, every_tool
from tests.hostile.outside import Outside
from tests.jail.room import running, wait_until

MOST_TURNS = 4
SMALL = Limits(memory=600 << 20, tasks=90)
"""An agent takes 120 MB and 30 processes and threads; a shell and what it starts some more."""
MARK = f"bomb-{os.getpid()}"
BOMBS = {
    "memory": "a = []\nwhile True: a.append(bytearray(b'x') * (8 << 20))",
    "processes": "import os\nwhile True:\n try: os.fork()\n except OSError: pass",
}


@pytest.mark.threat("T20", layer="all layers")
def test_a_model_that_always_asks_for_a_tool_ends_at_the_cap(post: Post) -> None:
    with ScriptedModel([call("Read", file_path="a.py")]) as model:
        engine = post.engine(model, max_turns=MOST_TURNS)
        with pytest.raises(HeadError, match="all its turns"):
            asyncio.run(engine.review(post.request()))
    assert len(model.requests) == MOST_TURNS


@pytest.mark.threat("T20", layer="limits")
def test_a_review_that_never_ends_is_not_posted(post: Post, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage")
    repo = stage.repo()
    sha = repo.commit({"a.py": "a = 2\n"}, branch="topic")
    with ScriptedModel([call("Read", file_path="a.py")]) as model:
        stage.engine = post.engine(model, max_turns=MOST_TURNS)
        assert stage.sweep().exit_code == 3
    assert stage.states() == {"topic": State.DUE}
    assert reviews_on(repo, sha) == 0
    assert len(model.requests) == MOST_TURNS


def bomb_is_ended(post: Post, jail: Jail, bomb: str) -> None:
    post.jail = jail
    change_options(post.patch, every_tool, post.stderr)
    command = f"python3 -I -c {shlex.quote(BOMBS[bomb])} {MARK}"
    steps = [call("Bash", command=command, description="x"), answer(NOTHING)]
    with ScriptedModel(steps) as model, pytest.raises(HeadError):
        post.review(model)
    assert any("reviewer's jail: ended because it" in line for line in post.stderr), post.stderr
    assert wait_until(lambda: running(MARK) == [], within_s=1)
    assert list(post.scratch.iterdir()) == []


@pytest.mark.threat("T20", layer="bubblewrap")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_behind_bubblewrap_ends_the_review(
    post: Post, bubblewrap: Walled, bomb: str
) -> None:
    bomb_is_ended(post, type(bubblewrap)(SMALL), bomb)


@pytest.mark.threat("T20", layer="landlock")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_behind_landlock_ends_the_review(post: Post, landlock: Walled, bomb: str) -> None:
    bomb_is_ended(post, type(landlock)(SMALL), bomb)


def open_to_others(directory: Path) -> Iterator[Path]:
    """What another account may do anything with; a socket's directory decides for it."""
    for above, directories, files in os.walk(directory):
        for path in (Path(above), *(Path(above, name) for name in (*directories, *files))):
            with contextlib.suppress(FileNotFoundError):  # the program works while we look
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode) and not stat.S_ISSOCK(mode) and mode & 0o077:
                    yield path


@pytest.mark.threat("T34", layer="all layers")
def test_nothing_of_a_review_is_open_to_others_or_stays(post: Post, walled: Walled) -> None:
    post.jail = walled
    seen: list[Path] = []

    def script(body: Body) -> Step:
        (private,) = post.scratch.glob("agent-*")
        assert [one.stat().st_mode & 0o777 for one in (post.scratch, private)] == [0o700] * 2
        written = [path for path in private.joinpath("home").iterdir() if path.is_dir()]
        seen.extend(path for each in written for path in open_to_others(each))
        seen.extend(Path(name) for *_, names in os.walk(private) for name in names)
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        return call("Read", file_path="a.py") if turn == 0 else answer(NOTHING)

    with ScriptedModel(script) as model:
        post.review(model)
    assert [path for path in seen if path.is_absolute()] == []
    assert [path for path in seen if path.suffix == ".jsonl"] == []
    assert seen, "it was looked at while the program worked"
    assert list(post.scratch.iterdir()) == []


@pytest.mark.threat("T34", layer="all layers")
def test_nothing_stays_in_the_temporary_directory_or_the_home(
    post: Post, outside: Outside, walled: Walled, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    post.patch.setenv("TMPDIR", str(temporary))
    post.patch.setattr("tempfile.tempdir", str(temporary))
    post.jail = walled
    steps: list[Say] = [call("Read", file_path="a.py"), answer(NOTHING)]
    with ScriptedModel(steps) as model:
        post.review(model)
    assert list(temporary.iterdir()) == []
    assert outside.reached() == []
