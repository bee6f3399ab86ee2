"""Secrets in the keyring, with the library and a real backend that needs no desktop session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewer_cli.config.reference import parse_reference
from reviewer_cli.config.secrets import resolve
from reviewer_cli.errors import AccessRefused, ConfigurationError

keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")
pytest.importorskip("keyrings.alt.file", reason="keyrings.alt is not installed")

CANARY = "canary-0123456789-of-the-keyring"


@pytest.fixture(autouse=True)
def _backend(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[None]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    keyring.core.init_backend()
    yield
    keyring.core._keyring_backend = None


def password(place: str) -> str:
    return resolve(parse_reference(f"${{keyring:{place}}}"), {}).reveal()


def test_a_password_is_found_by_service_and_name() -> None:
    keyring.set_password("reviewer", "github/bot", CANARY)
    assert password("reviewer/github/bot") == CANARY


def test_a_password_that_is_not_there_is_refused_by_its_name() -> None:
    with pytest.raises(AccessRefused, match="keyring:reviewer/nobody"):
        password("reviewer/nobody")


def test_a_machine_without_a_keyring_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    keyring.core.init_backend()
    with pytest.raises(ConfigurationError, match=r"no keyring .* set PYTHON_KEYRING_BACKEND"):
        password("reviewer/bot")


def test_a_keyring_that_cannot_be_read_is_a_configuration_error() -> None:
    keyring.set_password("reviewer", "bot", CANARY)
    file = Path(keyring.get_keyring().file_path)
    file.write_text("no section\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        password("reviewer/bot")
