"""Secrets in environment variables, files, and the credentials that systemd hands a service."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from reviewer_cli.config.reference import SecretReference
from reviewer_cli.errors import AccessRefused, ConfigurationError
from reviewer_cli.telemetry import LOGGER

LARGEST = 256 << 10
"""Bytes that are read of a file; a secret is far shorter."""


def variable(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The value of `${env:NAME}`."""
    return environment.get(reference.place, "")


def file(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The content of `${file:PATH}`.

    A file that everybody may write to is refused, since anybody could have put a credential of
    their own there; one that everybody may read is used with a warning, because the secrets that
    container platforms mount look like that.
    """
    path = Path(os.path.expanduser(reference.place))
    text, mode = _read(path, reference)
    if mode & stat.S_IWOTH:
        raise ConfigurationError(
            f"Every user may write to the secret {reference}; run: chmod 600 {path}"
        )
    if mode & stat.S_IROTH:
        _warn_once(f"Every user may read the secret {reference}; run: chmod 600 {path}")
    return text


@cache
def _warn_once(sentence: str) -> None:
    """A command may look the same secret up several times."""
    LOGGER.warning("%s", sentence)


def credential(reference: SecretReference, environment: Mapping[str, str]) -> str:
    """The content of `${cred:NAME}`, a file in systemd's $CREDENTIALS_DIRECTORY.

    https://systemd.io/CREDENTIALS: only the service itself can read that directory.
    """
    directory = environment.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise AccessRefused(
            f"There are no systemd credentials here for {reference}; start reviewer by a unit with "
            f"LoadCredential={reference.place}:PATH."
        )
    text, _ = _read(Path(directory) / reference.place, reference)
    return text


def _read(path: Path, reference: SecretReference) -> tuple[str, int]:
    """The text and the mode of a regular file; "" when it is missing."""
    try:
        # A pipe that nobody writes to would hold us up for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ConfigurationError(f"The secret {reference} is no file; name the file.")
            return opened.read(LARGEST).decode(), mode
    except FileNotFoundError:
        return "", 0
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The secret {reference} cannot be read ({type(error).__name__}); name a text file "
            "that this user may read."
        ) from error
