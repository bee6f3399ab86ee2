"""The offline engine's analyser finds the same behind walls as without them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from reviewer_cli.core.reply import parse_findings
from reviewer_cli.engines import offline
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.errors import HeadError, ReviewTimeout
from reviewer_cli.jail.walled import Walled
from tests.engines.test_offline import added, request
from tests.jail.room import Room, running

BUGGY = added("app.py", "def f(items=[]):", "    return undefined")


def in_place_of_ruff(script: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = place / "ruff"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setattr(offline, "find_ruff_bin", lambda: str(program))


def test_findings_come_out_of_the_jail(kind: type[Walled], room: Room) -> None:
    (room.checkout / "app.py").write_text("def f(items=[]):\n    return undefined\n")
    engine = OfflineEngine(kind())
    engine.check()
    answer = asyncio.run(engine.review(request(room.checkout, BUGGY)))
    found = [(one.rule, one.line) for one in parse_findings(answer.data)]
    assert found == [("ruff-F821", 2), ("ruff-B006", 1)]


def test_a_hijacked_analyser_can_change_nothing(
    kind: type[Walled], room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place_of_ruff(f"echo x >$PWD/app.py; cat {room.outside} >&2; exit 2", tmp_path, monkeypatch)
    (room.checkout / "app.py").write_text("x = 1\n")
    with pytest.raises(HeadError, match=r"Permission denied|No such file"):
        asyncio.run(OfflineEngine(kind()).review(request(room.checkout, BUGGY)))
    assert (room.checkout / "app.py").read_text() == "x = 1\n"


def test_the_deadline_leaves_no_process_behind(
    kind: type[Walled], room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place_of_ruff("sleep 41.7 & sleep 41.7", tmp_path, monkeypatch)
    (room.checkout / "app.py").write_text("x = 1\n")
    with pytest.raises(ReviewTimeout):
        asyncio.run(OfflineEngine(kind()).review(request(room.checkout, BUGGY, deadline_s=0.3)))
    assert running("41.7") == []
