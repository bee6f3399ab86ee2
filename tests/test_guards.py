"""The guards of conftest.py bite: a test that leaves the machine or reads a credential fails."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path

import pytest

from tests.conftest import NetworkTouched


def test_a_connection_beyond_loopback_is_refused() -> None:
    with socket.socket() as door, pytest.raises(NetworkTouched):
        door.connect(("192.0.2.1", 80))
    with socket.socket() as door, pytest.raises(NetworkTouched):
        door.connect_ex(("192.0.2.1", 80))


def test_a_name_beyond_loopback_is_not_looked_up() -> None:
    with pytest.raises(NetworkTouched):
        socket.create_connection(("reviewer.invalid", 443))


def test_loopback_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_home_is_not_the_users() -> None:
    assert Path.home() != Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_no_credential_is_left_in_the_environment() -> None:
    left = [
        name
        for name in os.environ
        if "TOKEN" in name or "API_KEY" in name or name.startswith(("ANTHROPIC_", "REVIEWER_"))
    ]
    assert left == []
