"""The stage on which sweeps are told as stories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An installation without repositories yet."""
    return Stage(tmp_path)
