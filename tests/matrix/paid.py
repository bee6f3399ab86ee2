"""Engines that say what each of their answers is for: that is the bill."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from reviewer_cli.contract import instructions
from reviewer_cli.ports.engine import Pass, Reply, ReviewRequest
from tests.fakes.engine import ScriptedEngine, found
from tests.sweep.conversing import PLANTED, WORDS

ANSWERS: dict[Pass, dict[str, Any]] = {
    Pass.FIND: {"findings": [found("a.py", 10, "ten"), found("a.py", 40, "forty")]},
    Pass.VERIFY: {
        "verdicts": [
            {"number": number, "verdict": "confirmed", "reason": "So it is."} for number in (1, 2)
        ]
    },
}


class Paid(ScriptedEngine):
    """Two findings, and later the word that both are right."""

    def __init__(self, note: Callable[[str, Pass], None]) -> None:
        """`note` hears of the commit and the pass, each time that one is asked for."""
        super().__init__(passes=tuple(ANSWERS))
        self._note = note

    async def review(self, request: ReviewRequest) -> Reply:
        """Paid for from the moment it is asked for."""
        (step,) = (one for one in ANSWERS if instructions(one) == request.brief.instructions)
        self._note(request.head.key.sha, step)
        await asyncio.sleep(0.01)
        return Reply(data=self._said(request, step), usage=self._usage, model="scripted-1")

    def _said(self, request: ReviewRequest, step: Pass) -> object:
        if step is not Pass.FIND:
            return ANSWERS[step]
        findings = ANSWERS[step]["findings"]
        return {
            "findings": [one | {"title": f"{one['title']} {_own(request)}"} for one in findings]
        }


class Planted(Paid):
    """Every planted line of the whole file each time, in other words on each commit; one pass."""

    def __init__(self, note: Callable[[str, Pass], None]) -> None:
        """`note` hears of the commit and the pass, each time that one is asked for."""
        super().__init__(note)
        self._passes = (Pass.FIND,)

    def _said(self, request: ReviewRequest, step: Pass) -> object:
        lines = (request.checkout / "a.py").read_text().splitlines()
        words = f"{WORDS[int(request.head.key.sha, 16) % len(WORDS)]} {_own(request)}"
        return {
            "findings": [
                found("a.py", number, line, title=words.format(line), severity="medium")
                for number, line in enumerate(lines, 1)
                if line in PLANTED
            ]
        }


def _own(request: ReviewRequest) -> str:
    """A word for each pull request: of equal words it would depend on time who says them first."""
    return ("again", "anew", "always")[int(request.head.key.pull) % 3]
