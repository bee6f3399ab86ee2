"""Secrets that a program prints: a password manager's own command line, run without a shell."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress

from reviewer_cli.config.reference import SecretReference
from reviewer_cli.errors import AccessRefused, ConfigurationError

TIMEOUT_S = 15.0

#: What such a program sees of our environment: where it is, how it reaches the session that
#: unlocked it, and the settings that carry its own name. Never the credentials of the review.
KEPT = (
    *("HOME", "PATH", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS"),
    *("SSH_AUTH_SOCK", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE"),
    *("SSL_CERT_DIR", "GNUPGHOME", "GOOGLE_APPLICATION_CREDENTIALS", "CREDENTIALS_DIRECTORY"),
)
KEPT_PREFIXES = (
    *("LC_", "XDG_", "OP_", "BW_", "BWS_", "PASSWORD_STORE_", "VAULT_", "BAO_", "AWS_"),
    *("AZURE_", "CLOUDSDK_", "DOPPLER_", "INFISICAL_", "SOPS_"),
)


def output(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """What the program of `${cmd:…}` prints within 15 seconds.

    Its error output is thrown away unread, because it may hold anything. Raises AccessRefused
    when it fails or takes longer, ConfigurationError when it cannot be started.
    """
    with _started(reference, environment) as process:
        try:
            said, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            # Raised anew: the expired one holds what was printed so far.
            raise AccessRefused(
                f"The command of {reference} took longer than {TIMEOUT_S:g} seconds; run it by "
                "hand, it may wait for somebody to unlock it."
            ) from None
        finally:
            _end(process)
    if process.returncode:
        raise AccessRefused(
            f"The command of {reference} ended with {process.returncode}; run it by hand to see "
            "what it says."
        )
    try:
        return said.decode()
    except UnicodeDecodeError:
        raise ConfigurationError(f"The command of {reference} did not print text.") from None


def _started(reference: SecretReference, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            shlex.split(reference.place),
            env={name: environment[name] for name in environment if _is_kept(name)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The command of {reference} cannot be started ({type(error).__name__}); name a "
            "program that is in the PATH of the schedule, no shell reads the line."
        ) from error


def _is_kept(name: str) -> bool:
    return name in KEPT or name.startswith(KEPT_PREFIXES)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs, with its children: they would hold the output open."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
