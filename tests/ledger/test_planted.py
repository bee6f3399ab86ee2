"""A ledger that somebody else could have put there is refused; so is one that SQLite would lose."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from reviewer_cli.errors import LedgerRefused
from reviewer_cli.ledger import store
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.store import Store


def test_a_link_is_refused(ledger: Ledger, path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    with pytest.raises(LedgerRefused, match="is a link"):
        Store(link)


def test_a_file_of_another_user_is_refused(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(LedgerRefused, match="belongs to another user"):
        Store(path)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_change_is_refused(ledger: Ledger, path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(LedgerRefused, match="can be changed by others"):
        Store(path)


def test_a_file_that_others_can_only_read_is_opened(ledger: Ledger, path: Path) -> None:
    path.chmod(0o644)
    Store(path).close()


def test_an_sqlite_that_does_not_sync_is_refused(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.connect

    def careless(path: Path) -> sqlite3.Connection:
        db = real(path)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    monkeypatch.setattr(store, "connect", careless)
    with pytest.raises(LedgerRefused, match="does not keep the ledger"):
        Store(path)
