"""The real program with a quick engine, which is killed whenever it comes to a certain head.

The file `deadly` below HOME says at what (preparing, reviewing or posting) and at which commit.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from reviewer_cli import __main__
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.ports.engine import Engine
from tests.fakes.engine import ScriptedEngine


def killed_by(sha: str, real: Callable[..., Any], sha_of: Callable[..., str]) -> Callable[..., Any]:
    """The same function, but no process survives its call with this commit."""

    def deadly(*given: Any) -> Any:
        if sha_of(*given) == sha:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)

    return deadly


def main() -> None:
    """Lay the trap, then let the program run."""
    phase, sha = Path(os.environ["HOME"], "deadly").read_text().split()
    workshop, doors = map(
        import_module, ("reviewer_cli.sweep.workshop", "reviewer_cli.wiring.doors")
    )
    answer: Callable[..., Any] = lambda request: {"findings": []}  # noqa: E731 - one of three
    if phase == "preparing":
        vars(workshop)["changes"] = killed_by(
            sha, vars(workshop)["changes"], lambda *given: given[2]
        )
    elif phase == "reviewing":
        answer = killed_by(sha, answer, lambda request: request.head.key.sha)
    else:
        prepare = killed_by(sha, LocalGit.prepare, lambda host, review: review.key.sha)
        setattr(LocalGit, "prepare", prepare)  # noqa: B010 - mypy forbids the plain way

    def engine(*_: object) -> Engine:
        return ScriptedEngine(answer)

    vars(doors)["engine"] = engine
    __main__.main()


if __name__ == "__main__":
    main()
