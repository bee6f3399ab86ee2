"""The machine's signs, on real directories and on mount tables as the kernel writes them."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from reviewer_cli.core.health import Health
from reviewer_cli.doctor import machine
from reviewer_cli.doctor.machine import Mount, disk, git, kind_of, mounts
from reviewer_cli.errors import ConfigurationError

TABLE = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:30 / /home rw,relatime - nfs4 server:/home rw,vers=4.2
31 30 254:1 / /home/a\040b rw - xfs /dev/vdb rw
32 30 254:2 / /home/Zoë rw - btrfs /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/home", "nfs4"),
        ("/homestead", "ext4"),
        ("/home/a b/c", "xfs"),
        ("/home/Zoë/c", "btrfs"),
    ],
)
def test_the_deepest_mount_above_a_path_tells_its_kind(
    path: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_existing", lambda path: path)
    assert kind_of(Path(path), mounts(TABLE)) == kind


def test_no_mount_at_all_is_no_kind() -> None:
    assert kind_of(Path("/"), []) == ""


def test_this_machine_has_a_table_that_is_understood() -> None:
    assert kind_of(Path("/proc/self"), mounts(machine.MOUNTS.read_text())) == "proc"


@pytest.mark.parametrize(
    ("free", "health"),
    [(10**10, Health.GREEN), (100 << 20, Health.AMBER), (1 << 20, Health.RED)],
)
def test_little_room_is_amber_and_none_is_red(
    free: int, health: Health, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    monkeypatch.setattr(machine, "kind_of", lambda path, table: "ext4")
    signs = list(disk(tmp_path / "not" / "made", tmp_path))
    assert [sign.health for sign in signs] == [health, health]


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_ledger_on_a_network_file_system_is_amber(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "mounts", lambda table: [Mount(Path("/"), kind)])
    (sign,) = (one for one in disk(tmp_path, tmp_path) if "network file system" in one.said)
    assert (sign.health, kind in sign.said) == (Health.AMBER, True)


def test_git_tells_its_version() -> None:
    (sign,) = git()
    assert sign.said.startswith("git version 2.")


def test_a_missing_git_is_an_error_for_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ConfigurationError, match="git was not found"):
        list(git())
