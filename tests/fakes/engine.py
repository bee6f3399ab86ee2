"""An engine that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reviewer_cli.core.health import Sign, green
from reviewer_cli.core.models import Usage
from reviewer_cli.ports.engine import Effort, Pass, Reply, ReviewRequest

Answer = Callable[[ReviewRequest], object]


def found(path: str, line: int, quote: str, **other: Any) -> dict[str, Any]:
    """One finding as an engine writes it."""
    return {
        "path": path,
        "line": line,
        "quote": quote,
        "severity": "high",
        "category": "correctness",
        "title": f"Something is wrong at {path}:{line}",
        "body": "It fails.",
        "confidence": 0.9,
    } | other


def nothing(request: ReviewRequest) -> object:
    """A clean review."""
    return {"findings": []}


class ScriptedEngine:
    """Answers each request with `answer(request)`; an exception that it returns is raised.

    `latency` seconds pass first, on the real clock. `peak` is the largest number of requests that
    were in flight at one moment, `asked` every request in order. `unready` is what `check` raises,
    `health` what `examine` says.
    """

    name = "scripted"

    def __init__(
        self,
        answer: Answer = nothing,
        *,
        passes: Sequence[Pass] = (Pass.FIND,),
        latency: Callable[[ReviewRequest], float] = lambda request: 0.0,
        usage: Usage = Usage(input_tokens=100, output_tokens=10, usd=0.25, turns=1),  # noqa: B008 - frozen
    ) -> None:
        self._answer = answer
        self._passes = tuple(passes)
        self._latency = latency
        self._usage = usage
        self.unready: Exception | None = None
        self.health = green("engine", "scripted")
        self.asked: list[ReviewRequest] = []
        self.in_flight = 0
        self.peak = 0
        self.cancelled = 0

    def passes(self, effort: Effort) -> tuple[Pass, ...]:
        """The same whatever the effort."""
        return self._passes

    def examine(self) -> Iterator[Sign]:
        yield self.health

    def check(self) -> None:
        """Ready, unless a test says otherwise."""
        if self.unready is not None:
            raise self.unready

    def close(self) -> None:
        """It holds nothing."""

    async def review(self, request: ReviewRequest) -> Reply:
        """Answer after the latency."""
        self.asked.append(request)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(self._latency(request))
            answer = self._answer(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1
        if isinstance(answer, Exception):
            raise answer
        return Reply(data=answer, usage=self._usage, model="scripted-1")
