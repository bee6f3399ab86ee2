"""The fake GitHub for its own tests, every exchange of which must fit the official description."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github import spec
from tests.fakes.github.checker import Checker
from tests.fakes.github.scene import Scene, set_scene
from tests.fakes.github.server import FakeGitHub


@pytest.fixture
def unchecked_hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A server whose clients may break GitHub's description."""
    with FakeGitHub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def hub(unchecked_hub: FakeGitHub) -> Iterator[FakeGitHub]:
    """A server; at the end every exchange is judged, if the description is there."""
    yield unchecked_hub
    if spec.path_of(spec.OPENAPI):
        problems = Checker().problems(unchecked_hub.log)
        assert not problems, "\n".join(problems)


@pytest.fixture
def scene(hub: FakeGitHub) -> Scene:
    """The usual scene, judged at the end."""
    return set_scene(hub)


@pytest.fixture
def careless(unchecked_hub: FakeGitHub) -> Scene:
    """The same scene for clients that break the description on purpose."""
    return set_scene(unchecked_hub)
