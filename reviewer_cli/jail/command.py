"""The command that an engine's child starts through, as one small executable file.

An engine names only a program; what stands between us and it is this room's affair. A stronger
jail has the same methods as `Launcher`.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from reviewer_cli.errors import ConfigurationError
from reviewer_cli.jail import launch

PID_FILE = "pid"
ANSWER_S = 30  # `claude --help` takes 0.2 s; a cold disk may take seconds


class Launcher:
    """A scrubbed environment, a private umask and death with the parent; no walls yet."""

    def wrap(self, program: Path, *, private: Path, checkout: Path) -> Path:
        """Write an executable that starts `program` with its own arguments, and return its path.

        `private` is a directory of this review alone (0700), `checkout` the only tree the program
        may read. The running child's process id stands in `private / "pid"`.
        """
        wrapper = private / "start"
        # -I and -S: neither the environment nor the working directory can add Python code.
        command = [sys.executable, "-I", "-S", launch.__file__, str(program)]
        wrapper.write_text(
            "#!/bin/sh\n"
            f"echo $$ >{shlex.quote(str(private / PID_FILE))}\n"
            f'{launch.PARENT}={os.getpid()} exec {shlex.join(command)} "$@"\n',
            encoding="utf-8",
        )
        wrapper.chmod(0o700)
        return wrapper

    def kill(self, private: Path) -> None:
        """End the child that was started through this directory's wrapper; a dead one is fine."""
        try:
            child = int((private / PID_FILE).read_text(encoding="ascii"))
            # Refuses a number that is not our own child, so a reused one can never be hit.
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            os.kill(child, signal.SIGKILL)
        except (FileNotFoundError, ValueError, ChildProcessError, ProcessLookupError):
            return  # not started yet, or gone

    def ask(self, program: Path, *, private: Path, question: str) -> str:
        """What `program` prints for one argument such as `--help`, started through the jail.

        Raises ConfigurationError when it cannot be started, fails, or takes longer than 30 s.
        """
        wrapper = self.wrap(program, private=private, checkout=private)
        environment = {"HOME": str(private), "TMPDIR": str(private)}
        try:
            done = subprocess.run(
                [wrapper, question],
                env=environment,
                cwd=private,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=ANSWER_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ConfigurationError(
                f"{program} could not be started ({error}); reinstall the package that holds it, "
                "or let programs run from the scratch directory."
            ) from error
        return done.stdout
