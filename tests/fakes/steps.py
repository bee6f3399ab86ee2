"""The steps of a sweep, counted one after another, and something that happens at one of them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from reviewer_cli.ledger import store
from reviewer_cli.ledger.store import Store


@dataclass
class Steps:
    """Calls `event` at step number `at`, counted from 0; `names` are the steps so far."""

    at: int
    event: Callable[[str], None]
    names: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        number = len(self.names)
        self.names.append(name)
        if number == self.at:
            self.event(name)


def tell_of_ledger_writes(patch: pytest.MonkeyPatch, step: Callable[[str], None]) -> None:
    """Let `step` hear of each transaction: its name and "before" or "after" the commit."""
    real = Store.transaction

    @contextmanager
    def transaction(self: Store) -> Iterator[None]:
        name = _writer()
        with real(self):
            yield
            step(f"{name} before")
        step(f"{name} after")

    patch.setattr(Store, "transaction", transaction)


def fill_the_disk(patch: pytest.MonkeyPatch, first: int) -> list[str]:
    """Every ledger write from number `first` on (counted from 0) fails as on a full disk.

    Returns the list that the writes' names go into. SQLite itself undoes each.
    """
    names: list[str] = []
    real = Store.transaction

    @contextmanager
    def transaction(self: Store) -> Iterator[None]:
        names.append(_writer())
        full = len(names) > first
        with store.translated(self.path), real(self):
            yield
            if full:
                raise sqlite3.OperationalError("database or disk is full")

    patch.setattr(Store, "transaction", transaction)
    return names


def _writer() -> str:
    """The method of the ledger whose transaction begins; mutmut wraps a method's name."""
    # Three frames up: our transaction and contextlib's __enter__ lie between.
    name = sys._getframe(3).f_code.co_name
    return name.rpartition("ǁ")[2].partition("__mutmut_")[0].removeprefix("x_")
