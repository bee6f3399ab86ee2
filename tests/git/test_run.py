from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.tree import CheckoutLimits
from reviewer_cli.errors import ConfigurationError
from reviewer_cli.git.changes import changes
from reviewer_cli.git.checkout import CheckoutPool
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.git.run import GitBusy, GitError, run, stream
from tests.building import Repo

HOSTILE_GITCONFIG = """
[core]
    hooksPath = {trap}/hooks
    fsmonitor = {trap}/run
    attributesFile = {trap}/attributes
    pager = {trap}/run
[init]
    templateDir = {trap}/template
[filter "evil"]
    smudge = {trap}/run
    clean = {trap}/run
[diff]
    external = {trap}/run
[diff "evil"]
    textconv = {trap}/run
    command = {trap}/run
[credential]
    helper = {trap}/run
[uploadpack]
    packObjectsHook = {trap}/run
"""


def ended(pid: int) -> bool:
    """Whether a process is gone, or dead and only waiting to be counted, within two seconds."""
    stat = Path(f"/proc/{pid}/stat")
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            if stat.read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory whose git settings run a program everywhere; it leaves a file `sprung`."""
    trap = tmp_path / "trap"
    program = trap / "run"
    hooks = [trap / "hooks", trap / "template" / "hooks"]
    for directory in hooks:
        directory.mkdir(parents=True)
    for path in (program, *(d / name for d in hooks for name in ("reference-transaction",))):
        path.write_text(f'#!/bin/sh\ntouch {trap}/sprung\nexec cat "$@" 2>/dev/null\n')
        path.chmod(0o755)
    (trap / "attributes").write_text("* filter=evil diff=evil\n")
    (trap / ".gitconfig").write_text(HOSTILE_GITCONFIG.format(trap=trap))
    monkeypatch.setenv("HOME", str(trap))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(trap / ".gitconfig"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(trap / "template"))
    return trap


@pytest.mark.threat("T6", layer="git")
@pytest.mark.threat("T7", layer="git")
def test_nothing_of_the_operators_settings_runs(repo: Repo, trap: Path, tmp_path: Path) -> None:
    """Hooks, filters, fsmonitor, textconv and external diffs of the user stay asleep."""
    base = repo.commit({"a.py": "a = 1\n", ".gitattributes": "* filter=evil diff=evil\n"})
    head = repo.commit({"a.py": "a = 2\n"}, branch="pull")

    mirror = Mirror.open(tmp_path / "cache", "local/repo")
    mirror.fetch(repo.remote, [base, head])
    diff = changes(mirror, base, head, DiffLimits())
    with CheckoutPool(tmp_path / "pool").borrow(mirror, head, CheckoutLimits()) as checkout:
        assert (checkout.path / "a.py").read_text() == "a = 2\n"

    assert [file.path for file in diff.files] == ["a.py"]
    assert not (trap / "sprung").exists()
    plain = {**os.environ, "GIT_DIR": str(mirror.path)}
    subprocess.run(["git", "diff", base, head], env=plain, check=False, capture_output=True)
    assert (trap / "sprung").exists(), "the trap itself is broken"


@pytest.mark.threat("T7", layer="git")
def test_hooks_and_monitors_of_a_tampered_mirror_stay_asleep(
    repo: Repo, mirror: Mirror, tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    program = mirror.path / "hooks" / "reference-transaction"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    program.chmod(0o755)
    with (mirror.path / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {program}\n[diff]\n\texternal = {program}\n")
    base = repo.commit({"a.py": "1\n"})
    head = repo.commit({"a.py": "2\n"}, branch="pull")
    mirror.fetch(repo.remote, [base, head])
    assert changes(mirror, base, head, DiffLimits()).paths() == ("a.py",)
    assert not sprung.exists()


@pytest.mark.threat("T24", layer="git")
def test_git_sees_only_the_listed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "canary")
    monkeypatch.setenv("GIT_TRACE", "1")
    seen = run(
        ["-c", "alias.seen=!env", "seen"], environment={"GIT_CEILING_DIRECTORIES": "/x"}
    ).decode()
    names = {line.split("=")[0] for line in seen.splitlines()}
    assert "canary" not in seen
    assert {"PATH", "HOME", "GIT_CEILING_DIRECTORIES", "GIT_CONFIG_NOSYSTEM"} <= names
    assert "GIT_TRACE" not in names


@pytest.mark.threat("T24", layer="git")
def test_credentials_given_by_environment_are_not_in_the_arguments() -> None:
    pairs = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.https://example.org/.extraHeader",
        "GIT_CONFIG_VALUE_0": "Authorization: canary",
    }
    seen = run(["config", "--get", "http.https://example.org/.extraHeader"], environment=pairs)
    assert seen == b"Authorization: canary\n"
    arguments = run(
        ["-c", "alias.args=!tr '\\0' ' ' </proc/$PPID/cmdline", "args"], environment=pairs
    )
    assert b"alias.args" in arguments
    assert b"canary" not in arguments


@pytest.mark.threat("T26", layer="git")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "ext::touch sprung", "ssh://127.0.0.1/x"])
def test_only_https_and_local_paths_are_fetched_from(url: str, tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not allowed"):
        run(["ls-remote", url], cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_remote_may_allow_http_for_itself() -> None:
    allow = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "protocol.http.allow",
        "GIT_CONFIG_VALUE_0": "always",
    }
    with pytest.raises(GitError, match=r"127.0.0.1 port 1|onnect"):
        run(["ls-remote", "http://127.0.0.1:1/x"], environment=allow)


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    started = time.monotonic()
    hang = f"alias.hang=!sh -c 'echo $$ > {tmp_path}/pid; sleep 60; true'"
    with pytest.raises(GitError, match=r"stopped after 0.3 seconds"):
        run(["-c", hang, "hang"], timeout_s=0.3)
    assert time.monotonic() - started < 5
    assert ended(int((tmp_path / "pid").read_text()))


def test_a_reader_that_stumbles_over_the_end_of_a_late_command_hears_of_the_delay() -> None:
    with (
        pytest.raises(GitError, match=r"stopped after 0.2 seconds"),
        stream(["-c", "alias.hang=!sleep 60; true", "hang"], timeout_s=0.2) as output,
    ):
        int(output.readline())


def test_an_interrupted_reader_leaves_no_process() -> None:
    def interrupted() -> None:
        with stream(["-c", "alias.pid=!echo $$; sleep 60; true", "pid"]) as output:
            children.append(int(output.readline()))
            raise KeyboardInterrupt

    children: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ended(children[0])


def test_input_and_output_larger_than_a_pipe_do_not_deadlock(repo: Repo) -> None:
    sha = repo.commit({"a": "x" * 1000})
    asked = f"{sha}:a\n".encode() * 5000
    here = {"GIT_DIR": str(repo.path / ".git")}
    assert len(run(["cat-file", "--batch"], input=asked, environment=here)) > 5_000_000


def test_an_error_says_what_git_complained_about_without_control_characters() -> None:
    said = "noise\nfatal: \x1b[31mred\nadvice\n"
    with pytest.raises(GitError) as caught:
        run(["-c", f"alias.fail=!printf %s '{said}' >&2; false", "fail"])
    assert str(caught.value) == "git fail failed: fatal:  [31mred"
    assert caught.value.returncode == 1


def test_a_lock_of_another_git_process_is_told_apart(repo: Repo, mirror: Mirror) -> None:
    base = repo.commit({"a": "1"})
    mirror.fetch(repo.remote, [base])
    (mirror.path / "config.lock").touch()
    with pytest.raises(GitBusy, match="try again"):
        run(["config", "a.b", "c"], environment={"GIT_DIR": str(mirror.path)})


def test_a_missing_git_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="install it"):
        run(["version"])


def test_a_missing_directory_is_not_taken_for_a_missing_git(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="could not be started"):
        run(["version"], cwd=tmp_path / "gone")
