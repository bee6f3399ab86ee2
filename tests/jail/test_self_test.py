"""The self-test judges by evidence: each way out of a jail is found, and named."""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail.bubblewrap import Bubblewrap
from reviewer_cli.jail.command import LAUNCH, Launcher
from reviewer_cli.jail.inside import gate, seccomp, syscalls
from reviewer_cli.jail.inside import landlock as inside
from reviewer_cli.jail.landlock import Landlock
from reviewer_cli.jail.self_test import LONGEST_PLACE, self_test
from reviewer_cli.jail.walled import Walled
from reviewer_cli.ports.jail import Cell, Network


def test_a_jail_that_holds_is_tested_once(
    kind: type[Walled], monkeypatch: pytest.MonkeyPatch
) -> None:
    jail = kind()
    jail.check()
    monkeypatch.setattr(kind, "command", None)  # another start would fail
    jail.check()


def test_without_walls_everything_is_reached() -> None:
    verdict = self_test(Launcher())
    of_root = {"the settings of the kernel, by writing"} if os.getuid() == 0 else set()
    assert set(verdict.reached) - of_root == {
        *("a file outside", "the names of files outside", "the environment of another process"),
        *("a TCP port", "a UDP port", "a Unix socket", "a Unix datagram socket"),
        *("an abstract Unix socket", "the permissions of a file outside"),
        *("a directory outside, by writing", "the checkout, by writing"),
        "another process, by a signal",
    }


def test_a_variable_of_ours_is_found() -> None:
    class Forgetful(Launcher):
        def command(self, program: Path, cell: Cell) -> list[str]:
            kept = cell.variables | {"REVIEWER_PLANTED"}
            return super().command(program, replace(cell, variables=kept))

    assert "an environment variable of ours" in self_test(Forgetful()).reached


class OpenNetwork(Walled):
    """Somebody forgot to close the network."""

    def command(self, program: Path, cell: Cell) -> list[str]:
        return super().command(program, replace(cell, network=Network.OPEN))


class OpenFiles(Walled):
    """Somebody lets the program read too much."""

    def command(self, program: Path, cell: Cell) -> list[str]:
        too_much = (*cell.readable, cell.private.parent)
        return super().command(program, replace(cell, readable=too_much))


class OpenCheckout(Walled):
    """Somebody lets the program write where it should read."""

    def command(self, program: Path, cell: Cell) -> list[str]:
        assert cell.checkout is not None
        return super().command(program, replace(cell, private=cell.private.parent))


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (OpenNetwork, "a TCP port, a UDP port"),
        (OpenFiles, "a file outside"),
        (OpenCheckout, "a directory outside, by writing"),
    ],
)
def test_a_broken_jail_is_refused_and_says_what_was_reached(
    kind: type[Walled], mistake: type[Walled], words: str
) -> None:
    broken = type("Broken", (mistake, kind), {})()
    with pytest.raises(ConfigurationError, match="nothing is reviewed") as caught:
        broken.check()
    assert words in str(caught.value)
    assert caught.value.exit_code == 78


@pytest.mark.threat("T13", layer="bubblewrap")
@pytest.mark.skipif(os.getuid() != 0, reason="only root's programs could write there")
def test_a_kernel_that_can_be_set_is_found(bubblewrap: type[Bubblewrap]) -> None:
    class Writable(bubblewrap):  # type: ignore[valid-type, misc]
        def _mounts(self, program: Path, cell: Cell) -> Iterator[tuple[str, ...]]:
            for mount in super()._mounts(program, cell):
                if mount != ("--remount-ro", "/proc"):
                    yield mount

    with pytest.raises(ConfigurationError, match="the settings of the kernel, by writing"):
        Writable().check()


def altered(statement: str, kind: type[Walled] = Landlock) -> type[Walled]:
    """A jail whose launcher was changed before it started."""

    class Altered(kind):  # type: ignore[valid-type, misc]
        def command(self, program: Path, cell: Cell) -> list[str]:
            words: list[str] = super().command(program, cell)
            at = len(LAUNCH) - 1
            before, after = words[at].split("; from ")
            words[at] = f"{before}; {statement}; from {after}"
            return words

    return Altered


LANDLOCK = f"from {inside.__name__} import confine; import {inside.__name__} as it"
SECCOMP = "import reviewer_cli.jail.inside.seccomp as it; import reviewer_cli.jail.inside.kernel"


def test_each_half_of_landlock_is_needed(landlock: type[Landlock]) -> None:
    """Landlock without the filter, and the filter without Landlock, both let the probe out."""
    no_filter = altered(f"{SECCOMP}; it.install = id")
    reached = self_test(no_filter()).reached
    assert "a UDP port" in reached
    assert "a Unix datagram socket" in reached
    assert "a file outside" not in reached
    no_landlock = altered(
        f"{LANDLOCK}; it._allow = lambda *a: None; call = it.kernel.call; "
        "it.kernel.call = lambda name, *a: 3 if name.startswith('landlock') else call(name, *a); "
        "it.os = type('os', (), {'close': id, 'getpid': it.os.getpid})"
    )
    reached = self_test(no_landlock()).reached
    assert "a file outside" in reached
    assert "a TCP port" not in reached
    assert "a Unix socket" not in reached


@pytest.mark.parametrize("version", [3, 4, 5])
def test_an_older_landlock_holds_as_well(landlock: type[Landlock], version: int) -> None:
    """Asked for no more than that version knows; signals and truncation are covered then too."""
    jail = altered(f"{LANDLOCK}; it.version = lambda: {version}")()
    jail.check()


def test_a_landlock_that_is_too_old_is_no_jail(landlock: type[Landlock]) -> None:
    jail = altered(f"{LANDLOCK}; it.version = lambda: 2")()
    with pytest.raises(ConfigurationError, match=r"Landlock 2 is too old.*auto"):
        jail.check()


def test_a_probe_that_cannot_call_home_is_a_refusal(
    kind: type[Walled], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Walled_up(kind):  # type: ignore[valid-type, misc] # noqa: N801
        def command(self, program: Path, cell: Cell) -> list[str]:
            return super().command(program, replace(cell, socket=None))  # type: ignore[no-any-return]

    with pytest.raises(ConfigurationError, match="does not work here"):
        Walled_up().check()


def test_a_jail_in_which_nothing_starts_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    fake.chmod(0o700)
    with pytest.raises(ConfigurationError, match="setting up uid map: Permission denied"):
        Bubblewrap().check()


def test_a_jail_that_only_pretends_to_run_the_probe_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "bwrap").symlink_to("/bin/true")
    with pytest.raises(ConfigurationError, match="does not work here"):
        Bubblewrap().check()


def test_nothing_of_a_self_test_is_left(
    kind: type[Walled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    self_test(kind())
    assert list(tmp_path.iterdir()) == []


def test_the_gate_speaks_the_kernels_sizes() -> None:
    """struct seccomp_notif, _notif_resp and _notif_addfd of linux/seccomp.h."""
    sizes = (gate._REQUEST.size, gate._RESPONSE.size, gate._ADDED.size)
    assert sizes == (80, 24, 24)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filters_can_be_built_for_each_machine(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every jump lands inside the filter, which ends with a verdict."""
    name = os.uname()
    monkeypatch.setattr("os.uname", lambda: os.uname_result((*name[:4], machine)))
    for networked in (True, False):
        refused = syscalls.REFUSED_BESIDE_LANDLOCK
        for code in (
            seccomp.closing(is_networked=networked, refused=refused, own_process=7),
            seccomp.asking(("connect",)),
        ):
            lines = list(struct.iter_unpack("<HBBI", code))
            for at, (kind, if_true, if_false, _) in enumerate(lines):
                assert kind == 0x06 or at + 1 + max(if_true, if_false) < len(lines)
            assert lines[-1][0] == 0x06


def test_an_unknown_machine_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    name = os.uname()
    monkeypatch.setattr("os.uname", lambda: os.uname_result((*name[:4], "riscv64")))
    with pytest.raises(OSError, match="riscv64"):
        seccomp.asking(())


@pytest.mark.parametrize("length", [LONGEST_PLACE, LONGEST_PLACE + 1, 200])
def test_a_deep_temporary_directory_is_no_reason_to_have_no_jail(
    kind: type[Walled], length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        deep = Path(short) / ("d" * (length - len(short) - 1))
        deep.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(deep))
        kind().check()


def test_where_the_test_cannot_be_laid_out_there_is_no_jail(
    kind: type[Walled], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    with pytest.raises(ConfigurationError, match="could not be laid out"):
        kind().check()
