"""A repository to review and the cache that reviewer keeps of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.git.mirror import Mirror
from tests.building import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror.open(tmp_path / "cache", "local/repo")
