"""Real repositories built once, swept once per engine, and a table of what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.real.releases import CACHE, PROJECTS, build, missing
from tests.real.sweeping import Swept, swept
from tests.real.table import lines

DONE = pytest.StashKey[list[list[str]]]()


@pytest.fixture(scope="session")
def repositories() -> Iterator[Path]:
    """One repository per project, built from the cached releases; nothing is downloaded here."""
    if missing(CACHE):
        pytest.fail("The releases are not in the cache; run: python -m tests.real.releases")
    with TemporaryDirectory(prefix="reviewer-real-") as directory:
        for project in PROJECTS:
            build(project, Path(directory) / "repositories", CACHE)
        yield Path(directory) / "repositories"


@pytest.fixture(scope="session")
def offline_sweep(repositories: Path, pytestconfig: pytest.Config) -> Swept:
    """All projects swept twice with the analysers."""
    return _swept("offline", repositories, pytestconfig)


@pytest.fixture(scope="session")
def agent_sweep(repositories: Path, pytestconfig: pytest.Config) -> Swept:
    """All projects swept twice with the real agent program and a model that follows a script."""
    return _swept("agent", repositories, pytestconfig)


@pytest.fixture(params=["offline", "agent"])
def sweep(request: pytest.FixtureRequest) -> Swept:
    """Each engine's sweep."""
    done: Swept = request.getfixturevalue(f"{request.param}_sweep")
    return done


def _swept(engine: str, repositories: Path, config: pytest.Config) -> Swept:
    done = swept(engine, repositories, repositories.parent / engine)
    config.stash.setdefault(DONE, []).append(lines(done))
    return done


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print each engine's table, whatever options pytest was given."""
    for table in config.stash.get(DONE, []):
        terminalreporter.section(table[0])
        for line in table[1:]:
            terminalreporter.write_line(line)
