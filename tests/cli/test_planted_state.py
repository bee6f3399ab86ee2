"""What somebody else could have put into the state directory ends a sweep before it starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

from reviewer_cli.errors import ConfigurationError, LedgerRefused
from reviewer_cli.hosts.local_git import NOTES
from reviewer_cli.ledger.lock import exclusive
from reviewer_cli.ledger.store import Store
from tests.cli.conftest import Cli, Ended


def linked_state(cli: Cli) -> None:
    cli.state.rename(cli.root / "theirs")
    cli.state.symlink_to(cli.root / "theirs")


def linked_cache(cli: Cli) -> None:
    shutil.rmtree(cli.root / "cache")
    (cli.root / "theirs").mkdir(mode=0o700)
    (cli.root / "cache").symlink_to(cli.root / "theirs")


def linked_lock(cli: Cli) -> None:
    (cli.state / "sweep.lock").unlink()
    (cli.state / "sweep.lock").symlink_to(cli.root / "theirs")


def linked_ledger(cli: Cli) -> None:
    """To a good one, which could say of every head that it is done."""
    (cli.state / "ledger.db").rename(cli.root / "theirs.db")
    (cli.state / "ledger.db").symlink_to(cli.root / "theirs.db")


def open_state(cli: Cli) -> None:
    cli.state.chmod(0o777)


def open_cache(cli: Cli) -> None:
    (cli.root / "cache").chmod(0o777)


def open_ledger(cli: Cli) -> None:
    (cli.state / "ledger.db").chmod(0o666)


def open_lock(cli: Cli) -> None:
    (cli.state / "sweep.lock").chmod(0o777)


def swept(cli: Cli) -> Ended:
    return cli.here("sweep", "--repo", cli.repo.path, "--engine", "offline")


@pytest.mark.threat("T35", layer="all layers")
@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (linked_state, "is a link; name the directory itself"),
        (linked_cache, "is a link; name the directory itself"),
        (linked_lock, "remove that file if it is a link"),
        (linked_ledger, "is a link; point state_dir"),
        (open_state, "is open to others"),
        (open_cache, "is open to others"),
        (open_ledger, "can be changed by others"),
        (open_lock, "is not ours alone"),
    ],
)
def test_what_is_planted_or_open_to_others_is_refused_with_78(
    cli: Cli, plant: Callable[[Cli], None], words: str
) -> None:
    assert swept(cli).code == 0
    cli.repo.commit({"a.py": "x = eval('2')\n"}, branch="later", start="main")
    plant(cli)
    done = swept(cli)
    assert (done.code, words in done.err) == (78, True), done
    notes = cli.repo.git("notes", f"--ref={NOTES}", "list").split("\n")
    assert len(notes) == 1, "nothing more was reviewed"


@pytest.mark.threat("T35", layer="ledger", tries=2)
def test_who_only_reads_follows_no_link_either(cli: Cli) -> None:
    assert swept(cli).code == 0
    linked_ledger(cli)
    for command in (["status"], ["ledger", "list"]):
        done = cli.here(*command)
        assert (done.code, "is a link" in done.err) == (78, True)


@pytest.mark.threat("T35", layer="ledger", tries=3)
def test_what_belongs_to_another_user_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert swept(cli).code == 0
    stranger = cli.state.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    done = swept(cli)
    assert (done.code, "belongs to another user" in done.err) == (78, True)
    with pytest.raises(LedgerRefused, match="belongs to another user"):
        Store(cli.state / "ledger.db")
    lock = exclusive(cli.state / "sweep.lock", 0.0)
    with pytest.raises(ConfigurationError, match="is not ours alone"), lock:
        pass
