"""What a review sends to the model before its diff: how many bytes, and whether always the same.

A whole tick with the real agent program reviews two branches of different authors' words and
files; a server on loopback plays the model and keeps each request byte for byte. Counted are the
tools, the system prompt and the messages up to the opening fence of the diff, as JSON: the part
that the provider's prompt cache can serve to every review after the first.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.bar import Figure, Must
from benchmarks.ground import sweep
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports.engine import Effort
from reviewer_cli.sweep.plan import Plan
from tests.building import Repo
from tests.fakes.scripted_model import ScriptedModel, answer

FENCE, LIMIT_KB = "<diff-0>", 12


def measure(place: Path) -> list[Figure]:
    """The bar on the size, and that nothing differs."""
    prefixes = _prefixes(place)
    return [
        Figure(
            bar="first request of a review: bytes before the diff",
            measured=max(map(len, prefixes)) / 1000,
            must=Must.NOT_EXCEED,
            limit=LIMIT_KB,
            unit="kB",
            parts=tuple(f"{len(prefix):,} bytes" for prefix in prefixes),
        ),
        Figure(
            bar="first requests of two reviews: different texts before the diff",
            measured=len(set(prefixes)),
            must=Must.NOT_EXCEED,
            limit=1,
            unit="texts",
        ),
    ]


def _prefixes(place: Path) -> list[bytes]:
    repo = Repo(place / "repo")
    repo.commit({"a.py": "a = 1\n"})
    repo.commit({"a.py": "a = 2\n"}, branch="one", message="Count to two\n\nAs was asked.")
    repo.commit({"b/c.py": "def c() -> int:\n    return 3\n"}, branch="two", message="Add c")
    selectors = {"local": (str(repo.path),)}
    plan = Plan(selectors=selectors, batch_size=2, effort=Effort.LOW)
    with ScriptedModel([answer({"findings": []})]) as model:
        settings = AgentSettings(
            model="claude-sonnet-5",
            max_turns=10,
            scratch=place / "agent",
            environment=model.environment(),
        )
        report = sweep(place, plan, AgentEngine(settings, Launcher()))
    assert report.counts.posted == 2, report.error
    return [request.prefix(FENCE) for request in model.requests if request.turn == 0]
