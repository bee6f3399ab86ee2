"""Guards of the whole suite: no network beyond loopback, no real home, no real credential."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import threats
from tests.matrix.sampling import SEED
from tests.threats import CATALOGUE, LAYERS, TRIES, Tally

SECRET_NAMES = ("TOKEN", "API_KEY", "SECRET", "PASSWORD", "CREDENTIALS")
LOOPBACK = ("127.", "::1", "localhost")

MEMORY, ROOM = Path("/dev/shm"), 2 * 2**30
"""Tests write a tenth of this."""

pytest_plugins = ("tests.numbers",)


def pytest_configure() -> None:
    """Let tests write into memory: SQLite and git wait for a disk at every commit."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


class NetworkTouched(AssertionError):
    """A test tried to leave the machine."""


def _allowed(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a path of a Unix socket
    return str(address[0]).startswith(LOOPBACK)


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    resolve = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: object) -> None:
        if not _allowed(address):
            raise NetworkTouched(f"connection to {address}")
        connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        if not _allowed(address):
            raise NetworkTouched(f"connection to {address}")
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_resolve(host: object, *args: object, **kwargs: object) -> object:
        if host is not None and not str(host).startswith(LOOPBACK):
            raise NetworkTouched(f"look-up of {host!r}")
        return resolve(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)


@pytest.fixture(autouse=True)
def _nothing_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    prefixes = ("REVIEWER_", "ANTHROPIC_", "CLAUDE_", "GH_", "GITHUB_", "XDG_")
    for name in list(os.environ):
        if name.startswith(prefixes) or any(word in name for word in SECRET_NAMES):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file")
    (home / "gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@localhost\n[init]\n\tdefaultBranch = main\n"
    )


@pytest.fixture
def home() -> Path:
    """The moved home directory."""
    return Path(os.environ["HOME"])


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """In the place of `tmp_path` for jails: /dev/shm is among what they must not show."""
    with tempfile.TemporaryDirectory(prefix="test-", ignore_cleanup_errors=True) as name:
        yield Path(name)


TALLY = Tally()
THREAT = "threat"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--count-threats",
        choices=("compare", "write"),
        help="compare this run's count of threats with docs/security.md, or write it there",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("threat"):
            known = mark.args[0] in CATALOGUE and mark.kwargs["layer"] in LAYERS
            assert known, f"{item.nodeid}: there is no such threat or layer: {mark}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    for mark in item.iter_markers("threat"):
        tries = dict(item.user_properties).get(TRIES, mark.kwargs.get("tries", 1))
        report.user_properties.append((THREAT, [mark.args[0], mark.kwargs["layer"], tries]))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count where all reports come together, whichever process ran the test."""
    for name, told in report.user_properties:
        if name == THREAT:
            threat, layer, tries = told
            if report.skipped:
                TALLY.untried.add((threat, layer))
            elif report.when == "call" and report.passed:
                TALLY.held[threat][layer] += int(tries)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The seed that tries the same part of the matrices again."""
    if terminalreporter.stats.get("failed"):
        terminalreporter.line(f"The matrices took the samples of MATRIX_SEED={SEED}.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return  # one of several processes, which saw a part
    wanted = session.config.getoption("--count-threats")
    if wanted == "write" and not session.testsfailed and not TALLY.untried:
        threats.write(TALLY)
        return
    says = []
    if wanted == "write":
        says = ["not written: tests failed, or a layer is missing on this machine"]
    elif wanted == "compare":
        says = TALLY.differences(threats.written())
    if says:
        screen = session.config.get_terminal_writer()
        for line in ("", "docs/security.md counts otherwise; run make security:", *says):
            screen.line(line)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
