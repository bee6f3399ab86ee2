"""What the tests of the engines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.agent_room import CANARY, CREDENTIAL_NAMES, Room


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    for name in CREDENTIAL_NAMES:
        monkeypatch.delenv(name, raising=False)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "a.py").write_text("def half(n):\n    return n / 2\n")
    outside = tmp_path / "outside.txt"
    outside.write_text(CANARY)
    return Room(checkout=checkout, scratch=tmp_path / "scratch", outside=outside)
