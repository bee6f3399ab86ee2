"""The desk from which tests sweep the fake GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github import spec
from tests.fakes.github.checker import Checker
from tests.fakes.github.server import FakeGitHub
from tests.hosts.github_desk import Desk, bots_token


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    """A fake GitHub; every exchange is checked against the official descriptions at the end."""
    with FakeGitHub(tmp_path / "hub") as made:
        yield made
        if spec.path_of(spec.OPENAPI):
            assert Checker().problems(made.log) == []


@pytest.fixture
def desk(hub: FakeGitHub, tmp_path: Path) -> Desk:
    """An installation whose token may review everything that acme owns."""
    ours = tmp_path / "ours"
    ours.mkdir()
    return Desk(hub, ours, bots_token(hub))
