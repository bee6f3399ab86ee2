"""What every engine child gets: few variables, a private umask, and death with its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail import launch
from reviewer_cli.jail.command import Launcher

LAUNCH = launch.__file__
DUMP = "import json, os; print(json.dumps([dict(os.environ), os.umask(0), os.getppid()]))"


def run_through(program: list[str], environment: dict[str, str]) -> str:
    command = [sys.executable, "-I", "-S", LAUNCH, *program]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLOUD_ML_REGION",
        "VERTEX_REGION_CLAUDE_SONNET",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "DISABLE_TELEMETRY",
        "API_TIMEOUT_MS",
        "HTTPS_PROXY",
        "NO_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "LANG",
        "TMPDIR",
        "HOME",
    ],
)
def test_what_the_model_client_needs_is_kept(name: str) -> None:
    assert launch.scrubbed({name: "v"})[name] == "v"


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "REVIEWER_SECRET",
        "AWS_SECRET_ACCESS_KEY",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "NODE_OPTIONS",
        "BUN_OPTIONS",
        "PYTHONPATH",
        "BASH_ENV",
        "SSH_AUTH_SOCK",
        "CLAUDECODE",
        launch.PARENT,
    ],
)
def test_everything_else_is_dropped(name: str) -> None:
    assert name not in launch.scrubbed({name: "v"})


def test_aws_credentials_pass_only_when_bedrock_is_in_use() -> None:
    environment = {"AWS_SECRET_ACCESS_KEY": "v", launch.BEDROCK: "1"}
    assert launch.scrubbed(environment)["AWS_SECRET_ACCESS_KEY"] == "v"


def test_the_search_path_is_fixed() -> None:
    assert launch.scrubbed({"PATH": "/evil"})["PATH"] == launch.SEARCH_PATH


def test_the_child_has_the_scrubbed_environment_and_a_private_umask() -> None:
    output = run_through(
        [sys.executable, "-I", "-c", DUMP],
        {"GITHUB_TOKEN": "t", "ANTHROPIC_API_KEY": "k", "PYTHONPATH": "/evil"},
    )
    environment, umask, parent = json.loads(output)
    environment.pop("LC_CTYPE", None)  # Python's own addition
    assert environment == {"ANTHROPIC_API_KEY": "k", "PATH": launch.SEARCH_PATH}
    assert umask == 0o077
    assert parent == os.getpid()


def test_the_launcher_loads_nothing_of_ours() -> None:
    code = f"import sys, runpy; runpy.run_path({LAUNCH!r}); print('reviewer_cli' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_arguments_and_exit_code_are_the_programs(tmp_path: Path) -> None:
    wrapper = Launcher().wrap(Path("/bin/sh"), private=tmp_path, checkout=tmp_path)
    script = 'printf "%s|" "$@"; exit 7'
    done = subprocess.run(
        [wrapper, "-c", script, "sh", "a b", "$HOME", "'\n"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (7, "a b|$HOME|'\n|")


def test_the_pid_file_names_the_program_itself(tmp_path: Path) -> None:
    private = tmp_path / "it's private"
    private.mkdir()
    wrapper = Launcher().wrap(Path("/bin/sh"), private=private, checkout=private)
    done = subprocess.run([wrapper, "-c", "echo $$"], capture_output=True, text=True, check=True)
    assert done.stdout == (private / "pid").read_text()


def test_sigkill_of_the_parent_kills_the_child(tmp_path: Path) -> None:
    wrapper = Launcher().wrap(Path("/bin/sleep"), private=tmp_path, checkout=tmp_path)
    text = wrapper.read_text().replace(f"={os.getpid()} exec", "=$PPID exec")
    wrapper.write_text(text)  # the parent is the process below instead of this one
    code = f"import subprocess, time; subprocess.Popen([{str(wrapper)!r}, '60']); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code])
    child = wait_for_program(tmp_path / "pid", "sleep")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until_gone(child)


def test_a_parent_that_died_before_the_start_is_noticed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    marker = tmp_path / "ran"
    done = subprocess.run(
        [sys.executable, "-I", "-S", LAUNCH, "/bin/touch", str(marker)],
        env={launch.PARENT: str(gone.pid)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert not marker.exists()


def test_kill_ends_the_child(tmp_path: Path) -> None:
    wrapper = Launcher().wrap(Path("/bin/sleep"), private=tmp_path, checkout=tmp_path)
    child = subprocess.Popen([wrapper, "60"])
    wait_for_program(tmp_path / "pid", "sleep")
    Launcher().kill(tmp_path)
    assert child.wait(timeout=2) == -signal.SIGKILL


def test_kill_leaves_a_process_alone_that_is_not_our_child(tmp_path: Path) -> None:
    grandchild = "sleep 60 & echo $!; wait"
    parent = subprocess.Popen(["sh", "-c", grandchild], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    stranger = int(parent.stdout.readline())
    (tmp_path / "pid").write_text(str(stranger))
    Launcher().kill(tmp_path)
    try:
        with pytest.raises(subprocess.TimeoutExpired):  # the shell ends when its child does
            parent.wait(timeout=0.2)
    finally:
        os.kill(stranger, signal.SIGTERM)
        parent.communicate()


@pytest.mark.parametrize("content", [None, "", "999999999"])
def test_killing_what_is_not_there_is_fine(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "pid").write_text(content)
    Launcher().kill(tmp_path)


def test_asking_a_program_that_fails_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="reinstall"):
        Launcher().ask(Path("/bin/false"), private=tmp_path, question="--help")


def test_asking_a_program_returns_what_it_prints(tmp_path: Path) -> None:
    assert (
        Launcher().ask(Path("/bin/echo"), private=tmp_path, question="--help me") == "--help me\n"
    )


def wait_for_program(pid_file: Path, name: str) -> int:
    """The process id once the process has become the program."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        text = pid_file.read_text().strip() if pid_file.exists() else ""
        if text and Path(f"/proc/{text}/comm").read_text().strip() == name:
            return int(text)
        time.sleep(0.01)
    raise AssertionError("the child never started")


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":  # dead; whoever adopted it has not collected it yet
            return
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("the child outlived its parent")
