"""Which jail is taken: the named one or none, and for auto the strongest that works here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.choose import Strongest, jail_called
from reviewer_cli.jail.command import Launcher
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.self_test import Verdict
from tests.jail.room import SH, Room

NO_NAMESPACES = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"


@pytest.fixture
def no_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has it, but refuses user namespaces."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "bwrap").write_text(NO_NAMESPACES)
    (place / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")


def test_each_name_is_its_jail() -> None:
    kinds = {"bubblewrap": Bubblewrap, "landlock": Landlock, "none": Launcher, "auto": Strongest}
    assert {name: type(jail_called(name)) for name in kinds} == kinds


def test_auto_takes_bubblewrap_where_it_works(bubblewrap: type[Bubblewrap], room: Room) -> None:
    jail = jail_called("auto")
    assert "bwrap" in " ".join(jail.command(SH, room.cell))
    assert jail.name == "bubblewrap"


@pytest.mark.usefixtures("no_bubblewrap")
def test_auto_takes_landlock_where_namespaces_are_refused(
    landlock: type[Landlock], room: Room
) -> None:
    jail = jail_called("auto")
    jail.check()
    assert jail.name == "landlock"
    assert room.run(jail, SH, "-c", f"cat a.py {room.outside}").stdout == "x = 1\n"


def test_auto_takes_landlock_where_bubblewrap_is_not_installed(
    landlock: type[Landlock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("reviewer_cli.jail.bubblewrap.PROGRAM", "bwrap-that-is-not-there")
    jail = jail_called("auto")
    jail.check()
    assert jail.name == "landlock"


@pytest.mark.usefixtures("no_bubblewrap")
def test_where_no_jail_works_the_user_is_told_what_to_do(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Landlock()
    monkeypatch.setattr(broken, "_verdict", Verdict(trouble="Function not implemented"))
    jail = Strongest(Bubblewrap(), broken)
    for use in (jail.check, lambda: jail.command(SH, room.cell)):
        with pytest.raises(ConfigurationError) as caught:
            use()
        said = str(caught.value)
        for word in ("No permissions to create", "not implemented", "install bubblewrap", "none"):
            assert word in said
        assert caught.value.exit_code == 78


def test_a_jail_that_leaks_is_refused_and_no_weaker_one_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaky, next_one = Bubblewrap(), Landlock()
    monkeypatch.setattr(leaky, "_verdict", Verdict(reached=("a file outside",)))
    with pytest.raises(ConfigurationError, match=r"bubblewrap does not hold.*a file outside"):
        Strongest(leaky, next_one).check()
    assert next_one._verdict is None


@pytest.mark.usefixtures("no_bubblewrap")
def test_a_jail_that_was_named_is_never_replaced() -> None:
    with pytest.raises(ConfigurationError, match=r"bubblewrap does not work here \(bwrap: No perm"):
        jail_called("bubblewrap").check()


def test_nothing_is_started_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bubblewrap, "verdict", None)
    assert jail_called("auto").name == "auto"
