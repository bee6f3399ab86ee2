"""Damage to the pages is found when the file is not as we left it, and once a day."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.errors import LedgerRefused
from reviewer_cli.ledger import integrity
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ledger.records import reading
from reviewer_cli.ledger.store import Store
from tests.ledger.samples import PAGE, filled


def test_damage_that_shows_only_while_a_sweep_reads_is_refused_in_our_words(path: Path) -> None:
    filled(path)
    with closing(Ledger(path)) as ledger, reading(path) as records:
        with path.open("r+b") as file:
            for page in range(2, path.stat().st_size // PAGE):
                file.seek(page * PAGE)
                file.write(b"\xa5" * PAGE)
            file.seek(24)
            file.write(b"\xff" * 4)  # the change counter: whoever has pages cached reads anew
        with pytest.raises(LedgerRefused, match=r"ledger\.db is damaged"):
            ledger.load(40)
        with pytest.raises(LedgerRefused, match=r"ledger\.db is damaged"):
            records.heads(None, None, 100)


def damage_a_page(path: Path) -> None:
    pages = path.stat().st_size // PAGE
    with path.open("r+b") as file:
        file.seek((pages - 2) * PAGE)
        file.write(b"\xa5" * PAGE)


def test_a_ledger_that_is_not_as_we_left_it_is_checked(path: Path) -> None:
    filled(path)
    Ledger(path).close()
    damage_a_page(path)
    with pytest.raises(LedgerRefused, match=r"ledger\.db is damaged \(\*\*\* in database main"):
        Store(path)


@pytest.mark.parametrize("days", [1.01, -0.01])
def test_a_ledger_as_we_left_it_is_checked_once_a_day(path: Path, days: float) -> None:
    """Damage that leaves no trace in the file's dates, as a failing disk does it."""
    filled(path)
    Ledger(path).close()
    left = path.stat()
    damage_a_page(path)
    os.utime(path, ns=(left.st_atime_ns, left.st_mtime_ns))
    Store(path).close()
    note = path.with_name("ledger.db.seal")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    seal = json.loads(note.read_text())
    seal["checked_at"] -= days * integrity.CHECK_INTERVAL_S
    note.write_text(json.dumps(seal))
    with pytest.raises(LedgerRefused, match="damaged"):
        Store(path)


def test_a_seal_is_drafted_where_it_can_be_renamed_and_found_by_whoever_cleans_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts: list[Path] = []
    real = tempfile.mkstemp

    def noted(**where: Any) -> tuple[int, str]:
        handle, name = real(**where)
        drafts.append(Path(name))
        return handle, name

    ledger = Ledger(path)
    monkeypatch.setattr(integrity.tempfile, "mkstemp", noted)
    ledger.close()
    (draft,) = drafts
    assert draft.parent == path.parent
    assert draft.name.startswith(integrity.SEAL_DRAFT)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"size": 1}', "\xff"])
def test_a_seal_that_says_nothing_costs_one_check(path: Path, text: str) -> None:
    filled(path)
    path.with_name("ledger.db.seal").write_text(text, encoding="latin-1")
    damage_a_page(path)
    with pytest.raises(LedgerRefused, match="damaged"):
        Store(path)
