"""What a pull request says reaches a terminal as letters, never as a command to it."""

from __future__ import annotations

import re
import unicodedata

import pytest

from reviewer_cli.core.models import State
from tests.cli.conftest import Cli

TITLE = "[/nope] [red]x[/] \x1b]0;pwned\x07\x1b[2J\x9b31m \u202egnp\u202c \u200b:smile: {x} %s"
SHOWN = r"[/nope] [red]x[/] \u{1b}]0;pwned\u{7}\u{1b}[2J\u{9b}31m \u{202e}gnp\u{202c}"
BRANCH = "we\u202eird\u2028(bold)"

#: What rich itself sends to a terminal: colours, cursor movement, line erasing, cursor hiding.
OURS = re.compile(rb"\x1b\[[0-9;]*m|\x1b\[[0-9]*[A-HJK]|\x1b\[\?25[hl]")


@pytest.fixture
def hostile(cli: Cli) -> Cli:
    sha = cli.repo.commit({"a.py": "x = eval('1')\n"}, branch="scratch", message=TITLE)
    cli.repo.git("update-ref", f"refs/heads/{BRANCH}", sha)
    for name in ("scratch", "topic"):
        cli.repo.git("update-ref", "-d", f"refs/heads/{name}")
    return cli


def unclean(seen: bytes) -> list[str]:
    """Control and format characters that are left when rich's own are taken away."""
    text = OURS.sub(b"", seen).decode()
    left = {one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return sorted(map(hex, map(ord, left - set("\r\n"))))


@pytest.mark.threat("T31", layer="terminal", tries=5)
@pytest.mark.threat("T32", layer="terminal", tries=5)
def test_every_view_shows_a_hostile_title_as_letters_on_a_terminal(hostile: Cli) -> None:
    views = (
        (("sweep", "--repo", hostile.repo.path, "--engine", "offline", "--dry-run"), True),
        (("sweep", "--repo", hostile.repo.path, "--engine", "offline"), True),
        (("status",), False),
        (("ledger", "list"), False),
        (("ledger", "show", "1"), True),
    )
    for command, has_title in views:
        code, seen = hostile.on_terminal(*command)
        assert code == 0, (command, seen)
        assert unclean(seen) == [], command
        plain = " ".join(OURS.sub(b"", seen).decode().split())
        if has_title:
            assert SHOWN[:20] in plain, command
            assert "pwned" in plain, command


FILE = "[red]\u202e\u200b\u2028.py"
CODE = "x = eval('1')  # [/nope] \x1b]0;pwned\x07 \x9b31m \u202e :smile:"


def test_every_view_shows_hostile_file_names_and_code_as_letters(cli: Cli) -> None:
    """Paths, quotes and titles of findings, in tables, records, JSON, SARIF and the posted file."""
    cli.repo.commit(
        {FILE: f"{CODE}\n", f"\x1b[2J\x85{FILE}": "x = 1\n"}, branch="topic", start="main"
    )
    sarif = cli.root / "sarif"
    code, seen = cli.on_terminal(
        *("sweep", "--repo", cli.repo.path, "--engine", "offline", "--sarif", sarif)
    )
    assert (code, unclean(seen)) == (0, [])
    assert r"[red]\u{202e}\u{200b}\u{2028}.py" in OURS.sub(b"", seen).decode()
    for command in (("ledger", "show", "1"), ("ledger", "list"), ("status",)):
        code, seen = cli.on_terminal(*command)
        assert (code, unclean(seen)) == (0, []), command
    for command in (("ledger", "show", "1", "--json"), ("status", "--json")):
        done = cli.here(*command)
        assert (done.code, unclean(done.out.encode())) == (0, []), command
    written = [*sarif.iterdir(), *cli.state.rglob("*.md")]
    assert len(written) == 2
    for file in written:
        left = [one for one in unclean(file.read_bytes()) if one != "0x2060"]
        assert left == [], file  # the joiner is what breaks up mentions and addresses


@pytest.mark.threat("T31", layer="terminal", tries=4)
@pytest.mark.threat("T32", layer="terminal", tries=4)
def test_without_a_terminal_there_is_no_control_character_at_all(hostile: Cli) -> None:
    for command in (
        ("sweep", "--repo", hostile.repo.path, "--engine", "offline"),
        ("status",),
        ("ledger", "list"),
        ("ledger", "show", "1"),
    ):
        done = hostile.here(*command)
        assert done.code == 0
        assert unclean(done.out.encode()) == []
        assert "\x1b" not in done.out


@pytest.mark.threat("T32", layer="terminal")
def test_a_hostile_error_message_is_letters_too(hostile: Cli) -> None:
    done = hostile.run("sweep", "--repo", "/no\x1b[2J\u202e/such")
    assert done.code == 2
    assert unclean(done.err.encode()) == []
    assert r"\u{1b}" in done.err


@pytest.mark.threat("T32", layer="terminal")
def test_the_log_of_verbose_runs_is_letters_too(hostile: Cli) -> None:
    done = hostile.sweep("--verbose")
    assert done.code == 0
    assert unclean(done.err.encode()) == []
    assert State.POSTED in done.err
