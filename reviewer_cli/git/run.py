"""The only place that starts git: nothing of the user's or the repository's settings reaches it.

Credentials travel in the environment (GIT_CONFIG_* pairs), never in the arguments, which every
user of the machine can read.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from reviewer_cli.errors import (
    AccessRefused,
    ConfigurationError,
    HeadError,
    HostUnavailable,
    ReviewerError,
)

#: What git may see of our own environment: how to find it, and how this machine reaches the net.
INHERITED = (
    "PATH",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)

ENVIRONMENT = {
    "LC_ALL": "C",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    # A repository may name a server from which git gets what is missing, and who is to ask for
    # passwords; what is missing in it is missing.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
}

#: Options on the command line win over every file and every variable.
HARDENING = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "credential.helper=",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "http.followRedirects=false",
    "protocol.version=2",
    "protocol.allow=never",
    "protocol.https.allow=always",
    "gc.auto=0",
    "maintenance.auto=false",
)
COMMAND = ("git", *(word for setting in HARDENING for word in ("-c", setting)))

GRACE_S = 0.5
"""What a git that is to end has to put its files in order; it takes milliseconds."""

_RUNNING: set[subprocess.Popen[bytes]] = set()

LOCKED = re.compile(r"Unable to create '.*\.lock': File exists|cannot lock ref|could not lock")
#: A remote that answers 401 makes git ask for a name and password, which nobody can type here.
REFUSED = re.compile(
    r"^fatal: (?:Authentication failed for|could not read (?:Username|Password) for"
    r"|.*The requested URL returned error: 401)",
    re.MULTILINE,
)
#: What git says of a server that fails, breaks off, or cannot be reached; not of one that refuses.
UNREACHABLE = re.compile(
    r"^fatal: unable to access 'https?://|^error: RPC failed; (?!HTTP 4(?!29))", re.MULTILINE
)
FORBIDDEN = "The requested URL returned error: 403"
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


class GitError(HeadError):
    """git failed; `stderr` is what it said in full, `returncode` how it ended."""

    def __init__(self, message: str, *, returncode: int = 0, stderr: str = "") -> None:
        super().__init__(message)
        self.returncode = returncode
        self.stderr = stderr


class GitForbidden(GitError):
    """The remote knows our credential, which may not read this repository."""

    waits_for_person = True


class GitUnreachable(GitError, HostUnavailable):
    """The remote failed or could not be reached: a later sweep may find it well."""


class GitBusy(GitError):
    """Another git process holds a lock file in the same repository: the same call may succeed."""


def run(
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    input: bytes | None = None,  # noqa: A002 - subprocess names it so
    timeout_s: float = 120.0,
) -> bytes:
    """Run git to its end and return its standard output; errors as `stream` raises them."""
    with stream(args, cwd=cwd, environment=environment, input=input, timeout_s=timeout_s) as output:
        return output.read()


@contextmanager
def stream(
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    input: bytes | None = None,  # noqa: A002 - subprocess names it so
    timeout_s: float = 120.0,
) -> Iterator[IO[bytes]]:
    """Run git while the caller reads its standard output, all of it.

    Raises GitBusy on a lock, AccessRefused and GitForbidden when a remote refuses the credential
    altogether or for this repository, GitUnreachable when it fails or cannot be reached, GitError
    when git fails otherwise or `timeout_s` seconds
    pass, and ConfigurationError when git is not installed. No process of its group outlives the
    block.
    """
    # Files, not pipes, on the two sides nobody reads meanwhile: they cannot fill up and hang.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        if input:
            given.write(input)
            given.seek(0)
        process = _start(args, cwd, environment or {}, given, said)
        _RUNNING.add(process)
        output = cast(IO[bytes], process.stdout)
        expired = threading.Event()
        timer = threading.Timer(timeout_s, _expire, (process, expired))
        timer.daemon = True
        timer.start()
        late = GitError(
            f"git {_command(args)} was stopped after {timeout_s:g} seconds; "
            "a later sweep tries again, or give git more time"
        )
        try:
            with output:
                yield output
            process.wait()
        except BaseException as error:
            _kill(process)
            if expired.is_set() and isinstance(error, Exception):
                raise late from error
            raise
        finally:
            timer.cancel()
            _RUNNING.discard(process)
        if expired.is_set():
            raise late
        if process.returncode:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
            raise _failure(_command(args), process.returncode, text)


def end_all() -> None:
    """Kill every git process of this program: their calls raise GitError in their threads."""
    for process in tuple(_RUNNING):
        if process.returncode is None:
            _kill(process)


def _start(
    args: Sequence[str],
    cwd: Path | None,
    environment: Mapping[str, str],
    given: IO[bytes],
    said: IO[bytes],
) -> subprocess.Popen[bytes]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        return subprocess.Popen(
            [*COMMAND, *args],
            cwd=cwd,
            env={**inherited, **ENVIRONMENT, **environment},
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
    except OSError as error:
        if shutil.which("git") is None:
            raise ConfigurationError(
                "git was not found; install it (for example `apt install git`) "
                "and make sure it is in the PATH of the schedule"
            ) from error
        raise GitError(
            f"git {_command(args)} could not be started: {error.strerror or error}"
        ) from error


def _command(args: Sequence[str]) -> str:
    """The word that says what git does, behind the settings before it."""
    words = iter(args)
    for word in words:
        if word != "-c":
            return word
        next(words, None)
    return ""


def _expire(process: subprocess.Popen[bytes], expired: threading.Event) -> None:
    if process.returncode is None:
        expired.set()
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: a fetch has children of its own that would live on.

    At SIGTERM git removes its lock files, which would stop every later git in the repository.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failure(command: str, returncode: int, stderr: str) -> ReviewerError:
    """The error that tells a person why: git's first complaint, else the last thing it said."""
    lines = [CONTROL.sub(" ", line).strip() for line in stderr.split("\n")]
    complaints = [line for line in lines if line.startswith(("fatal:", "error:"))]
    said = next(iter(complaints), next((line for line in reversed(lines) if line), ""))
    if LOCKED.search(stderr):
        return GitBusy(
            f"git {command} met another git process at work; try again ({said[:300]})",
            returncode=returncode,
            stderr=stderr,
        )
    if REFUSED.search(stderr):
        return AccessRefused(
            f"git {command} was refused the credential ({said[:300]}); it is wrong, expired or "
            "revoked: make a new one and set it where the old one was."
        )
    if FORBIDDEN in stderr:
        return GitForbidden(
            f"git {command} is forbidden by the remote; let the credential read the repository's "
            f"contents ({said[:300]})",
            returncode=returncode,
            stderr=stderr,
        )
    if UNREACHABLE.search(stderr):
        return GitUnreachable(
            f"git {command} did not reach the remote ({said[:300]})",
            returncode=returncode,
            stderr=stderr,
        )
    reason = said[:300] or f"it ended with {returncode} and said nothing"
    return GitError(f"git {command} failed: {reason}", returncode=returncode, stderr=stderr)
