"""The hostile checkout, what lies round it, and the jails that work on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli.jail.walled import Walled
from tests.hostile import tree
from tests.hostile.layers import WALLED, Post
from tests.hostile.outside import TOKEN, Outside, laid

HOST_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "REVIEWER_GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY")
TROUBLE = {name: kind().verdict().trouble for name, kind in WALLED.items()}


@pytest.fixture
def outside(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """Every canary, with a token of the host in the environment of the process that reviews."""
    for name in HOST_TOKENS:
        monkeypatch.setenv(name, TOKEN)
    with laid(tmp_path / "outside", home) as canaries:
        yield canaries


@pytest.fixture
def post(tmp_path: Path, outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A review of the hostile tree as files and links."""
    checkout = tmp_path / "checkout"
    checkout.mkdir(mode=0o700)
    tree.on_disk(outside.ground(checkout))
    return Post(checkout=checkout, scratch=tmp_path / "scratch", patch=monkeypatch)


def jail_or_skip(name: str) -> Walled:
    """The jail, where this machine has it; one that leaks is no reason to skip."""
    if TROUBLE[name]:
        pytest.skip(f"{name} does not work on this machine: {TROUBLE[name]}")
    return WALLED[name]()


@pytest.fixture
def landlock() -> Walled:
    return jail_or_skip("landlock")


@pytest.fixture
def bubblewrap() -> Walled:
    return jail_or_skip("bubblewrap")


@pytest.fixture(params=WALLED)
def walled(request: pytest.FixtureRequest) -> Walled:
    """Each jail with walls."""
    return jail_or_skip(request.param)


@pytest.fixture
def tmp_path(on_disk: Path) -> Path:
    """Outside of /dev/shm."""
    return on_disk
