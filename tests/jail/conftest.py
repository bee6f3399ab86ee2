"""The jails that work on this machine; a test of another is skipped and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.walled import Walled
from tests.jail.room import Room, make_room

WALLED = {"landlock": Landlock, "bubblewrap": Bubblewrap}
TROUBLE = {name: kind().verdict().trouble for name, kind in WALLED.items()}


def works(name: str) -> None:
    """Skip where the machine cannot have this jail; one that leaks is no reason to skip."""
    if TROUBLE[name]:
        pytest.skip(f"{name} does not work on this machine: {TROUBLE[name]}")


@pytest.fixture(params=WALLED)
def kind(request: pytest.FixtureRequest) -> type[Walled]:
    """Each kind of jail with walls on its own."""
    works(request.param)
    return WALLED[request.param]


@pytest.fixture
def landlock() -> type[Landlock]:
    works("landlock")
    return Landlock


@pytest.fixture
def bubblewrap() -> type[Bubblewrap]:
    works("bubblewrap")
    return Bubblewrap


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return make_room(tmp_path)


@pytest.fixture
def tmp_path(on_disk: Path) -> Path:
    """Outside of /dev/shm."""
    return on_disk
