"""Secrets that a program prints: real scripts that print, fail, hang and chatter."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from reviewer_cli import telemetry
from reviewer_cli.config import commands
from reviewer_cli.config.reference import parse_reference
from reviewer_cli.config.secrets import resolve
from reviewer_cli.errors import AccessRefused, ConfigurationError, ReviewerError

CANARY = "canary-0123456789-of-a-command"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


@pytest.fixture
def manager(tmp_path: Path) -> Path:
    """Where a script can be written that plays a password manager."""
    return tmp_path / "pass"


def script(manager: Path, text: str) -> str:
    manager.write_text(f"#!/bin/sh\n{text}\n")
    manager.chmod(0o700)
    return f"${{cmd:{manager} show 'ci bot/token'}}"


def printed(manager: Path, text: str, **variables: str) -> str:
    return resolve(parse_reference(script(manager, text)), ENVIRONMENT | variables).reveal()


def refusal(manager: Path, text: str, kind: type[ReviewerError]) -> str:
    with pytest.raises(kind) as refused:
        printed(manager, text)
    assert CANARY not in telemetry.shown_traceback(refused.value)
    assert CANARY not in "".join(_unredacted(refused.value))
    return str(refused.value)


def _unredacted(error: BaseException | None) -> list[str]:
    """What the errors themselves hold: here nothing has to be blanked, it was never taken along."""
    return [f"{error} {vars(error)}", *_unredacted(error.__cause__)] if error else []


def test_what_a_program_prints_is_the_secret(manager: Path) -> None:
    assert printed(manager, f"echo {CANARY}") == CANARY
    assert printed(manager, 'echo "$1,$2"') == "show,ci bot/token"


def test_no_shell_reads_the_line(manager: Path, tmp_path: Path) -> None:
    script(manager, 'echo "$@"')
    found = resolve(parse_reference(f"${{cmd:{manager} $HOME; touch {tmp_path}/x}}"), ENVIRONMENT)
    assert found.reveal() == f"$HOME; touch {tmp_path}/x"
    assert not (tmp_path / "x").exists()


def test_a_program_sees_its_session_and_none_of_our_credentials(manager: Path) -> None:
    given = {
        "GITHUB_TOKEN": CANARY,
        "ANTHROPIC_API_KEY": CANARY,
        "REVIEWER_GITHUB_TOKEN": CANARY,
        "LD_PRELOAD": "/x.so",
        "OP_SESSION_team": "session",
        "XDG_RUNTIME_DIR": "/run/user/1",
        "PASSWORD_STORE_DIR": "/store",
        "VAULT_ADDR": "https://vault.example.com",
    }
    seen = {line.partition("=")[0] for line in printed(manager, "env", **given).splitlines()}
    wanted = {"HOME", "OP_SESSION_team", "PASSWORD_STORE_DIR", "PATH", "VAULT_ADDR"}
    assert seen - {"PWD", "SHLVL", "_", "OLDPWD"} == wanted | {"XDG_RUNTIME_DIR"}


def test_a_program_that_fails_is_named_by_its_exit_code(manager: Path) -> None:
    said = refusal(manager, f"echo {CANARY}; echo {CANARY} >&2; exit 9", AccessRefused)
    assert "ended with 9; run it by hand" in said


def test_a_program_that_prints_nothing_leaves_the_secret_empty(manager: Path) -> None:
    assert "not set or empty" in refusal(manager, f"echo {CANARY} >&2", AccessRefused)


def test_a_program_that_hangs_is_ended_with_its_children(
    manager: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(commands, "TIMEOUT_S", 0.3)
    child = tmp_path / "child"
    said = refusal(manager, f"sleep 60 & echo $! >{child}; echo {CANARY}; wait", AccessRefused)
    assert "longer than 0.3 seconds" in said
    assert _is_gone(int(child.read_text()))


def _is_gone(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z"):
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return False


@pytest.mark.parametrize("command", ["no-such-program-here x", "/", "'unclosed", "/etc/hostname"])
def test_what_cannot_be_started_is_a_configuration_error(command: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be started"):
        resolve(parse_reference(f"${{cmd:{command}}}"), ENVIRONMENT)


def test_what_is_not_text_is_a_configuration_error(manager: Path) -> None:
    python = f"exec {sys.executable} -c 'import os; os.write(1, bytes([255, 254]))'"
    assert "did not print text" in refusal(manager, python, ConfigurationError)
    said = refusal(manager, "head -c 100000 /dev/zero | tr '\\0' x", ConfigurationError)
    assert "at most 64 kB" in said
