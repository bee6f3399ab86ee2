"""Start a program that sees little of our environment and dies with us.

Run as `python -I -S launch.py PROGRAM ARGS…`; standard library only, because it must start in
milliseconds and must not load anything that a checkout could plant. The process replaces itself
with PROGRAM, so its process id, standard streams and exit code are PROGRAM's.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping

PR_SET_PDEATHSIG = 1  # prctl(2)
PARENT = "REVIEWER_PARENT_PID"
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
KEPT = frozenset(
    {
        *("API_TIMEOUT_MS", "CLOUD_ML_REGION", "HOME", "LANG", "PWD", "TMPDIR"),
        *("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"),
        *("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy"),
        *("NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR", "SSL_CERT_FILE"),
    }
)
KEPT_PREFIXES = ("ANTHROPIC_", "CLAUDE_", "DISABLE_", "VERTEX_")
BEDROCK = "CLAUDE_CODE_USE_BEDROCK"


def scrubbed(environment: Mapping[str, str]) -> dict[str, str]:
    """Only the variables that the model's client needs; host tokens and all others are gone."""
    prefixes = (*KEPT_PREFIXES, "AWS_") if environment.get(BEDROCK) else KEPT_PREFIXES
    kept = {
        name: value
        for name, value in environment.items()
        if name in KEPT or name.startswith(prefixes)
    }
    return {**kept, "PATH": SEARCH_PATH}


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when `parent` dies; end at once if it is dead already.

    The kernel watches the thread that started us, so it must be one that outlives the review:
    the event loop's.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the request above could take effect
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Bind our life to the parent's, drop what the child must not have, and become the program."""
    program, *arguments = sys.argv[1:]
    die_with_parent(int(os.environ.get(PARENT) or os.getppid()))
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the key
    os.execve(program, [program, *arguments], scrubbed(os.environ))  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
